#include "template/scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/number.h"

static bool is_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static bool is_null(const char *text)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return is_word(text, words);
}

static bool is_true(const char *text)
{
	static const char *const words[] = {"yes",  "Yes", "YES", "true", "True",
					    "TRUE", "on",  "On",  "ON",	  NULL};

	return is_word(text, words);
}

static bool is_false(const char *text)
{
	static const char *const words[] = {"no",    "No",  "NO",  "false", "False",
					    "FALSE", "off", "Off", "OFF",   NULL};

	return is_word(text, words);
}

static size_t span(const char *text, const char *characters)
{
	return strspn(text, characters);
}

/* [1-9][0-9_]*(:[0-5]?[0-9])+, for floats also a fraction. */
static bool is_sexagesimal(const char *text, bool real)
{
	size_t n = span(text, real ? "0123456789" : "123456789");
	const char *p = text;

	if (!n)
		return false;
	p += span(text, "0123456789_");
	if (*p != ':')
		return false;
	while (*p == ':') {
		p++;
		n = span(p, "0123456789");
		if (n < 1 || n > 2 || (n == 2 && *p > '5'))
			return false;
		p += n;
	}
	if (real && *p == '.')
		return p[1 + span(p + 1, "0123456789_")] == '\0';
	return !real && !*p;
}

static const char *unsigned_part(const char *text)
{
	return *text == '-' || *text == '+' ? text + 1 : text;
}

/* 0b101, 0x1F, 010, 12, 190:20:30 */
static bool is_int(const char *text)
{
	const char *p = unsigned_part(text);

	if (*p == '0') {
		if (p[1] == 'b')
			return p[2] && !p[2 + span(p + 2, "01_")];
		if (p[1] == 'x')
			return p[2] && !p[2 + span(p + 2, "0123456789abcdefABCDEF_")];
		return !p[1 + span(p + 1, "01234567_")];
	}
	if (!isdigit((unsigned char)*p))
		return false;
	return !p[span(p, "0123456789_")] || is_sexagesimal(p, false);
}

/* A fraction is a must, and so is the sign of an exponent: 1e3 is a string. */
static bool is_float(const char *text)
{
	static const char *const special[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	const char *p = unsigned_part(text);

	if (is_word(p, special) || is_word(text, nans))
		return true;
	if (is_sexagesimal(p, true))
		return true;
	if (*p == '.') {
		size_t n = span(p + 1, "0123456789_");
		if (!n || p[1] == '_' || p != text)
			return false;
		p += 1 + n;
	} else {
		if (!isdigit((unsigned char)*p))
			return false;
		p += span(p, "0123456789_");
		if (*p != '.')
			return false;
		p += 1 + span(p + 1, "0123456789_");
	}
	if (*p == 'e' || *p == 'E') {
		if ((p[1] != '+' && p[1] != '-') || !isdigit((unsigned char)p[2]))
			return false;
		p += 2 + span(p + 2, "0123456789");
	}
	return !*p;
}

struct cursor {
	const char *at;
};

/* min..max digits; -1 when there are fewer. */
static int digits(struct cursor *cursor, size_t min, size_t max)
{
	int number = 0;
	size_t n = 0;

	for (; n < max && isdigit((unsigned char)cursor->at[n]); n++)
		number = number * 10 + (cursor->at[n] - '0');
	cursor->at += n;
	return n < min ? -1 : number;
}

static bool skip(struct cursor *cursor, char c)
{
	return *cursor->at == c && cursor->at++;
}

static bool read_zone(struct cursor *cursor, struct value_date *date)
{
	cursor->at += span(cursor->at, " \t");
	if (!*cursor->at)
		return true;
	date->has_zone = true;
	if (skip(cursor, 'Z'))
		return !*cursor->at;
	bool negative = *cursor->at == '-';
	if (!skip(cursor, '+') && !skip(cursor, '-'))
		return false;
	int hours = digits(cursor, 1, 2), minutes = skip(cursor, ':') ? digits(cursor, 2, 2) : 0;
	date->zone = (negative ? -1 : 1) * (hours * 60 + minutes);
	return hours >= 0 && minutes >= 0 && !*cursor->at;
}

static bool read_time(struct cursor *cursor, struct value_date *date)
{
	date->has_time = true;
	if (*cursor->at == 'T' || *cursor->at == 't')
		cursor->at++;
	else if (!span(cursor->at, " \t"))
		return false;
	cursor->at += span(cursor->at, " \t");
	date->hour = digits(cursor, 1, 2);
	bool ok = date->hour >= 0 && skip(cursor, ':');
	date->minute = ok ? digits(cursor, 2, 2) : -1;
	ok = date->minute >= 0 && skip(cursor, ':');
	date->second = ok ? digits(cursor, 2, 2) : -1;
	if (date->second < 0)
		return false;
	if (skip(cursor, '.')) {
		for (int scale = 100000; isdigit((unsigned char)*cursor->at);
		     cursor->at++, scale /= 10)
			date->microsecond += (*cursor->at - '0') * scale;
	}
	return read_zone(cursor, date);
}

/* 2021-01-01 exactly, or 2021-1-1 10:20:30.5 +01:00. */
static bool is_date(const char *text, struct value_date *ret)
{
	struct cursor cursor = {text};
	size_t n = strlen(text);

	*ret = (struct value_date){.year = digits(&cursor, 4, 4)};
	bool ok = ret->year >= 0 && skip(&cursor, '-');
	ret->month = ok ? digits(&cursor, 1, 2) : -1;
	ok = ret->month >= 0 && skip(&cursor, '-');
	ret->day = ok ? digits(&cursor, 1, 2) : -1;
	if (ret->day < 0)
		return false;
	return *cursor.at ? read_time(&cursor, ret) : n == 10;
}

static bool is_possible(const struct value_date *date)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);

	return date->year > 0 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
	       date->day <= lengths[date->month - 1] &&
	       (date->month != 2 || date->day < 29 || leap) && date->hour < 24 &&
	       date->minute < 60 && date->second < 60;
}

/* 1:30 is 90: of any size, as Python's integers are. */
static struct value *sexagesimal_int(const char *text)
{
	BIGNUM *number = NULL;
	const char *p = unsigned_part(text);

	BN_dec2bn(&number, p);
	while ((p = strchr(p, ':'))) {
		BN_mul_word(number, 60);
		BN_add_word(number, strtoul(++p, NULL, 10));
	}
	BN_set_negative(number, *text == '-');
	return value_big(number);
}

static struct value *sexagesimal_float(const char *text)
{
	bool negative = *text == '-';
	double number = 0;

	for (const char *p = unsigned_part(text);; p++) {
		cleanup_free char *part = mem_strndup(p, strcspn(p, ":"));
		number = number * 60 + strtod(part, NULL);
		p += strcspn(p, ":");
		if (!*p)
			break;
	}
	return value_float(negative ? -number : number);
}

static void without_underscores(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '_')
			*to++ = *text;
	*to = '\0';
}

static struct value *int_value(const char *text)
{
	cleanup_free char *copy = mem_strdup(text);
	const char *p;
	int base = 10;

	without_underscores(copy);
	if (strchr(copy, ':'))
		return sexagesimal_int(copy);
	p = unsigned_part(copy);
	if (*p == '0' && p[1])
		base = p[1] == 'b' ? 2 : p[1] == 'x' ? 16 : 8;
	return template_number_parse_int(copy, strlen(copy), base);
}

static struct value *float_value(const char *text)
{
	cleanup_free char *copy = mem_strdup(text);
	const char *p;

	without_underscores(copy);
	p = unsigned_part(copy);
	if (strchr(copy, ':'))
		return sexagesimal_float(copy);
	if (*p == '.' && isalpha((unsigned char)p[1]))
		return value_float(tolower((unsigned char)p[1]) == 'n' ? NAN
				   : *text == '-'		       ? -INFINITY
								       : INFINITY);
	return value_float(strtod(copy, NULL));
}

struct value *template_scalar_value(const char *text, size_t length, struct err *err)
{
	struct value_date date;

	if (strlen(text) != length)
		return value_string(text, length);
	if (is_null(text))
		return value_none();
	if (is_true(text) || is_false(text))
		return value_bool(is_true(text));
	if (is_int(text)) {
		struct value *number = int_value(text);
		if (!number)
			err_set(err, ERR_INVALID, "an integer with too many digits, or none");
		return number;
	}
	if (is_float(text))
		return float_value(text);
	if (is_date(text, &date)) {
		if (is_possible(&date))
			return value_date(date);
		err_set(err, ERR_INVALID, "there is no date %s; quote it if it is a string", text);
		return NULL;
	}
	if (!strcmp(text, "=") || !strcmp(text, "<<")) {
		err_set(err, ERR_INVALID, "a bare '%s' has no meaning in a variable file; quote it",
			text);
		return NULL;
	}
	return value_string(text, length);
}

bool template_scalar_is_string(const char *text, size_t length)
{
	struct value_date date;

	if (strlen(text) != length)
		return true;
	return !is_null(text) && !is_true(text) && !is_false(text) && !is_int(text) &&
	       !is_float(text) && !is_date(text, &date) && strcmp(text, "=") && strcmp(text, "<<");
}
