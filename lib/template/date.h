/*
 * template/date: dates, times and the spans between them, as Python's datetime has them.
 *
 * A date without a zone is what it says, wherever the machine stands; only timestamp() and %s ask
 * for the machine's zone, as Python does.
 */
#pragma once

#include "template/call.h"
#include "template/number.h"

/* Days since 1970-01-01, and back. */
int64_t template_date_days(int year, int month, int day);
void template_date_from_days(int64_t days, struct value_date *ret);
int template_date_month_length(int year, int month);
/* Microseconds since 1970-01-01 UTC, or of the clock on the wall when there is no zone. */
int64_t template_date_instant(const struct value_date *date);
/* Sunday is 0; the day of the year counts from 1. */
int template_date_weekday(const struct value_date *date);
int template_date_yearday(const struct value_date *date);

/* + and -. NULL when these two cannot be calculated, or after an error. */
struct value *template_date_calculate(struct eval *eval, const struct node *node,
				      enum number_operator op, const struct value *a,
				      const struct value *b);
/* "1 day, 2:03:04.5"; and as repr() has it. */
void template_date_span_text(int64_t microseconds, struct buf *out);
void template_date_span_repr(int64_t microseconds, struct buf *out);

/* Attributes and methods of dates and spans; NULL: none of that name. */
struct value *template_date_attribute(struct value *self, const char *name);

/* strftime and strptime (date_text.c); false, or NULL, after template_call_fail. */
bool template_date_format(struct call *call, const struct value *date, const char *format,
			  size_t length, struct buf *out);
struct value *template_date_parse(struct call *call, const struct value *text, const char *format);
/* strftime of the C library with room for any result. */
struct tm;
void template_date_strftime(const char *format, size_t length, const struct tm *parts,
			    struct buf *out);
