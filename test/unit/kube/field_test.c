#include "kube/field.h"

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static const char body_text[] =
	"{\"metadata\": {\"labels\": {\"app.kubernetes.io/name\": \"x\"}},"
	" \"data\": {\"a.b\": \"1\", \"a.b.c\": \"2\"},"
	" \"spec\": {\"containers\": ["
	"   {\"name\": \"web\", \"ports\": [{\"containerPort\": 80, \"protocol\": \"TCP\"}]},"
	"   {\"name\": \"log\", \"imag\": \"i\", \"ports\": [{\"containerPort\": 81, \"protocol\": "
	"\"UDP\"},"
	"    {\"containerPort\": 81, \"protocol\": \"TCP\"}]}],"
	"  \"finalizers\": [\"a\", \"b\"]}}";

static void is(const char *written, const char *path)
{
	json_auto_t *body = NULL;
	cleanup_err struct err err = ERR_INIT;

	must(tree_json_parse(body_text, sizeof(body_text) - 1, "body", true, &body, &err), &err);
	cleanup_free char *found = kube_field_path(written, body);
	ck_assert_str_eq(found, path);
}

START_TEST(test_kube_field__list_items_by_their_keys_become_indexes)
{
	is(".spec.containers[name=\"log\"].imag", "spec.containers[1].imag");
	is(".spec.containers[name=\"log\"].ports[containerPort=81,protocol=\"TCP\"].x",
	   "spec.containers[1].ports[1].x");
	is(".spec.finalizers[=\"b\"]", "spec.finalizers[1]");
	is("spec.containers[0].ports[0].containerPort",
	   "spec.containers[0].ports[0].containerPort");
}
END_TEST

START_TEST(test_kube_field__keys_with_dots_are_found_in_the_body)
{
	is(".metadata.labels.app.kubernetes.io/name",
	   "metadata.labels[\"app.kubernetes.io/name\"]");
	is("metadata.labels[app.kubernetes.io/name]",
	   "metadata.labels[\"app.kubernetes.io/name\"]");
	is(".data.a.b.c", "data[\"a.b.c\"]");
	is(".data.a.b", "data[\"a.b\"]");
}
END_TEST

START_TEST(test_kube_field__what_the_body_lacks_is_kept_as_written)
{
	is(".spec.replica", "spec.replica");
	is("spec.template.spec.containers[3].image", "spec.template.spec.containers[3].image");
	is("", "");
	cleanup_free char *found = kube_field_path(".spec.a", NULL);
	ck_assert_str_eq(found, "spec.a");
}
END_TEST

static void names(const char *message, const char *field)
{
	cleanup_free char *found = kube_field_of_message(message);

	if (!field)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, field);
}

START_TEST(test_kube_field__is_found_in_a_message)
{
	names("failed to create typed patch object (default/x; apps/v1, Kind=Deployment): "
	      ".spec.replica: field not declared in schema",
	      ".spec.replica");
	names("strict decoding error: unknown field \"spec.replica\", unknown field \"spec.x\"",
	      "spec.replica");
	names("failed to create typed patch object (a/x; /v1, Kind=ConfigMap): .data.a: expected "
	      "string, got &value.valueUnstructured{Value:1}",
	      ".data.a");
	names("etcdserver: leader changed", NULL);
	names("it was expected to work: expected nothing", NULL);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/field");
	TCase *tests = tcase_create("field");

	tcase_add_test(tests, test_kube_field__list_items_by_their_keys_become_indexes);
	tcase_add_test(tests, test_kube_field__keys_with_dots_are_found_in_the_body);
	tcase_add_test(tests, test_kube_field__what_the_body_lacks_is_kept_as_written);
	tcase_add_test(tests, test_kube_field__is_found_in_a_message);
	suite_add_tcase(suite, tests);
	return suite;
}
