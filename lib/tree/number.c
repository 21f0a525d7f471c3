#include "tree/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static int base_of_prefix(const char **text)
{
	const char *t = *text;

	if (t[0] != '0')
		return 10;
	switch (t[1] && t[2] ? tolower((unsigned char)t[1]) : 0) {
	case 'b':
		*text += 2;
		return 2;
	case 'o':
		*text += 2;
		return 8;
	case 'x':
		*text += 2;
		return 16;
	default:
		*text += 1; /* "0" itself: no digit is left, and that is zero */
		return 8;
	}
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	int lower = tolower((unsigned char)c);
	return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 36;
}

bool tree_number_unsigned(const char *text, int base, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	if (base == 0)
		base = base_of_prefix(&text);
	for (; *text; text++) {
		int digit = digit_of(*text);
		if (digit >= base || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

bool tree_number_signed(const char *text, int base, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t size;

	if (negative || *text == '+')
		text++;
	if (!tree_number_unsigned(text, base, &size) || size > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)(0 - size) : (int64_t)size;
	return true;
}

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and nothing else */
static bool is_real(const char *text)
{
	const char *t = text + (*text == '-' || *text == '+');
	const char *whole = skip_digits(t), *end = whole;

	if (*whole == '.')
		end = skip_digits(whole + 1);
	if (whole == t && end <= whole + 1)
		return false;
	if (*end == 'e' || *end == 'E') {
		const char *exponent = end + 1 + (end[1] == '-' || end[1] == '+');
		end = skip_digits(exponent);
		if (end == exponent)
			return false;
	}
	return !*end;
}

bool tree_number_real(const char *text, double *ret)
{
	if (!is_real(text))
		return false;
	double value = strtod(text, NULL);
	if (!isfinite(value))
		return false;
	*ret = value;
	return true;
}

/* 0.DIGITS times ten to the power of point */
struct decimal {
	bool negative;
	char digits[24];
	int n;
	int point;
};

/* What "-1.234e+05" says. */
static struct decimal decimal_of(const char *scientific)
{
	struct decimal d = {.negative = *scientific == '-'};

	for (; *scientific != 'e'; scientific++)
		if (isdigit((unsigned char)*scientific))
			d.digits[d.n++] = *scientific;
	d.point = atoi(scientific + 1) + 1;
	while (d.n > 1 && d.digits[d.n - 1] == '0')
		d.n--;
	return d;
}

/* Adds one to the last digit of "1.234e+05"; false when it would carry into the exponent. */
static bool round_up(char *scientific)
{
	for (char *at = strchr(scientific, 'e') - 1; at >= scientific; at--) {
		if (!isdigit((unsigned char)*at))
			continue;
		if (*at != '9') {
			++*at;
			return true;
		}
		*at = '0';
	}
	return false;
}

/* Any decimal of 15 digits survives a normal double, so the search starts there. Above a power of
 * two the doubles lie twice as far apart as below it: there the next decimal above can be the
 * shortest one although the nearest one of that length is another double. */
static struct decimal shortest(double value)
{
	int precision = fpclassify(value) == FP_NORMAL ? 15 : 1;
	char text[40];

	for (;; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, value);
		if (precision == 17 || strtod(text, NULL) == value)
			return decimal_of(text);
		if (round_up(text) && strtod(text, NULL) == value)
			return decimal_of(text);
	}
}

static struct decimal shortest_single(float value)
{
	char text[40];

	for (int precision = 1;; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, (double)value);
		if (precision == 9 || strtof(text, NULL) == value)
			return decimal_of(text);
	}
}

static void add_scientific(struct buf *out, const struct decimal *d, int exponent_digits)
{
	int exponent = d->point - 1;

	buf_addch(out, d->digits[0]);
	if (d->n > 1) {
		buf_addch(out, '.');
		buf_add(out, d->digits + 1, (size_t)d->n - 1);
	}
	buf_printf(out, "e%c%0*d", exponent < 0 ? '-' : '+', exponent_digits, abs(exponent));
}

static void add_plain(struct buf *out, const struct decimal *d)
{
	if (d->point <= 0) {
		buf_addstr(out, "0.");
		buf_fill(out, '0', (size_t)-d->point);
		buf_add(out, d->digits, (size_t)d->n);
		return;
	}
	int whole = d->point < d->n ? d->point : d->n;
	buf_add(out, d->digits, (size_t)whole);
	buf_fill(out, '0', (size_t)(d->point - whole));
	if (whole < d->n) {
		buf_addch(out, '.');
		buf_add(out, d->digits + whole, (size_t)(d->n - whole));
	}
}

static char *write_decimal(const struct decimal *d, int lowest, int highest, int exponent_digits)
{
	struct buf out = BUF_INIT;

	if (d->negative)
		buf_addch(&out, '-');
	if (d->digits[0] != '0' && (d->point - 1 < lowest || d->point - 1 >= highest))
		add_scientific(&out, d, exponent_digits);
	else
		add_plain(&out, d);
	return buf_steal(&out);
}

char *tree_number_text(double value)
{
	struct decimal d = shortest(value);

	return write_decimal(&d, -6, 21, 1);
}

char *tree_number_key(double value)
{
	struct buf out = BUF_INIT;
	float single = (float)value;

	if (isnan(single))
		buf_addstr(&out, ".nan");
	else if (isinf(single))
		buf_addstr(&out, single < 0 ? "-.inf" : ".inf");
	if (out.len)
		return buf_steal(&out);
	struct decimal d = shortest_single(single);
	return write_decimal(&d, -4, 6, 2);
}
