#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "template/digits.h"
#include "template/format.h"
#include "template/format_spec.h"
#include "template/markup.h"
#include "template/number.h"
#include "template/text.h"

struct percent {
	struct eval *eval;
	const struct node *node;
	const char *at, *end;
	struct value *arguments;
	size_t used;
	bool escaped; /* the string counts as HTML: what comes into it does not */
};

static bool fail(const struct percent *percent, const char *format, int type,
		 const struct value *value)
{
	return template_eval_fail(percent->eval, percent->node, format, type,
				  value ? value_type(value) : "");
}

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
		if (!value || !value_as_int(value, &number))
			return false;
	} else {
		while (percent->at < percent->end && isdigit((unsigned char)*percent->at) &&
		       number < FORMAT_WIDEST)
			number = number * 10 + (*percent->at++ - '0');
	}
	*ret = (int)number;
	return number < FORMAT_WIDEST && number > -FORMAT_WIDEST;
}

static bool read_flags(struct percent *percent, struct format_spec *spec)
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
		if (spec->precision < 0)
			spec->precision = 0;
	}
	while (percent->at < percent->end && template_text_one_of(*percent->at, "hlL"))
		percent->at++;
	return true;
}

/* "%(name)s": the key between the parentheses. */
static struct value *keyed_argument(struct percent *percent)
{
	const char *begin = percent->at + 1, *close = begin;

	for (int open = 1; close < percent->end; close++) {
		open += *close == '(';
		open -= *close == ')';
		if (!open)
			break;
	}
	if (close >= percent->end || percent->arguments->kind != VALUE_DICT)
		return NULL;
	percent->at = close + 1;
	percent->used = 1;
	return template_dict_get_text(&percent->arguments->dict, begin, (size_t)(close - begin));
}

static bool put_integer(struct percent *percent, const struct value *value,
			struct format_spec *spec, struct buf *out)
{
	if (!value_is_number(value) ||
	    (value->kind == VALUE_FLOAT && template_text_one_of(spec->type, "oxX")))
		return fail(percent, "%%%c needs a number, not a %s", spec->type, value);
	cleanup_value struct value *whole = template_number_truncate(value);
	if (!whole)
		return fail(percent, "%%%c cannot write this float as an integer", spec->type,
			    value);
	if (template_text_one_of(spec->type, "diu"))
		spec->type = 'd';
	if (spec->precision >= 0) { /* so many digits at least */
		struct format_spec inner = {.fill = '0', .zero = true, .type = spec->type};
		inner.width = spec->precision + (template_number_double(whole) < 0);
		struct buf digits = BUF_INIT;
		template_format_number(whole, &inner, &digits);
		struct format_spec outer = *spec;
		outer.precision = -1;
		const char *sign = digits.data[0] == '-'		    ? ""
				   : spec->sign == '+' || spec->sign == ' ' ? (char[2]){spec->sign}
									    : "";
		cleanup_free char *text = mem_printf("%s%s", sign, digits.data);
		if (spec->zero && !spec->align)
			outer.fill = '0';
		template_format_text(text, strlen(text), &outer, '>', out);
		buf_done(&digits);
		return true;
	}
	template_format_number(whole, spec, out);
	return true;
}

static bool put_text(struct percent *percent, struct value *value, const struct format_spec *spec,
		     struct buf *out)
{
	cleanup_buf struct buf text = BUF_INIT;
	int64_t character;

	if (spec->type == 'c') {
		bool one = value->kind == VALUE_STRING && value_length(value) == 1;
		if (one)
			value_str(value, &text);
		else if (value_as_int(value, &character) && character >= 0 && character < 0x110000)
			template_text_put(&text, (uint32_t)character);
		else
			return fail(percent, "%%%c needs one character or its number, not a %s",
				    'c', value);
	} else if (spec->type == 'r') {
		value_repr(value, &text);
	} else if (spec->type == 'a') {
		template_format_ascii(value, &text);
	} else {
		value_str(value, &text);
	}
	if (percent->escaped && !(value->kind == VALUE_STRING && value->escaped)) {
		struct buf escaped = BUF_INIT;
		template_markup_escape_text(buf_str(&text), text.len, &escaped);
		buf_done(&text);
		text = escaped;
	}
	template_format_text(buf_str(&text), text.len, spec, '>', out);
	return true;
}

static bool put_value(struct percent *percent, struct value *value, struct format_spec *spec,
		      struct buf *out)
{
	if (template_text_one_of(spec->type, "diursa") &&
	    !template_digits_fit(percent->eval, percent->node, value))
		return false;
	if (template_text_one_of(spec->type, "crsa")) {
		spec->zero = false;
		return put_text(percent, value, spec, out);
	}
	if (spec->zero && !spec->align)
		spec->fill = '0';
	if (template_text_one_of(spec->type, "diuoxX"))
		return put_integer(percent, value, spec, out);
	if (!value_is_number(value))
		return fail(percent, "%%%c needs a number, not a %s", spec->type, value);
	template_format_number(value, spec, out);
	return true;
}

static bool one_percent(struct percent *percent, struct buf *out)
{
	struct format_spec spec = {.fill = ' ', .precision = -1};
	struct value *value = NULL;
	bool keyed = percent->at < percent->end && *percent->at == '(';

	if (keyed && !(value = keyed_argument(percent)))
		return fail(percent, "%%(name) needs a dict that has the name", 0, NULL);
	if (!read_flags(percent, &spec) || percent->at >= percent->end)
		return fail(percent, "this %% format is incomplete, or too wide", 0, NULL);
	spec.type = *percent->at++;
	if (spec.type == '%') {
		buf_addch(out, '%');
		return true;
	}
	if (!spec.type || !template_text_one_of(spec.type, "diouxXeEfFgGcrsa"))
		return fail(percent, "unknown format '%%%c'", spec.type, NULL);
	if (!keyed)
		value = next_argument(percent);
	if (!value)
		return fail(percent, "there are fewer values than %% formats", 0, NULL);
	return put_value(percent, value, &spec, out);
}

struct value *template_format_percent(struct eval *eval, const struct node *node,
				      const struct value *string, struct value *arguments)
{
	struct percent percent = {
		.eval = eval,
		.node = node,
		.at = string->string.text,
		.end = string->string.text + string->string.length,
		.arguments = arguments,
		.escaped = string->escaped,
	};
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
	size_t given = arguments->kind == VALUE_TUPLE ? arguments->list.n
		       : arguments->kind == VALUE_DICT || arguments->kind == VALUE_LIST ? 0
											: 1;
	if (ok && percent.used < given)
		ok = fail(&percent, "there are more values than %% formats", 0, NULL);
	if (ok)
		return template_markup_keep(string, value_take_buf(&out));
	buf_done(&out);
	return NULL;
}
