#include "template/global.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/call.h"
#include "template/dict.h"
#include "template/lookup.h"

#define SPECIAL(text_)                                        \
	{                                                     \
		.refs = -1, .kind = VALUE_STRING, .string = { \
			.text = (text_),                      \
			.length = sizeof(text_) - 1           \
		}                                             \
	}

static const struct value specials[] = {
	[GLOBAL_LOOP] = SPECIAL("loop"),       [GLOBAL_CALLER] = SPECIAL("caller"),
	[GLOBAL_VARARGS] = SPECIAL("varargs"), [GLOBAL_KWARGS] = SPECIAL("kwargs"),
	[GLOBAL_BLOCK] = SPECIAL(" block"),
};

struct value *template_global_name(enum global_special which)
{
	return (struct value *)&specials[which];
}

static struct value *make_range(struct call *call, struct value **a)
{
	int64_t bounds[3] = {0, 0, 1};
	size_t n = a[2] ? 3 : a[1] ? 2 : 1;

	for (size_t i = 0; i < n; i++)
		if (!value_as_int(a[i], &bounds[i]))
			return template_call_fail(call, "range() needs integers, not a %s",
						  value_type(a[i]));
	if (n == 1)
		return value_range(0, bounds[0], 1);
	if (!bounds[2])
		return template_call_fail(call, "the step of range() must not be 0");
	return value_range(bounds[0], bounds[1], bounds[2]);
}

static bool add_pair(struct call *call, struct value *dict, struct value *pair)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, pair);

	if (!items)
		return false;
	if (items->list.n != 2 || !value_hashable(items->list.items[0]))
		return template_call_fail(call, "dict() needs pairs of a key and a value");
	value_note(dict, items->list.items[1]);
	template_dict_put(&dict->dict, value_keep(items->list.items[0]),
			  value_keep(items->list.items[1]));
	return true;
}

static bool add_all(struct call *call, struct value *dict, struct value *from)
{
	if (from->kind == VALUE_DICT) {
		for (size_t i = 0; i < from->dict.n; i++) {
			struct value *item = template_eval_dict_at(call->eval, from, i);
			if (!item)
				return false;
			value_note(dict, item);
			template_dict_put(&dict->dict, value_keep(from->dict.entries[i].key),
					  value_keep(item));
		}
		return true;
	}
	cleanup_value struct value *pairs = template_eval_items(call->eval, call->node, from);
	for (size_t i = 0; pairs && i < pairs->list.n; i++) {
		struct value *pair = template_eval_list_at(call->eval, pairs, i);
		if (!pair || !add_pair(call, dict, pair))
			return false;
	}
	return pairs;
}

static struct value *make_dict(struct call *call, struct value **a)
{
	cleanup_value struct value *dict = value_dict();

	if (a[0] && !add_all(call, dict, a[0]))
		return NULL;
	for (size_t i = 0; i < call->named; i++) {
		value_note(dict, call->values[i]);
		template_dict_put(&dict->dict, value_keep(call->names[i]),
				  value_keep(call->values[i]));
	}
	return steal(&dict);
}

/* A namespace is a dict in an object, so that set can write to it from inside a loop. */
static void namespace_release(void *state)
{
	value_unref(state);
}

static struct value *namespace_attribute(struct eval *eval, struct value *self, const char *name)
{
	struct value *item = template_dict_get_text(&((struct value *)self->object.state)->dict,
						    name, strlen(name));

	(void)eval;
	return item ? value_keep(item) : NULL;
}

static void namespace_print(const struct value *self, struct buf *out)
{
	buf_addstr(out, "<Namespace ");
	value_repr(self->object.state, out);
	buf_addch(out, '>');
}

static struct value *namespace_content(const struct value *self)
{
	return self->object.state;
}

static const struct object_class namespace_class = {
	.type = "Namespace",
	.release = namespace_release,
	.attribute = namespace_attribute,
	.print = namespace_print,
	.content = namespace_content,
};

static struct value *make_namespace(struct call *call, struct value **a)
{
	struct value *dict = make_dict(call, a);

	return dict ? value_object(&namespace_class, dict) : NULL;
}

const char *template_global_namespace_set(struct value *value, struct value *name,
					  struct value *item)
{
	if (value->kind != VALUE_OBJECT || value->object.class != &namespace_class)
		return "only a namespace has attributes that can be set";
	if (value_holds(item, value))
		return "a namespace cannot contain itself, nor what is nested too deeply";
	template_dict_put(&((struct value *)value->object.state)->dict, value_keep(name),
			  value_keep(item));
	return NULL;
}

/* cycler and joiner: a list and a place in it. */
struct cycler {
	struct value *items;
	size_t at;
};

static void cycler_release(void *state)
{
	value_unref(((struct cycler *)state)->items);
	free(state);
}

static struct value *cycler_current(struct cycler *cycler)
{
	return value_keep(cycler->items->list.items[cycler->at]);
}

static struct value *cycler_next(struct call *call, struct value **a)
{
	struct cycler *cycler = a[0]->object.state;
	struct value *item = cycler_current(cycler);

	(void)call;
	cycler->at = (cycler->at + 1) % cycler->items->list.n;
	return item;
}

static struct value *cycler_reset(struct call *call, struct value **a)
{
	(void)call;
	((struct cycler *)a[0]->object.state)->at = 0;
	return value_none();
}

static const struct builtin cycler_methods[] = {
	{"next", cycler_next, "cycler", 1, 0},
	{"reset", cycler_reset, "cycler", 1, 0},
};

static struct value *cycler_attribute(struct eval *eval, struct value *self, const char *name)
{
	const struct builtin *method = template_call_find(cycler_methods, 2, name);

	(void)eval;
	if (!strcmp(name, "current"))
		return cycler_current(self->object.state);
	return method ? template_call_bound(method, self) : NULL;
}

static const struct object_class cycler_class = {
	.type = "Cycler",
	.release = cycler_release,
	.attribute = cycler_attribute,
};

static struct value *make_cycler(struct call *call, struct value **a)
{
	(void)a;
	if (!call->count)
		return template_call_fail(call, "cycler() needs something to cycle through");
	struct cycler *cycler = mem_new(struct cycler);
	cycler->items = value_list_room(call->count);
	for (size_t i = 0; i < call->count; i++)
		value_list_add(cycler->items, value_keep(call->args[i]));
	return value_object(&cycler_class, cycler);
}

/* Nothing the first time, the separator from then on. */
static struct value *joiner_call(struct call *call, struct value *self)
{
	struct cycler *joiner = self->object.state;

	(void)call;
	if (joiner->at++)
		return value_keep(joiner->items);
	return value_string("", 0);
}

static const struct object_class joiner_class = {
	.type = "Joiner",
	.release = cycler_release,
	.call = joiner_call,
};

static struct value *make_joiner(struct call *call, struct value **a)
{
	struct cycler *joiner = mem_new(struct cycler);

	(void)call;
	joiner->items = a[0] ? value_keep(a[0]) : value_string(", ", 2);
	return value_object(&joiner_class, joiner);
}

static struct value *make_undefined(struct call *call, struct value **a)
{
	if (a[0] && a[0]->kind == VALUE_STRING && a[0]->string.length)
		return template_eval_undefined(call->eval, call->node, "%s", a[0]->string.text);
	return template_eval_undefined(call->eval, call->node,
				       "a mandatory variable was not overridden");
}

static struct value *refuse_random(struct call *call, struct value **a)
{
	(void)a;
	return template_call_fail(
		call, "%s() gives something else each time, and rendering must not", call->name);
}

static const struct builtin functions[] = {
	{"range", make_range, "start stop step", 1, 0},
	{"dict", make_dict, "mapping", 0, CALL_REST | CALL_LAZY},
	{"namespace", make_namespace, "mapping", 0, CALL_REST | CALL_LAZY},
	{"cycler", make_cycler, "", 0, CALL_REST | CALL_LAZY},
	{"joiner", make_joiner, "sep", 0, 0},
	{"lookup", template_lookup_call, "name", 1, CALL_REST | CALL_UNDEFINED},
	{"query", template_lookup_query, "name", 1, CALL_REST | CALL_UNDEFINED},
	{"q", template_lookup_query, "name", 1, CALL_REST | CALL_UNDEFINED},
	{"undef", make_undefined, "hint", 0, 0},
	{"now", refuse_random, "utc fmt", 0, 0},
	{"lipsum", refuse_random, "n html min max", 0, 0},
};

#define FUNCTIONS (sizeof(functions) / sizeof(*functions))
#define SUGGESTED 7 /* the first of them are worth a "did you mean" */

struct value *template_global_find(const char *name)
{
	const struct builtin *function = template_call_find(functions, FUNCTIONS, name);

	if (function)
		return template_call_bound(function, NULL);
	return strcmp(name, "omit") ? NULL : value_omit();
}

void template_global_names(struct list *names)
{
	for (size_t i = 0; i < SUGGESTED; i++)
		list_add_new(names, functions[i].name);
}
