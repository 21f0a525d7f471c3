#include "template/literal.h"

#include <ctype.h>
#include <string.h>

#include "template/number.h"
#include "template/text.h"

static bool is_digit_of(char c, int base)
{
	int lower = tolower((unsigned char)c);
	int digit = isdigit((unsigned char)c) ? c - '0' : lower >= 'a' ? lower - 'a' + 10 : 99;

	return digit < base;
}

/* Digits with single underscores between them; `before` allows one in front. */
static size_t digits(const char *text, size_t length, int base, bool before)
{
	size_t n = 0;

	while (n < length) {
		size_t next = n + (text[n] == '_' && (n || before));
		if (next >= length || !is_digit_of(text[next], base))
			break;
		n = next + 1;
	}
	return n;
}

static size_t integer(const char *text, size_t length)
{
	if (length > 2 && text[0] == '0') {
		int letter = tolower((unsigned char)text[1]);
		int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
		size_t n = base ? digits(text + 2, length - 2, base, true) : 0;
		if (n)
			return n + 2;
	}
	if (text[0] == '0') { /* 0 and 0_0, but 08 is two numbers */
		size_t n = 1;
		while (n < length &&
		       (text[n] == '0' || (text[n] == '_' && n + 1 < length && text[n + 1] == '0')))
			n++;
		return n;
	}
	return digits(text, length, 10, false);
}

static size_t exponent(const char *text, size_t length)
{
	size_t n = 1;

	if (!length || tolower((unsigned char)*text) != 'e')
		return 0;
	if (n < length && (text[n] == '+' || text[n] == '-'))
		n++;
	size_t power = digits(text + n, length - n, 10, false);
	return power ? n + power : 0;
}

static size_t real(const char *text, size_t length)
{
	size_t n = digits(text, length, 10, false), fraction = 0;

	if (n < length && text[n] == '.') {
		fraction = digits(text + n + 1, length - n - 1, 10, false);
		if (fraction)
			n += 1 + fraction;
	}
	size_t power = exponent(text + n, length - n);
	return fraction || power ? n + power : 0;
}

size_t template_literal_number(const char *text, size_t length, bool floats, bool *ret_float)
{
	if (!length || !isdigit((unsigned char)*text))
		return 0;
	size_t n = floats ? real(text, length) : 0;
	*ret_float = n > 0;
	return n ? n : integer(text, length);
}

struct value *template_literal_integer(const char *text, size_t length)
{
	return template_number_parse_int(text, length, 0);
}

struct value *template_literal_float(const char *text, size_t length)
{
	return template_number_parse_float(text, length);
}

/* \xHH, \uHHHH and \UHHHHHHHH. */
static const char *unescape_hex(const char *text, size_t length, size_t *at, size_t want,
				struct buf *out)
{
	uint32_t c = 0;

	for (size_t i = 0; i < want; i++) {
		if (*at + i >= length || !isxdigit((unsigned char)text[*at + i]))
			return "an escape in this string is cut short";
		int digit = tolower((unsigned char)text[*at + i]);
		c = c << 4 | (uint32_t)(isdigit(digit) ? digit - '0' : digit - 'a' + 10);
	}
	if (c > 0x10FFFF)
		return "an escape in this string names no character";
	*at += want;
	template_text_put(out, c);
	return NULL;
}

static void unescape_octal(const char *text, size_t length, size_t *at, struct buf *out)
{
	uint32_t c = 0;

	(*at)--;
	for (int i = 0; i < 3 && *at < length && text[*at] >= '0' && text[*at] <= '7'; i++)
		c = c << 3 | (uint32_t)(text[(*at)++] - '0');
	template_text_put(out, c);
}

/* One escape; *at is behind the letter. Unknown ones stay as they are, as in Python. */
static const char *unescape(const char *text, size_t length, size_t *at, struct buf *out)
{
	static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
	char c = text[(*at)++];
	const char *known = strchr(letters, c);

	if (c == '\n')
		return NULL;
	if (c && known)
		buf_addch(out, meanings[known - letters]);
	else if (c >= '0' && c <= '7')
		unescape_octal(text, length, at, out);
	else if (c == 'x' || c == 'u' || c == 'U')
		return unescape_hex(text, length, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
	else if (c == 'N')
		return "\\N{...} escapes are not supported; write the character";
	else
		buf_printf(out, "\\%c", c);
	return NULL;
}

const char *template_literal_unescape(const char *text, size_t length, bool raw, struct buf *out)
{
	if (raw || !memchr(text, '\\', length)) {
		buf_add(out, text, length);
		return NULL;
	}
	for (size_t at = 0; at < length;) {
		if (text[at] != '\\' || at + 1 == length) {
			buf_addch(out, text[at++]);
			continue;
		}
		at++;
		const char *problem = unescape(text, length, &at, out);
		if (problem)
			return problem;
	}
	return NULL;
}
