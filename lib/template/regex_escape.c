#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "template/regex_reader.h"
#include "template/text.h"

int template_regex_reader_fail(struct regex_reader *reader, size_t at, const char *format, ...)
{
	va_list args;
	int shown = (int)(reader->length < 100 ? reader->length : 100);

	va_start(args, format);
	cleanup_free char *what = mem_vprintf(format, args);
	va_end(args);
	return err_set(reader->err, ERR_INVALID, "regular expression '%.*s': %s at character %zu",
		       shown, reader->pattern, what, template_text_count(reader->pattern, at) + 1);
}

char template_regex_reader_peek(const struct regex_reader *reader, size_t ahead)
{
	return reader->at + ahead < reader->length ? reader->pattern[reader->at + ahead] : '\0';
}

bool template_regex_reader_skip(struct regex_reader *reader, const char *text)
{
	size_t n = strlen(text);

	if (n > reader->length - reader->at || memcmp(reader->pattern + reader->at, text, n) != 0)
		return false;
	reader->at += n;
	return true;
}

void template_regex_reader_put(struct regex_reader *reader, const char *text)
{
	buf_addstr(&reader->python->pattern, text);
}

void template_regex_reader_put_character(struct regex_reader *reader, uint32_t c)
{
	if (c < 0x80 && (isalnum((int)c) || c == '_'))
		buf_addch(&reader->python->pattern, (char)c);
	else
		buf_printf(&reader->python->pattern, "\\x{%x}", c);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* \x41, \u0041, \U00000041: exactly so many digits. */
static int read_hex(struct regex_reader *reader, size_t digits, uint32_t *ret)
{
	size_t begin = reader->at - 2;

	*ret = 0;
	for (size_t i = 0; i < digits; i++, reader->at++) {
		int c = (unsigned char)template_regex_reader_peek(reader, 0);
		if (!isxdigit(c))
			return template_regex_reader_fail(reader, begin, "incomplete escape \\%c",
							  reader->pattern[begin + 1]);
		*ret = *ret << 4 | (uint32_t)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
	}
	return *ret > 0x10FFFF
		       ? template_regex_reader_fail(reader, begin, "there is no such character")
		       : 0;
}

/* The characters that have a letter of their own, and numbers. 1 when the escape is one of them. */
static int read_character(struct regex_reader *reader, char c, uint32_t *ret)
{
	static const char letters[] = "afnrtv\\", meanings[] = "\a\f\n\r\t\v\\";
	const char *known = c ? strchr(letters, c) : NULL;
	size_t begin = reader->at - 2;

	if (known) {
		*ret = (unsigned char)meanings[known - letters];
		return 1;
	}
	if (c == 'x' || c == 'u' || c == 'U') {
		int r = read_hex(reader, c == 'x' ? 2 : c == 'u' ? 4 : 8, ret);
		return r < 0 ? r : 1;
	}
	if (isalpha((unsigned char)c))
		return template_regex_reader_fail(
			reader, begin, c == 'N' ? "\\%c is not supported" : "bad escape \\%c", c);
	return 0;
}

/* Digits behind a backslash: octal ones. */
static int read_octal(struct regex_reader *reader, char c, size_t most, uint32_t *ret)
{
	size_t begin = reader->at - 2;

	*ret = (uint32_t)(c - '0');
	for (size_t i = 1; i < most && is_octal(template_regex_reader_peek(reader, 0)); i++)
		*ret = *ret * 8 + (uint32_t)(reader->pattern[reader->at++] - '0');
	return *ret > 0377 ? template_regex_reader_fail(reader, begin,
							"octal escape outside of range 0-0o377")
			   : 0;
}

int template_regex_reader_reference(struct regex_reader *reader, size_t at, size_t group)
{
	if (group == 0 || group > reader->python->names.n)
		return template_regex_reader_fail(reader, at, "invalid group reference %zu", group);
	if (!reader->closed[group - 1])
		return template_regex_reader_fail(reader, at, "cannot refer to an open group");
	buf_printf(&reader->python->pattern, "\\g{%zu}", group);
	return 0;
}

int template_regex_reader_escape(struct regex_reader *reader, enum regex_item *item)
{
	static const char anchors[] = "AbBZ";
	size_t begin = reader->at - 1;
	uint32_t character;

	if (reader->at >= reader->length)
		return template_regex_reader_fail(reader, begin, "bad escape (end of pattern)");
	char c = reader->pattern[reader->at++];
	*item = REGEX_THING;
	if (template_text_one_of(c, anchors)) {
		*item = REGEX_ANCHOR;
		buf_printf(&reader->python->pattern, "\\%c", c == 'Z' ? 'z' : c);
		return 0;
	}
	if (c == 's' || c == 'S') {
		template_regex_reader_put(reader,
					  c == 's' ? "[\\s\\x1c-\\x1f]" : "[^\\s\\x1c-\\x1f]");
		return 0;
	}
	if (template_text_one_of(c, "dDwW")) {
		buf_printf(&reader->python->pattern, "\\%c", c);
		return 0;
	}
	if (isdigit((unsigned char)c)) {
		bool octal = c == '0' ||
			     (is_octal(c) && is_octal(template_regex_reader_peek(reader, 0)) &&
			      is_octal(template_regex_reader_peek(reader, 1)));
		if (!octal) {
			size_t group = (size_t)(c - '0');
			if (isdigit((unsigned char)template_regex_reader_peek(reader, 0)))
				group = group * 10 + (size_t)(reader->pattern[reader->at++] - '0');
			return template_regex_reader_reference(reader, begin, group);
		}
		int r = read_octal(reader, c, 3, &character);
		if (r >= 0)
			template_regex_reader_put_character(reader, character);
		return r;
	}
	int r = read_character(reader, c, &character);
	if (r < 0)
		return r;
	if (!r) {
		reader->at--;
		character = template_text_next(reader->pattern, reader->length, &reader->at);
	}
	template_regex_reader_put_character(reader, character);
	return 0;
}

/* One member of a set: a character, or a class such as \d (*ret_class). */
static int read_member(struct regex_reader *reader, uint32_t *ret, char *ret_class)
{
	*ret_class = '\0';
	if (template_regex_reader_peek(reader, 0) != '\\') {
		*ret = template_text_next(reader->pattern, reader->length, &reader->at);
		return 0;
	}
	size_t begin = reader->at++;
	if (reader->at >= reader->length)
		return template_regex_reader_fail(reader, begin, "bad escape (end of pattern)");
	char c = reader->pattern[reader->at++];
	if (template_text_one_of(c, "dDsSwW")) {
		*ret_class = c;
		return 0;
	}
	if (c == 'b') {
		*ret = '\b';
		return 0;
	}
	if (is_octal(c))
		return read_octal(reader, c, 3, ret);
	if (isdigit((unsigned char)c))
		return template_regex_reader_fail(reader, begin, "bad escape \\%c", c);
	int r = read_character(reader, c, ret);
	if (r == 0) {
		reader->at--;
		*ret = template_text_next(reader->pattern, reader->length, &reader->at);
	}
	return r < 0 ? r : 0;
}

static void put_member(struct regex_reader *reader, uint32_t character, char class)
{
	if (class == 's')
		template_regex_reader_put(reader, "\\s\\x1c-\\x1f");
	else if (class)
		buf_printf(&reader->python->pattern, "\\%c", class);
	else
		template_regex_reader_put_character(reader, character);
}

int template_regex_reader_set(struct regex_reader *reader)
{
	size_t begin = reader->at - 1;
	bool first = true;

	template_regex_reader_put(reader, template_regex_reader_skip(reader, "^") ? "[^" : "[");
	for (;; first = false) {
		uint32_t low, high;
		char low_class, high_class;
		size_t place = reader->at;
		if (reader->at >= reader->length)
			return template_regex_reader_fail(reader, begin,
							  "unterminated character set");
		if (!first && template_regex_reader_skip(reader, "]"))
			break;
		int r = read_member(reader, &low, &low_class);
		if (r < 0)
			return r;
		put_member(reader, low, low_class);
		if (template_regex_reader_peek(reader, 0) != '-' ||
		    template_regex_reader_peek(reader, 1) == ']')
			continue;
		reader->at++;
		if (reader->at >= reader->length)
			return template_regex_reader_fail(reader, begin,
							  "unterminated character set");
		r = read_member(reader, &high, &high_class);
		if (r < 0)
			return r;
		if (low_class || high_class || high < low)
			return template_regex_reader_fail(reader, place, "bad character range");
		template_regex_reader_put(reader, "-");
		put_member(reader, high, '\0');
	}
	template_regex_reader_put(reader, "]");
	return 0;
}
