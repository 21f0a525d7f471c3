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

bool template_sort_items(struct call *call, struct value **items, struct value **keys, size_t n,
			 bool reverse)
{
	struct sorted *all = mem_alloc(2 * n * sizeof(*all));
	const struct sorted *left = NULL, *right = NULL;

	for (size_t i = 0; i < n; i++)
		all[i] = (struct sorted){items[i], keys[i]};
	bool ok = sort(all, n, all + n, reverse, &left, &right);
	if (!ok)
		template_call_fail(call, "%s cannot order a %s and a %s", call->name,
				   value_type(left->key), value_type(right->key));
	for (size_t i = 0; ok && i < n; i++) {
		items[i] = all[i].item;
		keys[i] = all[i].key;
	}
	free(all);
	return ok;
}
