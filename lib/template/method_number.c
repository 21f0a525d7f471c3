#include <math.h>
#include <string.h>

#include "template/method.h"
#include "template/number.h"

/* What templates can ask of numbers and ranges. */

static struct value *do_bit_length(struct call *call, struct value **a)
{
	int64_t integer;

	(void)call;
	if (a[0]->kind == VALUE_BIG)
		return value_int(BN_num_bits(a[0]->big));
	value_as_int(a[0], &integer);
	uint64_t size = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
	return value_int(size ? 64 - __builtin_clzll(size) : 0);
}

static struct value *do_is_integer(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(isfinite(a[0]->real) && a[0]->real == floor(a[0]->real));
}

static const struct builtin integer_methods[] = {
	{"bit_length", do_bit_length, "int", 1, 0},
};

static const struct builtin float_methods[] = {
	{"is_integer", do_is_integer, "float", 1, 0},
};

struct value *template_method_number(struct value *self, const char *name)
{
	bool real = self->kind == VALUE_FLOAT;
	int64_t integer;

	if (!strcmp(name, "real") || (!strcmp(name, "numerator") && !real))
		return self->kind == VALUE_BOOL && value_as_int(self, &integer) ? value_int(integer)
										: value_keep(self);
	if (!strcmp(name, "imag"))
		return real ? value_float(0) : value_int(0);
	if (!strcmp(name, "denominator") && !real)
		return value_int(1);
	const struct builtin *method =
		template_call_find(real ? float_methods : integer_methods, 1, name);
	return method ? template_call_bound(method, self) : NULL;
}

/* Where a number stands in a range; false when it does not. */
static bool find(const struct value *range, const struct value *item, int64_t *ret)
{
	bool valid;
	cleanup_value struct value *number =
		value_is_number(item) ? template_number_truncate(item) : NULL;

	if (!number || !value_contains(range, item, &valid) || !value_as_int(number, ret))
		return false;
	*ret = (*ret - range->range.start) / range->range.step;
	return true;
}

static struct value *do_count(struct call *call, struct value **a)
{
	int64_t at;

	(void)call;
	return value_int(find(a[0], a[1], &at));
}

static struct value *do_index(struct call *call, struct value **a)
{
	int64_t at;

	return find(a[0], a[1], &at)
		       ? value_int(at)
		       : template_call_fail(call, "index(): the range has no such number");
}

static const struct builtin range_methods[] = {
	{"count", do_count, "range value", 2, 0},
	{"index", do_index, "range value", 2, 0},
};

struct value *template_method_range(struct value *self, const char *name)
{
	if (!strcmp(name, "start"))
		return value_int(self->range.start);
	if (!strcmp(name, "stop"))
		return value_int(self->range.stop);
	if (!strcmp(name, "step"))
		return value_int(self->range.step);
	const struct builtin *method = template_call_find(range_methods, 2, name);
	return method ? template_call_bound(method, self) : NULL;
}
