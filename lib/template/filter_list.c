#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/markup.h"
#include "template/number.h"
#include "template/sort.h"
#include "template/text.h"

static struct value *do_length(struct call *call, struct value **a)
{
	const struct value *value = a[0];

	if (value->kind == VALUE_OBJECT && value->object.class->sequence)
		value = value->object.class->sequence(value);
	if (value->kind == VALUE_UNDEFINED) /* an inline if without else */
		return value_int(0);
	if (value->kind != VALUE_STRING && value->kind != VALUE_RANGE &&
	    value->kind != VALUE_DICT && !value_is_list(value))
		return template_call_fail(call, "a %s has no length", value_type(value));
	return value_int((int64_t)value_length(value));
}

static struct value *end_of(struct call *call, struct value *value, bool last)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, value);

	if (!items)
		return NULL;
	if (!items->list.n)
		return template_eval_undefined(call->eval, call->node,
					       "there is no %s item: the list is empty",
					       last ? "last" : "first");
	struct value *item = template_eval_list_at(call->eval, items, last ? items->list.n - 1 : 0);
	return item ? value_keep(item) : NULL;
}

static struct value *do_first(struct call *call, struct value **a)
{
	return end_of(call, a[0], false);
}

static struct value *do_last(struct call *call, struct value **a)
{
	return end_of(call, a[0], true);
}

static struct value *do_list(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, a[0]);

	if (!items)
		return NULL;
	cleanup_value struct value *list = value_list_room(items->list.n);
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		if (!item)
			return NULL;
		if (item->kind == VALUE_UNDEFINED && !item->trouble->lenient)
			return template_eval_trip(call->eval, item);
		value_list_add(list, value_keep(item));
	}
	return steal(&list);
}

static struct value *do_join(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	cleanup_value struct value *separator =
		a[1] ? template_filter_string(a[1]) : value_string("", 0);
	struct buf out = BUF_INIT;
	bool by = a[2] && a[2]->kind != VALUE_NONE;

	for (size_t i = 0; items && i < items->list.n; i++) {
		cleanup_value struct value *item =
			by ? template_filter_pick(call, items->list.items[i], a[2])
			   : value_keep(items->list.items[i]);
		if (item && item->kind == VALUE_UNDEFINED)
			template_eval_trip(call->eval, item);
		if (!item || item->kind == VALUE_UNDEFINED) {
			buf_done(&out);
			return NULL;
		}
		if (i)
			buf_add(&out, separator->string.text, separator->string.length);
		value_str(item, &out);
	}
	return items ? value_take_buf(&out) : NULL;
}

static struct value *reversed(const struct value *items)
{
	struct value *list = value_list_room(items->list.n);

	for (size_t i = items->list.n; i-- > 0;)
		value_list_add(list, value_keep(items->list.items[i]));
	return list;
}

static struct value *do_reverse(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;
	cleanup_value struct value *items = template_filter_items(call, a[0]);

	if (!items || a[0]->kind != VALUE_STRING)
		return items ? reversed(items) : NULL;
	for (size_t i = items->list.n; i-- > 0;)
		value_str(items->list.items[i], &out);
	return template_markup_keep(a[0], value_take_buf(&out));
}

/* What items are compared by: themselves or an attribute, in lower case unless told otherwise. */
static struct value *key_of(struct call *call, struct value *item, struct value *attribute,
			    bool case_sensitive)
{
	cleanup_value struct value *value = attribute && attribute->kind != VALUE_NONE
						    ? template_filter_pick(call, item, attribute)
						    : value_keep(item);

	if (!value)
		return NULL;
	if (value->kind == VALUE_UNDEFINED)
		return template_eval_trip(call->eval, value);
	return case_sensitive ? steal(&value) : template_filter_fold(value);
}

/* "a,b.c": keys of several attributes are compared one after the other. One key is a tuple, too:
 * equal ones need no order then ([none, none] can be sorted). */
static struct value *sort_key(struct call *call, struct value *item, struct value *attribute,
			      bool case_sensitive)
{
	cleanup_value struct value *key = value_tuple(1);

	if (!attribute || attribute->kind != VALUE_STRING) {
		struct value *one = key_of(call, item, attribute, case_sensitive);
		if (!one)
			return NULL;
		value_list_add(key, one);
		return steal(&key);
	}
	for (const char *part = attribute->string.text;; part += strcspn(part, ",") + 1) {
		size_t n = strcspn(part, ",");
		cleanup_value struct value *name = value_string(part, n);
		struct value *one = key_of(call, item, name, case_sensitive);
		if (!one)
			return NULL;
		value_list_add(key, one);
		if (!part[n])
			return steal(&key);
	}
}

typedef struct value *(*key_maker)(struct call *call, struct value *item, struct value *attribute,
				   bool case_sensitive);

static struct value *keys_of(struct call *call, const struct value *items, key_maker make,
			     struct value *attribute, bool case_sensitive)
{
	cleanup_value struct value *keys = value_list_room(items->list.n);

	for (size_t i = 0; i < items->list.n; i++) {
		struct value *key = make(call, items->list.items[i], attribute, case_sensitive);
		if (!key)
			return NULL;
		value_list_add(keys, key);
	}
	return steal(&keys);
}

static struct value *do_sort(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	cleanup_value struct value *keys =
		items ? keys_of(call, items, sort_key, a[3], template_call_truth(a[2], false))
		      : NULL;

	if (!keys)
		return NULL;
	struct value *list = value_list_room(items->list.n);
	for (size_t i = 0; i < items->list.n; i++)
		value_list_add(list, value_keep(items->list.items[i]));
	if (template_sort_items(call, list->list.items, keys->list.items, list->list.n,
				template_call_truth(a[1], false)))
		return list;
	value_unref(list);
	return NULL;
}

static struct value *do_dictsort(struct call *call, struct value **a)
{
	bool by_value = a[2] && value_is_text(a[2], "value");

	if (a[0]->kind != VALUE_DICT)
		return template_call_fail(call, "dictsort needs a dict, not a %s",
					  value_type(a[0]));
	if (a[2] && !by_value && !value_is_text(a[2], "key"))
		return template_call_fail(call, "dictsort sorts by 'key' or 'value' only");
	cleanup_value struct value *keys = value_list(), *pairs = value_list();
	for (size_t i = 0; i < a[0]->dict.n; i++) {
		const struct dict_entry *entry = &a[0]->dict.entries[i];
		struct value *by = by_value ? entry->item : entry->key;
		value_list_add(keys, template_call_truth(a[1], false) ? value_keep(by)
								      : template_filter_fold(by));
		value_list_add(pairs,
			       value_pair_of(value_keep(entry->key), value_keep(entry->item)));
	}
	return template_sort_items(call, pairs->list.items, keys->list.items, keys->list.n,
				   template_call_truth(a[3], false))
		       ? steal(&pairs)
		       : NULL;
}

static struct value *extreme(struct call *call, struct value **a, bool largest)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	cleanup_value struct value *keys =
		items ? keys_of(call, items, key_of, a[2], template_call_truth(a[1], false)) : NULL;
	size_t best = 0;
	int order;

	if (!keys)
		return NULL;
	if (!items->list.n)
		return template_eval_undefined(call->eval, call->node,
					       "an empty list has no %s item",
					       largest ? "largest" : "smallest");
	for (size_t i = 1; i < keys->list.n; i++) {
		if (!value_order(keys->list.items[i], keys->list.items[best], &order))
			return template_call_fail(call, "%s cannot order a %s and a %s", call->name,
						  value_type(keys->list.items[best]),
						  value_type(keys->list.items[i]));
		if (largest ? order > 0 && order != NUMBER_UNORDERED : order < 0)
			best = i;
	}
	return value_keep(items->list.items[best]);
}

static struct value *do_min(struct call *call, struct value **a)
{
	return extreme(call, a, false);
}

static struct value *do_max(struct call *call, struct value **a)
{
	return extreme(call, a, true);
}

/* Ansible's unique compares as it is, Jinja's folds case: Ansible's is the one in force. */
static struct value *do_unique(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]), *list = value_list();
	cleanup_value struct value *keys =
		items ? keys_of(call, items, key_of, a[2], template_call_truth(a[1], false)) : NULL;
	cleanup_value struct value *seen = value_dict();

	for (size_t i = 0; keys && i < keys->list.n; i++) {
		struct value *key = keys->list.items[i];
		bool hashable = value_hashable(key), valid;
		if (!hashable && ((a[1] && !value_true(a[1])) || (a[2] && value_true(a[2]))))
			return template_call_fail(call,
						  "unique by attribute or without case cannot "
						  "compare a %s",
						  value_type(key));
		if (!value_is_list(seen) && !hashable) { /* some are not: compare one by one */
			struct value *all = value_list();
			for (size_t j = 0; j < seen->dict.n; j++)
				value_list_add(all, value_keep(seen->dict.entries[j].key));
			value_unref(seen);
			seen = all;
		}
		if (value_contains(seen, key, &valid))
			continue;
		if (value_is_list(seen))
			value_list_add(seen, value_keep(key));
		else
			template_dict_put(&seen->dict, value_keep(key), value_none());
		value_list_add(list, value_keep(items->list.items[i]));
	}
	return keys ? steal(&list) : NULL;
}

static struct value *do_sum(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	cleanup_value struct value *sum = a[2] ? value_keep(a[2]) : value_int(0);

	if (sum->kind == VALUE_STRING)
		return template_call_fail(call, "sum cannot add strings; use join");

	for (size_t i = 0; items && i < items->list.n; i++) {
		cleanup_value struct value *item = key_of(call, items->list.items[i], a[1], true);
		struct value *more =
			item ? template_eval_add(call->eval, call->node, sum, item) : NULL;
		if (!more)
			return NULL;
		value_unref(sum);
		sum = more;
	}
	return items ? steal(&sum) : NULL;
}

/* "slice": n columns; the first ones are longer. "batch": rows of n. */
static struct value *do_slice(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]),
				   *slices = value_list();
	int64_t count;

	if (!items || !template_call_int(call, a[1], 0, &count))
		return NULL;
	if (!count)
		return template_call_fail(call, "slice cannot make 0 slices");
	if (count < 0)
		return steal(&slices);
	if (!template_eval_step(call->eval, call->node, (uint64_t)count))
		return NULL;
	size_t n = items->list.n, each = n / (size_t)count, extra = n % (size_t)count, at = 0;
	for (size_t i = 0; i < (size_t)count; i++) {
		struct value *slice = value_list();
		size_t want = each + (i < extra);
		for (size_t j = 0; j < want; j++)
			value_list_add(slice, value_keep(items->list.items[at++]));
		if (a[2] && a[2]->kind != VALUE_NONE && i >= extra)
			value_list_add(slice, value_keep(a[2]));
		value_list_add(slices, slice);
	}
	return steal(&slices);
}

/* A row ends when its length is exactly the size, which may be anything: 0 puts an empty row in
 * front, 2.5 or a string never comes. */
static struct value *do_batch(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]),
				   *batches = value_list();
	bool fills = a[2] && a[2]->kind != VALUE_NONE;
	struct value *batch = NULL;
	int64_t size = -1;

	if (!items)
		return NULL;
	value_as_int(a[1], &size);
	if (a[1]->kind == VALUE_FLOAT && a[1]->real == (double)(int64_t)a[1]->real)
		size = (int64_t)a[1]->real;
	for (size_t i = 0; i < items->list.n; i++) {
		if (!batch || (int64_t)batch->list.n == size) {
			if (!batch && size == 0)
				value_list_add(batches, value_list());
			batch = value_list();
			value_list_add(batches, batch);
		}
		value_list_add(batch, value_keep(items->list.items[i]));
	}
	if (batch && fills && a[1]->kind != VALUE_BIG && !value_as_int(a[1], &(int64_t){0}))
		return template_call_fail(call, "batch needs an integer, not a %s",
					  value_type(a[1]));
	if (batch && fills && size > (int64_t)batch->list.n &&
	    !template_eval_step(call->eval, call->node, (uint64_t)size))
		return NULL;
	while (batch && fills && (int64_t)batch->list.n < size)
		value_list_add(batch, value_keep(a[2]));
	return steal(&batches);
}

static struct value *do_items(struct call *call, struct value **a)
{
	if (a[0]->kind == VALUE_UNDEFINED)
		return value_list();
	if (a[0]->kind != VALUE_DICT)
		return template_call_fail(call, "items needs a dict, not a %s", value_type(a[0]));
	struct value *list = value_list_room(a[0]->dict.n);
	for (size_t i = 0; i < a[0]->dict.n; i++)
		value_list_add(list, value_pair_of(value_keep(a[0]->dict.entries[i].key),
						   value_keep(a[0]->dict.entries[i].item)));
	return list;
}

static const struct builtin entries[] = {
	{"length", do_length, "value", 1, CALL_LAZY},
	{"count", do_length, "value", 1, CALL_LAZY},
	{"first", do_first, "seq", 1, CALL_LAZY},
	{"last", do_last, "seq", 1, CALL_LAZY},
	{"list", do_list, "value", 1, CALL_LAZY},
	{"join", do_join, "value d attribute", 1, 0},
	{"reverse", do_reverse, "value", 1, 0},
	{"sort", do_sort, "value reverse case_sensitive attribute", 1, 0},
	{"dictsort", do_dictsort, "value case_sensitive by reverse", 1, 0},
	{"min", do_min, "value case_sensitive attribute", 1, 0},
	{"max", do_max, "value case_sensitive attribute", 1, 0},
	{"unique", do_unique, "a case_sensitive attribute", 1, 0},
	{"sum", do_sum, "iterable attribute start", 1, 0},
	{"slice", do_slice, "value slices fill_with", 2, 0},
	{"batch", do_batch, "value linecount fill_with", 2, 0},
	{"items", do_items, "value", 1, CALL_LAZY},
};

const struct filter_table template_filter_list_table = {entries,
							sizeof(entries) / sizeof(*entries)};
