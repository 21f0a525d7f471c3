#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "template/eval.h"
#include "template/markup.h"
#include "template/method.h"
#include "template/text.h"

static struct value *missing(struct eval *eval, const struct node *node, struct value *object,
			     struct value *name)
{
	if (object == template_scope_guessed(eval->scope))
		return value_keep(object);

	struct value *value = template_trouble_value(eval->template, node);
	template_trouble_of(value->trouble, name, object, &eval->missing);
	return value;
}

/* Undefined things give themselves (rule R4); an inline if without else does not. */
static struct value *of_undefined(struct eval *eval, struct value *object)
{
	return object->trouble->lenient ? template_eval_trip(eval, object) : value_keep(object);
}

/* Python's own attributes: methods, and what objects offer. NULL: none of that name. */
static struct value *own_attribute(struct eval *eval, struct value *object, const char *name)
{
	if (object->kind == VALUE_OBJECT)
		return object->object.class->attribute
			       ? object->object.class->attribute(eval, object, name)
			       : NULL;
	if (object->kind == VALUE_TUPLE && object->group && !strcmp(name, "grouper"))
		return value_keep(object->list.items[0]);
	if (object->kind == VALUE_TUPLE && object->group && !strcmp(name, "list"))
		return value_keep(object->list.items[1]);
	return template_method_find(object, name);
}

static bool is_forbidden(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && name[0] == '_' && name[1] == '_' && !strcmp(name + length - 2, "__");
}

struct value *template_eval_attribute(struct eval *eval, const struct node *node,
				      struct value *object, struct value *name)
{
	struct value *value;

	if (object->kind == VALUE_UNDEFINED)
		return of_undefined(eval, object);
	value = own_attribute(eval, object, name->string.text);
	if (value || eval->raised)
		return value;
	if (object->kind == VALUE_DICT) {
		value = template_eval_dict_get(eval, object, name);
		if (value || eval->raised)
			return value ? value_keep(value) : NULL;
	}
	if (is_forbidden(name->string.text))
		return template_eval_undefined(eval, node, "access to '%s' of a %s is not allowed",
					       name->string.text, value_type(object));
	return missing(eval, node, object, name);
}

/* Python counts from the end below zero. False when there is no such item. */
static bool find_index(const struct value *key, size_t length, size_t *ret)
{
	int64_t index;

	if (!value_as_int(key, &index))
		return false;
	if (index < 0)
		index += (int64_t)length;
	*ret = (size_t)index;
	return index >= 0 && *ret < length;
}

static struct value *character(const struct value *string, size_t index)
{
	size_t begin = template_text_offset(string->string.text, string->string.length, index);
	size_t width =
		template_text_offset(string->string.text + begin, string->string.length - begin, 1);

	return template_markup_keep(string, value_string(string->string.text + begin, width));
}

/* NULL when the object has no such item, or after an error. */
static struct value *own_item(struct eval *eval, struct value *object, struct value *key)
{
	struct value *item;
	size_t index;

	if (object->kind == VALUE_OBJECT && object->object.class->sequence)
		object = object->object.class->sequence(object);
	switch (object->kind) {
	case VALUE_DICT:
		item = value_hashable(key) ? template_eval_dict_get(eval, object, key) : NULL;
		return item ? value_keep(item) : NULL;
	case VALUE_LIST:
	case VALUE_TUPLE:
		if (!find_index(key, object->list.n, &index))
			return NULL;
		item = template_eval_list_at(eval, object, index);
		return item ? value_keep(item) : NULL;
	case VALUE_STRING:
		return find_index(key, value_length(object), &index) ? character(object, index)
								     : NULL;
	case VALUE_RANGE:
		return find_index(key, value_range_length(object), &index)
			       ? value_int(object->range.start +
					   (int64_t)index * object->range.step)
			       : NULL;
	default:
		return NULL;
	}
}

struct value *template_eval_item(struct eval *eval, const struct node *node, struct value *object,
				 struct value *key)
{
	if (object->kind == VALUE_UNDEFINED)
		return of_undefined(eval, object);
	if (key->kind == VALUE_UNDEFINED)
		return template_eval_trip(eval, key);
	struct value *value = own_item(eval, object, key);
	if (value || eval->raised)
		return value;
	if (key->kind == VALUE_STRING && !is_forbidden(key->string.text)) {
		value = own_attribute(eval, object, key->string.text);
		if (value || eval->raised)
			return value;
	}
	return missing(eval, node, object, key);
}

/* One end of a slice of `length` items, as Python clips it. */
static int64_t clip(const struct value *bound, int64_t length, int64_t otherwise, bool backwards)
{
	int64_t at;

	if (!value_as_int(bound, &at))
		return otherwise;
	if (at < 0)
		at += length;
	if (at < 0)
		return backwards ? -1 : 0;
	return at >= length ? (backwards ? length - 1 : length) : at;
}

static struct value *slice_string(const struct value *string, int64_t start, int64_t stop,
				  int64_t step)
{
	const char *text = string->string.text;
	size_t length = string->string.length;
	struct buf out = BUF_INIT;

	if (step == 1 && start < stop) {
		size_t begin = template_text_offset(text, length, (size_t)start);
		size_t end = begin + template_text_offset(text + begin, length - begin,
							  (size_t)(stop - start));
		return value_string(text + begin, end - begin);
	}
	for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
		size_t begin = template_text_offset(text, length, (size_t)i);
		buf_add(&out, text + begin, template_text_offset(text + begin, length - begin, 1));
	}
	return value_take_buf(&out);
}

static struct value *slice_list(struct value *list, int64_t start, int64_t stop, int64_t step)
{
	struct value *slice = value_list();

	slice->kind = list->kind;
	for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step)
		value_list_add(slice, value_keep(list->list.items[i]));
	return slice;
}

static struct value *slice_range(const struct value *range, int64_t start, int64_t stop,
				 int64_t step)
{
	int64_t first = range->range.start, by = range->range.step;

	return value_range(first + start * by, first + stop * by, by * step);
}

struct value *template_eval_slice(struct eval *eval, const struct node *node, struct value *object,
				  struct value *start, struct value *stop, struct value *step)
{
	int64_t by = 1;
	struct value *const bounds[] = {start, stop, step};

	if (object->kind == VALUE_UNDEFINED)
		return of_undefined(eval, object);
	for (size_t i = 0; i < 3; i++)
		if (bounds[i]->kind == VALUE_UNDEFINED)
			return template_eval_trip(eval, bounds[i]);
		else if (bounds[i]->kind != VALUE_NONE && !value_as_int(bounds[i], &by))
			return template_eval_fail(eval, node, "a slice needs integers, not a %s",
						  value_type(bounds[i]));
	by = 1;
	value_as_int(step, &by);
	if (!by)
		return template_eval_fail(eval, node, "the step of a slice cannot be 0");
	if (object->kind != VALUE_STRING && object->kind != VALUE_RANGE && !value_is_list(object))
		return template_eval_fail(eval, node, "a %s cannot be sliced", value_type(object));
	int64_t length = (int64_t)value_length(object);
	int64_t from = clip(start, length, by > 0 ? 0 : length - 1, by < 0);
	int64_t to = clip(stop, length, by > 0 ? length : -1, by < 0);
	if (object->kind == VALUE_STRING)
		return template_markup_keep(object, slice_string(object, from, to, by));
	if (object->kind == VALUE_RANGE)
		return slice_range(object, from, to, by);
	return slice_list(object, from, to, by);
}
