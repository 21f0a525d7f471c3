#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "template/eval.h"

void template_sink_init(struct sink *sink, struct template_output *output)
{
	*sink = (struct sink){.output = output, .line = 1};
}

void template_sink_done(struct sink *sink)
{
	buf_done(&sink->text);
	value_unref(sink->single);
	value_unref(sink->marker);
}

/* The output's own copy of a template's name. */
static const char *file_name(struct sink *sink, const struct template *template)
{
	struct list *names = sink->output->names;

	if (sink->marked == template)
		return sink->file;
	if (!names)
		names = sink->output->names = mem_new(struct list);
	list_add_new(names, template->name);
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->items[i], template->name))
			sink->file = names->items[i];
	sink->marked = template;
	return sink->file;
}

static void mark(struct sink *sink, const struct template *template, uint32_t line, uint32_t column,
		 bool printed)
{
	struct template_output *output = sink->output;

	mem_grow(output->marks, &output->mark_cap, output->mark_count + 1);
	output->marks[output->mark_count++] = (struct template_mark){
		.output_line = sink->line,
		.file = file_name(sink, template),
		.line = (int)line,
		.column = (int)column,
		.printed = printed,
	};
}

/* A mark at the beginning and one for each line that begins inside; expressions have one place. */
static void mark_text(struct sink *sink, const struct template *template, const struct node *node,
		      const char *text, size_t length, bool printed)
{
	const char *end = text + length, *newline = text;
	uint32_t line = node->line;

	if (length && *text != '\n')
		mark(sink, template, line, node->column, printed);
	for (; (newline = memchr(newline, '\n', (size_t)(end - newline))); newline++) {
		sink->line++;
		line++;
		if (newline + 1 < end && newline[1] != '\n')
			mark(sink, template, printed ? node->line : line,
			     printed ? node->column : 1, printed);
	}
}

static int check_size(struct eval *eval, const struct node *node, size_t length)
{
	if (length <= eval->limits.output)
		return 0;
	template_eval_fail_limit(eval, node, "the output is larger than %zu bytes (limit 'output')",
				 eval->limits.output);
	return -1;
}

static int add(struct eval *eval, const struct node *node, const char *text, size_t length,
	       bool printed)
{
	struct sink *sink = eval->sink;

	if (check_size(eval, node, sink->text.len + length) < 0)
		return -1;
	buf_add(&sink->text, text, length);
	if (sink->output)
		mark_text(sink, eval->template, node, text, length, printed);
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
	for (size_t i = 0; i < sink->text.len; i++)
		sink->line += sink->text.data[i] == '\n';
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
		mark(sink, eval->template, node->line, node->column, true);
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
