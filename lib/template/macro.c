#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/eval.h"
#include "template/global.h"

struct macro_state {
	const struct template *template;
	const struct node *node;
	const struct macro *macro;
	struct frame *frame; /* that it was defined in */
	bool isolated;
};

static void macro_release(void *state)
{
	free(state);
}

static struct value *macro_attribute(struct eval *eval, struct value *self, const char *name)
{
	const struct macro_state *state = self->object.state;
	const struct macro *macro = state->macro;

	(void)eval;
	if (!strcmp(name, "name"))
		return macro->name ? macro->name : value_none();
	if (!strcmp(name, "caller"))
		return value_bool(macro->wants_caller);
	if (!strcmp(name, "catch_varargs"))
		return value_bool(macro->wants_varargs);
	if (!strcmp(name, "catch_kwargs"))
		return value_bool(macro->wants_kwargs);
	if (strcmp(name, "arguments"))
		return NULL;
	struct value *names = value_tuple(macro->count);
	for (size_t i = 0; i < macro->count; i++)
		value_list_add(names, macro->parameters[i].name);
	return names;
}

static void macro_print(const struct value *self, struct buf *out)
{
	const struct macro_state *state = self->object.state;

	if (state->macro->name)
		buf_printf(out, "<Macro '%s'>", state->macro->name->string.text);
	else
		buf_addstr(out, "<Macro anonymous>");
}

static const char *macro_name(const struct macro *macro)
{
	return macro->name ? macro->name->string.text : "caller";
}

/* Takes the keyword argument of that name out of the call; NULL when it is not there. */
static struct value *take_named(struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name)) {
			struct value *value = call->values[i];
			value_unref(call->names[i]);
			call->named--;
			memmove(&call->names[i], &call->names[i + 1],
				(call->named - i) * sizeof(*call->names));
			memmove(&call->values[i], &call->values[i + 1],
				(call->named - i) * sizeof(*call->values));
			return value;
		}
	return NULL;
}

static struct value *missing_argument(struct eval *eval, const struct macro_state *state, size_t i)
{
	return template_eval_undefined(
		eval, state->node, "macro '%s' was called without its parameter '%s'",
		macro_name(state->macro), state->macro->parameters[i].name->string.text);
}

/* Defaults may speak of the parameters before them, so they are worked out in the new frame. */
static int set_parameters(struct eval *eval, struct call *call, const struct macro_state *state)
{
	const struct macro *macro = state->macro;

	for (size_t i = 0; i < macro->count; i++) {
		const struct macro_parameter *parameter = &macro->parameters[i];
		struct value *value = i < call->count
					      ? value_keep(call->args[i])
					      : take_named(call, parameter->name->string.text);
		if (!value)
			value = parameter->otherwise
					? template_eval_expression(eval, parameter->otherwise)
					: missing_argument(eval, state, i);
		if (!value)
			return -1;
		template_frame_set(eval->frame, parameter->name, value);
	}
	return 0;
}

static struct value *rest_of(const struct call *call, size_t from)
{
	struct value *rest = value_tuple(0);

	for (size_t i = from; i < call->count; i++)
		value_list_add(rest, value_keep(call->args[i]));
	return rest;
}

static struct value *named_of(struct call *call)
{
	struct value *dict = value_dict();

	for (size_t i = 0; i < call->named; i++) {
		value_note(dict, call->values[i]);
		template_dict_put(&dict->dict, value_keep(call->names[i]),
				  value_keep(call->values[i]));
	}
	return dict;
}

static bool has_parameter(const struct macro *macro, const char *name)
{
	for (size_t i = 0; i < macro->count; i++)
		if (value_is_text(macro->parameters[i].name, name))
			return true;
	return false;
}

/* caller, varargs and kwargs; complaints about arguments that nobody takes. */
static int set_rest(struct eval *eval, struct call *call, const struct macro_state *state)
{
	const struct macro *macro = state->macro;

	if (macro->wants_caller && !has_parameter(macro, "caller")) {
		struct value *caller = take_named(call, "caller");
		if (!caller)
			caller = template_eval_undefined(eval, state->node,
							 "no caller was given to macro '%s'",
							 macro_name(macro));
		template_frame_set(eval->frame, template_global_name(GLOBAL_CALLER), caller);
	}
	if (macro->wants_kwargs)
		template_frame_set(eval->frame, template_global_name(GLOBAL_KWARGS),
				   named_of(call));
	else if (call->named)
		template_call_fail(call, "macro '%s' takes no argument '%s'", macro_name(macro),
				   call->names[0]->string.text);
	if (macro->wants_varargs)
		template_frame_set(eval->frame, template_global_name(GLOBAL_VARARGS),
				   rest_of(call, macro->count));
	else if (call->count > macro->count)
		template_call_fail(call, "macro '%s' takes no more than %zu arguments",
				   macro_name(macro), macro->count);
	return eval->raised ? -1 : 0;
}

static struct value *macro_call(struct call *call, struct value *self)
{
	const struct macro_state *state = self->object.state;
	struct eval *eval = call->eval;
	struct frame *frame = eval->frame;
	const struct template *template = eval->template;
	bool isolated = eval->isolated;

	if (template_eval_enter(eval, call->node) < 0)
		return NULL;
	eval->frame = template_frame_push(eval, state->frame);
	eval->template = state->template;
	eval->isolated = state->isolated;
	int r = set_parameters(eval, call, state);
	struct value *value = NULL;
	if (r == 0) {
		eval->template = template; /* complaints are about the call */
		r = set_rest(eval, call, state);
		eval->template = state->template;
	}
	if (r == 0)
		value = template_exec_captured(eval, state->macro->body);
	template_frame_pop(eval, eval->frame);
	eval->frame = frame;
	eval->template = template;
	eval->isolated = isolated;
	template_eval_leave(eval);
	return value;
}

const struct object_class template_macro_class = {
	.type = "Macro",
	.release = macro_release,
	.attribute = macro_attribute,
	.call = macro_call,
	.print = macro_print,
};

struct value *template_macro_new(struct eval *eval, const struct node *node,
				 const struct macro *macro)
{
	struct macro_state *state = mem_new(struct macro_state);

	*state = (struct macro_state){
		.template = eval->template,
		.node = node,
		.macro = macro,
		.frame = eval->frame,
		.isolated = eval->isolated,
	};
	template_frame_capture(eval->frame);
	return value_object(&template_macro_class, state);
}

int template_macro_call_block(struct eval *eval, const struct node *node)
{
	cleanup_call struct call call = {0};
	const struct node *wanted = node->caller.call;
	cleanup_value struct value *macro = template_eval_expression(eval, wanted->call.function);

	if (!macro || template_call_gather(eval, wanted, &wanted->call.arguments, NULL, &call) < 0)
		return -1;
	template_call_add_named(&call, template_global_name(GLOBAL_CALLER),
				template_macro_new(eval, node, &node->caller.macro));
	cleanup_value struct value *value = template_call_value(&call, macro);
	return value ? template_sink_print(eval, node, value) : -1;
}
