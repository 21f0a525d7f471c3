#include "manifest/live.h"

#include "base/mem.h"
#include "body.h"
#include "manifest/object.h"

#define OBJECT(managed) \
	"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  managedFields:\n" managed
#define OURS(time) \
	"  - {manager: desired, operation: Apply, time: '" time "', fieldsV1: {'f:data': {}}}\n"
#define KUBECTL "  - {manager: kubectl-edit, operation: Update, fieldsV1: {'f:data': {}}}\n"
#define STATUS	"  - {manager: k3s, operation: Update, subresource: status, fieldsV1: {}}\n"

START_TEST(test_manifest_live__owned_follows_our_entry_only)
{
	json_auto_t *one = body_of(OBJECT(OURS("10:00") STATUS));
	json_auto_t *touched = body_of(OBJECT(KUBECTL OURS("10:00")));
	json_auto_t *applied = body_of(OBJECT(OURS("10:01")));
	json_auto_t *foreign = body_of(OBJECT(KUBECTL));
	cleanup_free char *a = manifest_live_owned(one);
	cleanup_free char *b = manifest_live_owned(touched);
	cleanup_free char *c = manifest_live_owned(applied);

	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
	ck_assert_ptr_null(manifest_live_owned(foreign));
}
END_TEST

START_TEST(test_manifest_live__managers_are_the_others)
{
	json_auto_t *body = body_of(OBJECT(OURS("10:00") KUBECTL STATUS));
	json_auto_t *alone = body_of(OBJECT(OURS("10:00")));
	cleanup_free char *managers = manifest_live_managers(body);

	ck_assert_str_eq(managers, "kubectl-edit");
	ck_assert_ptr_null(manifest_live_managers(alone));
}
END_TEST

START_TEST(test_manifest_live__looked_up_and_not_there)
{
	struct manifest_live live;
	json_auto_t *body = body_of(OBJECT(KUBECTL));

	manifest_live_init(&live);
	ck_assert(!manifest_live_looked(&live, "k"));
	manifest_live_put(&live, "k", body, true);
	ck_assert(manifest_live_get(&live, "k")->full);
	manifest_live_put(&live, "k", NULL, false);
	ck_assert(manifest_live_looked(&live, "k"));
	ck_assert_ptr_null(manifest_live_get(&live, "k"));
	manifest_live_done(&live);
}
END_TEST

static const struct {
	const char *metadata, *owner;
} owners[] = {
	{"labels: {app.kubernetes.io/managed-by: Helm}, annotations: "
	 "{meta.helm.sh/release-name: web}",
	 "Helm release web"},
	{"labels: {app.kubernetes.io/managed-by: Helm}", NULL},
	{"annotations: {objectset.rio.cattle.io/owner-gvk: 'k3s.cattle.io/v1, Kind=Addon', "
	 "objectset.rio.cattle.io/owner-name: coredns}",
	 "k3s Addon coredns"},
	{"labels: {kustomize.toolkit.fluxcd.io/name: infra}", "Flux kustomization infra"},
	{"annotations: {argocd.argoproj.io/tracking-id: 'shop:apps/Deployment:a/b'}",
	 "Argo CD application shop"},
	{"labels: {applyset.kubernetes.io/part-of: applyset-x-v1}", "ApplySet applyset-x-v1"},
	{"labels: {applyset.kubernetes.io/part-of: "
	 "applyset-by92x0-ANXMQcGQnXa3_cT1lM_KEEBkfpSpuYx7UJpA-v1}",
	 NULL},
	{"labels: {a: b}", NULL},
};

START_TEST(test_manifest_live__owner)
{
	cleanup_free char *text = mem_printf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, "
					     "%s}\n",
					     owners[_i].metadata);
	json_auto_t *body = body_of(text);
	cleanup_free char *owner = manifest_live_owner(body);

	if (owners[_i].owner)
		ck_assert_str_eq(owner, owners[_i].owner);
	else
		ck_assert_ptr_null(owner);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/live");
	TCase *tests = tcase_create("live");

	tcase_add_test(tests, test_manifest_live__owned_follows_our_entry_only);
	tcase_add_test(tests, test_manifest_live__managers_are_the_others);
	tcase_add_test(tests, test_manifest_live__looked_up_and_not_there);
	tcase_add_loop_test(tests, test_manifest_live__owner, 0,
			    sizeof(owners) / sizeof(owners[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
