#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/eval.h"
#include "template/global.h"

/* What `loop` is inside a for. */
struct loop {
	struct value *items;
	size_t index;
	int depth;
	const struct template *template;
	const struct node *node;
	struct frame *frame; /* that the loop stands in */
	struct value *seen;  /* what changed() was asked last */
};

static int run_items(struct eval *eval, const struct node *node, struct value *items, int depth);

static void loop_release(void *state)
{
	struct loop *loop = state;

	value_unref(loop->items);
	value_unref(loop->seen);
	free(loop);
}

static struct value *neighbour(struct eval *eval, const struct loop *loop, bool next)
{
	size_t at = loop->index + (next ? 1 : (size_t)-1), n = loop->items->list.n;

	if (at >= n)
		return template_eval_undefined(eval, loop->node, "there is no %s item",
					       next ? "next" : "previous");
	struct value *item = template_eval_list_at(eval, loop->items, at);
	return item ? value_keep(item) : NULL;
}

static struct value *cycle(struct call *call, struct value **a)
{
	struct loop *loop = call->args[0]->object.state;

	(void)a;
	if (call->count < 2)
		return template_call_fail(call, "cycle() needs something to cycle through");
	return value_keep(call->args[1 + loop->index % (call->count - 1)]);
}

static struct value *changed(struct call *call, struct value **a)
{
	struct loop *loop = call->args[0]->object.state;
	struct value *now = value_tuple(call->count);

	(void)a;
	for (size_t i = 1; i < call->count; i++)
		value_list_add(now, value_keep(call->args[i]));
	bool same = loop->seen && value_equal(loop->seen, now);
	value_unref(loop->seen);
	loop->seen = now;
	return value_bool(!same);
}

static const struct builtin loop_methods[] = {
	{"cycle", cycle, "loop", 1, CALL_REST},
	{"changed", changed, "loop", 1, CALL_REST},
};

static struct value *loop_attribute(struct eval *eval, struct value *self, const char *name)
{
	const struct loop *loop = self->object.state;
	const int64_t index = (int64_t)loop->index, n = (int64_t)loop->items->list.n;
	static const char *const names[] = {"last",   "first",	  "index",     "index0",
					    "length", "revindex", "revindex0", "depth",
					    "depth0", "previtem", "nextitem"};
	size_t which = 0;

	while (which < sizeof(names) / sizeof(*names) && strcmp(name, names[which]) != 0)
		which++;
	switch (which) {
	case 0:
		return value_bool(index + 1 == n);
	case 1:
		return value_bool(index == 0);
	case 2:
	case 3:
		return value_int(index + (which == 2));
	case 4:
		return value_int(n);
	case 5:
	case 6:
		return value_int(n - index - (which == 6));
	case 7:
	case 8:
		return value_int(loop->depth + (which == 7));
	case 9:
	case 10:
		return neighbour(eval, loop, which == 10);
	}
	const struct builtin *method = template_call_find(loop_methods, 2, name);
	return method ? template_call_bound(method, self) : NULL;
}

/* loop(children) of a recursive for. */
static struct value *loop_call(struct call *call, struct value *self)
{
	struct loop *loop = self->object.state;
	struct eval *eval = call->eval;
	struct frame *frame = eval->frame;
	const struct template *template = eval->template;
	struct sink sink, *before = eval->sink;

	if (!loop->node->loop.recursive)
		return template_call_fail(call,
					  "this loop is not recursive; write 'for ... recursive'");
	if (call->count != 1)
		return template_call_fail(call, "loop() takes one list");
	struct value *items = template_eval_items(eval, call->node, call->args[0]);
	if (!items || template_eval_enter(eval, call->node) < 0) {
		value_unref(items);
		return NULL;
	}
	template_sink_init(&sink, NULL);
	eval->sink = &sink;
	eval->frame = loop->frame;
	eval->template = loop->template;
	int r = run_items(eval, loop->node, items, loop->depth + 1);
	eval->template = template;
	eval->frame = frame;
	eval->sink = before;
	template_eval_leave(eval);
	value_unref(items);
	struct value *value = r < 0 ? NULL : template_sink_result(&sink);
	template_sink_done(&sink);
	return value;
}

static const struct object_class loop_class = {
	.type = "LoopContext",
	.release = loop_release,
	.attribute = loop_attribute,
	.call = loop_call,
};

/* The items for which the condition holds. */
static struct value *select_items(struct eval *eval, const struct node *node, struct value *items)
{
	cleanup_value struct value *chosen = value_list();
	struct frame *before = eval->frame, *frame = template_frame_push(eval, before);
	int r = 0;

	eval->frame = frame;
	for (size_t i = 0; i < items->list.n && r == 0; i++) {
		struct value *item = template_eval_list_at(eval, items, i);
		bool yes = false;
		if (!item || template_eval_assign(eval, node->loop.target, value_keep(item)) < 0 ||
		    template_eval_condition(eval, node->loop.condition, &yes) < 0)
			r = -1;
		if (r == 0 && yes)
			value_list_add(chosen, value_keep(item));
	}
	eval->frame = before;
	template_frame_pop(eval, frame);
	return r < 0 ? NULL : steal(&chosen);
}

static struct value *loop_new(struct eval *eval, const struct node *node, struct value *items,
			      int depth)
{
	struct loop *loop = mem_new(struct loop);

	*loop = (struct loop){
		.items = value_keep(items),
		.depth = depth,
		.template = eval->template,
		.node = node,
		.frame = eval->frame,
	};
	return value_object(&loop_class, loop);
}

/* One turn. The frame forgets what was set in the turn before; when a macro kept that, it is
 * another one. */
static int turn(struct eval *eval, const struct node *node, struct value *item, struct value *loop)
{
	if (eval->frame->captured)
		eval->frame = template_frame_push(eval, eval->frame->parent);
	else
		template_frame_clear(eval->frame);
	if (loop)
		template_frame_set(eval->frame, global_loop(), value_keep(loop));
	if (template_eval_assign(eval, node->loop.target, value_keep(item)) < 0)
		return -1;
	return template_exec_body(eval, node->loop.body);
}

static int run_turns(struct eval *eval, const struct node *node, struct value *items,
		     struct value *loop)
{
	struct frame *outside = eval->frame;
	int r = 0;

	eval->frame = template_frame_push(eval, outside);
	for (size_t i = 0; r == 0 && i < items->list.n; i++) {
		struct value *item = template_eval_list_at(eval, items, i);
		if (loop)
			((struct loop *)loop->object.state)->index = i;
		r = item ? turn(eval, node, item, loop) : -1;
	}
	template_frame_pop(eval, eval->frame);
	eval->frame = outside;
	return r;
}

static int run_items(struct eval *eval, const struct node *node, struct value *all, int depth)
{
	cleanup_value struct value *items =
		node->loop.condition ? select_items(eval, node, all) : value_keep(all);

	if (!items)
		return -1;
	if (!items->list.n)
		return template_exec_body(eval, node->loop.otherwise);
	cleanup_value struct value *loop =
		node->loop.extended ? loop_new(eval, node, items, depth) : NULL;
	return run_turns(eval, node, items, loop);
}

int template_loop_run(struct eval *eval, const struct node *node)
{
	cleanup_value struct value *sequence = template_eval_expression(eval, node->loop.sequence);
	cleanup_value struct value *items =
		sequence ? template_eval_items(eval, node->loop.sequence, sequence) : NULL;

	return items ? run_items(eval, node, items, 0) : -1;
}
