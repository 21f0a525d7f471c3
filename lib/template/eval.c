#include "template/eval.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/cache.h"
#include "template/global.h"
#include "template/lazy.h"
#include "template/regex.h"

#define DEFAULT_OUTPUT (8u << 20)
#define DEFAULT_STEPS  10000000u
#define DEFAULT_DEPTH  64
#define DEFAULT_DIGITS 4300

void template_eval_init(struct eval *eval, const struct template_scope *scope,
			const struct template_loader *loader, const struct template_limits *limits)
{
	memset(eval, 0, offsetof(struct eval, busy));
	eval->scope = scope;
	eval->loader = loader;
	if (!limits && loader)
		limits = loader->limits;
	if (limits)
		eval->limits = *limits;
	if (!eval->limits.output)
		eval->limits.output = DEFAULT_OUTPUT;
	if (!eval->limits.steps)
		eval->limits.steps = DEFAULT_STEPS;
	if (!eval->limits.depth)
		eval->limits.depth = DEFAULT_DEPTH;
	if (eval->limits.depth > TEMPLATE_DEEPEST)
		eval->limits.depth = TEMPLATE_DEEPEST;
	if (!eval->limits.regex)
		eval->limits.regex = REGEX_EFFORT;
	if (!eval->limits.digits)
		eval->limits.digits = DEFAULT_DIGITS;
	eval->steps = eval->limits.steps;
}

/* Frames of macros hold values that hold macros: first let go of all values, then of the frames. */
static void release_frames(struct eval *eval)
{
	for (struct frame *frame = eval->frames; frame; frame = frame->all)
		template_frame_clear(frame);
	while (eval->frames) {
		struct frame *frame = eval->frames;
		eval->frames = frame->all;
		if (frame->bindings != frame->few)
			free(frame->bindings);
		if (frame != &eval->first)
			free(frame);
	}
}

void template_eval_done(struct eval *eval)
{
	template_trouble_let_go(&eval->missing);
	value_unref(eval->raised);
	value_unref(eval->drawn);
	template_dict_clear(&eval->variables);
	release_frames(eval);
	while (eval->units) {
		struct unit *unit = eval->units;
		eval->units = unit->next;
		free(unit->wanted);
		free(unit);
	}
	template_cache_free(eval->cache);
}

int template_eval_compile(struct eval *eval, const struct template_text *text,
			  const struct template **ret, struct err *err)
{
	bool kept = eval->loader && eval->loader->cache;

	if (!kept && !eval->cache)
		eval->cache = template_cache_new();
	return template_cache_compile(kept ? eval->loader->cache : eval->cache, text, ret, err);
}

struct value *template_eval_trip(struct eval *eval, struct value *undefined)
{
	value_keep(undefined);
	value_unref(eval->raised);
	eval->raised = undefined;
	return NULL;
}

struct value *template_eval_catch(struct eval *eval)
{
	return eval->raised && !eval->raised->trouble->fatal ? steal(&eval->raised) : NULL;
}

static struct value *raise_err(struct eval *eval, const struct node *node, struct err *err,
			       bool fatal)
{
	cleanup_value struct value *value = template_trouble_value(eval->template, node);

	value->trouble->error = true;
	value->trouble->fatal = fatal;
	err_move(&value->trouble->err, err);
	return template_eval_trip(eval, value);
}

struct value *template_eval_fail_err(struct eval *eval, const struct node *node, struct err *err)
{
	return raise_err(eval, node, err, err->code == ERR_DENIED);
}

struct value *template_eval_fail(struct eval *eval, const struct node *node, const char *format,
				 ...)
{
	cleanup_err struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	return raise_err(eval, node, &err, false);
}

struct value *template_eval_fail_limit(struct eval *eval, const struct node *node,
				       const char *limit, const char *format, ...)
{
	cleanup_err struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	err_hint(&err, "if that is meant, raise limits.%s in desired.yaml", limit);
	return raise_err(eval, node, &err, true);
}

struct value *template_eval_undefined(struct eval *eval, const struct node *node,
				      const char *format, ...)
{
	struct value *value = template_trouble_value(eval->template, node);
	va_list args;

	va_start(args, format);
	err_vset(&value->trouble->err, ERR_INVALID, format, args);
	va_end(args);
	return value;
}

bool template_eval_too_long(struct eval *eval, const struct node *node)
{
	template_eval_fail_limit(eval, node, "steps",
				 "rendering took more than %llu steps: does a loop run away?",
				 (unsigned long long)eval->limits.steps);
	return false;
}

int template_eval_enter(struct eval *eval, const struct node *node)
{
	if (eval->depth < eval->limits.depth) {
		eval->depth++;
		return 0;
	}
	template_eval_fail_limit(
		eval, node, "depth",
		"includes, macros and variables are nested more than %d deep: does "
		"one call itself?",
		eval->limits.depth);
	return -1;
}

void template_eval_leave(struct eval *eval)
{
	eval->depth--;
}

/* Puts text into the sink as it is. */
static int run_plain(struct eval *eval, const struct template *template)
{
	struct node node = {
		.kind = NODE_TEXT, .line = (uint32_t) template->first_line, .column = 1};

	return template_sink_text(eval, &node, template->text, template->text_length);
}

/* The variables of a template are all looked up before it runs: one after the other while it runs
 * they would wait for memory several times as long. */
static void find_variables(struct eval *eval, const struct template *template)
{
	eval->main = template;
	for (size_t i = 0; i < template->variable_count && i < EVAL_FOUND; i++)
		eval->found[i] = template_scope_raw(eval->scope, template->variables[i]);
}

int template_eval_main(struct eval *eval, const struct template *template, struct sink *sink,
		       struct frame **ret_frame)
{
	find_variables(eval, template);
	return template_eval_template(eval, template, NULL, sink, ret_frame);
}

int template_eval_template(struct eval *eval, const struct template *template, struct frame *parent,
			   struct sink *sink, struct frame **ret_frame)
{
	const struct template *before = eval->template;
	struct frame *frame_before = eval->frame, *frame = template_frame_push(eval, parent);
	struct sink *sink_before = eval->sink;

	eval->template = template;
	eval->frame = frame;
	eval->sink = sink;
	eval->mutates = eval->mutates || template->mutates;
	int r = template->plain ? run_plain(eval, template)
				: template_exec_body(eval, template->body);
	eval->template = before;
	eval->frame = frame_before;
	eval->sink = sink_before;
	if (ret_frame)
		*ret_frame = frame;
	else
		template_frame_pop(eval, frame);
	return r;
}

static size_t newlines_at_end(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[length - 1 - n] == '\n')
		n++;
	return n;
}

/* Rule R1. */
static struct value *top_up(const struct template *template, struct value *value)
{
	if (value->kind != VALUE_STRING)
		return value;
	size_t have = newlines_at_end(value->string.text, value->string.length);
	if (have >= template->newlines)
		return value;
	struct buf text = BUF_INIT;
	buf_add(&text, value->string.text, value->string.length);
	buf_fill(&text, '\n', template->newlines - have);
	value_unref(value);
	return value_take_buf(&text);
}

struct value *template_eval_result(struct eval *eval, const struct template *template, bool lazy)
{
	struct sink sink;

	if (template->plain)
		return value_string(template->text, template->text_length);
	template_sink_init(&sink, NULL);
	sink.lazy = lazy;
	int r = template_eval_template(eval, template, NULL, &sink, NULL);
	struct value *value = r < 0 ? template_eval_catch(eval) : template_sink_result(&sink);
	template_sink_done(&sink);
	return value ? top_up(template, value) : NULL;
}

/* What a variable gave is kept when it took work, or when it is a copy that may be written to. A
 * variable of a circle is undefined only for those in the circle. */
static void remember(struct eval *eval, const struct value *name, const struct value *raw,
		     struct value *ready)
{
	if (ready != raw && !(ready->kind == VALUE_UNDEFINED && eval->busy_count))
		template_dict_put(&eval->variables, value_keep((struct value *)name),
				  value_keep(ready));
}

/* NULL when it was not asked for before, or took no work. */
static struct value *known_variable(struct eval *eval, const struct value *name)
{
	struct value *known = NULL;

	if (eval->variables.n)
		known = template_dict_get(&eval->variables, name);
	if (!known && eval->extra)
		known = template_dict_get(&eval->extra->dict, name);
	return known ? value_keep(known) : NULL;
}

static struct value *ready_variable(struct eval *eval, const struct value *name, struct value *raw)
{
	struct value *ready = raw ? template_eval_ready(eval, raw) : NULL;

	if (ready)
		remember(eval, name, raw, ready);
	return ready;
}

struct value *template_eval_variable(struct eval *eval, const struct value *name)
{
	if (eval->isolated)
		return NULL;
	struct value *known = known_variable(eval, name);
	return known ? known : ready_variable(eval, name, template_scope_raw(eval->scope, name));
}

static struct value *variable_of(struct eval *eval, const struct node *node)
{
	if (eval->template != eval->main || node->variable >= EVAL_FOUND || eval->isolated)
		return template_eval_variable(eval, node->name);
	struct value *known = known_variable(eval, node->name);
	return known ? known : ready_variable(eval, node->name, eval->found[node->variable]);
}

struct value *template_eval_name(struct eval *eval, const struct node *node)
{
	struct value *name = node->name, *value = template_frame_get(eval->frame, name);

	if (value)
		return value_keep(value);
	eval->use = node;
	value = variable_of(eval, node);
	if (value || eval->raised)
		return value;
	value = template_global_find(name->string.text);
	if (!value && (value = template_scope_guessed(eval->scope)))
		value_keep(value);
	if (value)
		return value;
	value = template_trouble_value(eval->template, node);
	value->trouble->name = value_keep(name);
	return value;
}
