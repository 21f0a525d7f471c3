#include <string.h>

#include "base/mem.h"
#include "template/eval.h"

struct frame *template_frame_push(struct eval *eval, struct frame *parent)
{
	struct frame *frame = eval->spare;

	if (frame) {
		eval->spare = frame->parent;
	} else {
		frame = eval->frames ? mem_new(struct frame) : &eval->first;
		frame->all = eval->frames;
		eval->frames = frame;
	}
	frame->parent = parent;
	return frame;
}

void template_frame_clear(struct frame *frame)
{
	for (size_t i = 0; i < frame->n; i++) {
		value_unref(frame->bindings[i].name);
		value_unref(frame->bindings[i].value);
	}
	frame->n = 0;
}

void template_frame_pop(struct eval *eval, struct frame *frame)
{
	if (frame->captured)
		return;
	template_frame_clear(frame);
	frame->parent = eval->spare;
	eval->spare = frame;
}

void template_frame_capture(struct frame *frame)
{
	for (; frame && !frame->captured; frame = frame->parent)
		frame->captured = true;
}

static bool same(const struct value *a, const struct value *b)
{
	return a == b || (a->string.length == b->string.length &&
			  !memcmp(a->string.text, b->string.text, a->string.length));
}

static struct frame_binding *find(const struct frame *frame, const struct value *name)
{
	for (size_t i = 0; i < frame->n; i++)
		if (same(frame->bindings[i].name, name))
			return &frame->bindings[i];
	return NULL;
}

/* Most frames have few bindings, and no memory is worth asking for then. */
static void grow(struct frame *frame)
{
	struct frame_binding *few = frame->bindings == frame->few ? frame->few : NULL;

	if (!frame->bindings) {
		frame->bindings = frame->few;
		frame->cap = FRAME_FEW;
		return;
	}
	if (few)
		frame->bindings = NULL;
	frame->cap = few ? 0 : frame->cap;
	mem_grow(frame->bindings, &frame->cap, 2 * frame->n);
	if (few)
		memcpy(frame->bindings, few, frame->n * sizeof(*few));
}

void template_frame_set(struct frame *frame, struct value *name, struct value *value)
{
	struct frame_binding *binding = find(frame, name);

	if (binding) {
		value_unref(binding->value);
		binding->value = value;
		return;
	}
	if (frame->n == frame->cap)
		grow(frame);
	frame->bindings[frame->n++] = (struct frame_binding){value_keep(name), value};
}

struct value *template_frame_get(const struct frame *frame, const struct value *name)
{
	for (; frame; frame = frame->parent) {
		const struct frame_binding *binding = find(frame, name);
		if (binding)
			return binding->value;
	}
	return NULL;
}
