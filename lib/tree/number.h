/*
 * number: decimal text and binary numbers, exactly as Go's strconv reads and writes them.
 *
 * kubectl and the API server are Go programs, so this is what users' numbers mean. Texts are
 * NUL-terminated and are numbers as a whole or not at all. The C locale is assumed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* strconv.ParseInt(text, base, 64) for base 2 and 0 (0: by its prefix 0x, 0o, 0b or 0). False when
 * it is not one or does not fit. */
bool tree_number_signed(const char *text, int base, int64_t *ret);
/* strconv.ParseUint: the same without a sign. */
bool tree_number_unsigned(const char *text, int base, uint64_t *ret);

/* Decimal digits with an optional sign, point and exponent. False when it is not one or beyond
 * the range of a double; what is too small becomes 0. */
bool tree_number_real(const char *text, double *ret);

/* The shortest text that reads back as the same double, as JSON is written. Caller frees. */
char *tree_number_text(double value);
/* strconv.FormatFloat(value, 'g', -1, 32): what a YAML key that is a real becomes. Caller frees. */
char *tree_number_key(double value);
