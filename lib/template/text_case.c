#include "template/text.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

/*
 * Python maps case by Unicode's full mappings: the C library knows those from one character to one
 * other, the table below has those to several (Unicode's SpecialCasing).
 */
static const struct special {
	uint32_t character;
	const char *upper, *title; /* title NULL: as the C library has it */
} specials[] = {
	{0x00DF, "SS", "Ss"}, {0x0149, "ʼN", "ʼN"},   {0x01F0, "J̌", "J̌"},     {0x0390, "Ϊ́", "Ϊ́"},
	{0x03B0, "Ϋ́", "Ϋ́"},   {0x0587, "ԵՒ", "Եւ"},   {0x1E96, "H̱", "H̱"},     {0x1E97, "T̈", "T̈"},
	{0x1E98, "W̊", "W̊"},   {0x1E99, "Y̊", "Y̊"},     {0x1E9A, "Aʾ", "Aʾ"},   {0x1F50, "Υ̓", "Υ̓"},
	{0x1F52, "Υ̓̀", "Υ̓̀"},   {0x1F54, "Υ̓́", "Υ̓́"},     {0x1F56, "Υ̓͂", "Υ̓͂"},     {0x1F80, "ἈΙ", NULL},
	{0x1F81, "ἉΙ", NULL}, {0x1F82, "ἊΙ", NULL},   {0x1F83, "ἋΙ", NULL},   {0x1F84, "ἌΙ", NULL},
	{0x1F85, "ἍΙ", NULL}, {0x1F86, "ἎΙ", NULL},   {0x1F87, "ἏΙ", NULL},   {0x1F88, "ἈΙ", NULL},
	{0x1F89, "ἉΙ", NULL}, {0x1F8A, "ἊΙ", NULL},   {0x1F8B, "ἋΙ", NULL},   {0x1F8C, "ἌΙ", NULL},
	{0x1F8D, "ἍΙ", NULL}, {0x1F8E, "ἎΙ", NULL},   {0x1F8F, "ἏΙ", NULL},   {0x1F90, "ἨΙ", NULL},
	{0x1F91, "ἩΙ", NULL}, {0x1F92, "ἪΙ", NULL},   {0x1F93, "ἫΙ", NULL},   {0x1F94, "ἬΙ", NULL},
	{0x1F95, "ἭΙ", NULL}, {0x1F96, "ἮΙ", NULL},   {0x1F97, "ἯΙ", NULL},   {0x1F98, "ἨΙ", NULL},
	{0x1F99, "ἩΙ", NULL}, {0x1F9A, "ἪΙ", NULL},   {0x1F9B, "ἫΙ", NULL},   {0x1F9C, "ἬΙ", NULL},
	{0x1F9D, "ἭΙ", NULL}, {0x1F9E, "ἮΙ", NULL},   {0x1F9F, "ἯΙ", NULL},   {0x1FA0, "ὨΙ", NULL},
	{0x1FA1, "ὩΙ", NULL}, {0x1FA2, "ὪΙ", NULL},   {0x1FA3, "ὫΙ", NULL},   {0x1FA4, "ὬΙ", NULL},
	{0x1FA5, "ὭΙ", NULL}, {0x1FA6, "ὮΙ", NULL},   {0x1FA7, "ὯΙ", NULL},   {0x1FA8, "ὨΙ", NULL},
	{0x1FA9, "ὩΙ", NULL}, {0x1FAA, "ὪΙ", NULL},   {0x1FAB, "ὫΙ", NULL},   {0x1FAC, "ὬΙ", NULL},
	{0x1FAD, "ὭΙ", NULL}, {0x1FAE, "ὮΙ", NULL},   {0x1FAF, "ὯΙ", NULL},   {0x1FB2, "ᾺΙ", "Ὰͅ"},
	{0x1FB3, "ΑΙ", NULL}, {0x1FB4, "ΆΙ", "Άͅ"},    {0x1FB6, "Α͂", "Α͂"},     {0x1FB7, "Α͂Ι", "ᾼ͂"},
	{0x1FBC, "ΑΙ", NULL}, {0x1FC2, "ῊΙ", "Ὴͅ"},    {0x1FC3, "ΗΙ", NULL},   {0x1FC4, "ΉΙ", "Ήͅ"},
	{0x1FC6, "Η͂", "Η͂"},   {0x1FC7, "Η͂Ι", "ῌ͂"},    {0x1FCC, "ΗΙ", NULL},   {0x1FD2, "Ϊ̀", "Ϊ̀"},
	{0x1FD3, "Ϊ́", "Ϊ́"},   {0x1FD6, "Ι͂", "Ι͂"},     {0x1FD7, "Ϊ͂", "Ϊ͂"},     {0x1FE2, "Ϋ̀", "Ϋ̀"},
	{0x1FE3, "Ϋ́", "Ϋ́"},   {0x1FE4, "Ρ̓", "Ρ̓"},     {0x1FE6, "Υ͂", "Υ͂"},     {0x1FE7, "Ϋ͂", "Ϋ͂"},
	{0x1FF2, "ῺΙ", "Ὼͅ"},  {0x1FF3, "ΩΙ", NULL},   {0x1FF4, "ΏΙ", "Ώͅ"},    {0x1FF6, "Ω͂", "Ω͂"},
	{0x1FF7, "Ω͂Ι", "ῼ͂"},  {0x1FFC, "ΩΙ", NULL},   {0xFB00, "FF", "Ff"},   {0xFB01, "FI", "Fi"},
	{0xFB02, "FL", "Fl"}, {0xFB03, "FFI", "Ffi"}, {0xFB04, "FFL", "Ffl"}, {0xFB05, "ST", "St"},
	{0xFB06, "ST", "St"}, {0xFB13, "ՄՆ", "Մն"},   {0xFB14, "ՄԵ", "Մե"},   {0xFB15, "ՄԻ", "Մի"},
	{0xFB16, "ՎՆ", "Վն"}, {0xFB17, "ՄԽ", "Մխ"},
};

#define SPECIALS (sizeof(specials) / sizeof(*specials))

static const struct special *special_of(uint32_t c)
{
	size_t low = 0, high = SPECIALS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (specials[middle].character < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low < SPECIALS && specials[low].character == c ? &specials[low] : NULL;
}

/* The C library knows Unicode in the locale C.UTF-8 only, whatever the daemon's is. Made once and
 * the same for ever. */
static locale_t unicode;
static wctrans_t to_title;

static void open_unicode(void)
{
	unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	to_title = unicode ? wctrans_l("totitle", unicode) : (wctrans_t)0;
}

static bool know_unicode(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_unicode);
	return unicode;
}

static uint32_t simple_upper(uint32_t c)
{
	return know_unicode() ? (uint32_t)towupper_l((wint_t)c, unicode) : c;
}

static uint32_t simple_lower(uint32_t c)
{
	return know_unicode() ? (uint32_t)towlower_l((wint_t)c, unicode) : c;
}

static uint32_t simple_title(uint32_t c)
{
	return know_unicode() && to_title ? (uint32_t)towctrans_l((wint_t)c, to_title, unicode)
					  : simple_upper(c);
}

/* Title case letters (one that stands for Dz) are neither upper nor lower. */
bool template_text_is_upper(uint32_t c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z';
	return know_unicode() && iswupper_l((wint_t)c, unicode) && simple_upper(c) == c &&
	       !special_of(c);
}

bool template_text_is_lower(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z';
	return know_unicode() && iswlower_l((wint_t)c, unicode) && simple_lower(c) == c;
}

bool template_text_is_title(uint32_t c)
{
	const struct special *special = c < 0x80 ? NULL : special_of(c);

	if (c < 0x80)
		return false;
	return special ? !special->title && !template_text_is_lower(c)
		       : simple_upper(c) != c && simple_lower(c) != c;
}

bool template_text_is_cased(uint32_t c)
{
	return template_text_is_lower(c) || template_text_is_upper(c) || template_text_is_title(c);
}

static void put_upper(struct buf *out, uint32_t c)
{
	const struct special *special = c < 0x80 ? NULL : special_of(c);

	if (c < 0x80)
		buf_addch(out, (char)(c >= 'a' && c <= 'z' ? c - 32 : c));
	else if (special)
		buf_addstr(out, special->upper);
	else
		template_text_put(out, simple_upper(c));
}

static void put_lower(struct buf *out, uint32_t c)
{
	if (c < 0x80)
		buf_addch(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
	else if (c == 0x130) /* I with a point keeps it */
		buf_addstr(out, "i\xCC\x87");
	else
		template_text_put(out, simple_lower(c));
}

static void put_title(struct buf *out, uint32_t c)
{
	const struct special *special = c < 0x80 ? NULL : special_of(c);

	if (c < 0x80)
		put_upper(out, c);
	else if (special && special->title)
		buf_addstr(out, special->title);
	else
		template_text_put(out, simple_title(c));
}

/* Marks and points inside words, which final sigma looks through. */
static bool is_ignorable(uint32_t c)
{
	return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xA8 ||
	       c == 0xAD || c == 0xAF || c == 0xB4 || c == 0xB7 || c == 0xB8 || c == 0x2019 ||
	       (c >= 0x2B0 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F);
}

/* A sigma behind a letter, with none before the end of the word. */
static bool is_final(const char *text, size_t length, size_t begin, size_t next)
{
	bool behind_letter = false;

	for (size_t i = 0; i < begin;) {
		uint32_t c = template_text_next(text, length, &i);
		if (!is_ignorable(c))
			behind_letter = template_text_is_cased(c);
	}
	while (behind_letter && next < length) {
		uint32_t c = template_text_next(text, length, &next);
		if (!is_ignorable(c))
			return !template_text_is_cased(c);
	}
	return behind_letter;
}

static void put_lower_at(const char *text, size_t length, size_t *at, struct buf *out)
{
	size_t begin = *at;
	uint32_t c = template_text_next(text, length, at);

	if (c == 0x3A3 && is_final(text, length, begin, *at))
		template_text_put(out, 0x3C2);
	else
		put_lower(out, c);
}

/* ASCII text is mapped in place of its copy; the first other character ends that. Returns how far
 * it came. */
static size_t map_ascii(const char *text, size_t length, char first, char last, int shift,
			struct buf *out)
{
	size_t i = 0, begin = out->len;

	buf_add(out, text, length);
	for (; i < length && (unsigned char)text[i] < 0x80; i++)
		if (text[i] >= first && text[i] <= last)
			out->data[begin + i] = (char)(text[i] + shift);
	buf_truncate(out, begin + i);
	return i;
}

void template_text_upper(const char *text, size_t length, struct buf *out)
{
	for (size_t i = map_ascii(text, length, 'a', 'z', -32, out); i < length;)
		put_upper(out, template_text_next(text, length, &i));
}

void template_text_lower(const char *text, size_t length, struct buf *out)
{
	for (size_t i = map_ascii(text, length, 'A', 'Z', 32, out); i < length;)
		put_lower_at(text, length, &i, out);
}

/* Folding is the lower case of the upper case, but for Cherokee, the dotless i and capital sharp s.
 */
void template_text_fold(const char *text, size_t length, struct buf *out)
{
	for (size_t i = map_ascii(text, length, 'A', 'Z', 32, out); i < length;) {
		struct buf upper = BUF_INIT;
		uint32_t c = template_text_next(text, length, &i);
		bool cherokee = (c >= 0x13A0 && c <= 0x13FD) || (c >= 0xAB70 && c <= 0xABBF);
		put_upper(&upper, c);
		if (c == 0x131)
			template_text_put(out, c);
		else if (c == 0x1E9E)
			buf_addstr(out, "ss");
		else if (cherokee)
			buf_add(out, upper.data, upper.len);
		else
			for (size_t j = 0; j < upper.len;)
				put_lower(out, template_text_next(upper.data, upper.len, &j));
		buf_done(&upper);
	}
}

void template_text_capitalize(const char *text, size_t length, struct buf *out)
{
	size_t i = 0;

	if (length)
		put_title(out, template_text_next(text, length, &i));
	while (i < length)
		put_lower_at(text, length, &i, out);
}

void template_text_title(const char *text, size_t length, struct buf *out)
{
	bool in_word = false;

	for (size_t i = 0; i < length;) {
		size_t next = i;
		uint32_t c = template_text_next(text, length, &next);
		if (in_word)
			put_lower_at(text, length, &i, out);
		else
			put_title(out, c);
		i = next;
		in_word = template_text_is_cased(c);
	}
}

void template_text_swapcase(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length;) {
		size_t next = i;
		uint32_t c = template_text_next(text, length, &next);
		if (template_text_is_upper(c))
			put_lower_at(text, length, &i, out);
		else if (template_text_is_lower(c))
			put_upper(out, c);
		else
			template_text_put(out, c);
		i = next;
	}
}
