#include "base/mask_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Fewer characters of base64 hold no value that counts. */
#define BASE64_SHORTEST 8
/* A piece of text shorter than this holds none either. */
#define PIECE_SHORTEST 6
/* A line of base64 that goes on in the next one is at least so long. */
#define BASE64_WRAPPED 60

static void reserve(struct mask_view *view, size_t room)
{
	if (room <= view->cap)
		return;
	view->cap = room;
	view->bytes = mem_realloc(view->bytes, room);
	view->begin = mem_realloc(view->begin, room * sizeof(*view->begin));
	view->end = mem_realloc(view->end, room * sizeof(*view->end));
}

static inline void add(struct mask_view *view, char byte, uint32_t begin, uint32_t end)
{
	if (view->length == view->cap)
		reserve(view, view->cap ? 2 * view->cap : 64);
	view->bytes[view->length] = byte;
	view->begin[view->length] = begin;
	view->end[view->length++] = end;
}

/* A byte that stands for the bytes [at, after) of from. */
static void add_for(struct mask_view *view, char byte, const struct mask_view *from, size_t at,
		    size_t after)
{
	add(view, byte, from->begin[at], from->end[after - 1]);
}

void mask_view_init(struct mask_view *view, const char *text, size_t length)
{
	*view = (struct mask_view){
		.bytes = mem_alloc(length + 1),
		.begin = mem_alloc((length + 1) * sizeof(*view->begin)),
		.end = mem_alloc((length + 1) * sizeof(*view->end)),
		.length = length,
		.cap = length + 1,
	};
	memcpy(view->bytes, text, length);
	for (size_t i = 0; i < length; i++) {
		view->begin[i] = (uint32_t)i;
		view->end[i] = (uint32_t)i + 1;
	}
}

void mask_view_done(struct mask_view *view)
{
	free(view->bytes);
	free(view->begin);
	free(view->end);
	*view = (struct mask_view){0};
}

void mask_view_unwrap(const struct mask_view *from, struct mask_view *ret)
{
	*ret = (struct mask_view){0};
	reserve(ret, from->length);
	for (size_t i = 0; i < from->length;) {
		size_t after = i;
		bool breaks = false;
		for (; after < from->length && isspace((unsigned char)from->bytes[after]); after++)
			breaks |= from->bytes[after] == '\n' || from->bytes[after] == '\r';
		if (breaks) {
			add_for(ret, ' ', from, i, after);
			i = after;
			continue;
		}
		after += after == i;
		for (; i < after; i++)
			add_for(ret, from->bytes[i], from, i, i + 1);
	}
}

/* A character as UTF-8, for the bytes [at, after) of from. */
static void add_character(struct mask_view *view, uint32_t c, const struct mask_view *from,
			  size_t at, size_t after)
{
	static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	add_for(view, (char)(leads[more] | c >> (6 * more)), from, at, after);
	while (more--)
		add_for(view, (char)(0x80 | (c >> (6 * more) & 0x3f)), from, at, after);
}

/* As many digits as `most`; returns how many there were. */
static size_t number(const struct mask_view *from, size_t at, size_t most, int base, uint32_t *ret)
{
	size_t n = 0;

	*ret = 0;
	for (; n < most && at + n < from->length; n++) {
		unsigned char c = (unsigned char)from->bytes[at + n];
		int digit = isdigit(c) ? c - '0' : isxdigit(c) ? (c | 0x20) - 'a' + 10 : base;
		if (digit >= base)
			break;
		*ret = *ret * (uint32_t)base + (uint32_t)digit;
	}
	return n;
}

static bool starts(const struct mask_view *view, size_t at, const char *word)
{
	size_t n = strlen(word);

	return view->length - at >= n && !memcmp(view->bytes + at, word, n);
}

/* --- \n \" \\ \x41 \u00e4 \ud83d\ude00 \U0001f600, and a line that goes on --- */

static size_t hexadecimal_escape(const struct mask_view *from, size_t at, size_t digits,
				 struct mask_view *ret)
{
	uint32_t c, low;
	size_t after = at + 2 + digits;

	if (number(from, at + 2, digits, 16, &c) != digits || c > 0x10ffff)
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && starts(from, after, "\\u") &&
	    number(from, after + 2, 4, 16, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		after += 6;
	}
	add_character(ret, c, from, at, after);
	return after - at;
}

static size_t line_continuation(const struct mask_view *from, size_t at)
{
	size_t after = at + 1;

	while (after < from->length && isspace((unsigned char)from->bytes[after]))
		after++;
	return after - at;
}

/* Returns how many bytes of from it was. */
static size_t backslash(const struct mask_view *from, size_t at, struct mask_view *ret)
{
	static const char names[] = "abefnrtv0", meanings[] = "\a\b\033\f\n\r\t\v";
	size_t digits, n;

	if (from->bytes[at] != '\\' || at + 1 == from->length)
		return 0;
	char c = from->bytes[at + 1];
	if (c == '\n' || c == '\r')
		return line_continuation(from, at);
	digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (digits && (n = hexadecimal_escape(from, at, digits, ret)))
		return n;
	const char *name = strchr(names, c);
	add_for(ret, name && c ? meanings[name - names] : c, from, at, at + 2);
	return 2;
}

/* --- %41, and + for a blank in forms --- */

static size_t percent(const struct mask_view *from, size_t at, struct mask_view *ret)
{
	uint32_t byte;

	if (from->bytes[at] != '%' || number(from, at + 1, 2, 16, &byte) != 2)
		return 0;
	add_for(ret, (char)byte, from, at, at + 3);
	return 3;
}

static size_t form(const struct mask_view *from, size_t at, struct mask_view *ret)
{
	if (from->bytes[at] != '+')
		return percent(from, at, ret);
	add_for(ret, ' ', from, at, at + 1);
	return 1;
}

/* --- &amp; &#39; &#x27; --- */

static size_t entity(const struct mask_view *from, size_t at, struct mask_view *ret)
{
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
	static const char meanings[] = "&<>\"'";
	uint32_t c;

	if (from->bytes[at] != '&')
		return 0;
	for (size_t i = 0; i < strlen(meanings); i++)
		if (starts(from, at, names[i])) {
			add_for(ret, meanings[i], from, at, at + strlen(names[i]));
			return strlen(names[i]);
		}
	size_t begin = at + (starts(from, at, "&#x") ? 3 : starts(from, at, "&#") ? 2 : 0);
	size_t n = begin > at ? number(from, begin, 7, begin - at == 3 ? 16 : 10, &c) : 0;
	if (!n || begin + n == from->length || from->bytes[begin + n] != ';' || c > 0x10ffff)
		return 0;
	add_character(ret, c, from, at, begin + n + 1);
	return begin + n + 1 - at;
}

/* --- quotes in quotes: '' of YAML, "" of CSV, '"'"' of the shell --- */

static size_t doubled(const struct mask_view *from, size_t at, struct mask_view *ret)
{
	static const char *const forms[] = {"'\"'\"'", "'\\''", "''", "\"\""};
	char c = from->bytes[at];

	for (size_t i = 0; (c == '\'' || c == '"') && i < sizeof(forms) / sizeof(*forms); i++)
		if (starts(from, at, forms[i])) {
			add_for(ret, c, from, at, at + strlen(forms[i]));
			return strlen(forms[i]);
		}
	return 0;
}

/* What an encoding writes at this place is read into ret; returns its length, 0 for none. */
typedef size_t (*escape)(const struct mask_view *from, size_t at, struct mask_view *ret);

/* How each begins, and all that it can begin with. */
static const struct {
	escape read;
	const char *begins;
} escapes[] = {
	{backslash, "\\"}, {percent, "%"}, {form, "+"}, {entity, "&"}, {doubled, "'\""},
};

#define ESCAPES (sizeof(escapes) / sizeof(*escapes))

static bool may_hold(const struct mask_view *view, const char *begins)
{
	for (; *begins; begins++)
		if (view->length && memchr(view->bytes, *begins, view->length))
			return true;
	return false;
}

static bool unescape(escape read, const struct mask_view *from, struct mask_view *ret)
{
	bool found = false;

	*ret = (struct mask_view){0};
	reserve(ret, from->length);
	for (size_t i = 0; i < from->length;) {
		size_t n = read(from, i, ret);
		found |= n > 0;
		if (!n)
			add_for(ret, from->bytes[i], from, i, i + 1);
		i += n ? n : 1;
	}
	if (!found)
		mask_view_done(ret);
	return found;
}

/* --- base64 --- */

/* Both alphabets; -1 for what is in neither. */
static int base64_digit(char c)
{
	/* clang-format off */
	static const signed char digits[128] = {
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, 62, -1, 63,
		52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
		-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, 63,
		-1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
		41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	};
	/* clang-format on */

	return (unsigned char)c < 128 ? digits[(unsigned char)c] : -1;
}

/* Where the white space after a full line of base64 ends; `at` when it does not go on there. */
static size_t next_line(const struct mask_view *from, size_t line, size_t at)
{
	size_t next = at;
	bool breaks = false;

	if (at - line < BASE64_WRAPPED)
		return at;
	for (; next < from->length && isspace((unsigned char)from->bytes[next]); next++)
		breaks |= from->bytes[next] == '\n';
	return breaks && next < from->length && base64_digit(from->bytes[next]) >= 0 ? next : at;
}

/* The places of the digits that follow one another from `at` on; returns where they end. */
static size_t base64_run(const struct mask_view *from, size_t at, uint32_t *places, size_t *ret_n)
{
	size_t line = at, n = 0;

	while (at < from->length) {
		if (base64_digit(from->bytes[at]) >= 0) {
			places[n++] = (uint32_t)at++;
			continue;
		}
		size_t next = next_line(from, line, at);
		if (next == at)
			break;
		line = at = next;
	}
	*ret_n = n;
	return at;
}

static void decode_run(const struct mask_view *from, const uint32_t *places, size_t n,
		       struct mask_view *ret)
{
	uint32_t bits = 0;

	for (size_t i = 0, have = 0; i < n; i++) {
		bits = bits << 6 | (uint32_t)base64_digit(from->bytes[places[i]]);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		add(ret, (char)(bits >> have), from->begin[places[i - 1]], from->end[places[i]]);
	}
}

/* How many bytes of readable text stand here: a character; 0 for what no text has. */
static size_t readable(const char *bytes, size_t length)
{
	unsigned char c = (unsigned char)*bytes;
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : 4;

	if (c < 0x80)
		return isprint(c) || isspace(c);
	if (c < 0xc2 || c > 0xf4 || n > length)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Words are base64 too, of noise: only what reads as text is kept from `start` on, with a NUL
 * between the pieces. */
static void keep_readable(struct mask_view *view, size_t start)
{
	size_t kept = start, piece = start;

	for (size_t i = start; i <= view->length;) {
		size_t n = i < view->length ? readable(view->bytes + i, view->length - i) : 0;
		for (size_t j = 0; j < n; j++, i++, kept++) {
			view->bytes[kept] = view->bytes[i];
			view->begin[kept] = view->begin[i];
			view->end[kept] = view->end[i];
		}
		if (n)
			continue;
		if (kept - piece < PIECE_SHORTEST)
			kept = piece;
		else if (i < view->length)
			view->bytes[kept++] = '\0';
		piece = kept;
		i++;
	}
	view->length = kept;
}

/* All of it that can be base64, as if each piece began `phase` digits late. */
static bool base64(size_t phase, const struct mask_view *from, struct mask_view *ret)
{
	cleanup_free uint32_t *places = mem_alloc((from->length + 1) * sizeof(*places));

	*ret = (struct mask_view){0};
	reserve(ret, from->length);
	for (size_t i = 0; i < from->length;) {
		size_t n, start = ret->length;
		if (base64_digit(from->bytes[i]) < 0) {
			i++;
			continue;
		}
		i = base64_run(from, i, places, &n);
		if (n < phase + BASE64_SHORTEST)
			continue;
		decode_run(from, places + phase, n - phase, ret);
		keep_readable(ret, start);
		if (ret->length > start)
			add(ret, '\0', ret->end[ret->length - 1], ret->end[ret->length - 1]);
	}
	if (!ret->length)
		mask_view_done(ret);
	return ret->length;
}

size_t mask_view_decoders(void)
{
	return ESCAPES + 4;
}

bool mask_view_decode(size_t decoder, const struct mask_view *from, struct mask_view *ret)
{
	if (decoder >= ESCAPES)
		return base64(decoder - ESCAPES, from, ret);
	return may_hold(from, escapes[decoder].begins) &&
	       unescape(escapes[decoder].read, from, ret);
}
