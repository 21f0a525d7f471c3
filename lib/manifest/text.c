#include "manifest/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct manifest_text *text_new(const char *file)
{
	struct manifest_text *text = mem_new(struct manifest_text);

	text->references = 1;
	text->file = mem_strdup(file);
	return text;
}

static int parse(const struct manifest_text *text, struct tree_yaml_documents *ret, struct err *err)
{
	if (text->rendered)
		return tree_yaml_parse(buf_str(&text->output.text), text->output.text.len,
				       text->file, ret, err);
	return tree_yaml_parse(text->plain, text->length, text->file, ret, err);
}

int manifest_text_parse(const char *file, const char *text, size_t length,
			struct manifest_text **ret, struct err *err)
{
	struct manifest_text *parsed = text_new(file);

	parsed->plain = mem_strndup(text, length);
	parsed->length = length;
	int r = parse(parsed, &parsed->documents, err);
	if (r < 0) {
		manifest_text_unref(parsed);
		return r;
	}
	*ret = parsed;
	return 0;
}

void manifest_text_origin(const struct manifest_text *text, int line, int column,
			  const char **ret_file, int *ret_line, int *ret_column)
{
	if (text->rendered &&
	    template_output_origin(&text->output, line, column, ret_file, ret_line, ret_column))
		return;
	*ret_file = text->file;
	*ret_line = text->rendered ? 0 : line;
	*ret_column = text->rendered ? 0 : column;
}

/* From the place in the output to the place in the template; the rendered line goes to the
 * trail, because it shows what the template made of its variables. */
static void place_in_template(const struct manifest_text *text, struct err *err)
{
	const char *file;
	int line, column, output_line = err->place.line;
	cleanup_free char *rendered = steal(&err->excerpt);

	manifest_text_origin(text, output_line, err->place.column, &file, &line, &column);
	free(err->place.file);
	err->place = (struct err_place){mem_strdup(file), line, column};
	err->caret_width = 0;
	if (!err->trail && rendered && *rendered)
		err->trail = mem_printf("rendered line %d: %s", output_line, rendered);
}

int manifest_text_parse_output(const char *file, struct template_output *output,
			       struct manifest_text **ret, struct err *err)
{
	struct manifest_text *parsed = text_new(file);

	parsed->rendered = true;
	parsed->output = *output;
	*output = (struct template_output){0};
	int r = parse(parsed, &parsed->documents, err);
	if (r < 0) {
		place_in_template(parsed, err);
		manifest_text_unref(parsed);
		return r;
	}
	*ret = parsed;
	return 0;
}

void manifest_text_forget(struct manifest_text *text)
{
	tree_yaml_done(&text->documents);
	text->documents = (struct tree_yaml_documents){0};
}

static const struct tree_yaml_node *find(const struct tree_yaml_node *node, int line, int column)
{
	const struct tree_yaml_node *items = tree_yaml_get(node, "items"), *found = NULL;

	if (!node || node->kind != TREE_YAML_MAPPING)
		return NULL;
	if (node->line == line && node->column == column)
		return node;
	if (!items || items->kind != TREE_YAML_SEQUENCE)
		return NULL;
	for (size_t i = 0; i < items->count && !found; i++)
		found = find(items->items[i], line, column);
	return found;
}

const struct tree_yaml_node *manifest_text_find(const struct manifest_text *text, int line,
						int column, struct tree_yaml_documents *documents)
{
	const struct tree_yaml_node *found = NULL;
	cleanup_err struct err err = ERR_INIT;

	*documents = (struct tree_yaml_documents){0};
	if (parse(text, documents, &err) < 0)
		return NULL;
	for (size_t i = 0; i < documents->n && !found; i++)
		found = find(documents->roots[i], line, column);
	return found;
}

struct manifest_text *manifest_text_ref(struct manifest_text *text)
{
	if (text)
		__atomic_add_fetch(&text->references, 1, __ATOMIC_RELAXED);
	return text;
}

void manifest_text_unref(struct manifest_text *text)
{
	if (!text || __atomic_sub_fetch(&text->references, 1, __ATOMIC_ACQ_REL))
		return;
	tree_yaml_done(&text->documents);
	if (text->rendered)
		template_output_done(&text->output);
	free(text->plain);
	free(text->file);
	free(text);
}
