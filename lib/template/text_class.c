#include "template/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <string.h>

/* Unicode's general categories are PCRE2's; what Python tells apart beyond them is in tables. */
enum property {
	LETTER,
	NUMBER,
	UNPRINTABLE,
	PROPERTIES,
};

/* Made once and the same for ever. */
static pcre2_code *properties[PROPERTIES];

static void compile_properties(void)
{
	static const char *const patterns[PROPERTIES] = {
		[LETTER] = "\\p{L}", [NUMBER] = "\\p{N}", [UNPRINTABLE] = "[\\p{C}\\p{Z}]"};
	PCRE2_SIZE offset;
	int code;

	for (size_t i = 0; i < PROPERTIES; i++)
		properties[i] = pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
					      PCRE2_UTF | PCRE2_ANCHORED, &code, &offset, NULL);
}

static bool has_property(uint32_t c, enum property property)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct buf text = BUF_INIT;

	pthread_once(&once, compile_properties);
	template_text_put(&text, c);
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	int r = pcre2_match(properties[property], (PCRE2_SPTR)text.data, text.len, 0, 0, match,
			    NULL);
	pcre2_match_data_free(match);
	buf_done(&text);
	return r > 0;
}

static bool is_surrogate(uint32_t c)
{
	return c >= 0xD800 && c <= 0xDFFF;
}

/* The zeros of all scripts; nine more digits follow each. */
static const uint32_t zeros[] = {
	0x660,	 0x6F0,	  0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,	0xBE6,	 0xC66,
	0xCE6,	 0xD66,	  0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,	0x17E0,	 0x1810,
	0x1946,	 0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,	0xA620,	 0xA8D0,
	0xA900,	 0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
	0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
	0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
	0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

/* Digits that do not count in tens: superscripts and the like. */
static const struct range {
	uint32_t first, last;
} digits[] = {{0xB2, 0xB3},	  {0xB9, 0xB9},	      {0x1369, 0x1371},	  {0x19DA, 0x19DA},
	      {0x2070, 0x2070},	  {0x2074, 0x2079},   {0x2080, 0x2089},	  {0x2460, 0x2468},
	      {0x2474, 0x247C},	  {0x2488, 0x2490},   {0x24EA, 0x24EA},	  {0x24F5, 0x24FD},
	      {0x24FF, 0x24FF},	  {0x2776, 0x277E},   {0x2780, 0x2788},	  {0x278A, 0x2792},
	      {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A}};

/* Letters that mean a number. */
static const uint32_t numerals[] = {
	0x3405,	 0x3483,  0x382A,  0x3B4D,  0x4E00,  0x4E03,  0x4E07,  0x4E09,	0x4E5D,
	0x4E8C,	 0x4E94,  0x4E96,  0x4EBF,  0x4EC0,  0x4EDF,  0x4EE8,  0x4F0D,	0x4F70,
	0x5104,	 0x5146,  0x5169,  0x516B,  0x516D,  0x5341,  0x5343,  0x5344,	0x5345,
	0x534C,	 0x53C1,  0x53C2,  0x53C3,  0x53C4,  0x56DB,  0x58F1,  0x58F9,	0x5E7A,
	0x5EFE,	 0x5EFF,  0x5F0C,  0x5F0D,  0x5F0E,  0x5F10,  0x62FE,  0x634C,	0x67D2,
	0x6F06,	 0x7396,  0x767E,  0x8086,  0x842C,  0x8CAE,  0x8CB3,  0x8D30,	0x9621,
	0x9646,	 0x964C,  0x9678,  0x96F6,  0xF96B,  0xF973,  0xF978,  0xF9B2,	0xF9D1,
	0xF9D3,	 0xF9FD,  0x20001, 0x20064, 0x200E2, 0x20121, 0x2092A, 0x20983, 0x2098C,
	0x2099C, 0x20AEA, 0x20AFD, 0x20B19, 0x22390, 0x22998, 0x23B1B, 0x2626D, 0x2F890};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int template_text_decimal(uint32_t c)
{
	if (c < 0x80)
		return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
	for (size_t i = 0; i < COUNT(zeros) && c >= zeros[i]; i++)
		if (c - zeros[i] < 10)
			return (int)(c - zeros[i]);
	return -1;
}

bool template_text_is_decimal(uint32_t c)
{
	return template_text_decimal(c) >= 0;
}

bool template_text_is_digit(uint32_t c)
{
	if (template_text_is_decimal(c))
		return true;
	for (size_t i = 0; i < COUNT(digits); i++)
		if (c >= digits[i].first && c <= digits[i].last)
			return true;
	return false;
}

bool template_text_is_numeric(uint32_t c)
{
	if (c < 0x80 || is_surrogate(c))
		return template_text_is_digit(c);
	for (size_t i = 0; i < COUNT(numerals); i++)
		if (c == numerals[i])
			return true;
	return has_property(c, NUMBER);
}

bool template_text_is_alpha(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return !is_surrogate(c) && has_property(c, LETTER);
}

bool template_text_is_alnum(uint32_t c)
{
	return template_text_is_alpha(c) || template_text_is_numeric(c);
}

bool template_text_is_printable(uint32_t c)
{
	if (c < 0x80)
		return c >= ' ' && c < 0x7F;
	return !is_surrogate(c) && !has_property(c, UNPRINTABLE);
}

bool template_text_is_space(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
	return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}
