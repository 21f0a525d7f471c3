#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/number.h"
#include "template/random.h"

#define REMEDY "give it a seed: seed=inventory_hostname"

static bool is_integer(const struct value *value)
{
	return value->kind == VALUE_BOOL || value->kind == VALUE_INT || value->kind == VALUE_BIG;
}

/* (width + step -+ 1) // step: how many numbers there are to choose from. */
static struct value *choices(const struct value *width, const struct value *step)
{
	const char *problem = NULL;
	cleanup_value struct value *one = value_int(1), *zero = value_int(0);
	cleanup_value struct value *sum =
		template_number_calculate(NUMBER_ADD, width, step, &problem);
	cleanup_value struct value *above = template_number_calculate(
		template_number_compare(step, zero) > 0 ? NUMBER_SUBTRACT : NUMBER_ADD, sum, one,
		&problem);

	return template_number_calculate(NUMBER_FLOOR_DIVIDE, above, step, &problem);
}

/* randrange(start, end, step) */
static struct value *one_of_range(struct call *call, struct random *random, struct value *start,
				  struct value *end, struct value *step)
{
	const char *problem = NULL;
	cleanup_value struct value *zero = value_int(0), *one = value_int(1);

	if (!start || !value_true(start))
		start = zero;
	if (!step || !value_true(step))
		step = one;
	if (!is_integer(start) || !is_integer(step))
		return template_call_fail(call, "random needs whole numbers as start and step");
	cleanup_value struct value *width =
		template_number_calculate(NUMBER_SUBTRACT, end, start, &problem);
	cleanup_value struct value *n = choices(width, step);
	if (template_number_compare(n, zero) <= 0)
		return template_call_fail(call, "random has no number to choose from");
	cleanup_value struct value *drawn = template_random_below_value(random, n);
	cleanup_value struct value *offset =
		template_number_calculate(NUMBER_MULTIPLY, drawn, step, &problem);
	return template_number_calculate(NUMBER_ADD, start, offset, &problem);
}

static struct value *do_random(struct call *call, struct value **a)
{
	struct random random;

	if (!template_random_init(call, a[3], REMEDY, &random))
		return NULL;
	if (is_integer(a[0]))
		return one_of_range(call, &random, a[1], a[0], a[2]);
	if (value_is_number(a[0]) || a[0]->kind == VALUE_DICT)
		return template_call_fail(call,
					  "random chooses from lists and up to integers, "
					  "not from a %s",
					  value_type(a[0]));
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	if (!items)
		return NULL;
	if ((a[1] && value_true(a[1])) || (a[2] && value_true(a[2])))
		return template_call_fail(call, "start and step are for numbers only");
	if (!items->list.n)
		return template_call_fail(call, "random cannot choose from an empty list");
	return value_keep(items->list.items[template_random_below(&random, items->list.n)]);
}

/* What is no list stays as it is. */
static struct value *do_shuffle(struct call *call, struct value **a)
{
	struct random random;
	const struct value *seed = a[1] && value_true(a[1]) ? a[1] : NULL;

	if (value_is_number(a[0]) || a[0]->kind == VALUE_NONE)
		return value_keep(a[0]);
	cleanup_value struct value *items = template_filter_items(call, a[0]);
	if (!items || !template_random_init(call, seed, REMEDY, &random))
		return NULL;
	struct value *list = value_list_room(items->list.n);
	for (size_t i = 0; i < items->list.n; i++)
		value_list_add(list, value_keep(items->list.items[i]));
	for (size_t i = list->list.n; i-- > 1;) {
		size_t j = template_random_below(&random, i + 1);
		struct value *item = list->list.items[i];
		list->list.items[i] = list->list.items[j];
		list->list.items[j] = item;
	}
	return list;
}

static const struct builtin entries[] = {
	{"random", do_random, "end start step seed", 1, 0},
	{"shuffle", do_shuffle, "mylist seed", 1, 0},
};

const struct filter_table template_filter_random_table = {entries,
							  sizeof(entries) / sizeof(*entries)};
