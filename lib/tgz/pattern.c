#include "tgz/pattern.h"

#include <string.h>

/* The end of the set that begins at the bracket; NULL when it has none. */
static const char *set_end(const char *set)
{
	const char *p = set + 1;

	if (*p == '!' || *p == '^')
		p++;
	if (*p == ']')
		p++;
	return strchr(p, ']');
}

static bool in_set(const char *set, const char *end, char c)
{
	const char *p = set + 1;
	bool negated = *p == '!' || *p == '^', found = false;

	for (p += negated; p < end; p++) {
		if (p[1] == '-' && p + 2 < end) {
			found |= *p <= c && c <= p[2];
			p += 2;
		} else {
			found |= *p == c;
		}
	}
	return found != negated;
}

static bool matches(const char *pattern, const char *end, const char *text);

/* One star stands for anything in a name, two for anything at all; "**" and its slash also for
 * nothing. */
static bool star_matches(const char *pattern, const char *end, const char *text)
{
	bool all = pattern + 1 < end && pattern[1] == '*';
	const char *rest = pattern + 1 + all;

	if (all && rest < end && *rest == '/' && matches(rest + 1, end, text))
		return true;
	for (;; text++) {
		if (matches(rest, end, text))
			return true;
		if (!*text || (*text == '/' && !all))
			return false;
	}
}

static bool matches(const char *pattern, const char *end, const char *text)
{
	for (; pattern < end; pattern++, text++) {
		const char *close;
		if (*pattern == '*')
			return star_matches(pattern, end, text);
		if (!*text)
			return false;
		if (*pattern == '?' && *text != '/')
			continue;
		if (*pattern == '[' && (close = set_end(pattern)) && close < end) {
			if (*text == '/' || !in_set(pattern, close, *text))
				return false;
			pattern = close;
			continue;
		}
		if (*pattern == '\\' && pattern + 1 < end)
			pattern++;
		if (*pattern != *text)
			return false;
	}
	return !*text;
}

int tgz_pattern_check(const char *pattern, struct err *err)
{
	if (!*pattern || !strcmp(pattern, "/"))
		return err_set(err, ERR_INVALID, "an empty pattern would leave out nothing or all");
	for (const char *p = pattern; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[' && !set_end(p))
			return err_set(err, ERR_INVALID, "the pattern '%s' has a [ without its ]",
				       pattern);
		else if (*p == '[')
			p = set_end(p);
	}
	return 0;
}

bool tgz_pattern_matches(const char *pattern, const char *file, const char *path, bool is_directory)
{
	const char *end = pattern + strlen(pattern), *text = file;

	if (end > pattern && end[-1] == '/') {
		if (!is_directory)
			return false;
		end--;
	}
	if (*pattern == '/')
		text = path;
	else if (!memchr(pattern, '/', (size_t)(end - pattern)))
		text = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	return matches(pattern, end, text);
}
