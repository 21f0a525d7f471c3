#include "template/date.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "template/text.h"

#define SECOND INT64_C(1000000) /* in microseconds, as all spans */
#define DAY    (86400 * SECOND)

/* Years begin in March, so that the leap day is their last. */
int64_t template_date_days(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void template_date_from_days(int64_t days, struct value_date *ret)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	ret->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	ret->month = (int)(month < 10 ? month + 3 : month - 9);
	ret->year = (int)(year + era * 400 + (ret->month <= 2));
}

int template_date_month_length(int year, int month)
{
	int next = month == 12 ? 1 : month + 1;

	return (int)(template_date_days(month == 12 ? year + 1 : year, next, 1) -
		     template_date_days(year, month, 1));
}

int64_t template_date_instant(const struct value_date *date)
{
	int64_t days = template_date_days(date->year, date->month, date->day);

	return ((days * 24 + date->hour) * 60 + date->minute - date->zone) * 60 * SECOND +
	       date->second * SECOND + date->microsecond;
}

int template_date_weekday(const struct value_date *date)
{
	int64_t day = (template_date_days(date->year, date->month, date->day) + 4) % 7;

	return (int)(day < 0 ? day + 7 : day);
}

int template_date_yearday(const struct value_date *date)
{
	return (int)(template_date_days(date->year, date->month, date->day) -
		     template_date_days(date->year, 1, 1)) +
	       1;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The moment that many microseconds later; like a date, in whole days only, when it has no time. */
static struct value *later(struct eval *eval, const struct node *node, const struct value *date,
			   int64_t span)
{
	struct value_date moved = date->date;
	int64_t instant = template_date_instant(&moved) + moved.zone * 60 * SECOND;

	instant += moved.has_time ? span : floor_divide(span, DAY) * DAY;
	int64_t days = floor_divide(instant, DAY), rest = instant - days * DAY;
	if (days < template_date_days(1, 1, 1) || days > template_date_days(9999, 12, 31))
		return template_eval_fail(eval, node, "the date is out of range");
	template_date_from_days(days, &moved);
	moved.microsecond = (int)(rest % SECOND);
	moved.second = (int8_t)(rest / SECOND % 60);
	moved.minute = (int8_t)(rest / SECOND / 60 % 60);
	moved.hour = (int8_t)(rest / SECOND / 3600);
	return value_date(moved);
}

struct value *template_date_calculate(struct eval *eval, const struct node *node,
				      enum number_operator op, const struct value *a,
				      const struct value *b)
{
	bool plus = op == NUMBER_ADD;

	if (op != NUMBER_ADD && op != NUMBER_SUBTRACT)
		return NULL;
	if (a->kind == VALUE_SPAN && b->kind == VALUE_SPAN)
		return value_span(plus ? a->integer + b->integer : a->integer - b->integer);
	if (a->kind == VALUE_DATE && b->kind == VALUE_SPAN)
		return later(eval, node, a, plus ? b->integer : -b->integer);
	if (plus && a->kind == VALUE_SPAN && b->kind == VALUE_DATE)
		return later(eval, node, b, a->integer);
	if (!plus && a->kind == VALUE_DATE && b->kind == VALUE_DATE &&
	    a->date.has_time == b->date.has_time && a->date.has_zone == b->date.has_zone)
		return value_span(template_date_instant(&a->date) -
				  template_date_instant(&b->date));
	return NULL;
}

void template_date_span_text(int64_t span, struct buf *out)
{
	int64_t days = floor_divide(span, DAY), rest = span - days * DAY, seconds = rest / SECOND;

	if (days)
		buf_printf(out, "%" PRId64 " day%s, ", days, days == 1 || days == -1 ? "" : "s");
	buf_printf(out, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
		   (int)(seconds % 60));
	if (rest % SECOND)
		buf_printf(out, ".%06d", (int)(rest % SECOND));
}

void template_date_span_repr(int64_t span, struct buf *out)
{
	int64_t days = floor_divide(span, DAY), rest = span - days * DAY;
	const struct {
		const char *name;
		int64_t value;
	} parts[] = {{"days", days}, {"seconds", rest / SECOND}, {"microseconds", rest % SECOND}};
	const char *separator = "";

	buf_addstr(out, "datetime.timedelta(");
	for (size_t i = 0; i < 3; i++) {
		if (!parts[i].value)
			continue;
		buf_printf(out, "%s%s=%" PRId64, separator, parts[i].name, parts[i].value);
		separator = ", ";
	}
	buf_addstr(out, span ? ")" : "0)");
}

static struct value *do_isoformat(struct call *call, struct value **a)
{
	struct buf text = BUF_INIT;
	const char *separator;
	size_t length;

	if (!template_call_text(call, a[1], "T", &separator, &length))
		return NULL;
	value_str(a[0], &text);
	char *space = text.data ? strchr(text.data, ' ') : NULL;
	if (!space)
		return value_take_buf(&text);
	*space = '\0';
	struct value *joined = NULL;
	cleanup_free char *all = mem_printf("%s%s%s", text.data, separator, space + 1);
	joined = value_text_of(all);
	buf_done(&text);
	return joined;
}

static struct value *do_strftime(struct call *call, struct value **a)
{
	const char *format;
	size_t length;
	struct buf out = BUF_INIT;

	if (!template_call_text(call, a[1], NULL, &format, &length) ||
	    !template_date_format(call, a[0], format, length, &out)) {
		buf_done(&out);
		return NULL;
	}
	return value_take_buf(&out);
}

static struct value *do_weekday(struct call *call, struct value **a)
{
	(void)call;
	return value_int((template_date_weekday(&a[0]->date) + 6) % 7);
}

static struct value *do_isoweekday(struct call *call, struct value **a)
{
	(void)call;
	return value_int((template_date_weekday(&a[0]->date) + 6) % 7 + 1);
}

static struct value *do_toordinal(struct call *call, struct value **a)
{
	const struct value_date *date = &a[0]->date;

	(void)call;
	return value_int(template_date_days(date->year, date->month, date->day) -
			 template_date_days(1, 1, 1) + 1);
}

static struct value *do_ctime(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;

	template_date_format(call, a[0], "%a %b %e %H:%M:%S %Y", 20, &out);
	return value_take_buf(&out);
}

static struct value *do_date(struct call *call, struct value **a)
{
	struct value_date date = {
		.year = a[0]->date.year, .month = a[0]->date.month, .day = a[0]->date.day};

	(void)call;
	return value_date(date);
}

static struct value *do_timestamp(struct call *call, struct value **a)
{
	const struct value_date *date = &a[0]->date;
	struct tm parts = {.tm_year = date->year - 1900,
			   .tm_mon = date->month - 1,
			   .tm_mday = date->day,
			   .tm_hour = date->hour,
			   .tm_min = date->minute,
			   .tm_sec = date->second,
			   .tm_isdst = -1};

	(void)call;
	if (date->has_zone)
		return value_float((double)template_date_instant(date) / (double)SECOND);
	return value_float((double)mktime(&parts) + date->microsecond / (double)SECOND);
}

static struct value *do_utcoffset(struct call *call, struct value **a)
{
	(void)call;
	return a[0]->date.has_zone ? value_span(a[0]->date.zone * 60 * SECOND) : value_none();
}

/* replace(year=..., day=...), also by place. */
static struct value *do_replace(struct call *call, struct value **a)
{
	static const int least[] = {1, 1, 1, 0, 0, 0, 0};
	static const int most[] = {9999, 12, 31, 23, 59, 59, 999999};
	struct value_date date = a[0]->date;
	int parts[] = {date.year,   date.month,	 date.day,	  date.hour,
		       date.minute, date.second, date.microsecond};
	int64_t number;

	for (size_t i = 0; i < 7; i++) {
		if (!a[i + 1])
			continue;
		if (i >= 3 && !date.has_time)
			return template_call_fail(call, "a date has no time to replace");
		if (!template_call_int(call, a[i + 1], 0, &number))
			return NULL;
		if (number < least[i] || number > most[i])
			return template_call_fail(call, "the date is out of range");
		parts[i] = (int)number;
	}
	date.year = parts[0];
	date.month = (int8_t)parts[1];
	date.day = (int8_t)parts[2];
	date.hour = (int8_t)parts[3];
	date.minute = (int8_t)parts[4];
	date.second = (int8_t)parts[5];
	date.microsecond = parts[6];
	if (date.day > template_date_month_length(date.year, date.month))
		return template_call_fail(call, "the day is out of range for the month");
	return value_date(date);
}

static struct value *do_total_seconds(struct call *call, struct value **a)
{
	(void)call;
	return value_float((double)a[0]->integer / (double)SECOND);
}

static const struct builtin methods[] = {
	{"isoformat", do_isoformat, "date sep", 1, 0},
	{"strftime", do_strftime, "date format", 2, 0},
	{"weekday", do_weekday, "date", 1, 0},
	{"isoweekday", do_isoweekday, "date", 1, 0},
	{"toordinal", do_toordinal, "date", 1, 0},
	{"ctime", do_ctime, "date", 1, 0},
	{"replace", do_replace, "date year month day hour minute second microsecond", 1, 0},
	{"date", do_date, "date", 1, 0}, /* from here on only with a time */
	{"timestamp", do_timestamp, "date", 1, 0},
	{"utcoffset", do_utcoffset, "date", 1, 0},
};

#define METHODS	     (sizeof(methods) / sizeof(*methods))
#define DATE_METHODS 7

static const struct builtin span_methods[] = {
	{"total_seconds", do_total_seconds, "span", 1, 0},
};

static struct value *span_attribute(struct value *self, const char *name)
{
	int64_t days = floor_divide(self->integer, DAY), rest = self->integer - days * DAY;

	if (!strcmp(name, "days"))
		return value_int(days);
	if (!strcmp(name, "seconds"))
		return value_int(rest / SECOND);
	if (!strcmp(name, "microseconds"))
		return value_int(rest % SECOND);
	const struct builtin *method = template_call_find(span_methods, 1, name);
	return method ? template_call_bound(method, self) : NULL;
}

struct value *template_date_attribute(struct value *self, const char *name)
{
	const struct value_date *date = &self->date;

	if (self->kind == VALUE_SPAN)
		return span_attribute(self, name);
	const struct {
		const char *name;
		int value;
	} parts[] = {
		{"year", date->year},
		{"month", date->month},
		{"day", date->day},
		{"hour", date->hour},
		{"minute", date->minute},
		{"second", date->second},
		{"microsecond", date->microsecond},
	};
	for (size_t i = 0; i < (date->has_time ? 7u : 3u); i++)
		if (!strcmp(name, parts[i].name))
			return value_int(parts[i].value);
	const struct builtin *method =
		template_call_find(methods, date->has_time ? METHODS : DATE_METHODS, name);
	return method ? template_call_bound(method, self) : NULL;
}
