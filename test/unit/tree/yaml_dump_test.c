#include "tree/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static json_t *read_json(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

static json_t *read_yaml(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_t *tree;

	if (tree_yaml_parse(text, strlen(text), "test", &documents, &err) < 0)
		ck_abort_msg("%s in\n%s", err.message, text);
	must(tree_yaml_to_json(documents.roots[0], "test", &tree, &err), &err);
	tree_yaml_done(&documents);
	return tree;
}

static void assert_dumps(const char *json, const char *expected)
{
	json_auto_t *tree = read_json(json);
	cleanup_free char *yaml = tree_yaml_dump(tree);

	ck_assert_str_eq(yaml, expected);
}

START_TEST(test_tree_yaml_dump__block_style)
{
	assert_dumps(
		"{\"kind\":\"ConfigMap\",\"l\":[{\"a\":1,\"b\":[true,null]},[2.5,[]]],\"e\":{}}",
		"kind: ConfigMap\nl:\n- a: 1\n  b:\n  - true\n  - null\n- - 2.5\n  - []\ne: {}\n");
	assert_dumps("\"text\"", "text\n");
	assert_dumps("[]", "[]\n");
}
END_TEST

START_TEST(test_tree_yaml_dump__quotes_what_would_read_back_as_something_else)
{
	assert_dumps(
		"[\"yes\",\"no\",\"1\",\"0x1F\",\"1e3\",\"\",\"null\",\"~\",\"08\",\"=\",\"<<\","
		"\"12:30\",\"plain\",\"a: b\",\"# c\",\"1.2.3\",\"1Gi\"]",
		"- 'yes'\n- 'no'\n- '1'\n- '0x1F'\n- '1e3'\n- ''\n- 'null'\n- '~'\n- '08'\n- '='\n"
		"- '<<'\n- '12:30'\n- plain\n- 'a: b'\n- '# c'\n- 1.2.3\n- 1Gi\n");
	assert_dumps("{\"y\":1,\"on\":2,\"8080\":3}", "'y': 1\n'on': 2\n'8080': 3\n");
}
END_TEST

START_TEST(test_tree_yaml_dump__several_lines_are_a_literal_block)
{
	assert_dumps("{\"nginx.conf\":\"server {\\n  listen "
		     "80;\\n}\\n\",\"x\":\"a\\n\\nb\",\"y\":\"a\\n\\n\",\"z\":1}",
		     "nginx.conf: |\n  server {\n    listen 80;\n  }\nx: |-\n  a\n\n  b\n'y': |+\n "
		     " a\n\nz: 1\n");
	assert_dumps("\"tab\\tand\\r\\nreturn\"", "\"tab\\tand\\r\\nreturn\"\n");
}
END_TEST

static void assert_round_trip(const json_t *tree)
{
	cleanup_free char *yaml = tree_yaml_dump(tree);
	json_auto_t *back = read_yaml(yaml);
	cleanup_free char *expected = tree_json_canonical(tree), *got = tree_json_canonical(back);

	ck_assert_msg(!strcmp(expected, got), "%s came back as %s from\n%s", expected, got, yaml);
}

static char *random_text(void)
{
	static const char *const pieces[] = {
		"\n",
		"\n\n",
		" ",
		"  ",
		"a",
		"b c",
		":",
		": ",
		"#",
		" #",
		"- ",
		"-",
		"---",
		"...",
		"1",
		"0x",
		"e",
		"yes",
		"'",
		"\"",
		"\\",
		"\t",
		"\r",
		"{{",
		"[",
		"}",
		"é",
		"\xc2\xa0",
		"\xc2\x85",
		"\xe2\x80\xa8",
		"😀",
		"|",
		">",
		"%",
		"@",
		"`",
		"&a",
		"*a",
		"!t",
		"?",
		",",
		"\x01",
		"\xef\xbb\xbf",
		"null",
		"~",
		"=",
		"longer words here",
	};
	struct buf text = BUF_INIT;

	for (int n = rand() % 6; n > 0; n--)
		buf_addstr(&text, pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
	return buf_steal(&text);
}

static json_t *random_tree(int depth)
{
	cleanup_free char *text = random_text();
	int kind = rand() % (depth ? 8 : 6);

	if (kind == 0)
		return json_integer(rand() - rand());
	if (kind == 1)
		return json_real(rand() / (1.0 + rand() % 1000));
	if (kind < 6)
		return json_string(text);
	json_t *tree = kind == 6 ? json_array() : json_object();
	for (int n = rand() % 4; n > 0; n--) {
		cleanup_free char *key = random_text();
		if (kind == 6)
			json_array_append_new(tree, random_tree(depth - 1));
		else
			json_object_set_new(tree, key, random_tree(depth - 1));
	}
	return tree;
}

START_TEST(test_tree_yaml_dump__everything_reads_back_as_it_was)
{
	srand(1);
	for (int i = 0; i < 20000; i++) {
		json_auto_t *tree = random_tree(4);
		assert_round_trip(tree);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/yaml_dump");
	TCase *tests = tcase_create("yaml_dump");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_tree_yaml_dump__block_style);
	tcase_add_test(tests, test_tree_yaml_dump__quotes_what_would_read_back_as_something_else);
	tcase_add_test(tests, test_tree_yaml_dump__several_lines_are_a_literal_block);
	tcase_add_test(tests, test_tree_yaml_dump__everything_reads_back_as_it_was);
	suite_add_tcase(suite, tests);
	return suite;
}
