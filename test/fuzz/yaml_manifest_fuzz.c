/* yaml_manifest: any text as manifests, read as kubectl does. What is read can be written and reads
 * back as the same; each value is found at its path, in the tree as in the text. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "tree/diff.h"
#include "tree/json.h"
#include "tree/match.h"
#include "tree/path.h"
#include "tree/yaml.h"

static void expect_nodes_inside(const struct fuzz_source *source, const struct tree_yaml_node *node)
{
	size_t below = node->kind == TREE_YAML_MAPPING ? 2 * node->count : node->count;

	fuzz_expect_inside(source, node->line, node->column);
	for (size_t i = 0; node->kind != TREE_YAML_SCALAR && i < below; i++)
		expect_nodes_inside(source, node->items[i]);
}

struct walk {
	const json_t *root;
	const struct tree_yaml_node *node;
	struct buf path;
};

static void expect_found(struct walk *walk, const json_t *tree);

static void expect_members_found(struct walk *walk, const json_t *tree)
{
	const size_t length = walk->path.len;
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach ((json_t *)tree, key, value) {
		tree_path_add_key(&walk->path, key);
		expect_found(walk, value);
		buf_truncate(&walk->path, length);
	}
	json_array_foreach (tree, i, value) {
		tree_path_add_index(&walk->path, i);
		expect_found(walk, value);
		buf_truncate(&walk->path, length);
	}
}

static void expect_found(struct walk *walk, const json_t *tree)
{
	const char *path = buf_str(&walk->path);

	fuzz_expect(tree_path_get(walk->root, path) == tree, "path %s", path);
	fuzz_expect(tree_yaml_at(walk->node, path), "path %s", path);
	expect_members_found(walk, tree);
}

static json_t *read_back(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_t *tree = NULL;

	fuzz_expect(tree_yaml_parse(text, strlen(text), "dump", &documents, &err) == 0, "%s:\n%s",
		    err.message, text);
	fuzz_expect(documents.n <= 1, "%zu documents:\n%s", documents.n, text);
	fuzz_expect(tree_yaml_to_json(documents.n ? documents.roots[0] : NULL, "dump", &tree,
				      &err) == 0,
		    "%s:\n%s", err.message, text);
	tree_yaml_done(&documents);
	return tree;
}

static void expect_round_trip(const json_t *tree)
{
	cleanup_free char *text = tree_yaml_dump(tree);
	json_auto_t *again = read_back(text);
	cleanup_tree_diff struct tree_diff diff = {0};

	fuzz_expect(tree_match_equal(tree, again), "%s", text);
	fuzz_expect(tree_covers(tree, again), "%s", text);
	tree_diff(tree, again, &diff);
	fuzz_expect(diff.n == 0, "%s: %s and %s", diff.items[0].path, diff.items[0].from,
		    diff.items[0].to);
}

static void check_document(const struct fuzz_source *source, const struct tree_yaml_node *node)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	if (node)
		expect_nodes_inside(source, node);
	if (tree_yaml_to_json(node, source->name, &tree, &err) < 0) {
		fuzz_expect_told(source, &err);
		return;
	}
	struct walk walk = {.root = tree, .node = node};
	if (node)
		expect_members_found(&walk, tree);
	buf_done(&walk.path);
	expect_round_trip(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct fuzz_source source = {"a.yaml", (const char *)bytes, length, FUZZ_BREAKS_YAML};
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;

	if (tree_yaml_parse(source.text, length, source.name, &documents, &err) < 0) {
		fuzz_expect_told(&source, &err);
		return 0;
	}
	for (size_t i = 0; i < documents.n; i++)
		check_document(&source, documents.roots[i]);
	tree_yaml_done(&documents);
	return 0;
}
