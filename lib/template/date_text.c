#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "template/date.h"
#include "template/regex.h"
#include "template/text.h"

#define LONGEST (1u << 20) /* bytes of a formatted date */

void template_date_strftime(const char *format, size_t length, const struct tm *parts,
			    struct buf *out)
{
	/* one more character tells an empty result from one that did not fit */
	cleanup_free char *marked = mem_printf("%.*s|", (int)length, format);
	size_t n = 0;

	for (size_t room = length * 8 + 64; !n && room < LONGEST; room *= 2) {
		cleanup_free char *text = mem_alloc(room);
		n = strftime(text, room, marked, parts);
		if (n)
			buf_add(out, text, n - 1);
	}
}

/* What the C library must not decide: fractions of seconds, and the zone. */
static void own_directives(const struct value_date *date, const char *format, size_t length,
			   struct buf *out)
{
	int zone = abs(date->zone);

	for (size_t i = 0; i < length; i++) {
		char next = format[i] == '%' && i + 1 < length ? format[i + 1] : '\0';
		if (next == 'f') {
			buf_printf(out, "%06d", date->microsecond);
		} else if (next == 'z' || next == 'Z') {
			if (date->has_zone && next == 'z')
				buf_printf(out, "%c%02d%02d", date->zone < 0 ? '-' : '+', zone / 60,
					   zone % 60);
			else if (date->has_zone && !date->zone)
				buf_addstr(out, "UTC");
			else if (date->has_zone)
				buf_printf(out, "UTC%c%02d:%02d", date->zone < 0 ? '-' : '+',
					   zone / 60, zone % 60);
		} else {
			buf_addch(out, format[i]);
			if (next)
				buf_addch(out, next);
			i += next != '\0';
			continue;
		}
		i++;
	}
}

bool template_date_format(struct call *call, const struct value *value, const char *format,
			  size_t length, struct buf *out)
{
	const struct value_date *date = &value->date;
	struct buf own = BUF_INIT;
	const struct tm parts = {
		.tm_year = date->year - 1900,
		.tm_mon = date->month - 1,
		.tm_mday = date->day,
		.tm_hour = date->hour,
		.tm_min = date->minute,
		.tm_sec = date->second,
		.tm_wday = template_date_weekday(date),
		.tm_yday = template_date_yearday(date) - 1,
		.tm_isdst = -1,
	};

	if (length > LONGEST / 64)
		return template_call_fail(call, "strftime: the format is too long");
	own_directives(date, format, length, &own);
	template_date_strftime(buf_str(&own), own.len, &parts, out);
	buf_done(&own);
	return true;
}

static const struct directive {
	char letter;
	const char *pattern;
} directives[] = {
	{'d', "3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9]"},
	{'f', "[0-9]{1,6}"},
	{'H', "2[0-3]|[0-1]\\d|\\d"},
	{'I', "1[0-2]|0[1-9]|[1-9]"},
	{'j', "36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]"},
	{'m', "1[0-2]|0[1-9]|[1-9]"},
	{'M', "[0-5]\\d|\\d"},
	{'S', "6[0-1]|[0-5]\\d|\\d"},
	{'w', "[0-6]"},
	{'u', "[1-7]"},
	{'y', "\\d\\d"},
	{'Y', "\\d\\d\\d\\d"},
	{'z', "[+-]\\d\\d:?[0-5]\\d|(?-i:Z)"},
	{'A', "monday|tuesday|wednesday|thursday|friday|saturday|sunday"},
	{'a', "mon|tue|wed|thu|fri|sat|sun"},
	{'B', "january|february|march|april|may|june|july|august|september|october|november|"
	      "december"},
	{'b', "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"},
	{'p', "am|pm"},
	{'Z', "utc|gmt"},
	{'c', "%a %b %d %H:%M:%S %Y"}, /* these stand for others */
	{'x', "%m/%d/%y"},
	{'X', "%H:%M:%S"},
};

static const struct directive *find_directive(char letter)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (directives[i].letter == letter)
			return &directives[i];
	return NULL;
}

/* The format as a regular expression with a group for each directive. */
static bool to_pattern(struct call *call, const char *format, struct buf *out)
{
	for (const char *p = format; *p; p++) {
		const struct directive *directive;
		if (isspace((unsigned char)*p)) {
			buf_addstr(out, "\\s+");
			while (isspace((unsigned char)p[1]))
				p++;
		} else if (*p != '%') {
			if (template_text_one_of(*p, "\\.^$*+?(){}[]|"))
				buf_addch(out, '\\');
			buf_addch(out, *p);
		} else if (*++p == '%') {
			buf_addch(out, '%');
		} else if (!*p || !(directive = find_directive(*p))) {
			return template_call_fail(call, "to_datetime does not know '%%%s'",
						  *p ? (char[2]){*p} : "");
		} else if (template_text_one_of(*p, "cxX")) {
			if (!to_pattern(call, directive->pattern, out))
				return false;
		} else {
			buf_printf(out, "(?P<%c>%s)", *p, directive->pattern);
		}
	}
	return true;
}

/* What a directive matched; NULL when the format has none of that letter. Caller frees. */
static char *matched(const struct regex *regex, const char *text, char letter)
{
	size_t begin, end;
	int group = template_regex_group_number(regex, (char[2]){letter});

	if (group < 0 || !template_regex_group(regex, (size_t)group, &begin, &end))
		return NULL;
	return mem_strndup(text + begin, end - begin);
}

static int number_of(const struct regex *regex, const char *text, char letter, int otherwise)
{
	cleanup_free char *digits = matched(regex, text, letter);

	return digits ? atoi(digits) : otherwise;
}

/* Which of the words of a directive matched, from 1; 0: the format does not ask. */
static int word_of(const struct regex *regex, const char *text, char letter)
{
	cleanup_free char *word = matched(regex, text, letter);
	const char *words = find_directive(letter)->pattern;

	for (int i = 1; word; i++) {
		size_t n = strcspn(words, "|");
		if (n == strlen(word) && !strncasecmp(words, word, n))
			return i;
		words += n + 1;
	}
	return 0;
}

static void read_zone(const struct regex *regex, const char *text, struct value_date *date)
{
	cleanup_free char *zone = matched(regex, text, 'z');

	if (!zone)
		return;
	date->has_zone = true;
	if (*zone == 'Z')
		return;
	const char *minutes = zone + 3 + (zone[3] == ':');
	date->zone = (zone[1] - '0') * 600 + (zone[2] - '0') * 60 + atoi(minutes);
	if (*zone == '-')
		date->zone = -date->zone;
}

static void read_time(const struct regex *regex, const char *text, struct value_date *date)
{
	cleanup_free char *fraction = matched(regex, text, 'f');
	int half = word_of(regex, text, 'p'), twelve = number_of(regex, text, 'I', -1);

	date->hour = number_of(regex, text, 'H', 0);
	if (twelve >= 0)
		date->hour = twelve % 12 + (half == 2 ? 12 : 0);
	date->minute = number_of(regex, text, 'M', 0);
	date->second = number_of(regex, text, 'S', 0);
	if (fraction) {
		cleanup_free char *six = mem_printf("%s000000", fraction);
		six[6] = '\0';
		date->microsecond = atoi(six);
	}
	read_zone(regex, text, date);
}

static bool read_date(const struct regex *regex, const char *text, struct value_date *date)
{
	int year = number_of(regex, text, 'y', -1), yearday = number_of(regex, text, 'j', -1);
	int month = word_of(regex, text, 'B');

	if (!month)
		month = word_of(regex, text, 'b');
	date->year =
		year < 0 ? number_of(regex, text, 'Y', 1900) : year + (year < 69 ? 2000 : 1900);
	date->month = month ? month : number_of(regex, text, 'm', 1);
	date->day = number_of(regex, text, 'd', 1);
	if (date->year < 1)
		return false;
	if (yearday > 0)
		template_date_from_days(template_date_days(date->year, 1, 1) + yearday - 1, date);
	return date->second < 60 &&
	       date->day <= template_date_month_length(date->year, date->month);
}

struct value *template_date_parse(struct call *call, const struct value *text, const char *format)
{
	cleanup_buf struct buf pattern = BUF_INIT;
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;
	struct value_date date = {.has_time = true};

	if (!to_pattern(call, format, &pattern))
		return NULL;
	int r = template_regex_compile(buf_str(&pattern), pattern.len,
				       &(struct regex_style){.ignore_case = true}, &regex, &err);
	if (r == 0)
		r = template_regex_find(&regex, text->string.text, text->string.length, 0,
					REGEX_ANCHORED | REGEX_WHOLE, &err);
	if (r < 0)
		return template_eval_fail_err(call->eval, call->node, &err);
	if (!r)
		return template_call_fail(call, "'%s' is no date of the form '%s'",
					  text->string.text, format);
	read_time(&regex, text->string.text, &date);
	if (!read_date(&regex, text->string.text, &date))
		return template_call_fail(call, "'%s' is no date of the calendar",
					  text->string.text);
	return value_date(date);
}
