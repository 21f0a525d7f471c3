#include <string.h>

#include "base/mem.h"
#include "template/eval.h"

void template_sink_init(struct sink *sink, struct template_output *output)
{
	*sink = (struct sink){.output = output};
}

void template_sink_done(struct sink *sink)
{
	buf_done(&sink->text);
	value_unref(sink->single);
	value_unref(sink->marker);
}

/* The index of the template's name among those of the output. */
static uint32_t file_of(struct sink *sink, const struct template *template)
{
	struct list *files = &sink->output->files;

	if (sink->marked == template)
		return sink->file;
	list_add_new(files, template->name);
	for (sink->file = 0; strcmp(files->items[sink->file], template->name) != 0;)
		sink->file++;
	sink->marked = template;
	return sink->file;
}

/* What comes next was written by that node. */
static void mark(struct sink *sink, const struct template *template, const struct node *node,
		 bool printed)
{
	struct template_output *output = sink->output;

	mem_grow(output->marks, &output->mark_cap, output->mark_count + 1);
	output->marks[output->mark_count++] = (struct template_mark){
		.at = (uint32_t)sink->text.len,
		.line = node->line,
		.column = node->column,
		.printed = printed,
		.file = file_of(sink, template),
	};
}

static int check_size(struct eval *eval, const struct node *node, size_t length)
{
	if (length <= eval->limits.output)
		return 0;
	template_eval_fail_limit(eval, node, "output", "the output is larger than %zu bytes",
				 eval->limits.output);
	return -1;
}

static int add(struct eval *eval, const struct node *node, const char *text, size_t length,
	       bool printed)
{
	struct sink *sink = eval->sink;

	if (check_size(eval, node, sink->text.len + length) < 0)
		return -1;
	if (sink->output && length)
		mark(sink, eval->template, node, printed);
	buf_add(&sink->text, text, length);
	sink->count++;
	return 0;
}

/* The node that was alone so far gets company: it becomes text. */
static int flush(struct eval *eval, const struct node *node)
{
	struct sink *sink = eval->sink;

	if (!sink->single)
		return 0;
	struct value *single = steal(&sink->single);
	value_print_final(single, false, &sink->text);
	value_unref(single);
	return check_size(eval, node, sink->text.len);
}

int template_sink_text(struct eval *eval, const struct node *node, const char *text, size_t length)
{
	return flush(eval, node) < 0 ? -1 : add(eval, node, text, length, false);
}

static void note_marker(struct sink *sink, struct value *undefined)
{
	if (!sink->marker)
		sink->marker = value_keep(undefined);
}

static int print_alone(struct eval *eval, const struct node *node, struct value *value)
{
	struct sink *sink = eval->sink;

	sink->single = value_keep(value);
	sink->count++;
	if (sink->output)
		mark(sink, eval->template, node, true);
	return 0;
}

int template_sink_print(struct eval *eval, const struct node *node, struct value *value)
{
	struct sink *sink = eval->sink;

	if (value->kind == VALUE_NONE)
		return 0;
	if (value->kind == VALUE_UNDEFINED && value->trouble->lenient)
		return template_sink_text(eval, node, "", 0);
	struct value *bad = template_eval_settle(eval, value);
	if (bad && bad == eval->raised)
		return -1;
	if (bad) {
		note_marker(sink, bad);
		sink->count++;
		return 0;
	}
	if (!sink->count && value->kind != VALUE_STRING)
		return print_alone(eval, node, value);
	if (flush(eval, node) < 0)
		return -1;
	if (value->kind == VALUE_STRING)
		return add(eval, node, value->string.text, value->string.length, true);
	struct buf text = BUF_INIT;
	value_print_final(value, false, &text);
	int r = add(eval, node, buf_str(&text), text.len, true);
	buf_done(&text);
	return r;
}

struct value *template_sink_result(struct sink *sink)
{
	if (sink->marker)
		return steal(&sink->marker);
	if (!sink->count)
		return value_none();
	if (sink->single)
		return steal(&sink->single);
	return value_take_buf(&sink->text);
}
