#include "tree/json.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"

static json_t *read_json(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	must(tree_json_parse(text, strlen(text), "test", false, &tree, &err), &err);
	return tree;
}

static void assert_dumps(const char *text, const char *expected)
{
	json_auto_t *tree = read_json(text);
	cleanup_free char *dumped = tree_json_dump(tree);

	ck_assert_str_eq(dumped, expected);
}

START_TEST(test_tree_json__integers_beyond_int64_become_reals)
{
	assert_dumps("[9223372036854775807,-9223372036854775808]",
		     "[9223372036854775807,-9223372036854775808]");
	assert_dumps("{\"a\":9223372036854775808,\"b\":1,\"s\":\"9223372036854775808 \\\" -1\"}",
		     "{\"a\":9223372036854776000,\"b\":1,\"s\":\"9223372036854775808 \\\" -1\"}");
	assert_dumps("[-99999999999999999999, 123456789012345678901234567890,9223372036854775807]",
		     "[-100000000000000000000,1.2345678901234568e+29,9223372036854775807]");
}
END_TEST

START_TEST(test_tree_json__numbers_are_as_go_writes_them)
{
	static const struct {
		double value;
		const char *text;
	} numbers[] = {
		{0, "0"},
		{1, "1"},
		{1.1, "1.1"},
		{0.1, "0.1"},
		{-2.5, "-2.5"},
		{0.1 + 0.2, "0.30000000000000004"},
		{100, "100"},
		{1e20, "100000000000000000000"},
		{1e21, "1e+21"},
		{1e-6, "0.000001"},
		{1.5e-7, "1.5e-7"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{9223372036854775808.0, "9223372036854776000"},
		{0x1p-1017, "7.120236347223045e-307"},
		{1234567.891, "1234567.891"},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		cleanup_free char *text = tree_json_number(numbers[i].value);
		ck_assert_str_eq(text, numbers[i].text);
	}
}
END_TEST

START_TEST(test_tree_json__numbers_read_back_equal)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		double value =
			ldexp(rand() / (double)RAND_MAX + rand() * 1e-15, rand() % 2000 - 1000);
		cleanup_free char *text = tree_json_number(value);
		ck_assert_msg(strtod(text, NULL) == value, "%s", text);
	}
}
END_TEST

START_TEST(test_tree_json__forms)
{
	json_auto_t *tree = read_json(
		"{\"b\":[1,{}],\"a\":{\"d\":null,\"c\":\"\\u0001\\n\\\"\\\\é/\"},\"e\":[]}");
	cleanup_free char *compact = tree_json_dump(tree);
	cleanup_free char *canonical = tree_json_canonical(tree);
	cleanup_free char *pretty = tree_json_pretty(tree);

	ck_assert_str_eq(
		compact,
		"{\"b\":[1,{}],\"a\":{\"d\":null,\"c\":\"\\u0001\\n\\\"\\\\é/\"},\"e\":[]}");
	ck_assert_str_eq(
		canonical,
		"{\"a\":{\"c\":\"\\u0001\\n\\\"\\\\é/\",\"d\":null},\"b\":[1,{}],\"e\":[]}");
	ck_assert_str_eq(pretty,
			 "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {\n    \"d\": null,\n"
			 "    \"c\": \"\\u0001\\n\\\"\\\\é/\"\n  },\n  \"e\": []\n}\n");
}
END_TEST

START_TEST(test_tree_json__hash_ignores_order_and_form)
{
	json_auto_t *a = read_json("{\"x\":1.0,\"y\":[true]}");
	json_auto_t *b = read_json("{ \"y\": [true], \"x\": 1 }");
	json_auto_t *c = read_json("{\"x\":2,\"y\":[true]}");
	cleanup_free char *hash_a = tree_json_hash(a);
	cleanup_free char *hash_b = tree_json_hash(b);
	cleanup_free char *hash_c = tree_json_hash(c);

	ck_assert_uint_eq(strlen(hash_a), 64);
	ck_assert_str_eq(hash_a, hash_b);
	ck_assert_str_ne(hash_a, hash_c);
}
END_TEST

/* What is written must read back with the same hash: -0 reads back as the integer 0. */
START_TEST(test_tree_json__hash_knows_one_zero)
{
	json_auto_t *a = read_json("[-0.0]"), *b = read_json("[0]");
	cleanup_free char *hash_a = tree_json_hash(a);
	cleanup_free char *hash_b = tree_json_hash(b);

	ck_assert_str_eq(hash_a, hash_b);
}
END_TEST

static void assert_refused(const char *text, bool strict, int line, const char *message)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	int r = tree_json_parse(text, strlen(text), "x.json", strict, &tree, &err);
	ck_assert_int_eq(r, -ERR_INVALID);
	ck_assert_str_eq(err.place.file, "x.json");
	ck_assert_int_eq(err.place.line, line);
	ck_assert_msg(strstr(err.message, message), "%s", err.message);
}

START_TEST(test_tree_json__errors_name_the_place_but_no_content)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	assert_refused("{\n  \"a\": 1,\n}", false, 3, "string or '}' expected");
	assert_refused("[1] x", false, 1, "end of file");
	assert_refused("", false, 1, "");
	assert_refused("[\n99999999999999999999,\n]", false, 3, "");
	assert_refused("[1e999]", false, 1, "real");
	assert_refused("\"\\ud800\"", false, 1, "");
	assert_refused("\"\xff\"", false, 1, "decode");
	ck_assert_int_lt(tree_json_parse("{\"data\": hunter2}", 17, "x", false, &tree, &err), 0);
	ck_assert_ptr_null(strstr(err.message, "hunter2"));
}
END_TEST

START_TEST(test_tree_json__strict_refuses_duplicate_keys_and_nul)
{
	assert_refused("{\"a\":1,\n\"a\":2}", true, 2, "duplicate");
	assert_refused("\"a\\u0000b\"", true, 1, "");
	assert_dumps("{\"a\":1,\"a\":2}", "{\"a\":2}");
	assert_dumps("\"a\\u0000b\"", "\"a\\u0000b\"");
}
END_TEST

START_TEST(test_tree_json__deep_nesting_is_refused)
{
	cleanup_free char *text = mem_alloc(100001);

	memset(text, '[', 100000);
	text[100000] = '\0';
	assert_refused(text, false, 1, "depth");
}
END_TEST

START_TEST(test_tree_json__reads_files_up_to_a_limit)
{
	cleanup_err struct err err = ERR_INIT;
	char path[] = "/tmp/json_test.XXXXXX";
	int fd = mkstemp(path);
	json_t *tree;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "{\"a\":1}", 7), 7);
	close(fd);
	must(tree_json_read(path, 7, &tree, &err), &err);
	ck_assert_int_eq(json_integer_value(json_object_get(tree, "a")), 1);
	json_decref(tree);
	ck_assert_int_eq(tree_json_read(path, 6, &tree, &err), -ERR_INVALID);
	unlink(path);
	ck_assert_int_eq(tree_json_read(path, 7, &tree, &err), -ERR_NOT_FOUND);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/json");
	TCase *tests = tcase_create("json");

	tcase_add_test(tests, test_tree_json__integers_beyond_int64_become_reals);
	tcase_add_test(tests, test_tree_json__numbers_are_as_go_writes_them);
	tcase_add_test(tests, test_tree_json__numbers_read_back_equal);
	tcase_add_test(tests, test_tree_json__forms);
	tcase_add_test(tests, test_tree_json__hash_ignores_order_and_form);
	tcase_add_test(tests, test_tree_json__hash_knows_one_zero);
	tcase_add_test(tests, test_tree_json__errors_name_the_place_but_no_content);
	tcase_add_test(tests, test_tree_json__strict_refuses_duplicate_keys_and_nul);
	tcase_add_test(tests, test_tree_json__deep_nesting_is_refused);
	tcase_add_test(tests, test_tree_json__reads_files_up_to_a_limit);
	suite_add_tcase(suite, tests);
	return suite;
}
