#include "manifest/generate.h"

#include <stdlib.h>

#include "base/mem.h"
#include "body.h"

START_TEST(test_manifest_generate__text_and_bytes)
{
	json_auto_t *body = manifest_generate("ConfigMap", "files", "blog");
	struct err err = ERR_INIT;

	must(manifest_generate_file(body, "a.conf", "x\n", 2, &err), &err);
	must(manifest_generate_file(body, "logo.png", "\x89PNG\0", 5, &err), &err);
	ck_assert_str_eq(tree_path_string(body, "data[\"a.conf\"]"), "x\n");
	ck_assert_str_eq(tree_path_string(body, "binaryData[\"logo.png\"]"), "iVBORwA=");
	ck_assert_str_eq(tree_path_string(body, "metadata.namespace"), "blog");
	ck_assert_int_eq(manifest_generate_file(body, "a.conf", "y", 1, &err), -ERR_INVALID);
	ck_assert_int_eq(manifest_generate_file(body, "a/b", "y", 1, &err), -ERR_INVALID);
	err_done(&err);
}
END_TEST

START_TEST(test_manifest_generate__env_files_are_read_as_kubectl_does)
{
	json_auto_t *body = manifest_generate("Secret", "smtp", NULL);
	cleanup_err struct err err = ERR_INIT;

	must(manifest_generate_env(body, "smtp.env", "# mail\n\nHOST=mail\r\n  PASS=\"a=b\"\n",
				   &err),
	     &err);
	ck_assert_str_eq(tree_path_string(body, "data.HOST"), "bWFpbA==");
	ck_assert_str_eq(tree_path_string(body, "data.PASS"), "ImE9YiI=");
	ck_assert_uint_eq(json_object_size(json_object_get(body, "data")), 2);
	ck_assert_int_eq(manifest_generate_env(body, "smtp.env", "A=1\n  oops\n", &err),
			 -ERR_INVALID);
	ck_assert_str_eq(err.place.file, "smtp.env");
	ck_assert_int_eq(err.place.line, 2);
	ck_assert_int_eq(err.place.column, 3);
}
END_TEST

static const char *const users[] = {
	"volumes: [{name: v, configMap: {name: conf}}]",
	"volumes: [{name: v, projected: {sources: [{configMap: {name: conf}}]}}]",
	"containers: [{envFrom: [{configMapRef: {name: conf}}]}]",
	"initContainers: [{env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: k}}}]}]",
};

static json_t *workload(const char *spec, const char *annotation)
{
	cleanup_free char *text = mem_printf("apiVersion: apps/v1\nkind: Deployment\nmetadata: "
					     "{name: x%s}\nspec: {template: {spec: {%s}}}\n",
					     annotation, spec);

	return body_of(text);
}

#define STAMP "spec.template.metadata.annotations[\"desired.dev/config-hash\"]"

START_TEST(test_manifest_generate__pods_that_use_it_are_stamped)
{
	json_auto_t *body = workload(users[_i], "");
	json_auto_t *other = workload("volumes: [{name: v, secret: {secretName: conf}}]", "");
	struct map digests = MAP_INIT(NULL);

	map_put(&digests, "ConfigMap/conf", (void *)"aaaa");
	ck_assert(manifest_generate_stamp(body, &digests));
	cleanup_free char *first = mem_strdup(tree_path_string(body, STAMP));
	ck_assert_uint_eq(strlen(first), 16);
	map_put(&digests, "ConfigMap/conf", (void *)"bbbb");
	ck_assert(manifest_generate_stamp(body, &digests));
	ck_assert_str_ne(first, tree_path_string(body, STAMP));
	ck_assert(!manifest_generate_stamp(other, &digests));
	ck_assert_ptr_null(tree_path_get(other, STAMP));
	map_done(&digests);
}
END_TEST

START_TEST(test_manifest_generate__a_workload_may_refuse)
{
	json_auto_t *body = workload(users[0], ", annotations: {desired.dev/roll: 'false'}");
	struct map digests = MAP_INIT(NULL);

	map_put(&digests, "ConfigMap/conf", (void *)"aaaa");
	ck_assert(!manifest_generate_stamp(body, &digests));
	map_done(&digests);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/generate");
	TCase *tests = tcase_create("generate");

	tcase_add_test(tests, test_manifest_generate__text_and_bytes);
	tcase_add_test(tests, test_manifest_generate__env_files_are_read_as_kubectl_does);
	tcase_add_loop_test(tests, test_manifest_generate__pods_that_use_it_are_stamped, 0,
			    sizeof(users) / sizeof(users[0]));
	tcase_add_test(tests, test_manifest_generate__a_workload_may_refuse);
	suite_add_tcase(suite, tests);
	return suite;
}
