#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/date.h"
#include "template/number.h"
#include "template/object.h"
#include "template/text.h"
#include "template/trouble.h"
#include "template/types.h"

/* The fewest digits that tell the number from all others, as "-d.ddde-xx". What 15 digits can tell
 * is told by them without the zeros at their end; numbers next to 0 have fewer. */
static void shortest(double number, char text[static 40])
{
	for (int digits = fabs(number) < DBL_MIN ? 0 : 14; digits < 17; digits++) {
		snprintf(text, 40, "%.*e", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	char *exponent = strchr(text, 'e'), *end = exponent;
	if (!memchr(text, '.', (size_t)(exponent - text)))
		return;
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	memmove(end, exponent, strlen(exponent) + 1);
}

/* The digits behind a sign, with a point where the exponent says. */
static void put_point(const char *digits, size_t n, int exponent, struct buf *out)
{
	size_t before = exponent < 0 ? 0 : (size_t)exponent + 1, shown = before < n ? before : n;

	buf_add(out, digits, shown);
	buf_fill(out, '0', before - shown);
	buf_addstr(out, before ? "." : "0.");
	if (exponent < -1)
		buf_fill(out, '0', (size_t)(-exponent - 1));
	if (n > shown)
		buf_add(out, digits + shown, n - shown);
	else
		buf_addch(out, '0');
}

/* The digits of %e as Python writes them: 1e+16 but 0.0001, and always a point or an exponent. */
void value_print_float(double number, struct buf *out)
{
	char text[40], *digits = text;

	if (!isfinite(number)) {
		buf_addstr(out, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
		return;
	}
	shortest(number, text);
	int exponent = atoi(strchr(text, 'e') + 1);
	if (exponent < -4 || exponent >= 16) {
		buf_addstr(out, text);
		return;
	}
	if (*digits == '-')
		buf_addch(out, *digits++);
	size_t n = strcspn(digits, "e");
	if (n > 1) { /* the point goes */
		memmove(digits + 1, digits + 2, n - 2);
		n--;
	}
	put_point(digits, n, exponent, out);
}

static void escape(uint32_t c, char quote, struct buf *out)
{
	if (c == (uint32_t)quote || c == '\\')
		buf_printf(out, "\\%c", (int)c);
	else if (c == '\n')
		buf_addstr(out, "\\n");
	else if (c == '\r')
		buf_addstr(out, "\\r");
	else if (c == '\t')
		buf_addstr(out, "\\t");
	else if (template_text_is_printable(c))
		template_text_put(out, c);
	else if (c < 0x100)
		buf_printf(out, "\\x%02x", c);
	else
		buf_printf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

/* How many bytes from here on stand for themselves. */
static size_t plain_run(const char *text, size_t length, char quote)
{
	size_t n = 0;

	while (n < length && text[n] >= ' ' && text[n] < 0x7F && text[n] != quote &&
	       text[n] != '\\')
		n++;
	return n;
}

static void string_repr(const char *text, size_t length, struct buf *out)
{
	char quote = memchr(text, '\'', length) && !memchr(text, '"', length) ? '"' : '\'';

	buf_addch(out, quote);
	for (size_t i = 0; i < length;) {
		size_t plain = plain_run(text + i, length - i, quote);
		buf_add(out, text + i, plain);
		i += plain;
		if (i < length)
			escape(template_text_next(text, length, &i), quote, out);
	}
	buf_addch(out, quote);
}

static void date_text(const struct value_date *date, struct buf *out)
{
	buf_printf(out, "%04d-%02d-%02d", date->year, date->month, date->day);
	if (!date->has_time)
		return;
	buf_printf(out, " %02d:%02d:%02d", date->hour, date->minute, date->second);
	if (date->microsecond)
		buf_printf(out, ".%06d", date->microsecond);
	if (date->has_zone)
		buf_printf(out, "%c%02d:%02d", date->zone < 0 ? '-' : '+', abs(date->zone) / 60,
			   abs(date->zone) % 60);
}

static void zone_repr(int minutes, struct buf *out)
{
	buf_addstr(out, ", tzinfo=datetime.timezone(");
	template_date_span_repr((int64_t)minutes * 60 * 1000000, out);
	buf_addstr(out, ")");
}

static void date_repr(const struct value_date *date, struct buf *out)
{
	if (!date->has_time) {
		buf_printf(out, "datetime.date(%d, %d, %d)", date->year, date->month, date->day);
		return;
	}
	buf_printf(out, "datetime.datetime(%d, %d, %d, %d, %d", date->year, date->month, date->day,
		   date->hour, date->minute);
	if (date->second || date->microsecond)
		buf_printf(out, ", %d", date->second);
	if (date->microsecond)
		buf_printf(out, ", %d", date->microsecond);
	if (date->has_zone && !date->zone)
		buf_addstr(out, ", tzinfo=datetime.timezone.utc");
	else if (date->has_zone)
		zone_repr(date->zone, out);
	buf_addstr(out, ")");
}

static void range_text(const struct value *value, struct buf *out)
{
	buf_printf(out, "range(%" PRId64 ", %" PRId64, value->range.start, value->range.stop);
	if (value->range.step != 1)
		buf_printf(out, ", %" PRId64, value->range.step);
	buf_addch(out, ')');
}

/* How containers are written: as repr() does, or as a template prints them. */
enum form {
	REPR,
	FINAL,	     /* tuples as lists, what is omitted goes; groups of groupby stay tuples */
	FINAL_ALONE, /* the template prints nothing else: groups become lists, too */
};

static void print(const struct value *value, enum form form, int depth, struct buf *out);

static void print_list(const struct value *list, enum form form, int depth, struct buf *out)
{
	bool group = list->group && form == FINAL;
	bool tuple = list->kind == VALUE_TUPLE && (group || form == REPR);
	size_t shown = 0;

	buf_addch(out, tuple ? '(' : '[');
	for (size_t i = 0; i < list->list.n; i++) {
		if (form != REPR && list->list.items[i]->kind == VALUE_OMIT)
			continue;
		if (shown++)
			buf_addstr(out, ", ");
		print(list->list.items[i], group ? REPR : form, depth + 1, out);
	}
	if (tuple && list->list.n == 1)
		buf_addch(out, ',');
	buf_addch(out, tuple ? ')' : ']');
}

static void print_dict(const struct dict *dict, enum form form, int depth, struct buf *out)
{
	size_t shown = 0;

	buf_addch(out, '{');
	for (size_t i = 0; i < dict->n; i++) {
		if (form != REPR && dict->entries[i].item->kind == VALUE_OMIT)
			continue;
		if (shown++)
			buf_addstr(out, ", ");
		print(dict->entries[i].key, form, depth + 1, out);
		buf_addstr(out, ": ");
		print(dict->entries[i].item, form, depth + 1, out);
	}
	buf_addch(out, '}');
}

/* repr() of anything. */
static void print(const struct value *value, enum form form, int depth, struct buf *out)
{
	if (depth > VALUE_DEEPEST) {
		buf_addstr(out, "...");
		return;
	}
	switch ((enum value_kind)value->kind) {
	case VALUE_UNDEFINED:
		buf_addstr(out, "Undefined");
		break;
	case VALUE_STRING:
		buf_addstr(out, value->escaped ? "Markup(" : "");
		string_repr(value->string.text, value->string.length, out);
		buf_addstr(out, value->escaped ? ")" : "");
		break;
	case VALUE_LIST:
	case VALUE_TUPLE:
		print_list(value, form, depth, out);
		break;
	case VALUE_DICT:
		print_dict(&value->dict, form, depth, out);
		break;
	case VALUE_DATE:
		date_repr(&value->date, out);
		break;
	case VALUE_SPAN:
		template_date_span_repr(value->integer, out);
		break;
	default:
		value_str(value, out);
		break;
	}
}

static void big_text(const struct value *value, struct buf *out)
{
	cleanup_free char *digits = template_number_digits(value, 10);

	buf_addstr(out, digits);
}

size_t value_print_integer(int64_t integer, char text[static VALUE_DIGITS])
{
	char digits[VALUE_DIGITS], *end = digits + sizeof(digits), *at = end;
	uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;

	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (integer < 0)
		*--at = '-';
	memcpy(text, at, (size_t)(end - at));
	return (size_t)(end - at);
}

static void integer_text(int64_t integer, struct buf *out)
{
	char text[VALUE_DIGITS];

	buf_add(out, text, value_print_integer(integer, text));
}

void value_str(const struct value *value, struct buf *out)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_UNDEFINED:
		break;
	case VALUE_NONE:
		buf_addstr(out, "None");
		break;
	case VALUE_BOOL:
		buf_addstr(out, value->boolean ? "True" : "False");
		break;
	case VALUE_INT:
		integer_text(value->integer, out);
		break;
	case VALUE_BIG:
		big_text(value, out);
		break;
	case VALUE_FLOAT:
		value_print_float(value->real, out);
		break;
	case VALUE_STRING:
		buf_add(out, value->string.text, value->string.length);
		break;
	case VALUE_DATE:
		date_text(&value->date, out);
		break;
	case VALUE_SPAN:
		template_date_span_text(value->integer, out);
		break;
	case VALUE_RANGE:
		range_text(value, out);
		break;
	case VALUE_OMIT:
		buf_addstr(out, "<<Omit>>");
		break;
	case VALUE_OBJECT:
		if (value->object.class->print)
			value->object.class->print(value, out);
		else
			buf_printf(out, "<%s object>", value->object.class->type);
		break;
	default:
		print(value, REPR, 0, out);
		break;
	}
}

void value_repr(const struct value *value, struct buf *out)
{
	print(value, REPR, 0, out);
}

void value_print_final(const struct value *value, bool alone, struct buf *out)
{
	if (value->kind == VALUE_STRING)
		buf_add(out, value->string.text, value->string.length);
	else if (value_is_list(value) || value->kind == VALUE_DICT)
		print(value, alone ? FINAL_ALONE : FINAL, 0, out);
	else
		value_str(value, out);
}
