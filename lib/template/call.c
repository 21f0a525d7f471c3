#include "template/call.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/digits.h"
#include "template/markup.h"

extern const struct object_class template_macro_class;

#define FEW (sizeof(((struct call *)0)->few) / sizeof(struct value *))

/* Most calls have few arguments, and no memory is worth asking for then. */
void template_call_add(struct call *call, struct value *value)
{
	if (!call->args) {
		call->args = call->few;
	} else if (call->args == call->few && call->count == FEW) {
		call->args = NULL;
		mem_grow(call->args, &call->cap, 2 * FEW);
		memcpy(call->args, call->few, sizeof(call->few));
	}
	if (call->args != call->few)
		mem_grow(call->args, &call->cap, call->count + 1);
	call->args[call->count++] = value;
}

void template_call_add_named(struct call *call, struct value *name, struct value *value)
{
	mem_grow(call->names, &call->named_cap, call->named + 1);
	mem_grow(call->values, &call->values_cap, call->named + 1);
	call->names[call->named] = name;
	call->values[call->named++] = value;
}

void template_call_done(struct call *call)
{
	for (size_t i = 0; i < call->count; i++)
		value_unref(call->args[i]);
	for (size_t i = 0; i < call->named; i++) {
		value_unref(call->names[i]);
		value_unref(call->values[i]);
	}
	if (call->args != call->few)
		free(call->args);
	free(call->names);
	free(call->values);
}

static int spread_list(struct call *call, const struct node *node)
{
	cleanup_value struct value *value = template_eval_expression(call->eval, node);
	cleanup_value struct value *items =
		value ? template_eval_items(call->eval, node, value) : NULL;

	if (!items)
		return -1;
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		if (!item)
			return -1;
		template_call_add(call, value_keep(item));
	}
	return 0;
}

static int spread_dict(struct call *call, const struct node *node)
{
	cleanup_value struct value *value = template_eval_expression(call->eval, node);

	if (!value)
		return -1;
	if (value->kind != VALUE_DICT) {
		template_call_fail(call, "** needs a dict, not a %s", value_type(value));
		return -1;
	}
	for (size_t i = 0; i < value->dict.n; i++) {
		struct value *item = template_eval_dict_at(call->eval, value, i);
		if (!item)
			return -1;
		if (value->dict.entries[i].key->kind != VALUE_STRING) {
			template_call_fail(call, "the names of arguments must be strings");
			return -1;
		}
		template_call_add_named(call, value_keep(value->dict.entries[i].key),
					value_keep(item));
	}
	return 0;
}

int template_call_gather(struct eval *eval, const struct node *node,
			 const struct arguments *arguments, struct value *first, struct call *ret)
{
	ret->eval = eval;
	ret->node = node;
	ret->name = "";
	if (first)
		template_call_add(ret, first);
	for (size_t i = 0; i < arguments->count; i++) {
		struct value *value = template_eval_expression(eval, arguments->items[i]);
		if (!value)
			return -1;
		template_call_add(ret, value);
	}
	for (size_t i = 0; i < arguments->named; i++) {
		struct value *value = template_eval_expression(eval, arguments->values[i]);
		if (!value)
			return -1;
		template_call_add_named(ret, arguments->names[i], value);
	}
	if (arguments->spread && spread_list(ret, arguments->spread) < 0)
		return -1;
	return arguments->spread_named ? spread_dict(ret, arguments->spread_named) : 0;
}

struct value *template_call_fail(const struct call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cleanup_free char *text = mem_vprintf(format, args);
	va_end(args);
	return template_eval_fail(call->eval, call->node, "%s", text);
}

const struct builtin *template_call_find(const struct builtin *table, size_t count,
					 const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (*table[i].name == *name && !strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/* Where the parameter with that name stands; -1 when there is none. */
static int parameter_index(const char *parameters, const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; *parameters; i++) {
		size_t n = strcspn(parameters, " ");
		if (n == length && !memcmp(parameters, name, n))
			return i;
		parameters += n + (parameters[n] == ' ');
	}
	return -1;
}

static size_t parameter_count(const char *parameters)
{
	size_t n = *parameters != '\0';

	for (; *parameters; parameters++)
		n += *parameters == ' ';
	return n;
}

static bool unknown_argument(struct call *call, const struct builtin *builtin, const char *name)
{
	cleanup_list struct list known = LIST_INIT;

	list_split(&known, builtin->parameters, " ");
	cleanup_free char *all = list_join(&known, ", ");
	cleanup_err struct err err = ERR_INIT;
	err_set(&err, ERR_INVALID, "%s has no argument '%s'", builtin->name, name);
	const char *nearest = name_nearest(name, (const char *const *)known.items, known.n);
	if (nearest)
		err_hint(&err, "did you mean '%s'?", nearest);
	else if (known.n)
		err_hint(&err, "it has: %s", all);
	return template_eval_fail_err(call->eval, call->node, &err);
}

/* Puts each argument at the place of its parameter. */
static bool bind(struct call *call, const struct builtin *builtin, struct value **a)
{
	size_t room = parameter_count(builtin->parameters);

	if (call->count > room && !(builtin->flags & CALL_REST))
		return template_call_fail(call, "%s takes at most %zu arguments, got %zu",
					  builtin->name, room, call->count);
	for (size_t i = 0; i < call->count && i < room; i++)
		a[i] = call->args[i];
	for (size_t i = 0; i < call->named; i++) {
		const char *name = call->names[i]->string.text;
		int at = parameter_index(builtin->parameters, name);
		if (at < 0 && builtin->flags & CALL_REST)
			continue;
		if (at < 0)
			return unknown_argument(call, builtin, name);
		if (a[at])
			return template_call_fail(call, "%s got its argument '%s' twice",
						  builtin->name, name);
		a[at] = call->values[i];
	}
	for (unsigned i = 0; i < builtin->required; i++)
		if (!a[i])
			return template_call_fail(call, "%s needs %s%u argument%s", builtin->name,
						  room == builtin->required ? "" : "at least ",
						  builtin->required,
						  builtin->required == 1 ? "" : "s");
	return true;
}

static struct value *first_undefined(struct value *const *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (values[i]->kind == VALUE_UNDEFINED && !values[i]->trouble->lenient)
			return values[i];
	return NULL;
}

/* The first thing among the arguments that the builtin must not see. */
static struct value *first_bad(struct call *call, unsigned flags)
{
	struct value *bad = NULL;

	if (!(flags & CALL_UNDEFINED)) {
		bad = first_undefined(call->args, call->count);
		if (!bad)
			bad = first_undefined(call->values, call->named);
	}
	for (size_t i = 0; !bad && !(flags & CALL_LAZY) && i < call->count; i++)
		if (call->args[i]->lazy)
			bad = template_eval_settle(call->eval, call->args[i]);
	for (size_t i = 0; !bad && !(flags & CALL_LAZY) && i < call->named; i++)
		if (call->values[i]->lazy)
			bad = template_eval_settle(call->eval, call->values[i]);
	return bad;
}

/* As in ansible-core a failure is a value until somebody looks at it. */
static struct value *caught(struct eval *eval, struct value *result)
{
	return result ? result : template_eval_catch(eval);
}

struct value *template_call_run(struct call *call, const struct builtin *builtin)
{
	struct value *a[CALL_MOST] = {NULL};

	call->name = builtin->name;
	struct value *bad = first_bad(call, builtin->flags);
	if (bad)
		return bad == call->eval->raised ? caught(call->eval, NULL) : value_keep(bad);
	if (!bind(call, builtin, a) ||
	    !template_digits_pass(call->eval, call->node, builtin->name, call->args, call->count))
		return caught(call->eval, NULL);
	struct value *result = builtin->run(call, a);
	return builtin->flags & CALL_RAISES ? result : caught(call->eval, result);
}

struct value *template_call_builtin(struct call *from, const struct builtin *builtin,
				    struct value *first, struct value **more, size_t count)
{
	cleanup_call struct call call = {.eval = from->eval, .node = from->node};

	template_call_add(&call, value_keep(first));
	for (size_t i = 0; i < count; i++)
		template_call_add(&call, value_keep(more[i]));
	return template_call_run(&call, builtin);
}

struct value *template_call_value(struct call *call, struct value *function)
{
	struct value *bad = NULL;

	if (function->kind == VALUE_UNDEFINED)
		return value_keep(function);
	if (function->kind != VALUE_OBJECT || !function->object.class->call) {
		template_call_fail(call, "a %s cannot be called", value_type(function));
		return caught(call->eval, NULL);
	}
	if (function->object.class != &template_macro_class &&
	    function->object.class != &template_call_function)
		bad = first_bad(call, 0);
	if (bad)
		return bad == call->eval->raised ? caught(call->eval, NULL) : value_keep(bad);
	return caught(call->eval, function->object.class->call(call, function));
}

struct value *template_call_method(struct call *call, const struct builtin *builtin)
{
	const struct value *self = call->args[0];

	if (self->kind == VALUE_STRING && self->escaped)
		return caught(call->eval, template_markup_method(call, builtin));
	return template_call_run(call, builtin);
}

struct function {
	const struct builtin *builtin;
	struct value *self;
};

static void function_release(void *state)
{
	value_unref(((struct function *)state)->self);
	free(state);
}

static struct value *function_call(struct call *call, struct value *value)
{
	const struct function *function = value->object.state;

	if (function->self) {
		template_call_add(call, value_keep(function->self));
		memmove(&call->args[1], &call->args[0], (call->count - 1) * sizeof(*call->args));
		call->args[0] = function->self;
	}
	return function->self ? template_call_method(call, function->builtin)
			      : template_call_run(call, function->builtin);
}

static void function_print(const struct value *value, struct buf *out)
{
	const struct function *function = value->object.state;

	if (function->self)
		buf_printf(out, "<built-in method %s of %s object>", function->builtin->name,
			   value_type(function->self));
	else
		buf_printf(out, "<function %s>", function->builtin->name);
}

const struct object_class template_call_function = {
	.type = "function",
	.release = function_release,
	.call = function_call,
	.print = function_print,
};

struct value *template_call_bound(const struct builtin *builtin, struct value *self)
{
	struct function *function = mem_new(struct function);

	function->builtin = builtin;
	function->self = self ? value_keep(self) : NULL;
	return value_object(&template_call_function, function);
}

bool template_call_int(struct call *call, struct value *arg, int64_t otherwise, int64_t *ret)
{
	if (!arg || arg->kind == VALUE_NONE)
		*ret = otherwise;
	else if (!value_as_int(arg, ret))
		return template_call_fail(call, "%s needs an integer, not a %s", call->name,
					  value_type(arg));
	return true;
}

bool template_call_text(struct call *call, struct value *arg, const char *otherwise,
			const char **ret, size_t *ret_length)
{
	if (!arg || (arg->kind == VALUE_NONE && otherwise)) {
		*ret = otherwise;
		*ret_length = strlen(otherwise);
		return true;
	}
	if (arg->kind != VALUE_STRING)
		return template_call_fail(call, "%s needs a string, not a %s", call->name,
					  value_type(arg));
	*ret = arg->string.text;
	*ret_length = arg->string.length;
	return true;
}

bool template_call_truth(struct value *arg, bool otherwise)
{
	return arg ? value_true(arg) : otherwise;
}
