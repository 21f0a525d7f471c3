#include "tree/text.h"

#include <string.h>

#include "base/mem.h"

#define EXCERPT_MAX   200
#define DIRECTIVE_MAX 100

static bool is_utf16(const char *bytes, size_t length)
{
	return length >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2));
}

/* The length of the character at the start, and its value; 0 when it is not UTF-8. */
static size_t decode(const unsigned char *at, size_t left, unsigned *ret)
{
	static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *at < 0x80   ? 1
			: *at < 0xc2 ? 0
			: *at < 0xe0 ? 2
			: *at < 0xf0 ? 3
			: *at < 0xf5 ? 4
				     : 0;
	unsigned value = length == 1 ? *at : *at & (0x7fu >> length);

	if (!length || length > left)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < lowest[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*ret = value;
	return length;
}

static bool allowed(unsigned value)
{
	return value == '\t' || value == '\n' || value == '\r' || value == 0x85 ||
	       (value >= 0x20 && value < 0x7f) || (value >= 0xa0 && value < 0xfffe) ||
	       value >= 0x10000;
}

/* The length of the line break there, 0 for none: YAML 1.1 knows more of them than editors do, and
 * the parser's lines are counted by them. */
static size_t line_break(const char *at, const char *end)
{
	size_t left = (size_t)(end - at);

	if (!left)
		return 0;
	if (*at == '\n' || *at == '\r')
		return left > 1 && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
	if (left > 1 && !memcmp(at, "\xc2\x85", 2))
		return 2;
	return left > 2 && !memcmp(at, "\xe2\x80", 2) && (at[2] == '\xa8' || at[2] == '\xa9') ? 3
											      : 0;
}

static int fail_at(const struct tree_text *text, size_t offset, struct err *err, const char *what)
{
	const char *at = text->bytes, *stop = at + offset;
	int line = 1, column = 1;

	for (size_t width; at < stop; at += width ? width : 1) {
		width = line_break(at, text->bytes + text->length);
		line += width > 0;
		column = width ? 1 : column + ((*at & 0xc0) != 0x80);
	}
	(void)err_set(err, ERR_INVALID, "%s", what);
	return err_at(err, text->file, line, column);
}

static int fail_character(const struct tree_text *text, size_t offset, unsigned value,
			  struct err *err)
{
	cleanup_free char *what = mem_printf("the control character U+%04X is not allowed", value);

	return fail_at(text, offset, err, value ? what : "a NUL character is not allowed");
}

/* libyaml compares every %TAG with those before it, ahead of the first event. */
static int check_directives(const struct tree_text *text, struct err *err)
{
	const char *end = text->bytes + text->length, *at = text->bytes;

	for (int count = 0; (at = memmem(at, (size_t)(end - at), "\n%TAG", 5)); at++)
		if (++count > DIRECTIVE_MAX)
			return fail_at(text, (size_t)(at + 1 - text->bytes), err,
				       "too many %TAG directives");
	return 0;
}

static int check_characters(const struct tree_text *text, struct err *err)
{
	const unsigned char *bytes = (const unsigned char *)text->bytes;

	for (size_t i = 0; i < text->length;) {
		unsigned value;
		if (bytes[i] >= ' ' && bytes[i] < 0x7f) { /* nearly all of a file */
			i++;
			continue;
		}
		size_t length = decode(bytes + i, text->length - i, &value);
		if (!length) {
			(void)fail_at(text, i, err, "the file is not UTF-8");
			return err_hint(err, "save it as UTF-8");
		}
		if (!allowed(value))
			return fail_character(text, i, value, err);
		i += length;
	}
	return 0;
}

int tree_text_check(struct tree_text *text, struct err *err)
{
	if (is_utf16(text->bytes, text->length)) {
		(void)fail_at(text, 0, err, "the file is UTF-16");
		return err_hint(err, "save it as UTF-8");
	}
	if (text->length >= 3 && !memcmp(text->bytes, "\xef\xbb\xbf", 3)) {
		text->bytes += 3;
		text->length -= 3;
	}
	int r = check_characters(text, err);
	return r < 0 ? r : check_directives(text, err);
}

/* Where the line that begins there ends. */
static const char *end_of_line(const char *start, const char *end)
{
	while (start < end && !line_break(start, end))
		start++;
	return start;
}

const char *tree_text_line(const struct tree_text *text, int line, size_t *ret_length)
{
	const char *start = text->bytes, *end = text->bytes + text->length;

	for (; line > 1 && start < end; line--) {
		start = end_of_line(start, end);
		start += line_break(start, end);
	}
	*ret_length = (size_t)(end_of_line(start, end) - start);
	return start;
}

/* A minified file is one line: then there is nothing worth showing. */
static void add_excerpt(const struct tree_text *text, int line, int column, int width,
			struct err *err)
{
	size_t length;
	const char *start = tree_text_line(text, line, &length);

	if (column > EXCERPT_MAX - 40)
		return;
	if (length > EXCERPT_MAX) {
		length = EXCERPT_MAX;
		while (length && (start[length] & 0xc0) == 0x80)
			length--;
	}
	(void)err_excerpt(err, start, (int)length, width);
}

int tree_text_fail(const struct tree_text *text, int line, int column, int width, struct err *err,
		   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)err_vset(err, ERR_INVALID, format, args);
	va_end(args);
	(void)err_at(err, text->file, line, column);
	if (line > 0)
		add_excerpt(text, line, column, width, err);
	return -(int)err->code;
}

int tree_text_fail_no_break(const struct tree_text *text, int line, int column, struct err *err)
{
	(void)tree_text_fail(text, line, column, 1, err,
			     "a no-break space (U+00A0) indents this line");
	return err_hint(err, "replace the no-break spaces with ordinary ones");
}

/* Column of the first no-break space or tab before anything else on the line; 0 for none. */
static int odd_blank(const char *line, size_t length, bool *ret_tab)
{
	for (size_t i = 0; i < length; i++) {
		*ret_tab = line[i] == '\t';
		if (*ret_tab || (i + 1 < length && !memcmp(line + i, "\xc2\xa0", 2)))
			return (int)i + 1;
		if (line[i] != ' ')
			return 0;
	}
	return 0;
}

bool tree_text_blames_blank(const struct tree_text *text, int first, int last, struct err *err)
{
	for (int line = first; line <= last; line++) {
		size_t length;
		bool tab;
		const char *start = tree_text_line(text, line, &length);
		int column = odd_blank(start, length, &tab);
		if (!column)
			continue;
		if (!tab) {
			(void)tree_text_fail_no_break(text, line, column, err);
			return true;
		}
		(void)tree_text_fail(text, line, column, 1, err, "a tab indents this line");
		(void)err_hint(err, "YAML is indented with spaces: replace the tabs");
		return true;
	}
	return false;
}
