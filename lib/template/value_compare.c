#include <math.h>
#include <stdint.h>
#include <string.h>

#include "template/date.h"
#include "template/dict.h"
#include "template/number.h"
#include "template/types.h"

static bool equal(const struct value *a, const struct value *b, int depth);

static bool equal_items(const struct value *a, const struct value *b, int depth)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++)
		if (!equal(a->list.items[i], b->list.items[i], depth + 1))
			return false;
	return true;
}

static bool equal_dicts(const struct dict *a, const struct dict *b, int depth)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct value *other = template_dict_get(b, a->entries[i].key);
		if (!other || !equal(a->entries[i].item, other, depth + 1))
			return false;
	}
	return true;
}

static int compare_dates(const struct value_date *a, const struct value_date *b)
{
	int64_t left = template_date_instant(a), right = template_date_instant(b);

	return left < right ? -1 : left > right;
}

static bool equal_ranges(const struct value *a, const struct value *b)
{
	size_t n = value_range_length(a);

	return n == value_range_length(b) && (!n || (a->range.start == b->range.start &&
						     (n == 1 || a->range.step == b->range.step)));
}

static bool equal(const struct value *a, const struct value *b, int depth)
{
	if (a == b)
		return !(a->kind == VALUE_FLOAT && isnan(a->real));
	if (value_is_number(a) && value_is_number(b))
		return template_number_compare(a, b) == 0;
	if (a->kind != b->kind || depth > VALUE_DEEPEST)
		return false;
	switch ((enum value_kind)a->kind) {
	case VALUE_NONE:
	case VALUE_OMIT:
		return true;
	case VALUE_STRING:
		return a->string.length == b->string.length &&
		       !memcmp(a->string.text, b->string.text, a->string.length);
	case VALUE_LIST:
	case VALUE_TUPLE:
		return equal_items(a, b, depth);
	case VALUE_DICT:
		return equal_dicts(&a->dict, &b->dict, depth);
	case VALUE_DATE:
		return a->date.has_time == b->date.has_time &&
		       a->date.has_zone == b->date.has_zone && !compare_dates(&a->date, &b->date);
	case VALUE_SPAN:
		return a->integer == b->integer;
	case VALUE_RANGE:
		return equal_ranges(a, b);
	default:
		return false;
	}
}

bool value_equal(const struct value *a, const struct value *b)
{
	return equal(a, b, 0);
}

static bool hashable(const struct value *value, int depth)
{
	if (value->kind == VALUE_LIST || value->kind == VALUE_DICT)
		return false;
	if (value->kind == VALUE_TUPLE)
		for (size_t i = 0; i < value->list.n; i++)
			if (depth > VALUE_DEEPEST || !hashable(value->list.items[i], depth + 1))
				return false;
	return true;
}

bool value_hashable(const struct value *value)
{
	return hashable(value, 0);
}

static size_t hash_number(const struct value *value)
{
	int64_t integer;

	if (value->kind == VALUE_BIG)
		return (size_t)BN_get_word(value->big) ^ (size_t)BN_num_bits(value->big);
	if (value->kind == VALUE_FLOAT) {
		if (value->real != floor(value->real) || fabs(value->real) > 9e18)
			return template_dict_hash_text((const char *)&value->real,
						       sizeof(value->real));
		integer = (int64_t)value->real;
	} else {
		value_as_int(value, &integer);
	}
	return (size_t)integer * 0x9E3779B97F4A7C15u + 1;
}

static size_t hash_tuple(const struct value *tuple)
{
	size_t hash = 0x345678;

	for (size_t i = 0; i < tuple->list.n; i++)
		hash = hash * 1000003 ^ value_hash(tuple->list.items[i]);
	return hash;
}

/* A string remembers its hash, unless it is a constant, which several threads may read: those got
 * theirs when they were compiled. */
static size_t hash_string(const struct value *value)
{
	if (value->string.hash)
		return value->string.hash;
	size_t hash = template_dict_hash_text(value->string.text, value->string.length);
	if (value->refs >= 0)
		((struct value *)value)->string.hash = hash;
	return hash;
}

size_t value_hash(const struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
		return hash_string(value);
	case VALUE_TUPLE:
		return hash_tuple(value);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_BIG:
	case VALUE_FLOAT:
		return hash_number(value);
	case VALUE_DATE:
		return (size_t)template_date_instant(&value->date);
	case VALUE_SPAN:
		return (size_t)value->integer;
	default:
		return (size_t)value->kind * 7919 + 17;
	}
}

static int order_strings(const struct value *a, const struct value *b)
{
	size_t shorter = a->string.length < b->string.length ? a->string.length : b->string.length;
	int difference = memcmp(a->string.text, b->string.text, shorter);

	if (difference) /* never NUMBER_UNORDERED */
		return difference < 0 ? -1 : 1;
	return a->string.length == b->string.length  ? 0
	       : a->string.length < b->string.length ? -1
						     : 1;
}

static bool order(const struct value *a, const struct value *b, int depth, int *ret);

static bool order_items(const struct value *a, const struct value *b, int depth, int *ret)
{
	size_t shorter = a->list.n < b->list.n ? a->list.n : b->list.n;

	for (size_t i = 0; i < shorter; i++)
		if (!value_equal(a->list.items[i], b->list.items[i]))
			return order(a->list.items[i], b->list.items[i], depth + 1, ret);
	*ret = a->list.n == b->list.n ? 0 : a->list.n < b->list.n ? -1 : 1;
	return true;
}

static bool order(const struct value *a, const struct value *b, int depth, int *ret)
{
	if (value_is_number(a) && value_is_number(b)) {
		*ret = template_number_compare(a, b);
		return true;
	}
	if (a->kind != b->kind || depth > VALUE_DEEPEST)
		return false;
	switch (a->kind) {
	case VALUE_STRING:
		*ret = order_strings(a, b);
		return true;
	case VALUE_LIST:
	case VALUE_TUPLE:
		return order_items(a, b, depth, ret);
	case VALUE_SPAN:
		*ret = a->integer < b->integer ? -1 : a->integer > b->integer;
		return true;
	case VALUE_DATE:
		*ret = compare_dates(&a->date, &b->date);
		return a->date.has_time == b->date.has_time && a->date.has_zone == b->date.has_zone;
	default:
		return false;
	}
}

bool value_order(const struct value *a, const struct value *b, int *ret)
{
	return order(a, b, 0, ret);
}

static bool range_contains(const struct value *range, const struct value *item)
{
	int64_t number, first = range->range.start;

	if (item->kind == VALUE_FLOAT && item->real == floor(item->real) && fabs(item->real) < 9e18)
		number = (int64_t)item->real;
	else if (!value_as_int(item, &number))
		return false;
	size_t n = value_range_length(range);
	int64_t step = range->range.step, distance = number - first;
	return n && distance % step == 0 && distance / step >= 0 && (size_t)(distance / step) < n;
}

bool value_contains(const struct value *container, const struct value *item, bool *ret_valid)
{
	*ret_valid = true;
	switch (container->kind) {
	case VALUE_LIST:
	case VALUE_TUPLE:
		for (size_t i = 0; i < container->list.n; i++)
			if (container->list.items[i] == item ||
			    value_equal(container->list.items[i], item))
				return true;
		return false;
	case VALUE_DICT:
		*ret_valid = value_hashable(item);
		return *ret_valid && template_dict_get(&container->dict, item);
	case VALUE_STRING:
		*ret_valid = item->kind == VALUE_STRING;
		return *ret_valid && memmem(container->string.text, container->string.length,
					    item->string.text, item->string.length);
	case VALUE_RANGE:
		return range_contains(container, item);
	default:
		*ret_valid = false;
		return false;
	}
}
