#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/number.h"

static struct value *otherwise(struct value *arg, struct value *stolen)
{
	if (!arg)
		return stolen;
	value_unref(stolen);
	return value_keep(arg);
}

/* "42.23" and floats are cut; what is no number gives the default. */
static struct value *do_int(struct call *call, struct value **a)
{
	int64_t base;
	struct value *number = NULL;

	if (!template_call_int(call, a[2], 10, &base))
		return NULL;
	if (a[0]->kind == VALUE_FLOAT && isinf(a[0]->real))
		return template_call_fail(call, "infinity is no integer");
	if (a[0]->kind == VALUE_UNDEFINED) /* an inline if without else */
		return template_eval_trip(call->eval, a[0]);
	if (a[0]->kind == VALUE_STRING) {
		if (base == 0 || (base >= 2 && base <= 36))
			number = template_number_parse_int(a[0]->string.text, a[0]->string.length,
							   (int)base);
		if (number)
			return number;
		cleanup_value struct value *real =
			template_number_parse_float(a[0]->string.text, a[0]->string.length);
		number = real ? template_number_truncate(real) : NULL;
	} else if (value_is_number(a[0])) {
		number = template_number_truncate(a[0]);
	}
	return number ? number : otherwise(a[1], value_int(0));
}

static struct value *do_float(struct call *call, struct value **a)
{
	struct value *number = NULL;

	if (a[0]->kind == VALUE_UNDEFINED)
		return template_eval_trip(call->eval, a[0]);
	if (a[0]->kind == VALUE_STRING)
		number = template_number_parse_float(a[0]->string.text, a[0]->string.length);
	else if (value_is_number(a[0]))
		number = value_float(template_number_double(a[0]));
	if (number && a[0]->kind == VALUE_BIG && isinf(number->real)) {
		value_unref(number);
		return template_call_fail(call, "the integer is too large for a float");
	}
	return number ? number : otherwise(a[1], value_float(0));
}

static bool need_number(struct call *call, struct value *value)
{
	if (value_is_number(value))
		return true;
	return template_call_fail(call, "%s needs a number, not a %s", call->name,
				  value_type(value));
}

static struct value *do_abs(struct call *call, struct value **a)
{
	return need_number(call, a[0]) ? template_number_absolute(a[0]) : NULL;
}

static struct value *do_round(struct call *call, struct value **a)
{
	int64_t digits;
	const char *method;
	size_t length;

	if (!need_number(call, a[0]) || !template_call_int(call, a[1], 0, &digits) ||
	    !template_call_text(call, a[2], "common", &method, &length))
		return NULL;
	if (!strcmp(method, "common"))
		return a[0]->kind == VALUE_FLOAT
			       ? value_float(template_number_round(a[0]->real, digits))
			       : template_number_round_integer(a[0], digits);
	if (strcmp(method, "ceil") && strcmp(method, "floor"))
		return template_call_fail(call, "round knows the methods common, ceil and floor");
	if (digits > 300 || digits < -300 || !isfinite(template_number_double(a[0])))
		return template_call_fail(call, "the number is too large to be rounded so");
	double unit = pow(10, (double)digits), scaled = template_number_double(a[0]) * unit;
	if (!strcmp(method, "ceil"))
		return value_float((ceil(scaled) + 0.0) / unit); /* no -0.0: an int in Python */
	return value_float((floor(scaled) + 0.0) / unit);
}

/* 4.1 MB */
static struct value *do_filesizeformat(struct call *call, struct value **a)
{
	static const char *const decimal[] = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
	static const char *const binary[] = {"KiB", "MiB", "GiB", "TiB",
					     "PiB", "EiB", "ZiB", "YiB"};
	bool two = template_call_truth(a[1], false);
	double base = two ? 1024 : 1000, unit = base;
	cleanup_value struct value *number =
		a[0]->kind == VALUE_STRING
			? template_number_parse_float(a[0]->string.text, a[0]->string.length)
			: value_keep(a[0]);
	struct buf out = BUF_INIT;
	size_t i = 0;

	if (!number || !value_is_number(number))
		return template_call_fail(call, "filesizeformat needs a number");
	double bytes = template_number_double(number);
	if (bytes == 1)
		return value_text_of("1 Byte");
	if (bytes < base) {
		buf_printf(&out, "%.0f Bytes", trunc(bytes));
		return value_take_buf(&out);
	}
	for (unit = base * base; bytes >= unit && i < 7; i++)
		unit *= base;
	buf_printf(&out, "%.1f %s", base * bytes / unit, two ? binary[i] : decimal[i]);
	return value_take_buf(&out);
}

static const char sizes[] = "YZEPTGMK";

/* Two to the power that a unit letter stands for; 0 when it is none. */
static double size_of(char letter)
{
	const char *at = letter ? strchr(sizes, toupper((unsigned char)letter)) : NULL;

	if (toupper((unsigned char)letter) == 'B')
		return 1;
	return at ? ldexp(1, 10 * (int)(sizeof(sizes) - 1 - (size_t)(at - sizes))) : 0;
}

static struct value *do_human_readable(struct call *call, struct value **a)
{
	bool bits = template_call_truth(a[1], false), unit = a[2] && a[2]->kind == VALUE_STRING;
	struct buf out = BUF_INIT;
	char letter = 'B';

	if (!need_number(call, a[0]))
		return NULL;
	double size = template_number_double(a[0]);
	for (size_t i = 0; i < sizeof(sizes) - 1 && letter == 'B'; i++)
		if (unit ? a[2]->string.length == 1 &&
				    toupper((unsigned char)*a[2]->string.text) == sizes[i]
			 : size >= size_of(sizes[i]))
			letter = sizes[i];
	if (letter == 'B')
		buf_printf(&out, "%.2f %s", size, bits ? "bits" : "Bytes");
	else
		buf_printf(&out, "%.2f %c%c", size / size_of(letter), letter, bits ? 'b' : 'B');
	return value_take_buf(&out);
}

/* Whether a unit of several letters is one: KB or kilobyte, Kb or kilobit. */
static bool is_unit(const char *unit, bool bits)
{
	static const char *const names[] = {"yotta", "zetta", "exa",  "peta",
					    "tera",  "giga",  "mega", "kilo"};
	const char *at = strchr(sizes, toupper((unsigned char)*unit));
	char word[16];

	if (!unit[1])
		return true;
	if (unit[1] == (bits ? 'b' : 'B') && !unit[2])
		return *unit == toupper((unsigned char)*unit) && at;
	snprintf(word, sizeof(word), "%s%s", at && *unit ? names[at - sizes] : "",
		 bits ? "bit" : "byte");
	return !strcasecmp(word, unit);
}

static struct value *do_human_to_bytes(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	const char *text = string->string.text, *unit;
	size_t number = strspn(text, "0123456789.");
	bool bits = template_call_truth(a[2], false);

	cleanup_value struct value *amount = template_number_parse_float(text, number);
	if (!amount)
		return template_call_fail(call, "human_to_bytes cannot read '%s'", text);
	unit = text + number + strspn(text + number, " \t");
	if (!*unit && a[1] && a[1]->kind == VALUE_STRING)
		unit = a[1]->string.text;
	double factor = *unit ? size_of(*unit) : 1;
	if (factor == 0 || (*unit && !is_unit(unit, bits)))
		return template_call_fail(call, "human_to_bytes knows no unit '%s'", unit);
	cleanup_value struct value *bytes = value_float(nearbyint(amount->real * factor));
	return template_number_truncate(bytes);
}

static struct value *do_log(struct call *call, struct value **a)
{
	if (!need_number(call, a[0]) || (a[1] && !need_number(call, a[1])))
		return NULL;
	double x = template_number_double(a[0]), base = a[1] ? template_number_double(a[1]) : M_E;
	if (x <= 0 || base <= 0 || base == 1)
		return template_call_fail(call, "log is not defined here");
	if (base == 10)
		return value_float(log10(x));
	return value_float(a[1] ? log(x) / log(base) : log(x) / log(M_E));
}

static struct value *do_pow(struct call *call, struct value **a)
{
	if (!need_number(call, a[0]) || !need_number(call, a[1]))
		return NULL;
	double result = pow(template_number_double(a[0]), template_number_double(a[1]));
	return isfinite(result) ? value_float(result)
				: template_call_fail(call, "pow is not defined here");
}

static struct value *do_root(struct call *call, struct value **a)
{
	if (!need_number(call, a[0]) || (a[1] && !need_number(call, a[1])))
		return NULL;
	double x = template_number_double(a[0]), base = a[1] ? template_number_double(a[1]) : 2;
	double result = base == 2 ? sqrt(x) : pow(x, 1.0 / base);
	return isfinite(result) ? value_float(result)
				: template_call_fail(call, "root is not defined here");
}

static const struct builtin entries[] = {
	{"int", do_int, "value default base", 1, 0},
	{"float", do_float, "value default", 1, 0},
	{"abs", do_abs, "x", 1, 0},
	{"round", do_round, "value precision method", 1, 0},
	{"filesizeformat", do_filesizeformat, "value binary", 1, 0},
	{"human_readable", do_human_readable, "size isbits unit", 1, 0},
	{"human_to_bytes", do_human_to_bytes, "size default_unit isbits", 1, 0},
	{"log", do_log, "x base", 1, 0},
	{"pow", do_pow, "x y", 2, 0},
	{"root", do_root, "x base", 1, 0},
};

const struct filter_table template_filter_number_table = {entries,
							  sizeof(entries) / sizeof(*entries)};
