#include "manifest/object.h"

#include "base/digest.h"
#include "base/mem.h"
#include "body.h"
#include "manifest/scope.h"
#include "manifest/text.h"

START_TEST(test_manifest_object__set_id_is_the_one_of_the_kep)
{
	static const char parent[] = "desired.kube-system.ConfigMap.";
	cleanup_free char *digest = digest_base64url_sha256(parent, strlen(parent));
	cleanup_free char *id = mem_printf("applyset-%s-v1", digest);

	ck_assert_str_eq(manifest_set_id(), id);
}
END_TEST

START_TEST(test_manifest_object__key_and_back)
{
	json_auto_t *body = body_of("apiVersion: apps/v1\nkind: Deployment\n"
				    "metadata: {name: ghost, namespace: blog}\n");
	struct manifest_id id, again;
	struct err err = ERR_INIT;

	must(manifest_id_of(body, &id, &err), &err);
	cleanup_free char *key = manifest_id_key(&id);
	cleanup_free char *text = manifest_id_text(&id);
	cleanup_free char *version = manifest_id_api_version(&id);
	ck_assert_str_eq(key, "apps/Deployment/blog/ghost");
	ck_assert_str_eq(text, "Deployment blog/ghost");
	ck_assert_str_eq(version, "apps/v1");
	ck_assert(manifest_id_of_key(key, &again));
	ck_assert_str_eq(again.group, "apps");
	ck_assert_str_eq(again.name, "ghost");
	manifest_id_done(&id);
	manifest_id_done(&again);
}
END_TEST

START_TEST(test_manifest_object__the_legacy_group_is_core_in_keys)
{
	json_auto_t *body = body_of("apiVersion: v1\nkind: Namespace\nmetadata: {name: blog}\n");
	struct manifest_id id, again;
	struct err err = ERR_INIT;

	must(manifest_id_of(body, &id, &err), &err);
	cleanup_free char *key = manifest_id_key(&id);
	ck_assert_str_eq(key, "core/Namespace//blog");
	ck_assert(manifest_id_of_key(key, &again));
	ck_assert_str_eq(again.group, "");
	ck_assert_str_eq(again.ns, "");
	manifest_id_done(&id);
	manifest_id_done(&again);
	ck_assert(!manifest_id_of_key("apps/Deployment/blog", &again));
	ck_assert(!manifest_id_of_key("apps/Deployment/blog/", &again));
}
END_TEST

START_TEST(test_manifest_object__what_is_missing_is_named)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"kind: Pod\nmetadata: {name: x}\n", "apiVersion is missing"},
		{"apiVersion: v1\nmetadata: {name: x}\n", "kind is missing"},
		{"apiVersion: v1\nkind: Pod\n", "Pod: metadata.name is missing"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n",
		 "Pod: metadata.name is not a text"},
		{"[]", "not a Kubernetes object: a mapping with apiVersion, kind and metadata is "
		       "expected"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_auto_t *body = body_of(cases[i].text);
		struct manifest_id id;
		cleanup_err struct err err = ERR_INIT;
		ck_assert_int_eq(manifest_id_of(body, &id, &err), -ERR_INVALID);
		ck_assert_str_eq(err.message, cases[i].message);
	}
}
END_TEST

START_TEST(test_manifest_object__a_field_has_its_place)
{
	static const char text[] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"
				   "data:\n  key: value\n";
	struct manifest_text *parsed;
	struct err err = ERR_INIT;
	const char *file;
	int line, column;

	must(manifest_text_parse("a.yaml", text, strlen(text), &parsed, &err), &err);
	struct manifest_object object = {.text = parsed,
					 .node = parsed->documents.roots[0],
					 .file = (char *)"a.yaml",
					 .line = 1,
					 .column = 1};
	manifest_object_place(&object, "data.key", &file, &line, &column);
	ck_assert_str_eq(file, "a.yaml");
	ck_assert_int_eq(line, 6);
	ck_assert_int_eq(column, 8);
	manifest_object_place(&object, "status.missing", &file, &line, &column);
	ck_assert_int_eq(line, 1);
	manifest_object_place(&object, NULL, &file, &line, &column);
	ck_assert_int_eq(line, 1);
	manifest_text_unref(parsed);
}
END_TEST

START_TEST(test_manifest_object__a_forgotten_text_is_read_again)
{
	static const char text[] = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n"
				   "  data:\n    key: value\n";
	struct manifest_text *parsed;
	struct err err = ERR_INIT;
	const char *file;
	int line, column;

	must(manifest_text_parse("a.yaml", text, strlen(text), &parsed, &err), &err);
	manifest_text_forget(parsed);
	struct manifest_object object = {.text = parsed,
					 .text_line = 5,
					 .text_column = 3,
					 .file = (char *)"a.yaml",
					 .line = 5,
					 .column = 3};
	manifest_object_place(&object, "data.key", &file, &line, &column);
	ck_assert_int_eq(line, 7);
	ck_assert_int_eq(column, 10);
	manifest_object_key_place(&object, "data", "key", &file, &line, &column);
	ck_assert_int_eq(column, 5);
	manifest_text_unref(parsed);
}
END_TEST

START_TEST(test_manifest_scope__what_lives_in_a_namespace)
{
	bool namespaced;

	ck_assert(manifest_kind_find("apps", "Deployment")->namespaced);
	ck_assert_str_eq(manifest_kind_find("", "Endpoints")->plural, "endpoints");
	ck_assert(!manifest_kind_find("rbac.authorization.k8s.io", "ClusterRole")->namespaced);
	ck_assert_ptr_null(manifest_kind_find("", "Deployment"));
	ck_assert_str_eq(manifest_kind_elsewhere("Deployment")->group, "apps");
	ck_assert(manifest_kind_add_on("cert-manager.io", "ClusterIssuer", &namespaced));
	ck_assert(!namespaced);
	ck_assert(manifest_kind_add_on("traefik.io", "IngressRoute", &namespaced));
	ck_assert(namespaced);
	ck_assert(!manifest_kind_add_on("example.org", "Thing", &namespaced));
	ck_assert(manifest_kind_bears_data("", "PersistentVolumeClaim"));
	ck_assert(!manifest_kind_bears_data("", "ConfigMap"));
	ck_assert(manifest_kind_has_health("batch", "CronJob"));
	ck_assert(!manifest_kind_has_health("", "Service"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/object");
	TCase *tests = tcase_create("object");

	tcase_add_test(tests, test_manifest_object__set_id_is_the_one_of_the_kep);
	tcase_add_test(tests, test_manifest_object__key_and_back);
	tcase_add_test(tests, test_manifest_object__the_legacy_group_is_core_in_keys);
	tcase_add_test(tests, test_manifest_object__what_is_missing_is_named);
	tcase_add_test(tests, test_manifest_object__a_field_has_its_place);
	tcase_add_test(tests, test_manifest_object__a_forgotten_text_is_read_again);
	tcase_add_test(tests, test_manifest_scope__what_lives_in_a_namespace);
	suite_add_tcase(suite, tests);
	return suite;
}
