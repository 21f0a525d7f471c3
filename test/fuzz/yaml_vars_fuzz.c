/* yaml_vars: any text as a variable file, read as PyYAML does. What is read can be written as
 * to_yaml writes it, and reads back as the same. */
#include <math.h>

#include "fuzz/fuzz.h"
#include "template/scope.h"
#include "template/to_yaml.h"

/* Not a number is not equal to itself; a moment that does not fit on its line is written with
 * quotes and reads back as a text, as PyYAML's emitter has it. */
static bool changes(const struct value *value)
{
	if (value->kind == VALUE_FLOAT)
		return isnan(value->real);
	if (value->kind == VALUE_DATE)
		return value->date.has_time;
	for (size_t i = 0; value_is_list(value) && i < value_length(value); i++)
		if (changes(value_at(value, i)))
			return true;
	for (size_t i = 0; value_is_dict(value) && i < value->dict.n; i++)
		if (changes(value->dict.entries[i].key) || changes(value->dict.entries[i].item))
			return true;
	return false;
}

/* With quotes around everything the emitter writes numbers so that they read back as texts, as
 * PyYAML's does: then only the syntax is held to. */
static void expect_reads_back(const struct value *value, const struct buf *text, bool quoted)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_value struct value *again = NULL;
	struct tree_yaml_documents documents;
	const char *shown = buf_str(text);

	fuzz_expect(tree_yaml_parse(shown, text->len, "dump", &documents, &err) == 0, "%s:\n%s",
		    err.message, shown);
	fuzz_expect(documents.n == 1, "%zu documents:\n%s", documents.n, shown);
	fuzz_expect(value_from_yaml(documents.roots[0], "dump", &again, &err) == 0, "%s:\n%s",
		    err.message, shown);
	fuzz_expect(quoted || changes(value) || value_equal(value, again), "%s", shown);
	tree_yaml_done(&documents);
}

static void check_value(const struct value *value)
{
	static const struct to_yaml_style styles[] = {
		{0},
		{.flow = TO_YAML_FLOW, .width = 20},
		{.flow = TO_YAML_FLOW_LEAVES, .indent = 4, .keep_order = true},
		{.scalar = '"', .explicit_start = true, .version = {1, 1}},
		{.carriage_return = true, .line_feed = true},
		{.scalar = '|'},
	};

	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++) {
		cleanup_err struct err err = ERR_INIT;
		struct buf text = BUF_INIT;
		if (template_to_yaml(value, &styles[i], &text, &err) == 0)
			expect_reads_back(value, &text, styles[i].scalar);
		buf_done(&text);
	}
}

static void check_scope(const struct fuzz_source *source, const struct tree_yaml_node *node)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;
	struct template_scope *scope = template_scope_new(NULL);
	struct template_origin origin;

	if (template_scope_add_yaml(scope, node, source->name, &err) < 0)
		fuzz_expect_told(source, &err);
	template_scope_names(scope, &names);
	for (size_t i = 0; i < names.n; i++) {
		fuzz_expect(template_scope_origins(scope, names.items[i], &origin, 1) == 1, "%s",
			    names.items[i]);
		fuzz_expect_inside(source, origin.line, origin.column);
	}
	template_scope_free(scope);
}

static void check_document(const struct fuzz_source *source, const struct tree_yaml_node *node)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_value struct value *value = NULL;

	if (value_from_yaml(node, source->name, &value, &err) < 0)
		fuzz_expect_told(source, &err);
	else
		check_value(value);
	check_scope(source, node);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct fuzz_source source = {"vars.yaml", (const char *)bytes, length,
					   FUZZ_BREAKS_YAML};
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
