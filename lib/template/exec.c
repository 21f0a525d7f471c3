#include "base/mem.h"
#include "template/eval.h"
#include "template/call.h"
#include "template/global.h"

static int print(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *value = template_eval_expression(eval, node->operand);

	return value ? template_sink_print(eval, node, value) : -1;
}

/* Long chains of elif must not need a deep stack; an else that holds a single if is no other. */
static int branch(struct eval *eval, const struct node *node)
{
	bool yes;

	for (;;) {
		if (template_eval_condition(eval, node->branch.condition, &yes) < 0)
			return -1;
		const struct node *body = yes ? node->branch.body : node->branch.otherwise;
		if (yes || !body || body->kind != NODE_IF || body->next)
			return template_exec_body(eval, body);
		node = body;
	}
}

static int set(struct eval *eval, const struct node *node)
{
	struct value *value = template_eval_expression(eval, node->set.value);

	return value ? template_eval_assign(eval, node->set.target, value) : -1;
}

struct value *template_exec_captured(struct eval *eval, const struct node *body)
{
	struct sink sink, *before = eval->sink;

	template_sink_init(&sink, NULL);
	eval->sink = &sink;
	int r = template_exec_body(eval, body);
	eval->sink = before;
	struct value *value = r < 0 ? NULL : template_sink_result(&sink);
	template_sink_done(&sink);
	return value;
}

/* A body in a frame of its own. */
static struct value *captured_in_frame(struct eval *eval, const struct node *body)
{
	struct frame *before = eval->frame, *frame = template_frame_push(eval, before);

	eval->frame = frame;
	struct value *value = template_exec_captured(eval, body);
	eval->frame = before;
	template_frame_pop(eval, frame);
	return value;
}

/* A chain of filters whose innermost one takes `value`. */
static struct value *apply_filters(struct eval *eval, const struct node *filter,
				   struct value *value_stolen)
{
	struct frame *before = eval->frame, *frame = template_frame_push(eval, before);

	template_frame_set(frame, global_block(), value_stolen);
	eval->frame = frame;
	struct value *result = template_eval_expression(eval, filter);
	eval->frame = before;
	template_frame_pop(eval, frame);
	return result;
}

static int set_block(struct eval *eval, const struct node *node)
{
	struct value *value = captured_in_frame(eval, node->set.value);

	if (value && node->set.filter)
		value = apply_filters(eval, node->set.filter, value);
	return value ? template_eval_assign(eval, node->set.target, value) : -1;
}

static int filter_block(struct eval *eval, const struct node *node)
{
	struct value *body = captured_in_frame(eval, node->filter_block.body);
	cleanup_value struct value *value =
		body ? apply_filters(eval, node->filter_block.filter, body) : NULL;

	return value ? template_sink_print(eval, node, value) : -1;
}

/* The values see what is outside; the targets are set in the new frame. */
static int with(struct eval *eval, const struct node *node)
{
	struct frame *before = eval->frame, *frame = template_frame_push(eval, before);
	int r = 0;

	for (size_t i = 0; i < node->with.count && r == 0; i++) {
		struct value *value = template_eval_expression(eval, node->with.values[i]);
		eval->frame = frame;
		r = value ? template_eval_assign(eval, node->with.targets[i], value) : -1;
		eval->frame = before;
	}
	eval->frame = frame;
	if (r == 0)
		r = template_exec_body(eval, node->with.body);
	eval->frame = before;
	template_frame_pop(eval, frame);
	return r;
}

static int macro(struct eval *eval, const struct node *node)
{
	template_frame_set(eval->frame, node->macro.name,
			   template_macro_new(eval, node, &node->macro));
	return 0;
}

static int run(struct eval *eval, const struct node *node)
{
	switch ((enum node_kind)node->kind) {
	case NODE_TEXT:
		return node->text.length
			       ? template_sink_text(eval, node, node->text.text, node->text.length)
			       : 0;
	case NODE_PRINT:
		return print(eval, node);
	case NODE_FOR:
		return template_loop_run(eval, node);
	case NODE_IF:
		return branch(eval, node);
	case NODE_SET:
		return set(eval, node);
	case NODE_SET_BLOCK:
		return set_block(eval, node);
	case NODE_WITH:
		return with(eval, node);
	case NODE_MACRO:
		return macro(eval, node);
	case NODE_CALL_BLOCK:
		return template_macro_call_block(eval, node);
	case NODE_FILTER_BLOCK:
		return filter_block(eval, node);
	case NODE_INCLUDE:
		return template_include_run(eval, node);
	case NODE_IMPORT:
		return template_include_import(eval, node);
	default:
		return template_include_from(eval, node);
	}
}

int template_exec_body(struct eval *eval, const struct node *body)
{
	for (const struct node *node = body; node; node = node->next)
		if (!template_eval_step(eval, node, 1) || run(eval, node) < 0)
			return -1;
	return 0;
}
