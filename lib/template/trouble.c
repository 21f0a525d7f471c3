#include "template/trouble.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/eval.h"
#include "template/global.h"
#include "template/method.h"

struct value *template_trouble_value(const struct template *template, const struct node *node)
{
	struct value *value = value_alloc(VALUE_UNDEFINED);

	value->trouble = mem_new(struct trouble);
	value->trouble->template = template;
	value->trouble->node = node;
	return value;
}

static void unlink_trouble(struct trouble *trouble)
{
	if (!trouble->link)
		return;
	*trouble->link = trouble->next;
	if (trouble->next)
		trouble->next->link = trouble->link;
	trouble->link = NULL;
}

void template_trouble_of(struct trouble *trouble, struct value *name, struct value *object,
			 struct trouble **list)
{
	trouble->name = value_keep(name);
	trouble->object = value_keep(object);
	trouble->next = *list;
	trouble->link = list;
	if (trouble->next)
		trouble->next->link = &trouble->next;
	*list = trouble;
}

void template_trouble_let_go(struct trouble **list)
{
	while (*list) {
		struct value *object = steal(&(*list)->object);
		unlink_trouble(*list);
		value_unref(object); /* may free troubles, which leave the list */
	}
}

void template_trouble_free(struct trouble *trouble)
{
	unlink_trouble(trouble);
	value_unref(trouble->name);
	value_unref(trouble->object);
	err_done(&trouble->err);
	free(trouble);
}

void template_trouble_trail(struct trouble *trouble, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *more = mem_vprintf(format, args);
	va_end(args);
	if (trouble->err.trail) {
		char *both = mem_printf("%s; %s", trouble->err.trail, more);
		free(trouble->err.trail);
		free(more);
		more = both;
	}
	trouble->err.trail = more;
}

static void add_frame_names(const struct frame *frame, struct list *names)
{
	for (; frame; frame = frame->parent)
		for (size_t i = 0; i < frame->n; i++)
			list_add_new(names, frame->bindings[i].name->string.text);
}

/* The hint of a variable that nobody set: the nearest name, and where that was set. */
static void hint_variable(struct trouble *trouble, const struct eval *eval, struct err *err)
{
	cleanup_list struct list names = LIST_INIT;
	struct template_origin origin;

	if (eval->scope)
		template_scope_names(eval->scope, &names);
	add_frame_names(eval->frame, &names);
	template_global_names(&names);
	const char *nearest =
		name_nearest(trouble->name->string.text, (const char *const *)names.items, names.n);
	if (!nearest)
		return;
	if (eval->scope && template_scope_origins(eval->scope, nearest, &origin, 1) &&
	    origin.file && origin.line > 0)
		err_hint(err, "did you mean '%s' (%s:%d)?", nearest, origin.file, origin.line);
	else
		err_hint(err, "did you mean '%s'?", nearest);
}

static void hint_key(const struct value *dict, const char *wanted, struct err *err)
{
	cleanup_list struct list keys = LIST_INIT;

	for (size_t i = 0; i < dict->dict.n; i++)
		if (dict->dict.entries[i].key->kind == VALUE_STRING)
			list_add(&keys, dict->dict.entries[i].key->string.text);
	const char *nearest = name_nearest(wanted, (const char *const *)keys.items, keys.n);
	if (nearest) {
		err_hint(err, "did you mean '%s'?", nearest);
		return;
	}
	while (keys.n > 8)
		free(keys.items[--keys.n]);
	cleanup_free char *known = list_join(&keys, ", ");
	if (keys.n)
		err_hint(err, "it has: %s%s", known, dict->dict.n > keys.n ? ", ..." : "");
	else
		err_hint(err, "it is empty");
}

/* An attribute that is neither a key nor a method. */
static void hint_method(const struct trouble *trouble, struct err *err)
{
	cleanup_list struct list names = LIST_INIT;
	const char *name = trouble->name->kind == VALUE_STRING ? trouble->name->string.text : "";

	template_method_names(trouble->object, &names);
	const char *nearest = name_nearest(name, (const char *const *)names.items, names.n);
	if (template_method_refused(trouble->object, name))
		err_hint(err, "the method %s of a %s is not supported", name,
			 value_type(trouble->object));
	else if (nearest)
		err_hint(err, "did you mean the method '%s'?", nearest);
	else
		err_hint(err, "a value of type %s has no such attribute",
			 value_type(trouble->object));
}

static void describe_missing(struct trouble *trouble, const struct eval *eval, struct err *err)
{
	size_t length;

	if (!trouble->object) {
		err_set(err, ERR_INVALID, "undefined variable '%s'", trouble->name->string.text);
		const char *hint = template_scope_hint(eval->scope, trouble->name->string.text);
		if (hint)
			err_hint(err, "%s", hint);
		else
			hint_variable(trouble, eval, err);
		return;
	}
	const char *source = template_source(trouble->template, trouble->node, &length);
	err_set(err, ERR_INVALID, "undefined variable '%.*s'", (int)(length < 200 ? length : 200),
		source);
	if (trouble->object->kind == VALUE_DICT && trouble->name->kind == VALUE_STRING)
		hint_key(trouble->object, trouble->name->string.text, err);
	else if (value_is_list(trouble->object) && value_is_number(trouble->name))
		err_hint(err, "the list has %zu items", trouble->object->list.n);
	else
		hint_method(trouble, err);
}

/* The name behind the point is underlined, not all that stands before it. */
static void point(const struct trouble *trouble, struct err *err)
{
	const struct node *node = trouble->node;
	uint32_t begin = node->begin;

	if (node->kind == NODE_ATTRIBUTE && trouble->object && trouble->name &&
	    node->end - begin > trouble->name->string.length)
		begin = node->end - (uint32_t)trouble->name->string.length;
	template_point(trouble->template, begin, node->end, err);
}

int template_trouble_report(struct trouble *trouble, const struct eval *eval, struct err *err)
{
	cleanup_free char *trail = mem_strdup(trouble->err.trail);

	if (trouble->err.message)
		err_copy(err, &trouble->err);
	else
		describe_missing(trouble, eval, err);
	if (!err->place.file && trouble->node)
		point(trouble, err);
	free(err->trail);
	err->trail = steal(&trail);
	return -(int)err->code;
}
