#include "base/timespan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct unit {
	const char *name;
	int64_t milliseconds;
} units[] = {
	{"ms", 1},	    {"msec", 1},	{"s", 1000},	     {"sec", 1000},
	{"second", 1000},   {"seconds", 1000},	{"m", 60000},	     {"min", 60000},
	{"minute", 60000},  {"minutes", 60000}, {"h", 3600000},	     {"hr", 3600000},
	{"hour", 3600000},  {"hours", 3600000}, {"d", 86400000},     {"day", 86400000},
	{"days", 86400000}, {"w", 604800000},	{"week", 604800000}, {"weeks", 604800000},
};

static int64_t unit_of(const char *name, size_t length)
{
	if (!length)
		return 1000; /* a bare number is seconds, as in systemd.time(7) */
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == length && !strncmp(units[i].name, name, length))
			return units[i].milliseconds;
	return 0;
}

static int not_a_duration(const char *text, struct err *err)
{
	(void)err_set(err, ERR_INVALID, "'%s' is not a duration", text);
	return err_hint(err, "write it as systemd does: 30s, 5min, 1h 30min");
}

int timespan_parse(const char *text, int64_t *ret_milliseconds, struct err *err)
{
	int64_t total = 0;
	const char *p = text + strspn(text, " \t");

	while (*p) {
		char *end;
		double number = isdigit((unsigned char)*p) ? strtod(p, &end) : -1;
		if (number < 0)
			return not_a_duration(text, err);
		const char *name = end + strspn(end, " \t");
		size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz");
		int64_t unit = unit_of(name, length);
		if (!unit || number * (double)unit > 1e15)
			return not_a_duration(text, err);
		total += (int64_t)(number * (double)unit);
		p = name + length;
		p += strspn(p, " \t");
	}
	if (p == text)
		return not_a_duration(text, err);
	*ret_milliseconds = total;
	return 0;
}

char *timespan_text(int64_t ms)
{
	if (ms < 1000)
		return mem_printf("%lld ms", (long long)ms);
	if (ms < 10000)
		return mem_printf("%.1f s", (double)ms / 1000);
	if (ms < 120000)
		return mem_printf("%lld s", (long long)ms / 1000);
	if (ms < 7200000)
		return mem_printf("%lld min", (long long)ms / 60000);
	return mem_printf("%lld h", (long long)ms / 3600000);
}

char *timespan_rfc3339(time_t when)
{
	struct tm tm;
	char text[32];

	gmtime_r(&when, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return mem_strdup(text);
}

time_t timespan_parse_rfc3339(const char *text)
{
	struct tm tm = {0};
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	return end ? timegm(&tm) : -1;
}
