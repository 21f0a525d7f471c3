#include "template/value.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

static char *repr(const struct value *value)
{
	struct buf text = BUF_INIT;

	value_repr(value, &text);
	return buf_steal(&text);
}

static void assert_yaml(const char *yaml, const char *expected)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents = {0};
	cleanup_value struct value *value = NULL;

	must(tree_yaml_parse(yaml, strlen(yaml), "v.yaml", &documents, &err), &err);
	must(value_from_yaml(documents.roots[0], "v.yaml", &value, &err), &err);
	cleanup_free char *got = repr(value);
	ck_assert_str_eq(got, expected);
	tree_yaml_done(&documents);
}

/* Rule R14: each line was read by PyYAML's SafeLoader. */
START_TEST(test_value_from_yaml__reads_scalars_as_pyyaml_does)
{
	assert_yaml("[y, n, yes, No, on, OFF, true, ~, null, '']",
		    "['y', 'n', True, False, True, False, True, None, None, '']");
	assert_yaml("[0644, 010, 0o644, 08, 0x1F, 0b101, 1_000, -0, +12, 12:30, 1:2:3]",
		    "[420, 8, '0o644', '08', 31, 5, 1000, 0, 12, 750, 3723]");
	assert_yaml("[1e3, 1.0, 100.0, -0.0, 1e400, 1.5e+3, .5, -.5, 1., .inf, -.inf, .nan]",
		    "['1e3', 1.0, 100.0, -0.0, '1e400', 1500.0, 0.5, '-.5', 1.0, inf, -inf, nan]");
	assert_yaml("[9223372036854775807, 9223372036854775808, -9223372036854775809]",
		    "[9223372036854775807, 9223372036854775808, -9223372036854775809]");
	assert_yaml(
		"[2021-01-01, 2001-12-14T21:59:43.10Z, 2021-1-1]",
		"[datetime.date(2021, 1, 1), datetime.datetime(2001, 12, 14, 21, 59, 43, 100000, "
		"tzinfo=datetime.timezone.utc), '2021-1-1']");
	assert_yaml("{1: a, true: b, 1.5: c, x: \"1\", !!str y: !!str 5}",
		    "{1: 'b', 1.5: 'c', 'x': '1', 'y': '5'}");
}
END_TEST

START_TEST(test_value_to_json__comes_back_the_same)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = json_pack("{s:[i,f,s,b,n], s:{}}", "list", 5, 1.5, "é", 1, "empty");
	cleanup_value struct value *value = value_from_json(tree);
	json_t *back;

	must(value_to_json(value, &back, &err), &err);
	ck_assert(json_equal(tree, back));
	json_decref(back);
}
END_TEST

START_TEST(test_value_to_json__what_json_cannot_hold_becomes_text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents = {0};
	cleanup_value struct value *value = NULL;
	const char *yaml = "[99999999999999999999, 2021-01-01]";
	json_t *tree;

	must(tree_yaml_parse(yaml, strlen(yaml), "v.yaml", &documents, &err), &err);
	must(value_from_yaml(documents.roots[0], "v.yaml", &value, &err), &err);
	must(value_to_json(value, &tree, &err), &err);
	cleanup_free char *text = json_dumps(tree, JSON_COMPACT);
	ck_assert_str_eq(text, "[\"99999999999999999999\",\"2021-01-01\"]");
	json_decref(tree);
	tree_yaml_done(&documents);
}
END_TEST

START_TEST(test_value__truth_is_pythons)
{
	cleanup_value struct value *zero = value_int(0), *text = value_string("", 0),
				   *list = value_list(), *dict = value_dict(),
				   *one = value_float(0.1);

	ck_assert(!value_true(zero) && !value_true(text) && !value_true(list) && !value_true(dict));
	ck_assert(!value_true(value_none()) && !value_true(value_bool(false)));
	ck_assert(value_true(one) && value_true(value_bool(true)));
	value_list_add(list, value_none());
	value_dict_set(dict, "k", value_none());
	ck_assert(value_true(list) && value_true(dict));
}
END_TEST

START_TEST(test_value__dicts_keep_the_order_of_arrival)
{
	cleanup_value struct value *dict = value_dict();
	const char *key;
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "k%d", i * 37 % 1000);
		value_dict_set(dict, name, value_int(i));
	}
	value_dict_set(dict, "k37", value_int(-1));
	ck_assert_uint_eq(value_length(dict), 1000);
	value_pair(dict, 1, &key);
	ck_assert_str_eq(key, "k37");
	cleanup_free char *got = repr(value_get(dict, "k37"));
	ck_assert_str_eq(got, "-1");
	ck_assert_ptr_null(value_get(dict, "k1000"));
}
END_TEST

START_TEST(test_value__strings_are_counted_in_characters)
{
	cleanup_value struct value *text = value_string("grüße ☃", strlen("grüße ☃"));
	size_t bytes;

	ck_assert_uint_eq(value_length(text), 7);
	value_text(text, &bytes);
	ck_assert_uint_eq(bytes, 11);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("template/value");
	TCase *tests = tcase_create("value");

	tcase_add_test(tests, test_value_from_yaml__reads_scalars_as_pyyaml_does);
	tcase_add_test(tests, test_value_to_json__comes_back_the_same);
	tcase_add_test(tests, test_value_to_json__what_json_cannot_hold_becomes_text);
	tcase_add_test(tests, test_value__truth_is_pythons);
	tcase_add_test(tests, test_value__dicts_keep_the_order_of_arrival);
	tcase_add_test(tests, test_value__strings_are_counted_in_characters);
	suite_add_tcase(suite, tests);
	return suite;
}
