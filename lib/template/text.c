#include "template/text.h"

#include <string.h>

bool template_text_is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

static size_t sequence_length(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];
	size_t want = c < 0x80		      ? 1
		      : c >= 0xF0 && c < 0xF5 ? 4
		      : c >= 0xE0 && c < 0xF0 ? 3
		      : c >= 0xC2 && c < 0xE0 ? 2
					      : 1;

	if (want > left)
		return 1;
	for (size_t i = 1; i < want; i++)
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			return 1;
	return want;
}

bool template_text_one_of(char c, const char *characters)
{
	return c && strchr(characters, c);
}

size_t template_text_count(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; count++)
		i += (unsigned char)text[i] < 0x80 ? 1 : sequence_length(text + i, length - i);
	return count;
}

size_t template_text_offset(const char *text, size_t length, size_t index)
{
	size_t at = 0;

	while (index-- > 0 && at < length)
		at += (unsigned char)text[at] < 0x80 ? 1 : sequence_length(text + at, length - at);
	return at;
}

uint32_t template_text_next(const char *text, size_t length, size_t *at)
{
	const unsigned char *p = (const unsigned char *)text + *at;
	size_t n = sequence_length(text + *at, length - *at);

	*at += n;
	switch (n) {
	case 2:
		return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
	case 3:
		return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
	case 4:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 |
		       (p[3] & 0x3Fu);
	default:
		return p[0] < 0x80 ? p[0] : 0xDC00u + p[0];
	}
}

void template_text_put(struct buf *out, uint32_t c)
{
	char bytes[4];
	size_t n = 0;

	if (c < 0x80) {
		bytes[n++] = (char)c;
	} else if (c >= 0xDC80 && c <= 0xDCFF) {
		bytes[n++] = (char)(c - 0xDC00);
	} else if (c < 0x800) {
		bytes[n++] = (char)(0xC0 | c >> 6);
		bytes[n++] = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		bytes[n++] = (char)(0xE0 | c >> 12);
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		bytes[n++] = (char)(0x80 | (c & 0x3F));
	} else {
		bytes[n++] = (char)(0xF0 | c >> 18);
		bytes[n++] = (char)(0x80 | (c >> 12 & 0x3F));
		bytes[n++] = (char)(0x80 | (c >> 6 & 0x3F));
		bytes[n++] = (char)(0x80 | (c & 0x3F));
	}
	buf_add(out, bytes, n);
}

/* Where the character before `end` begins. */
static size_t before(const char *text, size_t begin, size_t end)
{
	size_t at = end - 1;

	while (at > begin && end - at < 4 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	return at + sequence_length(text + at, end - at) == end ? at : end - 1;
}

size_t template_text_word(const char *text, size_t end)
{
	while (end > 0) {
		size_t at = before(text, 0, end), next = at;
		if (template_text_is_space(template_text_next(text, end, &next)))
			return end;
		end = at;
	}
	return 0;
}

static bool is_one_of(uint32_t c, const char *characters, size_t length)
{
	for (size_t i = 0; i < length;)
		if (template_text_next(characters, length, &i) == c)
			return true;
	return false;
}

static bool strips(uint32_t c, const char *characters, size_t length)
{
	return characters ? is_one_of(c, characters, length) : template_text_is_space(c);
}

void template_text_strip(const char *text, size_t *begin, size_t *end, enum text_side side,
			 const char *characters, size_t character_length)
{
	while (side & TEXT_LEFT && *begin < *end) {
		size_t at = *begin;
		if (!strips(template_text_next(text, *end, &at), characters, character_length))
			break;
		*begin = at;
	}
	while (side & TEXT_RIGHT && *begin < *end) {
		size_t at = before(text, *begin, *end), next = at;
		if (!strips(template_text_next(text, *end, &next), characters, character_length))
			break;
		*end = at;
	}
}

size_t template_text_find(const char *text, size_t length, const char *needle, size_t needle_length,
			  size_t from)
{
	if (from > length || needle_length > length - from)
		return SIZE_MAX;
	const char *at = needle_length ? memmem(text + from, length - from, needle, needle_length)
				       : text + from;
	return at ? (size_t)(at - text) : SIZE_MAX;
}

size_t template_text_find_last(const char *text, size_t until, const char *needle,
			       size_t needle_length)
{
	if (needle_length > until)
		return SIZE_MAX;
	for (size_t at = until - needle_length + 1; at-- > 0;)
		if (!memcmp(text + at, needle, needle_length))
			return at;
	return SIZE_MAX;
}

/* How many bytes at text end a line: 0 for none. */
static size_t line_break(const char *text, size_t left)
{
	unsigned char c = (unsigned char)text[0];

	if (c == '\r')
		return left > 1 && text[1] == '\n' ? 2 : 1;
	if (c == '\n' || c == '\v' || c == '\f' || (c >= 0x1C && c <= 0x1E))
		return 1;
	if (c == 0xC2 && left > 1 && (unsigned char)text[1] == 0x85)
		return 2;
	if (c == 0xE2 && left > 2 && (unsigned char)text[1] == 0x80 &&
	    ((unsigned char)text[2] == 0xA8 || (unsigned char)text[2] == 0xA9))
		return 3;
	return 0;
}

bool template_text_line(const char *text, size_t length, size_t *at, size_t *ret_begin,
			size_t *ret_end)
{
	if (*at >= length)
		return false;
	*ret_begin = *at;
	for (size_t i = *at; i < length; i++) {
		size_t ends = line_break(text + i, length - i);
		if (ends) {
			*ret_end = i;
			*at = i + ends;
			return true;
		}
	}
	*ret_end = *at = length;
	return true;
}

/* Python puts `to` before every character and at the end when it replaces nothing. */
static size_t replace_nothing(const char *text, size_t length, const char *to, size_t to_length,
			      int64_t count, struct buf *out)
{
	size_t done = 0;

	for (size_t i = 0; i <= length && (count < 0 || (int64_t)done < count); done++) {
		size_t begin = i;
		buf_add(out, to, to_length);
		if (i == length)
			return done + 1;
		template_text_next(text, length, &i);
		buf_add(out, text + begin, i - begin);
		if (count >= 0 && (int64_t)done + 1 >= count)
			buf_add(out, text + i, length - i);
	}
	return done;
}

size_t template_text_replace(const char *text, size_t length, const char *from, size_t from_length,
			     const char *to, size_t to_length, int64_t count, struct buf *out)
{
	size_t at = 0, done = 0;

	if (!from_length && count)
		return replace_nothing(text, length, to, to_length, count, out);
	while (count < 0 || (int64_t)done < count) {
		size_t found = template_text_find(text, length, from, from_length, at);
		if (found == SIZE_MAX)
			break;
		buf_add(out, text + at, found - at);
		buf_add(out, to, to_length);
		at = found + from_length;
		done++;
	}
	buf_add(out, text + at, length - at);
	return done;
}
