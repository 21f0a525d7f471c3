#include "manifest/fields.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

static void extracts(const char *body_text, const char *fields_text, const char *expected)
{
	json_auto_t *body = parse(body_text), *fields = parse(fields_text);
	json_auto_t *made = manifest_fields_extract(body, fields);
	cleanup_free char *text = tree_json_canonical(made);

	ck_assert_str_eq(text, expected);
}

START_TEST(test_manifest_fields__only_what_is_owned_is_extracted)
{
	extracts("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\","
		 "\"uid\":\"u\",\"labels\":{\"ours\":\"1\",\"theirs\":\"2\"}},"
		 "\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
		 "{\"f:metadata\":{\"f:labels\":{\"f:ours\":{}}},\"f:data\":{\".\":{},\"f:b\":{},"
		 "\"f:gone\":{}}}",
		 "{\"apiVersion\":\"v1\",\"data\":{\"b\":\"2\"},\"kind\":\"ConfigMap\","
		 "\"metadata\":{\"labels\":{\"ours\":\"1\"},\"name\":\"a\"}}");
}
END_TEST

START_TEST(test_manifest_fields__items_of_lists_keep_what_names_them)
{
	extracts("{\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"tty\":true},"
		 "{\"name\":\"sidecar\",\"image\":\"y\"}]}",
		 "{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{}}}}",
		 "{\"containers\":[{\"image\":\"x\",\"name\":\"a\"}]}");
	extracts("{\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\",\"name\":\"web\"},"
		 "{\"containerPort\":80,\"protocol\":\"UDP\"}]}",
		 "{\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":"
		 "{\".\":{},\"f:containerPort\":{}}}}",
		 "{\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\"}]}");
}
END_TEST

START_TEST(test_manifest_fields__sets_and_atoms_are_taken_as_they_are)
{
	extracts("{\"finalizers\":[\"a\",\"b\"]}", "{\"f:finalizers\":{\"v:\\\"b\\\"\":{}}}",
		 "{\"finalizers\":[\"b\"]}");
	extracts("{\"args\":[\"--a\",\"--b\"],\"selector\":{\"x\":\"1\"}}",
		 "{\"f:args\":{},\"f:selector\":{}}",
		 "{\"args\":[\"--a\",\"--b\"],\"selector\":{\"x\":\"1\"}}");
}
END_TEST

START_TEST(test_manifest_fields__a_union_has_what_either_has)
{
	json_auto_t *to = parse("{\"f:data\":{\"f:a\":{}}}");
	json_auto_t *from = parse("{\"f:data\":{\"f:b\":{}},\"f:x\":{}}");

	manifest_fields_add(to, from);
	cleanup_free char *text = tree_json_canonical(to);
	ck_assert_str_eq(text, "{\"f:data\":{\"f:a\":{},\"f:b\":{}},\"f:x\":{}}");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/fields");
	TCase *tests = tcase_create("fields");

	tcase_add_test(tests, test_manifest_fields__only_what_is_owned_is_extracted);
	tcase_add_test(tests, test_manifest_fields__items_of_lists_keep_what_names_them);
	tcase_add_test(tests, test_manifest_fields__sets_and_atoms_are_taken_as_they_are);
	tcase_add_test(tests, test_manifest_fields__a_union_has_what_either_has);
	suite_add_tcase(suite, tests);
	return suite;
}
