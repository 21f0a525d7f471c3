#include "tree/yaml.h"

#include <string.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

/* As kubectl would print it; "error" when it is refused. */
static char *read_as_kubectl(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_auto_t *tree = NULL;

	if (tree_yaml_parse(text, strlen(text), "test.yaml", &documents, &err) < 0)
		return mem_strdup("error");
	int r = tree_yaml_to_json(documents.n ? documents.roots[0] : NULL, "test.yaml", &tree,
				  &err);
	tree_yaml_done(&documents);
	return r < 0 ? mem_strdup("error") : tree_json_canonical(tree);
}

/* Lines of YAML, a tab and JSON, which test/golden/yaml/oracle wrote with kubectl's own library. */
static void assert_golden(const char *path)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list lines = LIST_INIT;
	cleanup_free char *text = NULL;
	int cases = 0;

	must(file_read(path, 1 << 20, &text, NULL, &err), &err);
	list_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		char *tab = strchr(lines.items[i], '\t');
		if (!tab)
			continue;
		*tab = '\0';
		cleanup_free char *json = read_as_kubectl(lines.items[i]);
		ck_assert_msg(!strcmp(json, tab + 1), "%s is %s to us, %s to kubectl",
			      lines.items[i], json, tab + 1);
		cases++;
	}
	ck_assert_int_gt(cases, 100);
}

START_TEST(test_tree_yaml_read__scalars_mean_what_they_mean_to_kubectl)
{
	assert_golden(GOLDEN "/yaml/scalars.txt");
}
END_TEST

START_TEST(test_tree_yaml_read__keys_become_the_text_that_kubectl_makes_of_them)
{
	assert_golden(GOLDEN "/yaml/keys.txt");
}
END_TEST

static void assert_refused(const char *text, int line, int column, const char *message)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_t *tree;

	must(tree_yaml_parse(text, strlen(text), "x.yaml", &documents, &err), &err);
	ck_assert_int_eq(tree_yaml_to_json(documents.roots[0], "x.yaml", &tree, &err),
			 -ERR_INVALID);
	tree_yaml_done(&documents);
	ck_assert_msg(strstr(err.message, message), "%s", err.message);
	ck_assert_str_eq(err.place.file, "x.yaml");
	ck_assert_int_eq(err.place.line, line);
	ck_assert_int_eq(err.place.column, column);
}

START_TEST(test_tree_yaml_read__what_json_cannot_hold_is_refused_with_its_place)
{
	assert_refused("a:\n  b: .inf\n", 2, 6, "no infinity");
	assert_refused("- 1\n- .nan\n", 2, 3, "no infinity");
	assert_refused("a: !vault x\n", 1, 4, "!vault");
	assert_refused("a: !!set {x: }\n", 1, 4, "set");
	assert_refused("a: !foo [x]\n", 1, 4, "!foo");
	assert_refused("a: !!int x\n", 1, 4, "'x' is not a value of !!int");
	assert_refused("a: !!binary /+8=\n", 1, 4, "not text");
	assert_refused("a: !!binary AA==\n", 1, 4, "not text");
	assert_refused("a:\n  ~: b\n", 2, 3, "empty or null");
	assert_refused("a:\n  1: b\n  0x1: c\n", 3, 3, "'0x1' means the key '1'");
	assert_refused("a:\n  1: b\n  1.0: c\n", 3, 3, "already");
}
END_TEST

START_TEST(test_tree_yaml_read__collections_may_say_what_they_are)
{
	cleanup_free char *json = read_as_kubectl("a: !!map {b: !!seq [c]}\n");

	ck_assert_str_eq(json, "{\"a\":{\"b\":[\"c\"]}}");
}
END_TEST

START_TEST(test_tree_yaml_read__nothing_is_null)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	must(tree_yaml_to_json(NULL, "x.yaml", &tree, &err), &err);
	ck_assert(json_is_null(tree));
}
END_TEST

/* Shared nodes give separate trees: changing one leaves the other as it was. */
START_TEST(test_tree_yaml_read__aliases_are_copies)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_auto_t *tree = NULL;

	must(tree_yaml_parse("a: &x {c: 1}\nb: *x\n", 18, "x.yaml", &documents, &err), &err);
	must(tree_yaml_to_json(documents.roots[0], "x.yaml", &tree, &err), &err);
	tree_yaml_done(&documents);
	json_object_set_new(json_object_get(tree, "a"), "c", json_integer(2));
	cleanup_free char *json = tree_json_dump(tree);
	ck_assert_str_eq(json, "{\"a\":{\"c\":2},\"b\":{\"c\":1}}");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/yaml_read");
	TCase *tests = tcase_create("yaml_read");

	tcase_add_test(tests, test_tree_yaml_read__scalars_mean_what_they_mean_to_kubectl);
	tcase_add_test(tests, test_tree_yaml_read__keys_become_the_text_that_kubectl_makes_of_them);
	tcase_add_test(tests, test_tree_yaml_read__what_json_cannot_hold_is_refused_with_its_place);
	tcase_add_test(tests, test_tree_yaml_read__collections_may_say_what_they_are);
	tcase_add_test(tests, test_tree_yaml_read__nothing_is_null);
	tcase_add_test(tests, test_tree_yaml_read__aliases_are_copies);
	suite_add_tcase(suite, tests);
	return suite;
}
