#include "manifest/manager.h"

#include "base/mem.h"
#include "body.h"

#define DEPLOYMENT(managed)                                                                  \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n  managedFields:\n"    \
	"  - {manager: desired, operation: Apply, time: '2026-11-22T09:00:00Z', fieldsV1: {" \
	"'f:spec': {'f:template': {'f:spec': {}}}}}\n" managed                               \
	"spec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n"                  \
	"      - {name: web, image: web:1, args: [a]}\n      - {name: log, image: log:1}\n"
#define ENTRY(manager, more, fields) \
	"  - {manager: " manager ", operation: Update, " more "fieldsV1: " fields "}\n"
#define REPLICAS "{'f:spec': {'f:replicas': {}}}"
#define IMAGE(container)                                                                   \
	"{'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{\"name\":\"" container \
	"\"}': {'f:image': {}, 'f:args': {}}}}}}}"
#define WEB_IMAGE "spec.template.spec.containers[name=web].image"

static const struct {
	const char *text, *place, *manager;
} owners[] = {
	{DEPLOYMENT(ENTRY("keda", "", REPLICAS) ENTRY("flux", "", IMAGE("web"))), "spec.replicas",
	 "keda"},
	{DEPLOYMENT(ENTRY("keda", "", REPLICAS) ENTRY("flux", "", IMAGE("web"))), WEB_IMAGE,
	 "flux"},
	/* A list that is one value has no entries below it. */
	{DEPLOYMENT(ENTRY("flux", "", IMAGE("web"))),
	 "spec.template.spec.containers[name=web].args[0]", "flux"},
	{DEPLOYMENT(ENTRY("flux", "", IMAGE("web"))), "spec.template.spec.containers[0].image",
	 "flux"},
	/* Of two owners the one that wrote last. */
	{DEPLOYMENT(ENTRY("a", "time: '2026-11-22T10:00:00Z', ", REPLICAS)
			    ENTRY("b", "time: '2026-11-22T09:30:00Z', ", REPLICAS)),
	 "spec.replicas", "a"},
	/* Nobody owns what was taken out: whoever wrote the object last. */
	{DEPLOYMENT(ENTRY("a", "time: '2026-11-22T10:00:00Z', ", REPLICAS)
			    ENTRY("b", "time: '2026-11-22T10:30:00Z', ", IMAGE("log"))),
	 "spec.paused", "b"},
	/* Who writes the status changed nothing of the object. */
	{DEPLOYMENT(ENTRY("k3s", "subresource: status, ", "{'f:status': {}}")), "spec.replicas",
	 NULL},
};

START_TEST(test_manifest_manager__who_owns_a_field)
{
	json_auto_t *body = body_of(owners[_i].text);
	struct manifest_manager manager = {0};
	bool found = manifest_manager_of(body, owners[_i].place, &manager);

	ck_assert_int_eq(found, owners[_i].manager != NULL);
	if (found)
		ck_assert_str_eq(manager.name, owners[_i].manager);
}
END_TEST

static char *yields(const char *live_text, const char *wanted_text)
{
	json_auto_t *live = body_of(live_text);
	json_auto_t *wanted = body_of(wanted_text);
	cleanup_list struct list places = LIST_INIT;

	manifest_manager_yields(live, wanted, &places);
	return list_join(&places, " ");
}

START_TEST(test_manifest_manager__an_autoscaler_keeps_its_replicas)
{
	cleanup_free char *scaled =
		yields(DEPLOYMENT(ENTRY("k3s", "subresource: scale, ", REPLICAS)), DEPLOYMENT(""));
	cleanup_free char *by_hand = yields(
		DEPLOYMENT(ENTRY("kubectl", "subresource: scale, ", REPLICAS)), DEPLOYMENT(""));
	cleanup_free char *plain = yields(DEPLOYMENT(ENTRY("k3s", "", REPLICAS)), DEPLOYMENT(""));

	ck_assert_str_eq(scaled, "spec.replicas");
	ck_assert_str_eq(by_hand, "");
	ck_assert_str_eq(plain, "");
}
END_TEST

#define WEBHOOK(managed)                                                                      \
	"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n" \
	"metadata:\n  name: x\n  managedFields:\n" managed                                    \
	"webhooks:\n- {name: a.b, clientConfig: {caBundle: Zm9v}}\n"

START_TEST(test_manifest_manager__an_injector_keeps_its_certificate)
{
	cleanup_free char *place =
		yields(WEBHOOK(ENTRY("cert-manager-cainjector", "",
				     "{'f:webhooks': {'k:{\"name\":\"a.b\"}': {'f:clientConfig': "
				     "{'f:caBundle': {}}}}}")),
		       WEBHOOK(""));

	ck_assert_str_eq(place, "webhooks[name=a.b].clientConfig.caBundle");
}
END_TEST

/* The recommender's updater, where it works in place. */
START_TEST(test_manifest_manager__a_vertical_scaler_keeps_its_resources)
{
	static const char wanted[] =
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n"
		"    spec:\n      containers:\n"
		"      - {name: web, image: web:1, resources: {requests: {cpu: 1}}}\n";
	static const char resources[] =
		"{'f:spec': {'f:template': {'f:spec': {'f:containers': {'k:{\"name\":\"web\"}': "
		"{'f:resources': {}}}}}}}";
	cleanup_free char *text = mem_printf(
		DEPLOYMENT("  - {manager: vpa-updater, operation: Update, fieldsV1: %s}\n"),
		resources);
	cleanup_free char *scaled = yields(text, wanted);
	cleanup_free char *others = mem_printf(
		DEPLOYMENT("  - {manager: keda, operation: Update, fieldsV1: %s}\n"), resources);
	cleanup_free char *kept = yields(others, wanted);

	ck_assert_str_eq(scaled, "spec.template.spec.containers[name=web].resources");
	ck_assert_str_eq(kept, "");
}
END_TEST

START_TEST(test_manifest_manager__tools_of_people)
{
	ck_assert(manifest_manager_is_human("kubectl-edit"));
	ck_assert(manifest_manager_is_human("k9s"));
	ck_assert(manifest_manager_is_human("OpenAPI-Generator"));
	ck_assert(!manifest_manager_is_human("k3s"));
	ck_assert(!manifest_manager_is_human("keda-operator"));
	ck_assert(!manifest_manager_is_human("helm"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/manager");
	TCase *tests = tcase_create("manager");

	tcase_add_loop_test(tests, test_manifest_manager__who_owns_a_field, 0,
			    sizeof(owners) / sizeof(*owners));
	tcase_add_test(tests, test_manifest_manager__an_autoscaler_keeps_its_replicas);
	tcase_add_test(tests, test_manifest_manager__an_injector_keeps_its_certificate);
	tcase_add_test(tests, test_manifest_manager__a_vertical_scaler_keeps_its_resources);
	tcase_add_test(tests, test_manifest_manager__tools_of_people);
	suite_add_tcase(suite, tests);
	return suite;
}
