#include "tree/yaml.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static struct tree_yaml_documents parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;

	must(tree_yaml_parse(text, strlen(text), "test.yaml", &documents, &err), &err);
	return documents;
}

static char *json_of(const struct tree_yaml_node *root)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	must(tree_yaml_to_json(root, "test.yaml", &tree, &err), &err);
	return tree_json_dump(tree);
}

/* Of one document, the JSON; of several, each on a line. */
static void assert_reads(const char *text, const char *expected)
{
	struct tree_yaml_documents documents = parse(text);
	cleanup_buf struct buf out = BUF_INIT;

	for (size_t i = 0; i < documents.n; i++) {
		cleanup_free char *json = json_of(documents.roots[i]);
		buf_printf(&out, "%s%s", i ? "\n" : "", json);
	}
	tree_yaml_done(&documents);
	ck_assert_str_eq(buf_str(&out), expected);
}

START_TEST(test_tree_yaml__documents)
{
	assert_reads("", "");
	assert_reads("# nothing\n", "");
	assert_reads("a: 1 # one\n---\n- b\n...\n---\n", "{\"a\":1}\n[\"b\"]\nnull");
	assert_reads("---\n---\n~\n", "null\nnull");
	assert_reads("\xef\xbb\xbf"
		     "a: b\r\nc: d\r\n",
		     "{\"a\":\"b\",\"c\":\"d\"}");
	assert_reads("a: |\n  one\n  \xc2\xa0two\nb: >-\n  x\n  y\n",
		     "{\"a\":\"one\\n\xc2\xa0two\\n\",\"b\":\"x y\"}");
	assert_reads("{\"a\": [1, {\"b\": null}],\n\t\"c\": \"\\u00e9\"}",
		     "{\"a\":[1,{\"b\":null}],\"c\":\"é\"}");
}
END_TEST

START_TEST(test_tree_yaml__an_empty_document_has_no_root)
{
	struct tree_yaml_documents documents = parse("---\n---\n''\n");

	ck_assert_uint_eq(documents.n, 2);
	ck_assert_ptr_null(documents.roots[0]);
	ck_assert_ptr_nonnull(documents.roots[1]);
	tree_yaml_done(&documents);
}
END_TEST

START_TEST(test_tree_yaml__nodes_know_their_place)
{
	struct tree_yaml_documents documents = parse("a: 1\nb:\n  - !vault 'x'\n  - {c: d}\n");
	const struct tree_yaml_node *list = tree_yaml_get(documents.roots[0], "b");
	const struct tree_yaml_node *vault = list->items[0],
				    *inner = tree_yaml_get(list->items[1], "c");

	ck_assert_int_eq(list->kind, TREE_YAML_SEQUENCE);
	ck_assert_uint_eq(list->count, 2);
	ck_assert_int_eq(vault->line, 3);
	ck_assert_int_eq(vault->column, 5);
	ck_assert_str_eq(vault->tag, "!vault");
	ck_assert(!vault->plain);
	ck_assert_int_eq(inner->line, 4);
	ck_assert_int_eq(inner->column, 9);
	ck_assert_str_eq(inner->text, "d");
	ck_assert(inner->plain);
	ck_assert_ptr_null(inner->tag);
	tree_yaml_done(&documents);
}
END_TEST

START_TEST(test_tree_yaml__aliases_are_the_same_node)
{
	struct tree_yaml_documents documents = parse("a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\n");
	const struct tree_yaml_node *root = documents.roots[0];

	ck_assert_ptr_eq(tree_yaml_get(root, "a"), tree_yaml_get(root, "c"));
	ck_assert_str_eq(tree_yaml_get(root, "e")->text, "2");
	tree_yaml_done(&documents);
	assert_reads("a: &k b\n*k : c\n", "{\"a\":\"b\",\"b\":\"c\"}");
}
END_TEST

START_TEST(test_tree_yaml__merge_keys)
{
	assert_reads("x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n",
		     "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"b\":3,\"a\":1}}");
	assert_reads("- &x {a: 1}\n- &y {a: 2, c: 3}\n- {b: 0, <<: [*x, *y]}\n- {<<: *y, <<: *x}\n",
		     "[{\"a\":1},{\"a\":2,\"c\":3},{\"b\":0,\"a\":1,\"c\":3},{\"a\":2,\"c\":3}]");
	assert_reads("- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y}\n",
		     "[{\"a\":1},{\"b\":2,\"a\":1},{\"b\":2,\"a\":1}]");
	assert_reads("{'<<': {a: 1}}", "{\"<<\":{\"a\":1}}");
}
END_TEST

static void print_error(const char *folder, const char *name, struct buf *out)
{
	struct diag diag = {.severity = DIAG_ERROR, .err = ERR_INIT};
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *path = file_join(folder, name), *text = NULL;
	struct tree_yaml_documents documents;
	size_t length;

	must(file_read(path, 1 << 20, &text, &length, &err), &err);
	int r = tree_yaml_parse(text, length, name, &documents, &diag.err);
	ck_assert_msg(r == -ERR_INVALID, "%s was accepted", name);
	diag_print(&diag, out);
	err_done(&diag.err);
}

static void names_in(const char *folder, struct list *ret)
{
	DIR *dir = opendir(folder);

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (strstr(entry->d_name, ".yaml"))
			list_add(ret, entry->d_name);
	closedir(dir);
	list_sort(ret);
}

/* What check prints for each broken file; DESIRED_GOLDEN=write writes the file anew. */
START_TEST(test_tree_yaml__errors_are_those_of_the_golden_file)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_free char *expected = NULL;

	names_in(GOLDEN "/yaml/errors", &names);
	for (size_t i = 0; i < names.n; i++)
		print_error(GOLDEN "/yaml/errors", names.items[i], &out);
	if (getenv("DESIRED_GOLDEN"))
		must(file_write(GOLDEN "/yaml/errors.txt", out.data, out.len, 0644, &err), &err);
	must(file_read(GOLDEN "/yaml/errors.txt", 1 << 20, &expected, NULL, &err), &err);
	ck_assert_str_eq(buf_str(&out), expected);
}
END_TEST

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The promise is 50 ms; a busy machine and sanitizers get room, and anything quadratic is seconds.
 */
static void assert_refused_at_once(const char *text, size_t length, const char *message)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	double begin = seconds();

	int r = tree_yaml_parse(text, length, "hostile.yaml", &documents, &err);
	ck_assert_msg(r == -ERR_INVALID, "accepted: %.20s...", text);
	ck_assert_msg(strstr(err.message, message), "%.20s...: %s", text, err.message);
	ck_assert_msg(seconds() - begin < 0.5, "%.20s... took %.3f s", text, seconds() - begin);
}

static void assert_refused_repeated(const char *head, const char *piece, size_t count,
				    const char *message)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_addstr(&text, head);
	for (size_t i = 0; i < count; i++)
		buf_addstr(&text, piece);
	assert_refused_at_once(text.data, text.len, message);
}

START_TEST(test_tree_yaml__hostile_input_is_refused_at_once)
{
	assert_refused_repeated("", "[", 100000, "deeper than 64");
	assert_refused_repeated("", "{a: ", 100000, "deeper than 64");
	assert_refused_repeated("", "[\n", 100000, "deeper than 64");
	assert_refused_repeated("", "- ", 100000, "deeper than 64");
	assert_refused_repeated("", "? ", 100000, "cannot be a key");
	assert_refused_repeated("", "- x\n", 250000, "more than 100000 nodes");
	assert_refused_repeated("", "---\n", 250000, "more than 100000 nodes");
	assert_refused_repeated("", "- &a x\n", 100000, "more than 10000 anchors");
	assert_refused_repeated("\"", "x\n", 300000, "never closed");
	assert_refused_repeated("%YAML 1.1\n", "%TAG !a! b\n", 80000, "too many %TAG");
}
END_TEST

START_TEST(test_tree_yaml__aliases_count_as_what_they_expand_to)
{
	cleanup_buf struct buf text = BUF_INIT, chain = BUF_INIT;

	buf_addstr(&text, "a0: &a0 x\n");
	buf_addstr(&chain, "a0: &a0 x\n");
	for (int i = 1; i < 80; i++) {
		buf_printf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
			   i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
		buf_printf(&chain, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	}
	assert_refused_at_once(text.data, text.len, "more than 100000 nodes");
	assert_refused_at_once(chain.data, chain.len, "deeper than 64");
}
END_TEST

START_TEST(test_tree_yaml__depth_64_is_read)
{
	cleanup_buf struct buf text = BUF_INIT;

	buf_fill(&text, '[', 64);
	buf_fill(&text, ']', 64);
	assert_reads(text.data, text.data);
}
END_TEST

START_TEST(test_tree_yaml__a_large_crd_is_read_quickly)
{
	cleanup_buf struct buf text = BUF_INIT;
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	buf_addstr(&text, "properties:\n");
	for (int i = 0; i < 5000; i++)
		buf_printf(
			&text,
			"  field%d:\n    type: string\n    description: |-\n"
			"      What this field means is written here in a line or two of text.\n",
			i);
	double begin = seconds();
	struct tree_yaml_documents documents = parse(text.data);
	must(tree_yaml_to_json(documents.roots[0], "crd", &tree, &err), &err);
	ck_assert_msg(seconds() - begin < 0.5, "%zu bytes took %.3f s", text.len,
		      seconds() - begin);
	ck_assert_uint_eq(json_object_size(json_object_get(tree, "properties")), 5000);
	tree_yaml_done(&documents);
}
END_TEST

static void assert_at(const struct tree_yaml_node *root, const char *path, int line)
{
	ck_assert_msg(tree_yaml_at(root, path)->line == line, "%s is at %d", path,
		      tree_yaml_at(root, path)->line);
}

START_TEST(test_tree_yaml__at_finds_the_node_or_the_nearest_above)
{
	struct tree_yaml_documents documents = parse(
		"metadata:\n  annotations:\n    desired.dev/x: y\nspec:\n  containers:\n"
		"  - name: a\n    image: b\n  - name: c\n    ports:\n    - containerPort: 80\n");
	const struct tree_yaml_node *root = documents.roots[0];

	assert_at(root, "metadata.annotations[\"desired.dev/x\"]", 3);
	assert_at(root, "spec.containers[0].image", 7);
	assert_at(root, "spec.containers[name=c].ports[containerPort=80].containerPort", 10);
	assert_at(root, "spec.containers[name=c].nothing.below", 8);
	assert_at(root, "spec.containers[9].image", 6);
	assert_at(root, "metadata.annotations[\"desired.dev/x\"].deeper", 3);
	assert_at(root, "", 1);
	ck_assert_ptr_null(tree_yaml_at(NULL, "a"));
	tree_yaml_done(&documents);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/yaml");
	TCase *tests = tcase_create("yaml");

	tcase_add_test(tests, test_tree_yaml__documents);
	tcase_add_test(tests, test_tree_yaml__an_empty_document_has_no_root);
	tcase_add_test(tests, test_tree_yaml__nodes_know_their_place);
	tcase_add_test(tests, test_tree_yaml__aliases_are_the_same_node);
	tcase_add_test(tests, test_tree_yaml__merge_keys);
	tcase_add_test(tests, test_tree_yaml__errors_are_those_of_the_golden_file);
	tcase_add_test(tests, test_tree_yaml__hostile_input_is_refused_at_once);
	tcase_add_test(tests, test_tree_yaml__aliases_count_as_what_they_expand_to);
	tcase_add_test(tests, test_tree_yaml__depth_64_is_read);
	tcase_add_test(tests, test_tree_yaml__a_large_crd_is_read_quickly);
	tcase_add_test(tests, test_tree_yaml__at_finds_the_node_or_the_nearest_above);
	suite_add_tcase(suite, tests);
	return suite;
}
