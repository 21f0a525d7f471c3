#include "tree/path.h"

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

static void assert_json(const json_t *tree, const char *expected)
{
	cleanup_free char *text = tree_json_dump(tree);

	ck_assert_str_eq(text, expected);
}

START_TEST(test_tree_path__finds_keys_indexes_and_named_items)
{
	json_auto_t *tree = read_json(
		"{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"b\","
		"\"ports\":[{\"containerPort\":80,\"up\":true}]}],\"replicas\":3},"
		"\"metadata\":{\"annotations\":{\"desired.dev/source\":\"me\"}}}");

	ck_assert_str_eq(tree_path_string(tree, "spec.containers[0].image"), "x");
	ck_assert_str_eq(tree_path_string(tree, "spec.containers[name=a].image"), "x");
	ck_assert(tree_path_true(tree, "spec.containers[name=b].ports[containerPort=80].up"));
	ck_assert_str_eq(tree_path_string(tree, "metadata.annotations[\"desired.dev/source\"]"),
			 "me");
	ck_assert_int_eq(tree_path_integer(tree, "spec.replicas", 1), 3);
	ck_assert_int_eq(tree_path_integer(tree, "spec.containers", 1), 1);
	ck_assert_ptr_eq(tree_path_get(tree, ""), tree);
}
END_TEST

START_TEST(test_tree_path__what_is_not_there_is_null)
{
	json_auto_t *tree = read_json("{\"a\":[{\"b\":1}],\"s\":\"text\"}");
	static const char *const missing[] = {"x",    "a.b",	"a[1]",	    "a[0].c", "a[b=2]",
					      "s[0]", "s.more", "a[0].b.c", "[0]",    "a[b=1].x"};

	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		ck_assert_msg(!tree_path_get(tree, missing[i]), "%s", missing[i]);
	ck_assert_ptr_null(tree_path_get(NULL, "a"));
	ck_assert_ptr_null(tree_path_string(tree, "a"));
}
END_TEST

START_TEST(test_tree_path__set_creates_what_is_missing)
{
	json_auto_t *tree = read_json("{\"s\":\"text\"}");

	tree_path_set(tree, "metadata.labels[\"a.b/c\"]", json_string("d"));
	tree_path_set(tree, "spec.list[0].x", json_integer(1));
	tree_path_set(tree, "spec.list[7]", json_integer(2));
	tree_path_set(tree, "spec.env[name=A].value", json_string("1"));
	tree_path_set(tree, "spec.env[name=A].value", json_string("2"));
	tree_path_set(tree, "s.t", json_true());
	assert_json(tree, "{\"s\":{\"t\":true},\"metadata\":{\"labels\":{\"a.b/c\":\"d\"}},"
			  "\"spec\":{\"list\":[{\"x\":1},2],"
			  "\"env\":[{\"name\":\"A\",\"value\":\"2\"}]}}");
}
END_TEST

START_TEST(test_tree_path__remove_leaves_empty_parents)
{
	json_auto_t *tree =
		read_json("{\"a\":{\"b\":1},\"l\":[{\"name\":\"x\"},{\"name\":\"y\"}]}");

	ck_assert(tree_path_remove(tree, "a.b"));
	ck_assert(!tree_path_remove(tree, "a.b"));
	ck_assert(tree_path_remove(tree, "l[name=x]"));
	ck_assert(!tree_path_remove(tree, "l[3]"));
	ck_assert(!tree_path_remove(tree, "q.r.s"));
	ck_assert(!tree_path_remove(tree, ""));
	assert_json(tree, "{\"a\":{},\"l\":[{\"name\":\"y\"}]}");
}
END_TEST

/* What the add functions write, the others find again. */
START_TEST(test_tree_path__writes_what_it_reads)
{
	static const char *const keys[] = {"plain", "desired.dev/x", "a b", "q\"uo\\te",
					   "",	    "[0]",	     "a=b"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_auto_t *tree = json_object(), *inner = json_object();
		cleanup_buf struct buf path = BUF_INIT;
		json_object_set_new(inner, keys[i], json_pack("[{s:s}]", "name", keys[i]));
		json_object_set(tree, keys[i], inner);
		tree_path_add_key(&path, keys[i]);
		tree_path_add_key(&path, keys[i]);
		ck_assert_msg(json_is_array(tree_path_get(tree, buf_str(&path))), "%s",
			      buf_str(&path));
		tree_path_add_field(&path, "name", keys[i]);
		tree_path_add_key(&path, "name");
		ck_assert_str_eq(tree_path_string(tree, buf_str(&path)), keys[i]);
	}
	cleanup_buf struct buf path = BUF_INIT;
	tree_path_add_key(&path, "a");
	tree_path_add_index(&path, 3);
	tree_path_add_key(&path, "b.c");
	ck_assert_str_eq(buf_str(&path), "a[3][\"b.c\"]");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/path");
	TCase *tests = tcase_create("path");

	tcase_add_test(tests, test_tree_path__finds_keys_indexes_and_named_items);
	tcase_add_test(tests, test_tree_path__what_is_not_there_is_null);
	tcase_add_test(tests, test_tree_path__set_creates_what_is_missing);
	tcase_add_test(tests, test_tree_path__remove_leaves_empty_parents);
	tcase_add_test(tests, test_tree_path__writes_what_it_reads);
	suite_add_tcase(suite, tests);
	return suite;
}
