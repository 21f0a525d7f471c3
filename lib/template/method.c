#include "template/method.h"

#include <string.h>

#include "base/mem.h"
#include "template/date.h"
#include "template/markup.h"
#include "template/sort.h"

/* What is written to must not belong to a scope, and nothing may come to contain itself. */
static bool may_change(struct call *call, struct value *self, const struct value *with)
{
	if (self->shared)
		return template_call_fail(
			call, "this %s belongs to a variable file and cannot be changed here",
			value_type(self));
	/* somebody may be writing what comes of a variable into it right now */
	if (self->lazy && call->eval->busy_count)
		return template_call_fail(call, "a variable must not change a %s of variables",
					  value_type(self));
	if (with && value_holds(with, self))
		return template_call_fail(call, "a %s cannot contain itself", value_type(self));
	return true;
}

static struct value *list_append(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], a[1]))
		return NULL;
	value_list_add(a[0], value_keep(a[1]));
	return value_none();
}

/* An item that is taken out of a container: as in Ansible what is undefined ends the method there,
 * and what it did before stays. Borrowed; NULL: raised. */
static struct value *taken(struct call *call, struct value *self, struct value *item)
{
	if (item && item->kind == VALUE_UNDEFINED && !item->trouble->lenient)
		return template_eval_trip(call->eval, item);
	return item && may_change(call, self, item) ? item : NULL;
}

static struct value *list_extend(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, a[1]);

	if (!items || !may_change(call, a[0], items == a[0] ? NULL : items))
		return NULL;
	size_t n = items->list.n;
	for (size_t i = 0; i < n; i++) {
		struct value *item = taken(call, a[0], template_eval_list_at(call->eval, items, i));
		if (!item)
			return NULL;
		value_list_add(a[0], value_keep(item));
	}
	return value_none();
}

static size_t clip_index(int64_t index, size_t length)
{
	if (index < 0)
		index += (int64_t)length;
	return index < 0 ? 0 : (size_t)index > length ? length : (size_t)index;
}

static struct value *list_insert(struct call *call, struct value **a)
{
	int64_t index;

	if (!template_call_int(call, a[1], 0, &index) || !may_change(call, a[0], a[2]))
		return NULL;
	value_list_add(a[0], value_keep(a[2]));
	size_t last = a[0]->list.n - 1, at = clip_index(index, last);
	memmove(&a[0]->list.items[at + 1], &a[0]->list.items[at],
		(last - at) * sizeof(struct value *));
	a[0]->list.items[at] = a[2];
	return value_none();
}

static struct value *take_item(struct value *list, size_t at)
{
	struct value *item = list->list.items[at];

	list->list.n--;
	memmove(&list->list.items[at], &list->list.items[at + 1],
		(list->list.n - at) * sizeof(struct value *));
	return item;
}

static struct value *list_pop(struct call *call, struct value **a)
{
	int64_t index, n = (int64_t)a[0]->list.n;

	if (!template_call_int(call, a[1], -1, &index) || !may_change(call, a[0], NULL))
		return NULL;
	if (index < 0)
		index += n;
	if (index < 0 || index >= n)
		return template_call_fail(call, "pop() from a list of %zu items: no such item",
					  a[0]->list.n);
	return take_item(a[0], (size_t)index);
}

static bool find_item(const struct value *list, const struct value *item, size_t from, size_t *ret)
{
	for (*ret = from; *ret < list->list.n; (*ret)++)
		if (value_equal(list->list.items[*ret], item))
			return true;
	return false;
}

static struct value *list_remove(struct call *call, struct value **a)
{
	size_t at;

	if (!may_change(call, a[0], NULL))
		return NULL;
	if (!find_item(a[0], a[1], 0, &at))
		return template_call_fail(call, "remove(): the list has no such item");
	value_unref(take_item(a[0], at));
	return value_none();
}

static struct value *list_index(struct call *call, struct value **a)
{
	int64_t from;
	size_t at;

	if (!template_call_int(call, a[2], 0, &from))
		return NULL;
	if (!find_item(a[0], a[1], clip_index(from, a[0]->list.n), &at))
		return template_call_fail(call, "index(): there is no such item");
	return value_int((int64_t)at);
}

static struct value *list_count(struct call *call, struct value **a)
{
	int64_t n = 0;

	(void)call;
	for (size_t i = 0; i < a[0]->list.n; i++)
		n += value_equal(a[0]->list.items[i], a[1]);
	return value_int(n);
}

static void reverse(struct value *list)
{
	for (size_t i = 0; i < list->list.n / 2; i++) {
		struct value *item = list->list.items[i];
		list->list.items[i] = list->list.items[list->list.n - 1 - i];
		list->list.items[list->list.n - 1 - i] = item;
	}
}

static struct value *list_reverse(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL))
		return NULL;
	reverse(a[0]);
	return value_none();
}

static struct value *do_list_sort(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL) ||
	    !template_sort_items(call, a[0]->list.items, a[0]->list.items, a[0]->list.n,
				 template_call_truth(a[1], false)))
		return NULL;
	return value_none();
}

static struct value *do_list_copy(struct call *call, struct value **a)
{
	struct value *copy = value_list_room(a[0]->list.n);

	(void)call;
	for (size_t i = 0; i < a[0]->list.n; i++)
		value_list_add(copy, value_keep(a[0]->list.items[i]));
	return copy;
}

static struct value *list_clear(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL))
		return NULL;
	while (a[0]->list.n)
		value_unref(a[0]->list.items[--a[0]->list.n]);
	return value_none();
}

static const struct builtin list_methods[] = {
	{"append", list_append, "list item", 2, CALL_LAZY},
	{"extend", list_extend, "list items", 2, CALL_LAZY},
	{"insert", list_insert, "list index item", 3, CALL_LAZY},
	{"pop", list_pop, "list index", 1, 0},
	{"remove", list_remove, "list item", 2, 0},
	{"reverse", list_reverse, "list", 1, CALL_LAZY},
	{"sort", do_list_sort, "list reverse", 1, 0},
	{"copy", do_list_copy, "list", 1, CALL_LAZY},
	{"clear", list_clear, "list", 1, CALL_LAZY},
	{"index", list_index, "list item start", 2, 0}, /* the rest is of tuples, too */
	{"count", list_count, "list item", 2, 0},
};

#define LIST_METHODS  (sizeof(list_methods) / sizeof(*list_methods))
#define TUPLE_METHODS 2

static struct value *dict_method_get(struct call *call, struct value **a)
{
	if (!value_hashable(a[1]))
		return template_call_fail(call, "a %s cannot be a key", value_type(a[1]));
	struct value *item = template_eval_dict_get(call->eval, a[0], a[1]);
	if (!item && call->eval->raised)
		return NULL;
	return item ? value_keep(item) : a[2] ? value_keep(a[2]) : value_none();
}

static struct value *dict_keys(struct call *call, struct value **a)
{
	return template_eval_items(call->eval, call->node, a[0]);
}

static struct value *dict_values(struct call *call, struct value **a)
{
	cleanup_value struct value *list = value_list_room(a[0]->dict.n);

	for (size_t i = 0; i < a[0]->dict.n; i++) {
		struct value *item = template_eval_dict_at(call->eval, a[0], i);
		if (!item)
			return NULL;
		value_list_add(list, value_keep(item));
	}
	return steal(&list);
}

static struct value *dict_items(struct call *call, struct value **a)
{
	cleanup_value struct value *list = value_list_room(a[0]->dict.n);

	for (size_t i = 0; i < a[0]->dict.n; i++) {
		struct value *item = template_eval_dict_at(call->eval, a[0], i);
		if (!item)
			return NULL;
		value_list_add(list, value_pair_of(value_keep(a[0]->dict.entries[i].key),
						   value_keep(item)));
	}
	return steal(&list);
}

static struct value *dict_pop(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL))
		return NULL;
	struct value *item =
		value_hashable(a[1]) ? template_eval_dict_get(call->eval, a[0], a[1]) : NULL;
	if (!item && call->eval->raised)
		return NULL;
	if (!item)
		return a[2] ? value_keep(a[2])
			    : template_call_fail(call, "pop(): there is no such key");
	value_keep(item);
	template_dict_remove(&a[0]->dict, template_dict_find(&a[0]->dict, a[1]));
	return item;
}

static struct value *dict_popitem(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL))
		return NULL;
	if (!a[0]->dict.n)
		return template_call_fail(call, "popitem(): the dict is empty");
	struct dict_entry *last = &a[0]->dict.entries[a[0]->dict.n - 1];
	struct value *pair = value_pair_of(value_keep(last->key), value_keep(last->item));
	template_dict_remove(&a[0]->dict, last);
	return pair;
}

static void put(struct value *dict, struct value *key, struct value *item)
{
	value_note(dict, item);
	template_dict_put(&dict->dict, value_keep(key), value_keep(item));
}

static bool update_pair(struct call *call, struct value *dict, struct value *pair)
{
	struct value *key = NULL, *item = NULL;

	if (value_is_list(pair) && pair->list.n == 2) {
		key = taken(call, dict, template_eval_list_at(call->eval, pair, 0));
		item = key ? taken(call, dict, template_eval_list_at(call->eval, pair, 1)) : NULL;
		if (!item)
			return false;
	}
	if (!key || !value_hashable(key))
		return template_call_fail(call,
					  "update() needs a dict or pairs of a key and a value");
	put(dict, key, item);
	return true;
}

static bool update_pairs(struct call *call, struct value *dict, struct value *from)
{
	cleanup_value struct value *pairs = template_eval_items(call->eval, call->node, from);

	for (size_t i = 0; pairs && i < pairs->list.n; i++) {
		struct value *pair = taken(call, dict, template_eval_list_at(call->eval, pairs, i));
		if (!pair || !update_pair(call, dict, pair))
			return false;
	}
	return pairs;
}

static bool update_dict(struct call *call, struct value *dict, struct value *from)
{
	for (size_t i = 0; i < from->dict.n; i++) {
		struct value *item = taken(call, dict, template_eval_dict_at(call->eval, from, i));
		if (!item)
			return false;
		put(dict, from->dict.entries[i].key, item);
	}
	return true;
}

static struct value *dict_update(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], a[1] && a[1] != a[0] ? a[1] : NULL))
		return NULL;
	if (a[1] && !(a[1]->kind == VALUE_DICT ? update_dict(call, a[0], a[1])
					       : update_pairs(call, a[0], a[1])))
		return NULL;
	for (size_t i = 0; i < call->named; i++) {
		if (!may_change(call, a[0], call->values[i]))
			return NULL;
		put(a[0], call->names[i], call->values[i]);
	}
	return value_none();
}

static struct value *dict_setdefault(struct call *call, struct value **a)
{
	if (!value_hashable(a[1]))
		return template_call_fail(call, "a %s cannot be a key", value_type(a[1]));
	struct value *item = template_eval_dict_get(call->eval, a[0], a[1]);
	if (item || call->eval->raised)
		return item ? value_keep(item) : NULL;
	item = a[2] ? a[2] : value_none();
	if (!may_change(call, a[0], item))
		return NULL;
	put(a[0], a[1], item);
	return value_keep(item);
}

static struct value *dict_copy(struct call *call, struct value **a)
{
	struct value *copy = value_dict();

	(void)call;
	for (size_t i = 0; i < a[0]->dict.n; i++)
		put(copy, a[0]->dict.entries[i].key, a[0]->dict.entries[i].item);
	return copy;
}

static struct value *dict_method_clear(struct call *call, struct value **a)
{
	if (!may_change(call, a[0], NULL))
		return NULL;
	template_dict_clear(&a[0]->dict);
	return value_none();
}

static const struct builtin dict_methods[] = {
	{"get", dict_method_get, "dict key default", 2, CALL_LAZY},
	{"keys", dict_keys, "dict", 1, CALL_LAZY},
	{"values", dict_values, "dict", 1, CALL_LAZY},
	{"items", dict_items, "dict", 1, CALL_LAZY},
	{"pop", dict_pop, "dict key default", 2, CALL_LAZY},
	{"popitem", dict_popitem, "dict", 1, 0},
	{"update", dict_update, "dict other", 1, CALL_LAZY | CALL_REST},
	{"setdefault", dict_setdefault, "dict key default", 2, CALL_LAZY},
	{"copy", dict_copy, "dict", 1, CALL_LAZY},
	{"clear", dict_method_clear, "dict", 1, CALL_LAZY},
};

#define DICT_METHODS (sizeof(dict_methods) / sizeof(*dict_methods))

const struct builtin *template_method_builtin(const struct value *self, const char *name)
{
	const struct builtin *method;

	switch ((enum value_kind)self->kind) {
	case VALUE_STRING:
		method = template_call_find(template_method_text_table, template_method_text_count,
					    name);
		if (!method)
			method = template_call_find(template_method_find_table,
						    template_method_find_count, name);
		return method || !self->escaped ? method : template_markup_own(name);
	case VALUE_LIST:
		return template_call_find(list_methods, LIST_METHODS, name);
	case VALUE_TUPLE:
		return template_call_find(list_methods + LIST_METHODS - TUPLE_METHODS,
					  TUPLE_METHODS, name);
	case VALUE_DICT:
		return template_call_find(dict_methods, DICT_METHODS, name);
	default:
		return NULL;
	}
}

struct value *template_method_find(struct value *self, const char *name)
{
	const struct builtin *method = template_method_builtin(self, name);

	if (method)
		return template_call_bound(method, self);
	if (value_is_number(self))
		return template_method_number(self, name);
	if (self->kind == VALUE_RANGE)
		return template_method_range(self, name);
	if (self->kind == VALUE_DATE || self->kind == VALUE_SPAN)
		return template_date_attribute(self, name);
	return NULL;
}

static void add_names(const struct builtin *table, size_t count, struct list *names)
{
	for (size_t i = 0; i < count; i++)
		list_add_new(names, table[i].name);
}

void template_method_names(const struct value *self, struct list *names)
{
	if (self->kind == VALUE_STRING) {
		add_names(template_method_text_table, template_method_text_count, names);
		add_names(template_method_find_table, template_method_find_count, names);
	} else if (self->kind == VALUE_LIST) {
		add_names(list_methods, LIST_METHODS, names);
	} else if (self->kind == VALUE_DICT) {
		add_names(dict_methods, DICT_METHODS, names);
	}
}

bool template_method_refused(const struct value *self, const char *name)
{
	static const struct {
		uint8_t kind;
		const char *name;
	} refused[] = {
		{VALUE_STRING, "encode"},
		{VALUE_STRING, "translate"},
		{VALUE_STRING, "maketrans"},
		{VALUE_DICT, "fromkeys"},
		{VALUE_INT, "to_bytes"},
		{VALUE_INT, "from_bytes"},
		{VALUE_INT, "as_integer_ratio"},
		{VALUE_INT, "bit_count"},
		{VALUE_INT, "conjugate"},
		{VALUE_FLOAT, "as_integer_ratio"},
		{VALUE_FLOAT, "hex"},
		{VALUE_FLOAT, "fromhex"},
		{VALUE_FLOAT, "conjugate"},
		{VALUE_DATE, "astimezone"},
		{VALUE_DATE, "isocalendar"},
		{VALUE_DATE, "timetuple"},
		{VALUE_DATE, "time"},
		{VALUE_DATE, "tzinfo"},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (refused[i].kind == self->kind && !strcmp(refused[i].name, name))
			return true;
	return false;
}

bool template_method_of_dict(const char *name)
{
	return template_call_find(dict_methods, DICT_METHODS, name);
}

bool template_method_mutates(const char *name)
{
	static const char *const names[] = {"append", "extend",	 "insert",    "pop",
					    "remove", "reverse", "sort",      "update",
					    "clear",  "popitem", "setdefault"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}
