#include "tree/match.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool tree_match_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static bool is_one_of(const char *key, const char *const *known, size_t count)
{
	for (size_t i = 0; key && i < count; i++)
		if (!strcmp(key, known[i]))
			return true;
	return false;
}

#define IS_ONE_OF(key, known) is_one_of(key, known, sizeof(known) / sizeof(*(known)))

static bool is_quantity(const char *parent, const char *key)
{
	static const char *const parents[] = {"limits",	  "requests",	"capacity",
					      "hard",	  "default",	"defaultRequest",
					      "overhead", "allocatable"};
	static const char *const keys[] = {"sizeLimit", "divisor"};

	return IS_ONE_OF(parent, parents) || IS_ONE_OF(key, keys);
}

/* What a suffix of a quantity stands for; 0 when it is none. */
static double factor_of(const char *suffix)
{
	static const struct {
		const char *suffix;
		double factor;
	} factors[] = {
		{"", 1},	{"n", 1e-9},	{"u", 1e-6},	{"m", 1e-3},
		{"k", 1e3},	{"M", 1e6},	{"G", 1e9},	{"T", 1e12},
		{"P", 1e15},	{"E", 1e18},	{"Ki", 0x1p10}, {"Mi", 0x1p20},
		{"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
	};

	for (size_t i = 0; i < sizeof(factors) / sizeof(*factors); i++)
		if (!strcmp(factors[i].suffix, suffix))
			return factors[i].factor;
	return 0;
}

static bool read_quantity(const json_t *value, double *ret)
{
	const char *text = json_string_value(value);
	char *suffix;

	if (json_is_number(value)) {
		*ret = json_number_value(value);
		return true;
	}
	if (!text || !*text || strspn(text, "+-.0123456789") == 0)
		return false;
	double number = strtod(text, &suffix), factor = factor_of(suffix);
	*ret = number * factor;
	return suffix != text && factor != 0;
}

bool tree_match_means(const json_t *live, const json_t *wanted, const char *parent, const char *key)
{
	double a, b;

	if (tree_match_equal(live, wanted))
		return true;
	return is_quantity(parent, key) && read_quantity(live, &a) && read_quantity(wanted, &b) &&
	       fabs(a - b) <= fabs(a) * 1e-12;
}

bool tree_match_absent(const json_t *wanted, const char *key)
{
	static const char *const objects[] = {"annotations", "labels",	  "nodeSelector",
					      "matchLabels", "limits",	  "requests",
					      "data",	     "binaryData"};
	static const char *const falses[] = {
		"hostNetwork", "hostPID",   "hostIPC",
		"stdin",       "stdinOnce", "tty",
		"readOnly",    "paused",    "publishNotReadyAddresses"};
	static const char *const zeros[] = {"minReadySeconds", "initialDelaySeconds", "hostPort",
					    "nodePort"};

	switch (json_typeof(wanted)) {
	case JSON_NULL:
		return true;
	case JSON_STRING:
		return !json_string_length(wanted);
	case JSON_ARRAY:
		return !json_array_size(wanted);
	case JSON_OBJECT:
		return !json_object_size(wanted) && IS_ONE_OF(key, objects);
	case JSON_FALSE:
		return IS_ONE_OF(key, falses);
	case JSON_INTEGER:
		return !json_integer_value(wanted) && IS_ONE_OF(key, zeros);
	default:
		return false;
	}
}
