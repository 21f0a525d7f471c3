/* template/sort: Python's sorted(): stable, by keys, with an error for what has no order. */
#pragma once

#include "template/call.h"

/* Sorts items by keys (which may be the same array); both have n entries. False after
 * template_call_fail. */
bool template_sort_items(struct call *call, struct value **items, struct value **keys, size_t n,
			 bool reverse);
