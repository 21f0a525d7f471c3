#include "template/template.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/digits.h"
#include "template/eval.h"
#include "template/parser.h"
#include "template/text.h"

#define LARGEST (64u << 20) /* bytes of source: places are kept in 32 bits */

/* \r\n and \r become \n; one newline at the end goes unless it is to be kept. */
static void normalise(struct template *template, const char *text, size_t length)
{
	char *source = template_arena_alloc(&template->arena, length + 1);
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\r') {
			source[n++] = text[i];
			continue;
		}
		source[n++] = '\n';
		if (i + 1 < length && text[i + 1] == '\n')
			i++;
	}
	if (n && source[n - 1] == '\n' && !template->options.keep_trailing_newline)
		n--;
	source[n] = '\0';
	template->source = source;
	template->length = n;
}

static size_t newlines_at_end(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[length - 1 - n] == '\n')
		n++;
	return n;
}

static int read_header(struct template *template, const struct template_text *text,
		       size_t *ret_skip, struct err *err)
{
	int column;

	if (!text->header || !template_options_present(text->text, text->length))
		return 0;
	int r = template_options_read(text->text, text->length, &template->options, ret_skip,
				      &column, err);
	if (r < 0) {
		cleanup_free char *line = mem_strndup(text->text, text->length);
		err_at(err, template->name, template->first_line, column);
		err_excerpt(err, line, (int)strcspn(line, "\r\n"), 1);
	}
	return r;
}

static int parse(struct template *template, size_t skip, struct err *err)
{
	struct token_list tokens = {0};
	int r = template_lexer_read(template, skip, &tokens, err);

	if (r == 0)
		r = template_parser_read(template, &tokens, err);
	free(tokens.items);
	return r;
}

static int build(struct template *template, const struct template_text *text, struct err *err)
{
	size_t skip = 0;
	int r = read_header(template, text, &skip, err);

	if (r < 0)
		return r;
	template->newlines = newlines_at_end(text->text, text->length);
	if (text->header && !skip &&
	    !template_options_markup(text->options, text->text, text->length)) {
		template->plain = true;
		template->text = template_arena_text(&template->arena, text->text, text->length);
		template->text_length = text->length;
		return 0;
	}
	normalise(template, text->text, text->length);
	/* the header line may have lost the \r at its end */
	if (skip) {
		const char *end = memchr(template->source, '\n', template->length);
		skip = end ? (size_t)(end - template->source) + 1 : template->length;
	}
	return parse(template, skip, err);
}

int template_build(const struct template_text *text, struct template **ret, struct err *err)
{
	if (text->length > LARGEST) {
		err_set(err, ERR_INVALID, "a template must not be larger than %u bytes", LARGEST);
		return err_at(err, text->name, 0, 0);
	}
	struct template *template = mem_new(struct template);
	template->name = mem_strdup(text->name ? text->name : "");
	template->first_line = text->line > 0 ? text->line : 1;
	template->first_column = text->column > 0 ? text->column : 1;
	template->options = *text->options;
	int r = build(template, text, err);
	if (r < 0)
		template_free(template);
	else
		*ret = template;
	return r;
}

int template_compile(const char *name, const char *text, size_t length, struct template **ret,
		     struct err *err)
{
	if (memchr(text, '\0', length)) {
		err_set(err, ERR_INVALID, "this is a binary file, not a template");
		return err_at(err, name, 0, 0);
	}
	return template_build(
		&(struct template_text){
			.name = name,
			.text = text,
			.length = length,
			.options = &template_options_default,
			.header = true,
		},
		ret, err);
}

void template_free(struct template *template)
{
	if (!template)
		return;
	for (struct big_constant *big = template->bigs; big; big = big->next)
		BN_free(big->number);
	template_arena_done(&template->arena);
	free(template->name);
	free(template);
}

int template_point(const struct template *template, uint32_t begin, uint32_t end, struct err *err)
{
	const char *source = template->source ? template->source : "";
	size_t length = template->source ? template->length : 0, line = 0;
	int number = template->first_line;

	if (begin > length)
		begin = (uint32_t)length;
	for (size_t i = 0; i < begin; i++)
		if (source[i] == '\n') {
			number++;
			line = i + 1;
		}
	size_t stop = line + strcspn(source + line, "\n");
	if (end > stop)
		end = (uint32_t)stop;
	int column = (int)template_text_count(source + line, begin - line) + 1;
	int width = end > begin ? (int)template_text_count(source + begin, end - begin) : 1;
	struct buf excerpt = BUF_INIT;
	if (number == template->first_line) {
		column += template->first_column - 1;
		buf_fill(&excerpt, ' ', (size_t) template->first_column - 1);
	}
	buf_add(&excerpt, source + line, stop - line);
	err_at(err, template->name, number, column);
	err_excerpt(err, buf_str(&excerpt), (int)excerpt.len, width);
	buf_done(&excerpt);
	return -(int)err->code;
}

const char *template_source(const struct template *template, const struct node *node,
			    size_t *ret_length)
{
	*ret_length = node->end - node->begin;
	return template->source + node->begin;
}

static int report(struct eval *eval, struct value *undefined, struct frame *frame, struct err *err)
{
	eval->frame = frame; /* names that the template set are known names, too */
	return template_trouble_report(undefined->trouble, eval, err);
}

/* What a variable cannot hold, inside of value: functions, ranges, inline ifs without else. */
static const struct value *no_data(const struct value *value, int depth)
{
	const struct value *found = NULL;
	bool dict = value->kind == VALUE_DICT;

	if (value->kind == VALUE_OBJECT || value->kind == VALUE_RANGE ||
	    value->kind == VALUE_SPAN || value->kind == VALUE_UNDEFINED)
		return value;
	if ((!dict && !value_is_list(value)) || depth > VALUE_DEEPEST)
		return NULL;
	size_t n = dict ? value->dict.n : value->list.n;
	for (size_t i = 0; i < n && !found; i++)
		found = no_data(dict ? value->dict.entries[i].item : value->list.items[i],
				depth + 1);
	return found;
}

/* The only thing that was printed, when it is no string: no newline is added (rule R2). */
static int finish_single(const struct template *template, struct sink *sink, struct eval *eval,
			 struct err *err)
{
	const struct value *single = sink->single;
	const struct value *bad = single->kind == VALUE_OMIT ? single : no_data(single, 0);

	if (bad && bad->kind == VALUE_UNDEFINED)
		return template_trouble_report(bad->trouble, eval, err);
	if (bad) {
		err_set(err, ERR_INVALID, "the template prints nothing but a %s, which is no text",
			value_type(bad));
		return err_at(err, template->name, 0, 0);
	}
	if (!template_digits_fit(eval, NULL, single)) {
		(void)template_trouble_report(eval->raised->trouble, eval, err);
		return err_at(err, template->name, 0, 0);
	}
	value_print_final(single, true, &sink->text);
	return 0;
}

/* Rule R1. What the #jinja2: line says of newlines is not for those that are added. */
static int finish(const struct template *template, struct sink *sink, struct eval *eval,
		  struct err *err)
{
	if (sink->single)
		return finish_single(template, sink, eval, err);
	if (!sink->count || template->plain)
		return 0;
	size_t have = newlines_at_end(buf_str(&sink->text), sink->text.len);
	if (have < template->newlines)
		buf_fill(&sink->text, '\n', template->newlines - have);
	return 0;
}

int template_render(const struct template *template, const struct template_scope *scope,
		    const struct template_loader *loader, const struct template_limits *limits,
		    struct template_output *ret, struct err *err)
{
	struct eval eval;
	struct sink sink;
	struct frame *frame;

	*ret = (struct template_output){0};
	template_eval_init(&eval, scope, loader, limits);
	template_sink_init(&sink, ret);
	buf_reserve(&sink.text, template->length + template->length / 2);
	int r = template_eval_main(&eval, template, &sink, &frame);
	if (sink.marker)
		r = report(&eval, sink.marker, frame, err);
	else if (r < 0)
		r = report(&eval, eval.raised, frame, err);
	else
		r = finish(template, &sink, &eval, err);
	if (r < 0) {
		template_output_done(ret);
	} else {
		ret->text = sink.text;
		sink.text = BUF_INIT;
	}
	template_sink_done(&sink);
	template_eval_done(&eval);
	return r;
}

bool template_has_markup(const char *text, size_t length)
{
	return template_options_present(text, length) ||
	       template_options_markup(&template_options_default, text, length);
}

static int evaluate(const struct template *template, const struct template_scope *scope,
		    const struct template_loader *loader, struct value **ret, struct err *err)
{
	struct eval eval;
	int r = 0;

	template_eval_init(&eval, scope, loader, NULL);
	eval.template = template;
	struct value *value = template_eval_result(&eval, template, false);
	*ret = value ? template_eval_export(&eval, NULL, value) : NULL;
	if (!*ret) {
		r = template_trouble_report(eval.raised->trouble, &eval, err);
		err_at(err, template->name, template->first_line, template->first_column);
	}
	value_unref(value);
	template_eval_done(&eval);
	return r;
}

int template_evaluate(const char *name, const char *text, int line, int column,
		      const struct template_scope *scope, const struct template_loader *loader,
		      struct value **ret, struct err *err)
{
	struct options options = template_options_default;
	struct template *template;

	options.raw_strings = true;
	if (!template_has_markup(text, strlen(text))) {
		*ret = value_text_of(text);
		return 0;
	}
	int r = template_build(
		&(struct template_text){
			.name = name,
			.text = text,
			.length = strlen(text),
			.line = line,
			.column = column,
			.options = &options,
			.header = true,
		},
		&template, err);
	if (r < 0)
		return r;
	r = evaluate(template, scope, loader, ret, err);
	template_free(template);
	return r;
}
