#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "template/filter.h"
#include "template/text.h"

/* Bytes of text in another encoding. */
static const struct encoding {
	const char *name; /* as it is known, in lower case, without - and _ */
	int width;	  /* bytes of a unit; 0: UTF-8 */
	bool big;	  /* the most significant byte first */
	bool mark;	  /* begins with a byte order mark */
	uint32_t most;	  /* the last character; 0: all */
} encodings[] = {
	{"utf8", 0, false, false, 0},	   {"u8", 0, false, false, 0},
	{"ascii", 1, false, false, 0x7F},  {"usascii", 1, false, false, 0x7F},
	{"latin1", 1, false, false, 0xFF}, {"iso88591", 1, false, false, 0xFF},
	{"utf16", 2, false, true, 0},	   {"utf16le", 2, false, false, 0},
	{"utf16be", 2, true, false, 0},	   {"utf32", 4, false, true, 0},
	{"utf32le", 4, false, false, 0},   {"utf32be", 4, true, false, 0},
};

static const struct encoding *find_encoding(struct call *call, struct value *name)
{
	struct buf plain = BUF_INIT;
	const struct encoding *found = NULL;
	const char *text;
	size_t length;

	if (!template_call_text(call, name, "utf-8", &text, &length))
		return NULL;
	for (size_t i = 0; i < length; i++)
		if (!template_text_one_of(text[i], "-_ "))
			buf_addch(&plain, (char)tolower((unsigned char)text[i]));
	for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings) && !found; i++)
		found = strcmp(buf_str(&plain), encodings[i].name) ? NULL : &encodings[i];
	buf_done(&plain);
	if (!found)
		template_call_fail(
			call, "%s knows the encodings utf-8, ascii, latin-1, utf-16 and utf-32",
			call->name);
	return found;
}

static void put_unit(struct buf *out, uint32_t unit, const struct encoding *encoding)
{
	for (int i = 0; i < encoding->width; i++)
		buf_addch(out, (char)(unit >> 8 * (encoding->big ? encoding->width - 1 - i : i)));
}

static bool encode(struct call *call, const struct encoding *encoding, const struct value *string,
		   struct buf *out)
{
	const char *text = string->string.text;
	size_t length = string->string.length;

	if (!encoding->width) {
		buf_add(out, text, length);
		return true;
	}
	if (encoding->mark)
		put_unit(out, 0xFEFF, encoding);
	for (size_t i = 0; i < length;) {
		uint32_t c = template_text_next(text, length, &i);
		if (encoding->most && c > encoding->most)
			return template_call_fail(call, "%s cannot hold the character U+%04X",
						  encoding->name, c);
		if (encoding->width == 2 && c > 0xFFFF) {
			put_unit(out, 0xD800 + ((c - 0x10000) >> 10), encoding);
			c = 0xDC00 + ((c - 0x10000) & 0x3FF);
		}
		put_unit(out, c, encoding);
	}
	return true;
}

static uint32_t unit_at(const unsigned char *bytes, const struct encoding *encoding, bool big)
{
	uint32_t unit = 0;

	for (int i = 0; i < encoding->width; i++)
		unit |= (uint32_t)bytes[i] << 8 * (big ? encoding->width - 1 - i : i);
	return unit;
}

static void decode(const struct encoding *encoding, const struct buf *bytes, struct buf *out)
{
	const unsigned char *data = (const unsigned char *)buf_str(bytes);
	size_t width = (size_t)encoding->width, i = 0;
	bool big = encoding->big;

	if (!width || encoding->most == 0x7F) {
		buf_add(out, buf_str(bytes), bytes->len);
		return;
	}
	if (encoding->mark && bytes->len >= width) {
		uint32_t mark = unit_at(data, encoding, false);
		big = mark == (width == 2 ? 0xFFFEu : 0xFFFE0000u);
		i = mark == 0xFEFF || big ? width : 0;
	}
	for (; i + width <= bytes->len; i += width) {
		uint32_t c = unit_at(data + i, encoding, big);
		if (width == 2 && (c & 0xFC00) == 0xD800 && i + 4 <= bytes->len) {
			i += 2;
			c = 0x10000 + ((c - 0xD800) << 10) +
			    (unit_at(data + i, encoding, big) - 0xDC00);
		}
		template_text_put(out, c);
	}
}

static void swap(char *text, char from1, char to1, char from2, char to2)
{
	for (; *text; text++)
		*text = *text == from1 ? to1 : *text == from2 ? to2 : *text;
}

static struct value *do_b64encode(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	const struct encoding *encoding = find_encoding(call, a[1]);
	cleanup_buf struct buf bytes = BUF_INIT;

	if (!encoding || !encode(call, encoding, string, &bytes))
		return NULL;
	cleanup_free char *text = digest_base64(buf_str(&bytes), bytes.len);
	if (template_call_truth(a[2], false))
		swap(text, '+', '-', '/', '_');
	return value_text_of(text);
}

static int digit_of(char c, bool urlsafe)
{
	if (isupper((unsigned char)c))
		return c - 'A';
	if (islower((unsigned char)c))
		return c - 'a' + 26;
	if (isdigit((unsigned char)c))
		return c - '0' + 52;
	if (c == '+' || (urlsafe && c == '-'))
		return 62;
	return c == '/' || (urlsafe && c == '_') ? 63 : -1;
}

/* As Python reads it: what is no digit is skipped, and padding in its place ends the text. NULL, or
 * what is wrong. */
static const char *decode_base64(const struct value *string, bool urlsafe, struct buf *out)
{
	unsigned place = 0, padding = 0, bits = 0;

	for (size_t i = 0; i < string->string.length; i++) {
		int digit = digit_of(string->string.text[i], urlsafe);
		if (string->string.text[i] == '=' && place >= 2 && place + ++padding >= 4)
			return NULL;
		if (digit < 0)
			continue;
		padding = 0;
		bits = bits << 6 | (unsigned)digit;
		if (place)
			buf_addch(out, (char)(bits >> (6 - 2 * place)));
		place = (place + 1) % 4;
	}
	return place == 1 ? "it ends one character into a group"
	       : place	  ? "its padding is missing"
			  : NULL;
}

static struct value *do_b64decode(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	const struct encoding *encoding = find_encoding(call, a[1]);
	cleanup_buf struct buf bytes = BUF_INIT;
	struct buf text = BUF_INIT;

	if (!encoding)
		return NULL;
	const char *problem = decode_base64(string, template_call_truth(a[2], false), &bytes);
	if (problem)
		return template_call_fail(call, "this is not base64: %s", problem);
	decode(encoding, &bytes, &text);
	return value_take_buf(&text);
}

static const struct builtin entries[] = {
	{"b64encode", do_b64encode, "string encoding urlsafe", 1, 0},
	{"b64decode", do_b64decode, "string encoding urlsafe", 1, 0},
};

const struct filter_table template_filter_encoding_table = {entries,
							    sizeof(entries) / sizeof(*entries)};
