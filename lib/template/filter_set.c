#include <string.h>

#include "base/mem.h"
#include "template/filter.h"

/* Python's sets have no order that could be promised; here it is that of the first list. */

static bool has(const struct value *list, const struct value *item)
{
	bool valid;

	return value_contains(list, item, &valid);
}

static void add_new(struct value *list, struct value *item)
{
	if (!has(list, item))
		value_list_add(list, value_keep(item));
}

struct pair {
	struct value *left, *right;
};

static bool both(struct call *call, struct value **a, struct pair *ret)
{
	ret->left = template_filter_items(call, a[0]);
	ret->right = ret->left ? template_filter_items(call, a[1]) : NULL;
	return ret->right &&
	       template_eval_step(call->eval, call->node,
				  (uint64_t)ret->left->list.n * ret->right->list.n / 8);
}

static void pair_done(struct pair *pair)
{
	value_unref(pair->left);
	value_unref(pair->right);
}

#define cleanup_pair __attribute__((cleanup(pair_done)))

static void keep_where(struct value *to, const struct value *from, const struct value *other,
		       bool wanted)
{
	for (size_t i = 0; i < from->list.n; i++)
		if (has(other, from->list.items[i]) == wanted)
			add_new(to, from->list.items[i]);
}

static struct value *do_union(struct call *call, struct value **a)
{
	cleanup_pair struct pair pair = {0};

	if (!both(call, a, &pair))
		return NULL;
	struct value *list = value_list();
	for (size_t i = 0; i < pair.left->list.n; i++)
		add_new(list, pair.left->list.items[i]);
	for (size_t i = 0; i < pair.right->list.n; i++)
		add_new(list, pair.right->list.items[i]);
	return list;
}

static struct value *filtered(struct call *call, struct value **a, bool wanted, bool symmetric)
{
	cleanup_pair struct pair pair = {0};

	if (!both(call, a, &pair))
		return NULL;
	struct value *list = value_list();
	keep_where(list, pair.left, pair.right, wanted);
	if (symmetric)
		keep_where(list, pair.right, pair.left, wanted);
	return list;
}

static struct value *do_intersect(struct call *call, struct value **a)
{
	return filtered(call, a, true, false);
}

static struct value *do_difference(struct call *call, struct value **a)
{
	return filtered(call, a, false, false);
}

static struct value *do_symmetric_difference(struct call *call, struct value **a)
{
	return filtered(call, a, false, true);
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
	return zip(call, true, fill);
}

/* Every way to take one of each list, the last one turning fastest. */
static struct value *do_product(struct call *call, struct value **a)
{
	cleanup_value struct value *lists = columns(call), *rows = value_list();
	uint64_t total = 1;

	(void)a;
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
