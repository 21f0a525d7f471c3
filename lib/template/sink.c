#include <string.h>

#include "base/mem.h"
#include "template/digits.h"
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

/* Where the template's name stands among those of the output. */
static uint32_t file_of(struct template_output *output, const struct template *template)
{
	struct buf *files = &output->files;
	size_t at = 0;

	while (at < files->len && strcmp(files->data + at, template->name) != 0)
		at += strlen(files->data + at) + 1;
	if (at == files->len)
		buf_add(files, template->name, strlen(template->name) + 1);
	return (uint32_t)at;
}

static void note_marker(struct sink *sink, struct value *undefined)
{
	if (!sink->marker)
		sink->marker = value_keep(undefined);
}

/* Renders what is in a value. Positive when something is undefined, which the sink notes. */
static int settle(struct eval *eval, struct value *value)
{
	struct value *bad = template_eval_settle(eval, value);

	if (bad && bad == eval->raised)
		return -1;
	if (bad)
		note_marker(eval->sink, bad);
	return bad != NULL;
}

/* The value that was alone so far becomes text. */
static int flush(struct eval *eval)
{
	cleanup_value struct value *single = steal(&eval->sink->single);
	int r = settle(eval, single);

	if (r == 0 && !template_digits_fit(eval, NULL, single))
		return -1;
	if (r == 0)
		value_print_final(single, false, &eval->sink->text);
	return r;
}

/* Room for further bytes of the template at hand, within the limit. The value that was alone so
 * far becomes text. */
static __attribute__((noinline)) int make_room(struct eval *eval, const struct node *node,
					       size_t length)
{
	struct sink *sink = eval->sink;
	size_t limit = eval->limits.output;

	if (sink->single && flush(eval) < 0)
		return -1;
	if (sink->text.len > limit || length > limit - sink->text.len) {
		template_eval_fail_limit(eval, node, "output",
					 "the output is larger than %zu bytes", limit);
		return -1;
	}
	buf_reserve(&sink->text, length);
	sink->room = sink->text.cap - 1 < limit ? sink->text.cap - 1 : limit;
	if (sink->output && sink->template != eval->template)
		sink->file = file_of(sink->output, eval->template);
	sink->template = eval->template;
	return 0;
}

static __attribute__((noinline)) void more_marks(struct sink *sink)
{
	struct template_output *output = sink->output;

	mem_grow(output->marks, &output->mark_cap, output->mark_count + sink->template->pieces + 1);
}

/* What stands in the output from `at` on was written by that node. */
static inline void mark(struct sink *sink, size_t at, const struct node *node, bool printed)
{
	struct template_output *output = sink->output;

	if (!output)
		return;
	if (output->mark_count == output->mark_cap)
		more_marks(sink);
	output->marks[output->mark_count++] = (struct template_mark){
		.at = (uint32_t)at,
		.line = node->line,
		.column = node->column,
		.printed = printed,
		.file = sink->file,
	};
}

static int add(struct eval *eval, const struct node *node, const char *text, size_t length,
	       bool printed)
{
	struct sink *sink = eval->sink;
	bool ready = sink->text.len + length <= sink->room && !sink->single &&
		     sink->template == eval->template;

	if (!ready && make_room(eval, node, length) < 0)
		return -1;
	sink->count++;
	if (!length)
		return 0;
	mark(sink, sink->text.len, node, printed);
	memcpy(sink->text.data + sink->text.len, text, length);
	sink->text.len += length;
	sink->text.data[sink->text.len] = '\0';
	return 0;
}

int template_sink_text(struct eval *eval, const struct node *node, const char *text, size_t length)
{
	return add(eval, node, text, length, false);
}

/* The first thing that is printed may stay alone: it keeps its type then (rule R2). */
static int print_first(struct eval *eval, const struct node *node, struct value *value)
{
	struct sink *sink = eval->sink;

	if (make_room(eval, node, 0) < 0)
		return -1;
	sink->single = value_keep(value);
	sink->count++;
	mark(sink, sink->text.len, node, true);
	return 0;
}

static int print_integer(struct eval *eval, const struct node *node, int64_t integer)
{
	char text[VALUE_DIGITS];

	return add(eval, node, text, value_print_integer(integer, text), true);
}

static int print_other(struct eval *eval, const struct node *node, const struct value *value)
{
	struct sink *sink = eval->sink;

	if (!template_digits_fit(eval, node, value) || make_room(eval, node, 1) < 0)
		return -1;
	mark(sink, sink->text.len, node, true);
	value_print_final(value, false, &sink->text);
	sink->count++;
	return make_room(eval, node, 0);
}

int template_sink_print(struct eval *eval, const struct node *node, struct value *value)
{
	struct sink *sink = eval->sink;

	if (value->kind == VALUE_STRING)
		return add(eval, node, value->string.text, value->string.length, true);
	if (value->kind == VALUE_INT && sink->count)
		return print_integer(eval, node, value->integer);
	if (value->kind == VALUE_NONE)
		return 0;
	struct value *printed =
		value->kind == VALUE_OBJECT ? template_include_printed(value) : NULL;
	if (printed)
		return template_sink_print(eval, node, printed);
	bool nothing = value->kind == VALUE_UNDEFINED && value->trouble->lenient;
	if (nothing && sink->count)
		return template_sink_text(eval, node, "", 0);
	bool waits = sink->lazy && !sink->count && value->kind != VALUE_UNDEFINED;
	int r = waits ? 0 : settle(eval, value);
	if (r > 0)
		sink->count++;
	if (r != 0)
		return r < 0 ? r : 0;
	return sink->count ? print_other(eval, node, value) : print_first(eval, node, value);
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
