#include "template/format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/number.h"
#include "template/text.h"

#define WIDEST 100000

/* "0>+#10,.3f": how one value is to be written. */
struct spec {
	uint32_t fill;
	char align; /* '<' '>' '^' '=', 0: as the type has it */
	char sign;  /* '+' ' ' '-' */
	bool alternate, zero, comma, underscore;
	int width, precision; /* -1: not given */
	char type;	      /* 0: not given */
};

static void pad(const char *text, size_t length, size_t sign, const struct spec *spec, char align,
		struct buf *out)
{
	size_t count = template_text_count(text, length);
	size_t missing = spec->width > (int)count ? (size_t)spec->width - count : 0;
	size_t left = align == '>' || align == '=' ? missing : align == '^' ? missing / 2 : 0;
	size_t head = align == '=' ? sign : 0;

	buf_add(out, text, head);
	for (size_t i = 0; i < left; i++)
		template_text_put(out, spec->fill);
	buf_add(out, text + head, length - head);
	for (size_t i = left; i < missing; i++)
		template_text_put(out, spec->fill);
}

/* Thousands with a comma or underscore between them, up to the point or exponent. */
static void group(struct buf *digits, char separator, size_t every)
{
	size_t n = strspn(buf_str(digits), "0123456789abcdefABCDEF");
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % every == 0)
			buf_addch(&out, separator);
		buf_addch(&out, digits->data[i]);
	}
	buf_addstr(&out, buf_str(digits) + n);
	buf_done(digits);
	*digits = out;
}

static void integer_digits(const struct value *value, const struct spec *spec, struct buf *out)
{
	int base = spec->type == 'x' || spec->type == 'X' ? 16
		   : spec->type == 'o'			  ? 8
		   : spec->type == 'b'			  ? 2
							  : 10;
	cleanup_free char *digits = template_number_digits(value, base);
	const char *p = *digits == '-' ? digits + 1 : digits;

	buf_addstr(out, p);
	for (size_t i = 0; spec->type == 'X' && i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
}

static void float_digits(double number, const struct spec *spec, struct buf *out)
{
	char type = spec->type ? spec->type : 'g';
	char format[16];

	number = fabs(number);
	if (!spec->type && spec->precision < 0) {
		value_print_float(number, out);
		return;
	}
	bool percent = type == '%';
	snprintf(format, sizeof(format), "%%%s.*%c", spec->alternate ? "#" : "",
		 percent ? 'f' : type);
	cleanup_free char *text = NULL;
	if (asprintf(&text, format, spec->precision < 0 ? 6 : spec->precision,
		     percent ? number * 100 : number) > 0)
		buf_addstr(out, text);
	if (percent)
		buf_addch(out, '%');
}

static void put_number(const struct value *value, const struct spec *spec, struct buf *out)
{
	struct buf text = BUF_INIT, digits = BUF_INIT;
	bool real = value->kind == VALUE_FLOAT || (spec->type && strchr("eEfFgG%", spec->type));
	double number = real || value->kind != VALUE_BIG ? template_number_double(value) : 0;
	bool negative = value->kind == VALUE_BIG ? BN_is_negative(value->big) : signbit(number);

	if (real)
		float_digits(number, spec, &digits);
	else
		integer_digits(value, spec, &digits);
	if (spec->comma || spec->underscore)
		group(&digits, spec->comma ? ',' : '_',
		      !real && spec->type && spec->type != 'd' ? 4 : 3);
	if (negative)
		buf_addch(&text, '-');
	else if (spec->sign == '+' || spec->sign == ' ')
		buf_addch(&text, spec->sign);
	if (spec->alternate && !real && spec->type && strchr("xXob", spec->type))
		buf_printf(&text, "0%c", spec->type);
	size_t head = text.len;
	buf_add(&text, buf_str(&digits), digits.len);
	struct spec filled = *spec;
	if (spec->zero && !spec->align)
		filled.fill = '0';
	pad(buf_str(&text), text.len, head, &filled,
	    spec->align	 ? spec->align
	    : spec->zero ? '='
			 : '>',
	    out);
	buf_done(&text);
	buf_done(&digits);
}

static void put_text(const char *text, size_t length, const struct spec *spec, char align,
		     struct buf *out)
{
	if (spec->precision >= 0)
		length = template_text_offset(text, length, (size_t)spec->precision);
	pad(text, length, 0, spec, align, out);
}

/* One % conversion of one value. False when the value is of the wrong type. */
static bool convert(const struct value *value, struct spec *spec, struct buf *out)
{
	struct buf text = BUF_INIT;
	int64_t character;
	char align = spec->align ? spec->align : '>';

	if (strchr("diuoxX", spec->type)) {
		if (!value_is_number(value) ||
		    (value->kind == VALUE_FLOAT && strchr("oxX", spec->type)))
			return false;
		cleanup_value struct value *whole = template_number_truncate(value);
		if (!whole)
			return false;
		int digits = spec->precision;
		put_number(whole, spec, out);
		(void)digits;
		return true;
	}
	if (strchr("eEfFgG", spec->type)) {
		if (!value_is_number(value))
			return false;
		put_number(value, spec, out);
		return true;
	}
	if (spec->type == 'c' && value_as_int(value, &character))
		template_text_put(&text, (uint32_t)character);
	else if (spec->type == 'r' || spec->type == 'a')
		value_repr(value, &text);
	else
		value_str(value, &text);
	put_text(buf_str(&text), text.len, spec, align, out);
	buf_done(&text);
	return true;
}

struct percent {
	struct eval *eval;
	const struct node *node;
	const char *at, *end;
	struct value *arguments;
	size_t used;
};

static struct value *next_argument(struct percent *percent)
{
	struct value *all = percent->arguments;

	if (all->kind == VALUE_TUPLE)
		return percent->used < all->list.n ? all->list.items[percent->used++] : NULL;
	return percent->used++ == 0 ? all : NULL;
}

static bool read_number(struct percent *percent, int *ret)
{
	int64_t number = 0;

	if (percent->at < percent->end && *percent->at == '*') {
		struct value *value = next_argument(percent);
		percent->at++;
		if (!value || !value_as_int(value, &number) || number > WIDEST || number < -WIDEST)
			return false;
	} else {
		while (percent->at < percent->end && isdigit((unsigned char)*percent->at) &&
		       number < WIDEST)
			number = number * 10 + (*percent->at++ - '0');
	}
	*ret = (int)number;
	return number < WIDEST;
}

static bool read_flags(struct percent *percent, struct spec *spec)
{
	for (; percent->at < percent->end && template_text_one_of(*percent->at, "-+ #0");
	     percent->at++) {
		char c = *percent->at;
		if (c == '-')
			spec->align = '<';
		else if (c == '#')
			spec->alternate = true;
		else if (c == '0')
			spec->zero = true;
		else if (spec->sign != '+')
			spec->sign = c;
	}
	if (!read_number(percent, &spec->width))
		return false;
	if (spec->width < 0) {
		spec->align = '<';
		spec->width = -spec->width;
	}
	if (percent->at < percent->end && *percent->at == '.') {
		percent->at++;
		if (!read_number(percent, &spec->precision))
			return false;
	}
	while (percent->at < percent->end && template_text_one_of(*percent->at, "hlL"))
		percent->at++;
	return true;
}

/* "%(name)s": the key between the parentheses. */
static struct value *keyed_argument(struct percent *percent)
{
	const char *begin = percent->at + 1;
	const char *close = memchr(begin, ')', (size_t)(percent->end - begin));

	if (!close || percent->arguments->kind != VALUE_DICT)
		return NULL;
	percent->at = close + 1;
	percent->used = 1;
	return template_dict_get_text(&percent->arguments->dict, begin, (size_t)(close - begin));
}

static bool one_percent(struct percent *percent, struct buf *out)
{
	struct spec spec = {.fill = ' ', .precision = -1};
	struct value *value = NULL;
	bool keyed = percent->at < percent->end && *percent->at == '(';

	if (keyed) {
		value = keyed_argument(percent);
		if (!value)
			return template_eval_fail(percent->eval, percent->node,
						  "%%(name) needs a dict that has the name");
	}
	if (!read_flags(percent, &spec) || percent->at >= percent->end)
		return template_eval_fail(percent->eval, percent->node,
					  "this %% format is incomplete");
	spec.type = *percent->at++;
	if (spec.type == '%') {
		buf_addch(out, '%');
		return true;
	}
	if (!strchr("diouxXeEfFgGcrsa", spec.type))
		return template_eval_fail(percent->eval, percent->node, "unknown format '%%%c'",
					  spec.type);
	if (!keyed)
		value = next_argument(percent);
	if (!value)
		return template_eval_fail(percent->eval, percent->node,
					  "there are fewer values than %% formats");
	if (!convert(value, &spec, out))
		return template_eval_fail(percent->eval, percent->node,
					  "%%%c needs a number, not a %s", spec.type,
					  value_type(value));
	return true;
}

struct value *template_format_percent(struct eval *eval, const struct node *node,
				      const struct value *string, struct value *arguments)
{
	struct percent percent = {
		eval,	   node, string->string.text, string->string.text + string->string.length,
		arguments, 0};
	struct buf out = BUF_INIT;
	bool ok = template_eval_settled(eval, arguments) >= 0;

	while (ok && percent.at < percent.end) {
		const char *sign = memchr(percent.at, '%', (size_t)(percent.end - percent.at));
		if (!sign)
			sign = percent.end;
		buf_add(&out, percent.at, (size_t)(sign - percent.at));
		percent.at = sign == percent.end ? sign : sign + 1;
		if (sign < percent.end)
			ok = one_percent(&percent, &out);
	}
	size_t given = arguments->kind == VALUE_TUPLE  ? arguments->list.n
		       : arguments->kind == VALUE_DICT ? 0
						       : 1;
	if (ok && percent.used < given)
		ok = template_eval_fail(eval, node, "there are more values than %% formats");
	if (ok)
		return value_take_buf(&out);
	buf_done(&out);
	return NULL;
}

/* The part of {...} behind the colon. False when it is malformed. */
static bool read_spec(const char *text, size_t length, struct spec *spec)
{
	size_t at = 0, next = 0;

	*spec = (struct spec){.fill = ' ', .precision = -1};
	if (length) {
		uint32_t first = template_text_next(text, length, &next);
		if (next < length && template_text_one_of(text[next], "<>=^")) {
			spec->fill = first;
			spec->align = text[next];
			at = next + 1;
		} else if (template_text_one_of(*text, "<>=^")) {
			spec->align = text[at++];
		}
	}
	if (at < length && template_text_one_of(text[at], "+- "))
		spec->sign = text[at++];
	if (at < length && text[at] == '#')
		spec->alternate = text[at++];
	if (at < length && text[at] == '0')
		spec->zero = text[at++];
	while (at < length && isdigit((unsigned char)text[at]) && spec->width < WIDEST)
		spec->width = spec->width * 10 + (text[at++] - '0');
	if (at < length && text[at] == ',')
		spec->comma = text[at++];
	else if (at < length && text[at] == '_')
		spec->underscore = text[at++];
	if (at < length && text[at] == '.') {
		spec->precision = 0;
		for (at++;
		     at < length && isdigit((unsigned char)text[at]) && spec->precision < 1000;
		     at++)
			spec->precision = spec->precision * 10 + (text[at] - '0');
	}
	if (at < length)
		spec->type = text[at++];
	return at == length && spec->width < WIDEST;
}

static bool put_formatted(struct call *call, const struct value *value, const char *text,
			  size_t length, struct buf *out)
{
	struct spec spec;
	struct buf plain = BUF_INIT;

	if (!read_spec(text, length, &spec))
		return template_call_fail(call, "invalid format '%.*s'", (int)length, text);
	bool number = value_is_number(value) && (value->kind != VALUE_BOOL || spec.type);
	if (spec.type && !strchr(number ? "bcdeEfFgGnoxX%" : "s", spec.type))
		return template_call_fail(call, "a %s cannot be formatted as '%c'",
					  value_type(value), spec.type);
	if (spec.type == 'd' || spec.type == 'n')
		spec.type = 0;
	if (number && length) {
		put_number(value, &spec, out);
		return true;
	}
	value_str(value, &plain);
	put_text(buf_str(&plain), plain.len, &spec,
		 spec.align ? spec.align
		 : number   ? '>'
			    : '<',
		 out);
	buf_done(&plain);
	return true;
}

/* The argument that a field begins with: {}, {0} or {name}. */
static struct value *field_root(struct call *call, const char *name, size_t length, size_t *next)
{
	char *end;

	if (!length || isdigit((unsigned char)*name)) {
		size_t index = length ? strtoul(name, &end, 10) : (*next)++;
		if (index + 1 < call->count)
			return call->args[index + 1];
		return template_call_fail(call, "format() has no value number %zu", index);
	}
	for (size_t i = 0; i < call->named; i++)
		if (call->names[i]->string.length == length &&
		    !memcmp(call->names[i]->string.text, name, length))
			return call->values[i];
	return template_call_fail(call, "format() has no value '%.*s'", (int)length, name);
}

/* .name and [key] behind it. New reference. */
static struct value *field_value(struct call *call, const char *field, size_t length, size_t *next)
{
	size_t root = strcspn(field, ".[");

	if (root > length)
		root = length;
	struct value *value = field_root(call, field, root, next);
	value = value ? value_keep(value) : NULL;
	while (value && root < length) {
		bool item = field[root] == '[';
		size_t begin = root + 1, n = strcspn(field + begin, item ? "]" : ".[");
		if (begin + n > length)
			n = length - begin;
		cleanup_value struct value *key = value_string(field + begin, n);
		cleanup_value struct value *number = NULL;
		if (item && n && isdigit((unsigned char)field[begin]))
			number = template_number_parse_int(field + begin, n, 10);
		struct value *inner =
			item ? template_eval_item(call->eval, call->node, value,
						  number ? number : key)
			     : template_eval_attribute(call->eval, call->node, value, key);
		value_unref(value);
		value = inner;
		if (value && value->kind == VALUE_UNDEFINED) {
			template_eval_trip(call->eval, value);
			value_unref(value);
			return NULL;
		}
		root = begin + n + item;
	}
	return value;
}

static bool put_field(struct call *call, const char *field, size_t length, size_t *next,
		      struct buf *out)
{
	const char *colon = memchr(field, ':', length);
	size_t name = colon ? (size_t)(colon - field) : length;
	const char *bang = memchr(field, '!', name);
	size_t path = bang ? (size_t)(bang - field) : name;
	cleanup_value struct value *value = field_value(call, field, path, next);

	if (!value)
		return false;
	if (bang && bang + 1 < field + name && bang[1] != 's') {
		struct buf text = BUF_INIT;
		value_repr(value, &text);
		value_unref(value);
		value = value_take_buf(&text);
	} else if (bang) {
		struct buf text = BUF_INIT;
		value_str(value, &text);
		value_unref(value);
		value = value_take_buf(&text);
	}
	return put_formatted(call, value, colon ? colon + 1 : "", colon ? length - name - 1 : 0,
			     out);
}

struct value *template_format_braces(struct call *call)
{
	const struct value *string = call->args[0];
	const char *text = string->string.text;
	size_t length = string->string.length, next = 0;
	struct buf out = BUF_INIT;
	bool ok = true;

	for (size_t i = 0; ok && i < length;) {
		if (i + 1 < length && (text[i] == '{' || text[i] == '}') &&
		    text[i + 1] == text[i]) {
			buf_addch(&out, text[i]);
			i += 2;
		} else if (text[i] == '{') {
			const char *close = memchr(text + i, '}', length - i);
			ok = close ? put_field(call, text + i + 1, (size_t)(close - text) - i - 1,
					       &next, &out)
				   : template_call_fail(call, "format(): a brace is not closed") !=
					     NULL;
			i = close ? (size_t)(close - text) + 1 : length;
		} else if (text[i] == '}') {
			ok = template_call_fail(call, "format(): a brace is not opened");
		} else {
			buf_addch(&out, text[i++]);
		}
	}
	if (ok)
		return value_take_buf(&out);
	buf_done(&out);
	return NULL;
}
