#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/python_set.h"

/*
 * Ansible makes sets of the lists. Numbers come out in the order of their hashes, always the same
 * one; the order of strings is another in every process of Python, and here that of the lists. What
 * cannot be in a set (lists, dicts) is compared one by one, in the order of the lists.
 */
struct bag {
	struct value *list;
	struct value *index; /* dict of the items; NULL when they are not hashable */
};

static void bag_init(struct bag *bag, struct value *list_stolen)
{
	*bag = (struct bag){list_stolen, value_dict()};
	for (size_t i = 0; i < bag->list->list.n && bag->index; i++) {
		struct value *item = bag->list->list.items[i];
		if (value_hashable(item)) {
			template_dict_put(&bag->index->dict, value_keep(item), value_none());
			continue;
		}
		value_unref(bag->index);
		bag->index = NULL;
	}
}

static bool bag_has(const struct bag *bag, const struct value *item)
{
	bool valid;

	if (!bag->index)
		return value_contains(bag->list, item, &valid);
	return value_hashable(item) && template_dict_get(&bag->index->dict, item);
}

static void bag_add_new(struct bag *bag, struct value *item)
{
	if (bag_has(bag, item))
		return;
	value_list_add(bag->list, value_keep(item));
	if (bag->index && value_hashable(item)) {
		template_dict_put(&bag->index->dict, value_keep(item), value_none());
	} else {
		value_unref(bag->index);
		bag->index = NULL;
	}
}

static void bag_done(struct bag *bag)
{
	value_unref(bag->list);
	value_unref(bag->index);
}

#define cleanup_bag __attribute__((cleanup(bag_done)))

static void keep_where(struct bag *to, const struct bag *from, const struct bag *other, bool wanted)
{
	for (size_t i = 0; i < from->list->list.n; i++)
		if (bag_has(other, from->list->list.items[i]) == wanted)
			bag_add_new(to, from->list->list.items[i]);
}

static void add_all(struct bag *to, const struct bag *from)
{
	for (size_t i = 0; i < from->list->list.n; i++)
		bag_add_new(to, from->list->list.items[i]);
}

static struct value *operate(struct call *call, struct value **a,
			     enum python_set_operation operation)
{
	cleanup_bag struct bag left = {0}, right = {0}, result = {0};
	cleanup_value struct value *first = template_filter_items(call, a[0]);
	cleanup_value struct value *second = first ? template_filter_items(call, a[1]) : NULL;

	if (!second)
		return NULL;
	if (template_python_set_can(first) && template_python_set_can(second))
		return template_python_set_operate(operation, first, second);
	uint64_t pairs = (uint64_t)first->list.n * second->list.n;
	bag_init(&left, steal(&first));
	bag_init(&right, steal(&second));
	bag_init(&result, value_list());
	if ((!left.index || !right.index) && !template_eval_step(call->eval, call->node, pairs / 8))
		return NULL;
	if (operation == PYTHON_SET_UNION) {
		add_all(&result, &left);
		add_all(&result, &right);
	} else {
		keep_where(&result, &left, &right, operation == PYTHON_SET_INTERSECTION);
	}
	if (operation == PYTHON_SET_SYMMETRIC_DIFFERENCE)
		keep_where(&result, &right, &left, false);
	return steal(&result.list);
}

static struct value *do_union(struct call *call, struct value **a)
{
	return operate(call, a, PYTHON_SET_UNION);
}

static struct value *do_intersect(struct call *call, struct value **a)
{
	return operate(call, a, PYTHON_SET_INTERSECTION);
}

static struct value *do_difference(struct call *call, struct value **a)
{
	return operate(call, a, PYTHON_SET_DIFFERENCE);
}

static struct value *do_symmetric_difference(struct call *call, struct value **a)
{
	return operate(call, a, PYTHON_SET_SYMMETRIC_DIFFERENCE);
}

/* All arguments as lists, in a list. */
static struct value *columns(struct call *call)
{
	cleanup_value struct value *lists = value_list();

	for (size_t i = 0; i < call->count; i++) {
		struct value *items = template_filter_items(call, call->args[i]);
		if (!items)
			return NULL;
		value_list_add(lists, items);
	}
	return steal(&lists);
}

static struct value *zip(struct call *call, bool longest, struct value *fill)
{
	cleanup_value struct value *lists = columns(call), *rows = value_list();
	size_t n = 0;

	for (size_t i = 0; lists && i < lists->list.n; i++) {
		size_t m = lists->list.items[i]->list.n;
		n = i == 0 || (longest ? m > n : m < n) ? m : n;
	}
	for (size_t row = 0; lists && row < n; row++) {
		struct value *tuple = value_tuple(lists->list.n);
		for (size_t i = 0; i < lists->list.n; i++) {
			const struct value *column = lists->list.items[i];
			value_list_add(
				tuple,
				value_keep(row < column->list.n ? column->list.items[row] : fill));
		}
		value_list_add(rows, tuple);
	}
	return lists ? steal(&rows) : NULL;
}

static struct value *do_zip(struct call *call, struct value **a)
{
	(void)a;
	return zip(call, false, value_none());
}

static struct value *do_zip_longest(struct call *call, struct value **a)
{
	struct value *fill = value_none();

	(void)a;
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], "fillvalue"))
			fill = call->values[i];
		else
			return template_call_fail(call, "zip_longest has no argument '%s'",
						  call->names[i]->string.text);
	return zip(call, true, fill);
}

/* Every way to take one of each list, the last one turning fastest. */
static struct value *do_product(struct call *call, struct value **a)
{
	cleanup_value struct value *lists = columns(call), *rows = value_list();
	uint64_t total = 1;
	int64_t repeat = 1;

	(void)a;
	for (size_t i = 0; i < call->named; i++)
		if (!value_is_text(call->names[i], "repeat"))
			return template_call_fail(call, "product has no argument '%s'",
						  call->names[i]->string.text);
		else if (!template_call_int(call, call->values[i], 1, &repeat))
			return NULL;
	if (repeat < 0 || repeat > 64)
		return template_call_fail(call, "product repeats 0 to 64 times");
	size_t once = lists ? lists->list.n : 0;
	for (size_t i = once; i < once * (size_t)repeat; i++)
		value_list_add(lists, value_keep(lists->list.items[i - once]));
	while (lists && !repeat && lists->list.n)
		value_unref(lists->list.items[--lists->list.n]);
	for (size_t i = 0; lists && i < lists->list.n; i++)
		if (__builtin_mul_overflow(total, lists->list.items[i]->list.n, &total))
			total = UINT64_MAX / 2;
	if (!lists || !template_eval_step(call->eval, call->node, total))
		return NULL;
	for (uint64_t row = 0; row < total; row++) {
		struct value *tuple = value_tuple(lists->list.n);
		uint64_t below = total;
		for (size_t i = 0; i < lists->list.n; i++) {
			const struct value *column = lists->list.items[i];
			below /= column->list.n;
			value_list_add(
				tuple,
				value_keep(column->list.items[row / below % column->list.n]));
		}
		value_list_add(rows, tuple);
	}
	return steal(&rows);
}

struct choice {
	struct call *call;
	const struct value *items;
	size_t size;
	bool ordered; /* permutations */
	size_t chosen[64];
	struct value *rows;
};

static bool is_chosen(const struct choice *choice, size_t depth, size_t i)
{
	for (size_t j = 0; j < depth; j++)
		if (choice->chosen[j] == i)
			return true;
	return false;
}

static bool choose(struct choice *choice, size_t depth)
{
	if (!template_eval_step(choice->call->eval, choice->call->node, 1))
		return false;
	if (depth == choice->size) {
		struct value *tuple = value_tuple(choice->size);
		for (size_t j = 0; j < choice->size; j++)
			value_list_add(tuple,
				       value_keep(choice->items->list.items[choice->chosen[j]]));
		value_list_add(choice->rows, tuple);
		return true;
	}
	size_t first = choice->ordered || !depth ? 0 : choice->chosen[depth - 1] + 1;
	for (size_t i = first; i < choice->items->list.n; i++) {
		if (choice->ordered && is_chosen(choice, depth, i))
			continue;
		choice->chosen[depth] = i;
		if (!choose(choice, depth + 1))
			return false;
	}
	return true;
}

static struct value *choices(struct call *call, struct value **a, bool ordered)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]), *rows = value_list();
	int64_t size;

	if (!items || !template_call_int(call, a[1], (int64_t)items->list.n, &size))
		return NULL;
	if (size < 0 || size > 64)
		return template_call_fail(call, "%s takes from 0 to 64 items at a time",
					  call->name);
	struct choice choice = {call, items, (size_t)size, ordered, {0}, rows};
	return choose(&choice, 0) ? steal(&rows) : NULL;
}

static struct value *do_permutations(struct call *call, struct value **a)
{
	return choices(call, a, true);
}

static struct value *do_combinations(struct call *call, struct value **a)
{
	return choices(call, a, false);
}

static bool is_null(const struct value *value)
{
	return value->kind == VALUE_NONE || value_is_text(value, "None") ||
	       value_is_text(value, "null");
}

static void flatten(const struct value *from, int64_t levels, bool skip_nulls, int depth,
		    struct value *to)
{
	for (size_t i = 0; i < from->list.n; i++) {
		struct value *item = from->list.items[i];
		if (skip_nulls && is_null(item))
			continue;
		if (value_is_list(item) && levels != 0 && depth < VALUE_DEEPEST)
			flatten(item, levels - 1, skip_nulls, depth + 1, to);
		else
			value_list_add(to, value_keep(item));
	}
}

static struct value *do_flatten(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	int64_t levels;

	if (!items || !template_call_int(call, a[1], -1, &levels))
		return NULL;
	struct value *list = value_list();
	flatten(items, levels, template_call_truth(a[2], true), 0, list);
	return list;
}

static const struct builtin entries[] = {
	{"union", do_union, "a b", 2, 0},
	{"intersect", do_intersect, "a b", 2, 0},
	{"difference", do_difference, "a b", 2, 0},
	{"symmetric_difference", do_symmetric_difference, "a b", 2, 0},
	{"zip", do_zip, "a", 1, CALL_REST},
	{"zip_longest", do_zip_longest, "a", 1, CALL_REST},
	{"product", do_product, "a", 1, CALL_REST},
	{"permutations", do_permutations, "a r", 1, 0},
	{"combinations", do_combinations, "a r", 2, 0},
	{"flatten", do_flatten, "mylist levels skip_nulls", 1, 0},
};

const struct filter_table template_filter_set_table = {entries, sizeof(entries) / sizeof(*entries)};
