/*
 * template/number: Python's arithmetic: integers of any size, floats, floor division.
 *
 * Results are new references. On failure NULL is returned and *ret_problem says why, in Python's
 * words; it is static text.
 */
#pragma once

#include "template/types.h"

enum number_operator {
	NUMBER_ADD,
	NUMBER_SUBTRACT,
	NUMBER_MULTIPLY,
	NUMBER_DIVIDE,
	NUMBER_FLOOR_DIVIDE,
	NUMBER_MODULO,
	NUMBER_POWER,
};

/* Both must be numbers. A power beyond a million bits is a problem, too. */
struct value *template_number_calculate(enum number_operator op, const struct value *a,
					const struct value *b, const char **ret_problem);
struct value *template_number_negative(const struct value *number);
struct value *template_number_absolute(const struct value *number);

/* What template_number_compare says when one is nan, which is neither less nor greater. */
#define NUMBER_UNORDERED 2

/* -1, 0, 1 or NUMBER_UNORDERED. */
int template_number_compare(const struct value *a, const struct value *b);
double template_number_double(const struct value *number);

/* int(text, base) and float(text) of Python: white space around and single underscores between
 * digits are fine. NULL when text is no number. */
struct value *template_number_parse_int(const char *text, size_t length, int base);
struct value *template_number_parse_float(const char *text, size_t length);
/* int(number): cut towards zero. NULL for nan and infinity. */
struct value *template_number_truncate(const struct value *number);
/* Python's round() to digits after the point (negative: before it). */
double template_number_round(double number, int64_t digits);
struct value *template_number_round_integer(const struct value *number, int64_t digits);

/* In decimal, or as base 2, 8, 16 without prefix; sign included. Caller frees. */
char *template_number_digits(const struct value *integer, int base);
