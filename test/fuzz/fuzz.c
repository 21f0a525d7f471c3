#include "fuzz/fuzz.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/text.h"

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: %s does not hold: ", file, line, condition);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* The length of the line break that stands there; 0 for none. */
static size_t line_break(const char *at, const char *end, enum fuzz_breaks breaks)
{
	size_t left = (size_t)(end - at);

	if (*at == '\n')
		return 1;
	if (*at == '\r' && breaks != FUZZ_BREAKS_JSON)
		return left >= 2 && at[1] == '\n' ? 2 : 1;
	if (breaks != FUZZ_BREAKS_YAML)
		return 0;
	if (left >= 2 && !memcmp(at, "\xc2\x85", 2))
		return 2;
	return left >= 3 && (!memcmp(at, "\xe2\x80\xa8", 3) || !memcmp(at, "\xe2\x80\xa9", 3)) ? 3
											       : 0;
}

/* A byte order mark is no part of the text. */
static const char *begin_of(const struct fuzz_source *source)
{
	bool marked = source->breaks == FUZZ_BREAKS_YAML && source->length >= 3 &&
		      !memcmp(source->text, "\xef\xbb\xbf", 3);

	return source->text + (marked ? 3 : 0);
}

/* The line with that number, or the empty one behind the last; NULL when there is none. */
static const char *find_line(const struct fuzz_source *source, int line, size_t *ret_length)
{
	const char *at = begin_of(source), *end = source->text + source->length, *start;

	for (int number = 1;; number++) {
		size_t width = 0;
		start = at;
		while (at < end && !(width = line_break(at, end, source->breaks)))
			at++;
		*ret_length = (size_t)(at - start);
		if (number == line)
			return start;
		if (width) {
			at += width;
			continue;
		}
		*ret_length = 0;
		return source->breaks == FUZZ_BREAKS_YAML && number + 1 == line ? end : NULL;
	}
}

/* A template may hold bytes that are no UTF-8: each counts. YAML does not get that far with them.
 */
static size_t characters(const struct fuzz_source *source, const char *text, size_t length)
{
	size_t count = 0;

	if (source->breaks != FUZZ_BREAKS_YAML)
		return template_text_count(text, length);
	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void fuzz_expect_inside(const struct fuzz_source *source, int line, int column)
{
	size_t length;

	fuzz_expect(line >= 0 && column >= 0, "%d:%d", line, column);
	if (line == 0)
		return;
	const char *start = find_line(source, line, &length);
	fuzz_expect(start, "line %d is behind the end", line);
	fuzz_expect((size_t)column <= characters(source, start, length) + 1,
		    "column %d of line %d, which has %zu", column, line,
		    characters(source, start, length));
}

/* A template within a string of a template is shown alone, indented to where it stands. */
static void expect_excerpt(const struct fuzz_source *source, const struct err *err)
{
	size_t length, shown = strlen(err->excerpt);
	const char *start = find_line(source, err->place.line, &length);
	bool inner = source->breaks == FUZZ_BREAKS_TEXT && err->excerpt[0] == ' ';

	fuzz_expect(inner || (shown <= length && !memcmp(start, err->excerpt, shown)),
		    "line %d is '%.*s' and not '%s'", err->place.line, (int)length, start,
		    err->excerpt);
}

void fuzz_expect_told(const struct fuzz_source *source, const struct err *err)
{
	fuzz_expect(err->code != ERR_NONE && err->code != ERR_INTERNAL, "%s", err->message);
	fuzz_expect(err->message && *err->message, "an error of %s", source->name);
	fuzz_expect(!strchr(err->message, '\n'), "%s", err->message);
	if (!err->place.file || strcmp(err->place.file, source->name))
		return;
	fuzz_expect_inside(source, err->place.line, err->place.column);
	if (err->excerpt && err->place.line > 0)
		expect_excerpt(source, err);
}
