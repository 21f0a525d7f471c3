#include "template/digits.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/number.h"

static size_t digits_of(const struct value *big)
{
	cleanup_free char *digits = template_number_digits(big, 10);

	return strlen(digits) - (*digits == '-');
}

static bool is_long(const struct eval *eval, const struct value *value)
{
	/* a digit has more than 3.3 bits */
	return value->kind == VALUE_BIG &&
	       (double)BN_num_bits(value->big) > 3.3 * (eval->limits.digits - 1) &&
	       digits_of(value) > (size_t)eval->limits.digits;
}

void template_digits_note(struct eval *eval, const struct value *number)
{
	if (number->kind == VALUE_BIG && !eval->long_integers)
		eval->long_integers = is_long(eval, number);
}

static const struct value *find(const struct eval *eval, const struct value *value, int depth)
{
	const struct value *found = is_long(eval, value) ? value : NULL;

	if (depth > VALUE_DEEPEST)
		return NULL;
	for (size_t i = 0; !found && value_is_list(value) && i < value->list.n; i++)
		found = find(eval, value->list.items[i], depth + 1);
	for (size_t i = 0; !found && value->kind == VALUE_DICT && i < value->dict.n; i++) {
		found = find(eval, value->dict.entries[i].key, depth + 1);
		if (!found)
			found = find(eval, value->dict.entries[i].item, depth + 1);
	}
	return found;
}

bool template_digits_fit(struct eval *eval, const struct node *node, const struct value *value)
{
	cleanup_err struct err err = ERR_INIT;
	const struct value *found = eval->long_integers ? find(eval, value, 0) : NULL;

	if (!found)
		return true;
	err_set(&err, ERR_INVALID, "an integer of %zu digits is too long to be printed",
		digits_of(found));
	err_hint(&err, "if that is meant, raise limits.digits in desired.yaml");
	template_eval_fail_err(eval, node, &err);
	return false;
}

/* What takes a number, or things that hold some, and writes none. */
static bool only_calculates(const char *name)
{
	static const char *const names[] = {
		"!=",	       "<",	      "<=",	    "==",
		">",	       ">=",	      "abs",	    "append",
		"batch",       "boolean",     "clear",	    "combine",
		"copy",	       "count",	      "d",	    "default",
		"defined",     "dict2items",  "difference", "divisibleby",
		"eq",	       "equalto",     "even",	    "extend",
		"first",       "flatten",     "float",	    "ge",
		"get",	       "greaterthan", "gt",	    "in",
		"index",       "insert",      "int",	    "integer",
		"intersect",   "items",	      "iterable",   "keys",
		"last",	       "le",	      "length",	    "lessthan",
		"list",	       "log",	      "lt",	    "map",
		"mapping",     "max",	      "min",	    "ne",
		"none",	       "number",      "odd",	    "pop",
		"pow",	       "reject",      "rejectattr", "remove",
		"reverse",     "root",	      "round",	    "sameas",
		"select",      "selectattr",  "sequence",   "setdefault",
		"slice",       "sort",	      "sum",	    "symmetric_difference",
		"ternary",     "type_debug",  "undefined",  "union",
		"unique",      "update",      "values",	    "zip",
		"zip_longest",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

bool template_digits_pass(struct eval *eval, const struct node *node, const char *name,
			  struct value *const *arguments, size_t count)
{
	if (!eval->long_integers || only_calculates(name))
		return true;
	for (size_t i = 0; i < count; i++)
		if (!template_digits_fit(eval, node, arguments[i]))
			return false;
	return true;
}
