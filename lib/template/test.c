#include "template/test.h"

#include <math.h>
#include <string.h>

#include "base/name.h"
#include "template/ast.h"
#include "template/filter.h"
#include "template/number.h"
#include "template/text.h"

/* What failed is not merely undefined: it stays what it is (ansible-core 2.19). */
static struct value *do_defined(struct call *call, struct value **a)
{
	(void)call;
	if (a[0]->kind == VALUE_UNDEFINED && a[0]->trouble->error)
		return value_keep(a[0]);
	return value_bool(a[0]->kind != VALUE_UNDEFINED);
}

static struct value *do_undefined(struct call *call, struct value **a)
{
	(void)call;
	if (a[0]->kind == VALUE_UNDEFINED && a[0]->trouble->error)
		return value_keep(a[0]);
	return value_bool(a[0]->kind == VALUE_UNDEFINED);
}

/* Tests of nothing but the kind of a value. */
static bool has_kind(const struct value *value, const char *test)
{
	uint8_t kind = value->kind;
	bool integer = kind == VALUE_INT || kind == VALUE_BIG;

	if (!strcmp(test, "none"))
		return kind == VALUE_NONE;
	if (!strcmp(test, "boolean"))
		return kind == VALUE_BOOL;
	if (!strcmp(test, "integer"))
		return integer;
	if (!strcmp(test, "float"))
		return kind == VALUE_FLOAT;
	if (!strcmp(test, "number"))
		return value_is_number(value);
	if (!strcmp(test, "string"))
		return kind == VALUE_STRING;
	if (!strcmp(test, "mapping"))
		return kind == VALUE_DICT;
	if (!strcmp(test, "callable"))
		return kind == VALUE_OBJECT && value->object.class->call;
	bool sequence = kind == VALUE_STRING || kind == VALUE_RANGE || kind == VALUE_DICT ||
			value_is_list(value) ||
			(kind == VALUE_OBJECT && value->object.class->sequence);
	return sequence; /* sequence and iterable */
}

static struct value *do_kind(struct call *call, struct value **a)
{
	return value_bool(has_kind(a[0], call->name));
}

static struct value *do_true(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(a[0]->kind == VALUE_BOOL && a[0]->boolean);
}

static struct value *do_false(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(a[0]->kind == VALUE_BOOL && !a[0]->boolean);
}

static struct value *remainder_is(struct call *call, struct value *number, struct value *divisor,
				  int64_t want)
{
	const char *problem = NULL;
	cleanup_value struct value *wanted = value_int(want);

	if (!value_is_number(divisor))
		number = divisor;
	if (!value_is_number(number))
		return template_call_fail(call, "%s needs a number, not a %s", call->name,
					  value_type(number));
	cleanup_value struct value *rest =
		template_number_calculate(NUMBER_MODULO, number, divisor, &problem);
	return rest ? value_bool(value_equal(rest, wanted))
		    : template_call_fail(call, "%s", problem);
}

static struct value *do_odd(struct call *call, struct value **a)
{
	cleanup_value struct value *two = value_int(2);

	return remainder_is(call, a[0], two, 1);
}

static struct value *do_even(struct call *call, struct value **a)
{
	cleanup_value struct value *two = value_int(2);

	return remainder_is(call, a[0], two, 0);
}

static struct value *do_divisibleby(struct call *call, struct value **a)
{
	return remainder_is(call, a[0], a[1], 0);
}

static struct value *has_case(struct call *call, struct value *value, const char *method)
{
	cleanup_value struct value *string = template_filter_string(value),
				   *name = value_text_of(method);
	cleanup_value struct value *function =
		template_eval_attribute(call->eval, call->node, string, name);
	cleanup_call struct call inner = {.eval = call->eval, .node = call->node};

	return template_call_value(&inner, function);
}

static struct value *do_lower(struct call *call, struct value **a)
{
	return has_case(call, a[0], "islower");
}

static struct value *do_upper(struct call *call, struct value **a)
{
	return has_case(call, a[0], "isupper");
}

static struct value *compared(struct call *call, struct value **a, enum compare_operator op)
{
	bool yes;

	return template_eval_compare_values(call->eval, call->node, op, a[0], a[1], &yes) < 0
		       ? NULL
		       : value_bool(yes);
}

static struct value *do_eq(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_EQUAL);
}

static struct value *do_ne(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_UNEQUAL);
}

static struct value *do_lt(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_LESS);
}

static struct value *do_le(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_LESS_EQUAL);
}

static struct value *do_gt(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_GREATER);
}

static struct value *do_ge(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_GREATER_EQUAL);
}

static struct value *do_in(struct call *call, struct value **a)
{
	return compared(call, a, COMPARE_IN);
}

static struct value *do_contains(struct call *call, struct value **a)
{
	struct value *swapped[] = {a[1], a[0]};

	return compared(call, swapped, COMPARE_IN);
}

/* Python's `is`: the singletons, equal constants of one template, and small things that Python
 * keeps once. */
static struct value *do_sameas(struct call *call, struct value **a)
{
	int64_t x, y;

	(void)call;
	if (a[0] == a[1])
		return value_bool(true);
	if (a[0]->kind != a[1]->kind)
		return value_bool(false);
	if (a[0]->kind == VALUE_STRING && a[0]->escaped != a[1]->escaped)
		return value_bool(false);
	bool constants = a[0]->refs < 0 && a[1]->refs < 0 && !value_is_list(a[0]) &&
			 a[0]->kind != VALUE_DICT;
	if (constants || a[0]->kind == VALUE_NONE || a[0]->kind == VALUE_BOOL)
		return value_bool(value_equal(a[0], a[1]));
	if (a[0]->kind == VALUE_INT && value_as_int(a[0], &x) && value_as_int(a[1], &y))
		return value_bool(x == y && x >= -5 && x <= 256);
	return value_bool(a[0]->kind == VALUE_STRING && a[0]->string.length < 2 &&
			  value_equal(a[0], a[1]));
}

static struct value *do_filter(struct call *call, struct value **a)
{
	(void)call;
	/* Ansible takes what is no name for one */
	return value_bool(a[0]->kind != VALUE_STRING || template_filter_find(a[0]->string.text));
}

static struct value *do_test(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(a[0]->kind != VALUE_STRING || template_test_find(a[0]->string.text));
}

static struct value *do_escaped(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(a[0]->kind == VALUE_STRING && a[0]->escaped);
}

static struct value *do_truthy(struct call *call, struct value **a)
{
	if (template_call_truth(a[1], false) && a[0]->kind == VALUE_STRING) {
		static const char *const no[] = {"no", "off", "false", "0", "n", "f"};
		cleanup_value struct value *folded = template_filter_fold(a[0]);
		size_t begin = 0, end = folded->string.length;
		template_text_strip(folded->string.text, &begin, &end, TEXT_BOTH, NULL, 0);
		cleanup_value struct value *word =
			value_string(folded->string.text + begin, end - begin);
		for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
			if (value_is_text(word, no[i]))
				return value_bool(false);
	}
	(void)call;
	return value_bool(value_true(a[0]));
}

static struct value *do_falsy(struct call *call, struct value **a)
{
	return value_bool(!do_truthy(call, a)->boolean);
}

static struct value *quantified(struct call *call, struct value *value, bool all)
{
	cleanup_value struct value *items = template_filter_items(call, value);

	for (size_t i = 0; items && i < items->list.n; i++)
		if (value_true(items->list.items[i]) != all)
			return value_bool(!all);
	return items ? value_bool(all) : NULL;
}

static struct value *do_any(struct call *call, struct value **a)
{
	return quantified(call, a[0], false);
}

static struct value *do_all(struct call *call, struct value **a)
{
	return quantified(call, a[0], true);
}

static bool all_hashable(struct call *call, const struct value *list)
{
	for (size_t i = 0; i < list->list.n; i++)
		if (!value_hashable(list->list.items[i]))
			return template_call_fail(call, "%s cannot look for a %s", call->name,
						  value_type(list->list.items[i]));
	return true;
}

static struct value *covers(struct call *call, struct value *small, struct value *large)
{
	cleanup_value struct value *inner = template_filter_items(call, small);
	cleanup_value struct value *outer = inner ? template_filter_items(call, large) : NULL;
	bool valid;

	if (outer && (!all_hashable(call, inner) || !all_hashable(call, outer)))
		return NULL;
	for (size_t i = 0; outer && i < inner->list.n; i++)
		if (!value_contains(outer, inner->list.items[i], &valid))
			return value_bool(false);
	return outer ? value_bool(true) : NULL;
}

static struct value *do_subset(struct call *call, struct value **a)
{
	return covers(call, a[0], a[1]);
}

static struct value *do_superset(struct call *call, struct value **a)
{
	return covers(call, a[1], a[0]);
}

static struct value *do_nan(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(a[0]->kind == VALUE_FLOAT && isnan(a[0]->real));
}

static const struct builtin entries[] = {
	{"defined", do_defined, "value", 1, CALL_UNDEFINED | CALL_LAZY},
	{"undefined", do_undefined, "value", 1, CALL_UNDEFINED | CALL_LAZY},
	{"none", do_kind, "value", 1, CALL_LAZY},
	{"boolean", do_kind, "value", 1, CALL_LAZY},
	{"integer", do_kind, "value", 1, CALL_LAZY},
	{"float", do_kind, "value", 1, CALL_LAZY},
	{"number", do_kind, "value", 1, CALL_LAZY},
	{"string", do_kind, "value", 1, CALL_LAZY},
	{"mapping", do_kind, "value", 1, CALL_LAZY},
	{"callable", do_kind, "value", 1, CALL_LAZY},
	{"sequence", do_kind, "value", 1, CALL_LAZY},
	{"iterable", do_kind, "value", 1, CALL_LAZY},
	{"true", do_true, "value", 1, CALL_LAZY},
	{"false", do_false, "value", 1, CALL_LAZY},
	{"odd", do_odd, "value", 1, 0},
	{"even", do_even, "value", 1, 0},
	{"divisibleby", do_divisibleby, "value num", 2, 0},
	{"lower", do_lower, "value", 1, 0},
	{"upper", do_upper, "value", 1, 0},
	{"eq", do_eq, "a b", 2, 0},
	{"equalto", do_eq, "a b", 2, 0},
	{"==", do_eq, "a b", 2, 0},
	{"ne", do_ne, "a b", 2, 0},
	{"!=", do_ne, "a b", 2, 0},
	{"lt", do_lt, "a b", 2, 0},
	{"lessthan", do_lt, "a b", 2, 0},
	{"<", do_lt, "a b", 2, 0},
	{"le", do_le, "a b", 2, 0},
	{"<=", do_le, "a b", 2, 0},
	{"gt", do_gt, "a b", 2, 0},
	{"greaterthan", do_gt, "a b", 2, 0},
	{">", do_gt, "a b", 2, 0},
	{"ge", do_ge, "a b", 2, 0},
	{">=", do_ge, "a b", 2, 0},
	{"in", do_in, "value seq", 2, 0},
	{"contains", do_contains, "seq value", 2, 0},
	{"sameas", do_sameas, "value other", 2, CALL_LAZY},
	{"filter", do_filter, "value", 1, 0},
	{"test", do_test, "value", 1, 0},
	{"escaped", do_escaped, "value", 1, CALL_LAZY},
	{"truthy", do_truthy, "value convert_bool", 1, 0},
	{"falsy", do_falsy, "value convert_bool", 1, 0},
	{"any", do_any, "iterable", 1, 0},
	{"all", do_all, "iterable", 1, 0},
	{"subset", do_subset, "a b", 2, 0},
	{"issubset", do_subset, "a b", 2, 0},
	{"superset", do_superset, "a b", 2, 0},
	{"issuperset", do_superset, "a b", 2, 0},
	{"nan", do_nan, "x", 1, 0},
	{"isnan", do_nan, "x", 1, 0},
};

#define ENTRIES (sizeof(entries) / sizeof(*entries))

const struct builtin *template_test_find(const char *name)
{
	const struct builtin *found = template_call_find(entries, ENTRIES, name);

	return found ? found
		     : template_call_find(template_test_text_table, template_test_text_count, name);
}

const char *template_test_nearest(const char *name)
{
	const char *names[128];
	size_t n = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		names[n++] = entries[i].name;
	for (size_t i = 0; i < template_test_text_count; i++)
		names[n++] = template_test_text_table[i].name;
	return name_nearest(name, names, n);
}
