#include "template/format_spec.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/number.h"
#include "template/text.h"

static bool read_align(const char *text, size_t length, size_t *at, struct format_spec *spec)
{
	size_t next = 0;

	if (!length)
		return false;
	uint32_t first = template_text_next(text, length, &next);
	if (next < length && template_text_one_of(text[next], "<>=^")) {
		spec->fill = first;
		spec->align = text[next];
		*at = next + 1;
	} else if (template_text_one_of(*text, "<>=^")) {
		spec->align = text[(*at)++];
	}
	return spec->align;
}

static bool read_digits(const char *text, size_t length, size_t *at, int *ret)
{
	size_t begin = *at;

	for (*ret = 0; *at < length && isdigit((unsigned char)text[*at]); (*at)++)
		*ret = *ret < FORMAT_WIDEST ? *ret * 10 + (text[*at] - '0') : FORMAT_WIDEST;
	return *at > begin;
}

const char *template_format_read(const char *text, size_t length, struct format_spec *spec)
{
	size_t at = 0;

	*spec = (struct format_spec){.fill = ' ', .width = -1, .precision = -1};
	bool aligned = read_align(text, length, &at, spec);
	if (at < length && template_text_one_of(text[at], "+- "))
		spec->sign = text[at++];
	if (at < length && text[at] == 'z')
		spec->no_minus_zero = text[at++];
	if (at < length && text[at] == '#')
		spec->alternate = text[at++];
	if (at < length && text[at] == '0' && !aligned) {
		spec->fill = '0';
		spec->zero = true;
		at++;
	}
	if (!read_digits(text, length, &at, &spec->width))
		spec->width = -1;
	if (at < length && (text[at] == ',' || text[at] == '_'))
		spec->group = text[at++];
	if (at < length && (text[at] == ',' || text[at] == '_'))
		return "cannot specify ',' and '_' together";
	if (at < length && text[at] == '.') {
		at++;
		if (!read_digits(text, length, &at, &spec->precision))
			return "the format lacks its precision";
	}
	if (at < length)
		spec->type = text[at++];
	if (at < length)
		return "this is no format";
	return spec->width >= FORMAT_WIDEST || spec->precision >= FORMAT_WIDEST
		       ? "the width or precision is too large"
		       : NULL;
}

static void fill(struct buf *out, uint32_t character, size_t count)
{
	while (count--)
		template_text_put(out, character);
}

/* `head`: how much of the text stays in front of the padding of '='. */
static void pad(const char *text, size_t length, size_t head, const struct format_spec *spec,
		char align, struct buf *out)
{
	size_t count = template_text_count(text, length);
	size_t missing = spec->width > (int)count ? (size_t)spec->width - count : 0;
	size_t left = align == '>' || align == '=' ? missing : align == '^' ? missing / 2 : 0;

	if (align != '=')
		head = 0;
	buf_add(out, text, head);
	fill(out, spec->fill, left);
	buf_add(out, text + head, length - head);
	fill(out, spec->fill, missing - left);
}

void template_format_text(const char *text, size_t length, const struct format_spec *spec,
			  char align, struct buf *out)
{
	if (spec->precision >= 0)
		length = template_text_offset(text, length, (size_t)spec->precision);
	pad(text, length, 0, spec, spec->align ? spec->align : align, out);
}

/* Digits with a separator between groups, and zeros in front until they are `wide`. */
static void put_grouped(const char *digits, size_t n, char separator, int64_t every, int64_t wide,
			struct buf *out)
{
	struct buf reversed = BUF_INIT;
	int64_t left = (int64_t)n;

	for (;;) {
		int64_t more = left > wide ? left : wide;
		int64_t size = more < 1 ? 1 : more > every ? every : more;
		for (int64_t i = 0; i < size; i++)
			buf_addch(&reversed, left > 0 ? digits[--left] : '0');
		wide -= size;
		if (left <= 0 && wide <= 0)
			break;
		buf_addch(&reversed, separator);
		wide--;
	}
	for (size_t i = reversed.len; i-- > 0;)
		buf_addch(out, reversed.data[i]);
	buf_done(&reversed);
}

static void put_integer(const struct value *number, const struct format_spec *spec, struct buf *out)
{
	int base = spec->type == 'x' || spec->type == 'X' ? 16
		   : spec->type == 'o'			  ? 8
		   : spec->type == 'b'			  ? 2
							  : 10;
	cleanup_free char *digits = template_number_digits(number, base);
	const char *p = *digits == '-' ? digits + 1 : digits;
	size_t begin = out->len;

	buf_addstr(out, p);
	for (size_t i = begin; spec->type == 'X' && i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
}

/* Without a type a precision counts all digits, as g has it, but the exponent comes one digit
 * earlier and the point stays. */
static void put_short(double number, int precision, struct buf *out)
{
	cleanup_free char *scientific = mem_printf("%.*e", precision ? precision - 1 : 0, number);
	int exponent = atoi(strchr(scientific, 'e') + 1), digits = precision ? precision : 1;
	bool fixed = exponent >= -4 && exponent + 1 <= digits - 1;
	cleanup_free char *text =
		fixed ? mem_printf("%.*f", digits - 1 - exponent, number) : steal(&scientific);
	char *end = strchr(text, 'e');
	cleanup_free char *tail = mem_strdup(end ? end : "");

	if (end)
		*end = '\0';
	if (strchr(text, '.'))
		for (end = text + strlen(text); end[-1] == '0' && (!fixed || end[-2] != '.');)
			*--end = '\0';
	if (!fixed && *text && text[strlen(text) - 1] == '.')
		text[strlen(text) - 1] = '\0';
	buf_printf(out, "%s%s", text, tail);
}

static void put_real(double number, const struct format_spec *spec, struct buf *out)
{
	bool percent = spec->type == '%';
	const char format[] = {'%', '#', '.', '*', percent ? 'f' : spec->type, '\0'};
	const char plain[] = {'%', '.', '*', percent ? 'f' : spec->type, '\0'};

	if (!isfinite(number))
		buf_addstr(out, isnan(number) ? "nan" : "inf");
	else if (!spec->type && spec->precision < 0)
		value_print_float(number, out);
	else if (!spec->type)
		put_short(number, spec->precision, out);
	else
		buf_printf(out, spec->alternate ? format : plain,
			   spec->precision < 0 ? 6 : spec->precision,
			   percent ? number * 100 : number);
	for (size_t i = 0; template_text_one_of(spec->type, "EFG") && i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
	if (percent)
		buf_addch(out, '%');
}

static bool is_minus(const struct value *number, bool real, const struct format_spec *spec,
		     const struct buf *digits)
{
	if (number->kind == VALUE_BIG)
		return BN_is_negative(number->big);
	double d = template_number_double(number);
	if (!signbit(d) || isnan(d))
		return false;
	return !(real && spec->no_minus_zero) || strpbrk(buf_str(digits), "123456789i");
}

void template_format_number(const struct value *number, const struct format_spec *spec,
			    struct buf *out)
{
	struct buf text = BUF_INIT, digits = BUF_INIT;
	bool real = number->kind == VALUE_FLOAT ||
		    (spec->type && template_text_one_of(spec->type, "eEfFgG%"));

	if (real)
		put_real(fabs(template_number_double(number)), spec, &digits);
	else
		put_integer(number, spec, &digits);
	if (is_minus(number, real, spec, &digits))
		buf_addch(&text, '-');
	else if (spec->sign == '+' || spec->sign == ' ')
		buf_addch(&text, spec->sign);
	if (spec->alternate && !real && template_text_one_of(spec->type, "xXob"))
		buf_printf(&text, "0%c", spec->type);
	size_t head = text.len;
	char align = spec->align ? spec->align : spec->zero ? '=' : '>';
	size_t whole = strspn(buf_str(&digits), "0123456789abcdefABCDEF");
	if (spec->group && (!real || isdigit((unsigned char)buf_str(&digits)[0]))) {
		if (real)
			whole = strspn(buf_str(&digits), "0123456789");
		bool tens = real || !spec->type || template_text_one_of(spec->type, "dn");
		int64_t wide = align == '=' && spec->fill == '0'
				       ? spec->width - (int64_t)(head + digits.len - whole)
				       : 0;
		put_grouped(digits.data, whole, spec->group, tens ? 3 : 4, wide, &text);
		buf_addstr(&text, digits.data + whole);
	} else {
		buf_add(&text, buf_str(&digits), digits.len);
	}
	pad(buf_str(&text), text.len, head, spec, align, out);
	buf_done(&text);
	buf_done(&digits);
}

void template_format_ascii(const struct value *value, struct buf *out)
{
	struct buf text = BUF_INIT;

	value_repr(value, &text);
	for (size_t i = 0; i < text.len;) {
		uint32_t c = template_text_next(text.data, text.len, &i);
		if (c < 0x80)
			buf_addch(out, (char)c);
		else
			buf_printf(out,
				   c < 0x100	 ? "\\x%02x"
				   : c < 0x10000 ? "\\u%04x"
						 : "\\U%08x",
				   c);
	}
	buf_done(&text);
}
