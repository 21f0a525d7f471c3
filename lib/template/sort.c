#include "template/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct sorted {
	struct value *item, *key;
};

/* Merges two sorted halves; false when two keys have no order. */
static bool merge(struct sorted *from, size_t middle, size_t n, struct sorted *to, bool reverse,
		  const struct sorted **ret_left, const struct sorted **ret_right)
{
	size_t left = 0, right = middle;

	for (size_t i = 0; i < n; i++) {
		int order = 0;
		if (left < middle && right < n) {
			*ret_left = &from[left];
			*ret_right = &from[right];
			if (!value_order(from[right].key, from[left].key, &order))
				return false;
		}
		bool take_right = left == middle ||
				  (right < n && (reverse ? order > 0 && order != 2 : order < 0));
		to[i] = take_right ? from[right++] : from[left++];
	}
	return true;
}

static bool sort(struct sorted *items, size_t n, struct sorted *room, bool reverse,
		 const struct sorted **ret_left, const struct sorted **ret_right)
{
	size_t middle = n / 2;

	if (n < 2)
		return true;
	if (!sort(items, middle, room, reverse, ret_left, ret_right) ||
	    !sort(items + middle, n - middle, room, reverse, ret_left, ret_right) ||
	    !merge(items, middle, n, room, reverse, ret_left, ret_right))
		return false;
	memcpy(items, room, n * sizeof(*items));
	return true;
}

/* The parts of two tuples that differ, or the two themselves. */
static void find_difference(const struct value **a, const struct value **b)
{
	while (value_is_list(*a) && (*b)->kind == (*a)->kind) {
		size_t i = 0, n = (*a)->list.n < (*b)->list.n ? (*a)->list.n : (*b)->list.n;
		while (i < n && value_equal((*a)->list.items[i], (*b)->list.items[i]))
			i++;
		if (i == n)
			return;
		const struct value *next = (*a)->list.items[i];
		*b = (*b)->list.items[i];
		*a = next;
	}
}

static void fail(struct call *call, const struct value *a, const struct value *b)
{
	find_difference(&a, &b);
	template_call_fail(call, "%s cannot order a %s and a %s", call->name, value_type(a),
			   value_type(b));
}

bool template_sort_items(struct call *call, struct value **items, struct value **keys, size_t n,
			 bool reverse)
{
	struct sorted *all = mem_alloc(2 * n * sizeof(*all));
	const struct sorted *left = NULL, *right = NULL;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct sorted){items[i], keys[i]};
	bool ok = sort(all, n, all + n, reverse, &left, &right);
	if (!ok)
		fail(call, left->key, right->key);
	for (size_t i = 0; ok && i < n; i++) {
		items[i] = all[i].item;
		keys[i] = all[i].key;
	}
	free(all);
	return ok;
}
