#include <string.h>

#include "base/mem.h"
#include "template/format.h"
#include "template/method.h"
#include "template/text.h"

#define TEXT(a)	  ((a)->string.text)
#define LENGTH(a) ((a)->string.length)

typedef void (*mapping)(const char *text, size_t length, struct buf *out);

static struct value *mapped(const struct value *self, mapping map)
{
	struct buf out = BUF_INIT;

	map(TEXT(self), LENGTH(self), &out);
	return value_take_buf(&out);
}

static struct value *do_upper(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_upper);
}

static struct value *do_lower(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_lower);
}

static struct value *do_casefold(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_fold);
}

static struct value *do_title(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_title);
}

static struct value *do_capitalize(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_capitalize);
}

static struct value *do_swapcase(struct call *call, struct value **a)
{
	(void)call;
	return mapped(a[0], template_text_swapcase);
}

static struct value *strip(struct call *call, struct value **a, enum text_side side)
{
	size_t begin = 0, end = LENGTH(a[0]), n = 0;
	const char *characters = NULL;

	if (a[1] && a[1]->kind != VALUE_NONE &&
	    !template_call_text(call, a[1], NULL, &characters, &n))
		return NULL;
	template_text_strip(TEXT(a[0]), &begin, &end, side, characters, n);
	return value_string(TEXT(a[0]) + begin, end - begin);
}

static struct value *do_strip(struct call *call, struct value **a)
{
	return strip(call, a, TEXT_BOTH);
}

static struct value *do_lstrip(struct call *call, struct value **a)
{
	return strip(call, a, TEXT_LEFT);
}

static struct value *do_rstrip(struct call *call, struct value **a)
{
	return strip(call, a, TEXT_RIGHT);
}

/* Pieces between white space, which is skipped at both ends. */
static void split_space(const char *text, size_t length, int64_t most, struct value *list)
{
	size_t at = 0, end = length;

	for (;;) {
		template_text_strip(text, &at, &end, TEXT_LEFT, NULL, 0);
		if (at >= length)
			return;
		if (most >= 0 && (int64_t)list->list.n >= most) {
			value_list_add(list, value_string(text + at, end - at));
			return;
		}
		size_t begin = at, next = at;
		while (at < length &&
		       !template_text_is_space(template_text_next(text, length, &next)))
			at = next;
		value_list_add(list, value_string(text + begin, at - begin));
	}
}

static void reverse(struct value *list)
{
	for (size_t i = 0; i < list->list.n / 2; i++) {
		struct value *item = list->list.items[i];
		list->list.items[i] = list->list.items[list->list.n - 1 - i];
		list->list.items[list->list.n - 1 - i] = item;
	}
}

/* The same from the end: the first piece keeps the rest. */
static void rsplit_space(const char *text, size_t length, int64_t most, struct value *list)
{
	size_t begin = 0, end = length;

	for (;;) {
		template_text_strip(text, &begin, &end, TEXT_RIGHT, NULL, 0);
		if (!end)
			break;
		size_t at = end;
		if (most >= 0 && (int64_t)list->list.n >= most) {
			value_list_add(list, value_string(text, end));
			break;
		}
		at = template_text_word(text, end);
		value_list_add(list, value_string(text + at, end - at));
		end = at;
	}
	reverse(list);
}

static void split_at(const char *text, size_t length, const char *separator, size_t n, int64_t most,
		     struct value *list)
{
	size_t at = 0, found;

	while ((most < 0 || (int64_t)list->list.n < most) &&
	       (found = template_text_find(text, length, separator, n, at)) != SIZE_MAX) {
		value_list_add(list, value_string(text + at, found - at));
		at = found + n;
	}
	value_list_add(list, value_string(text + at, length - at));
}

static void rsplit_at(const char *text, size_t length, const char *separator, size_t n,
		      int64_t most, struct value *list)
{
	size_t found;

	while ((most < 0 || (int64_t)list->list.n < most) &&
	       (found = template_text_find_last(text, length, separator, n)) != SIZE_MAX) {
		value_list_add(list, value_string(text + found + n, length - found - n));
		length = found;
	}
	value_list_add(list, value_string(text, length));
	reverse(list);
}

static struct value *split_text(const char *text, size_t length, const char *separator, size_t n,
				int64_t most, bool from_right)
{
	struct value *list = value_list();

	if (!separator)
		(from_right ? rsplit_space : split_space)(text, length, most, list);
	else
		(from_right ? rsplit_at : split_at)(text, length, separator, n, most, list);
	return list;
}

static struct value *split(struct call *call, struct value **a, bool from_right)
{
	const char *separator = NULL;
	size_t n = 0;
	int64_t most;

	if (!template_call_int(call, a[2], -1, &most))
		return NULL;
	if (a[1] && a[1]->kind != VALUE_NONE &&
	    !template_call_text(call, a[1], NULL, &separator, &n))
		return NULL;
	if (separator && !n)
		return template_call_fail(call, "split() cannot split at nothing");
	return split_text(TEXT(a[0]), LENGTH(a[0]), separator, n, most, from_right);
}

static struct value *do_split(struct call *call, struct value **a)
{
	return split(call, a, false);
}

static struct value *do_rsplit(struct call *call, struct value **a)
{
	return split(call, a, true);
}

static struct value *do_splitlines(struct call *call, struct value **a)
{
	struct value *list = value_list();
	bool keep = template_call_truth(a[1], false);
	size_t at = 0, begin, end;

	(void)call;
	while (template_text_line(TEXT(a[0]), LENGTH(a[0]), &at, &begin, &end))
		value_list_add(list, value_string(TEXT(a[0]) + begin, (keep ? at : end) - begin));
	return list;
}

static struct value *do_replace(struct call *call, struct value **a)
{
	const char *from, *to;
	size_t from_length, to_length;
	struct buf out = BUF_INIT;
	int64_t count;

	if (!template_call_text(call, a[1], NULL, &from, &from_length) ||
	    !template_call_text(call, a[2], NULL, &to, &to_length) ||
	    !template_call_int(call, a[3], -1, &count))
		return NULL;
	template_text_replace(TEXT(a[0]), LENGTH(a[0]), from, from_length, to, to_length, count,
			      &out);
	return value_take_buf(&out);
}

static struct value *do_join(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, a[1]);
	struct buf out = BUF_INIT;

	for (size_t i = 0; items && i < items->list.n; i++) {
		const struct value *item = items->list.items[i];
		if (item->kind != VALUE_STRING) {
			buf_done(&out);
			return template_call_fail(call,
						  "join() needs strings, but item %zu is a %s", i,
						  value_type(item));
		}
		if (i)
			buf_add(&out, TEXT(a[0]), LENGTH(a[0]));
		buf_add(&out, TEXT(item), LENGTH(item));
	}
	return items ? value_take_buf(&out) : NULL;
}

static struct value *partition(struct call *call, struct value **a, bool last)
{
	const char *separator, *text = TEXT(a[0]);
	size_t n, length = LENGTH(a[0]);

	if (!template_call_text(call, a[1], NULL, &separator, &n))
		return NULL;
	if (!n)
		return template_call_fail(call, "%s() needs a separator", call->name);
	size_t at = last ? template_text_find_last(text, length, separator, n)
			 : template_text_find(text, length, separator, n, 0);
	struct value *parts = value_tuple(3);
	if (at == SIZE_MAX) {
		value_list_add(parts, last ? value_string("", 0) : value_keep(a[0]));
		value_list_add(parts, value_string("", 0));
		value_list_add(parts, last ? value_keep(a[0]) : value_string("", 0));
		return parts;
	}
	value_list_add(parts, value_string(text, at));
	value_list_add(parts, value_string(separator, n));
	value_list_add(parts, value_string(text + at + n, length - at - n));
	return parts;
}

static struct value *do_partition(struct call *call, struct value **a)
{
	return partition(call, a, false);
}

static struct value *do_rpartition(struct call *call, struct value **a)
{
	return partition(call, a, true);
}

static bool affixed(const char *text, size_t length, const struct value *affix, bool at_end)
{
	size_t n = LENGTH(affix);

	return n <= length && !memcmp(at_end ? text + length - n : text, TEXT(affix), n);
}

static struct value *do_removeprefix(struct call *call, struct value **a)
{
	const char *affix;
	size_t n;

	if (!template_call_text(call, a[1], NULL, &affix, &n))
		return NULL;
	size_t cut = affixed(TEXT(a[0]), LENGTH(a[0]), a[1], false) ? n : 0;
	return value_string(TEXT(a[0]) + cut, LENGTH(a[0]) - cut);
}

static struct value *do_removesuffix(struct call *call, struct value **a)
{
	const char *affix;
	size_t n;

	if (!template_call_text(call, a[1], NULL, &affix, &n))
		return NULL;
	size_t cut = affixed(TEXT(a[0]), LENGTH(a[0]), a[1], true) ? n : 0;
	return value_string(TEXT(a[0]), LENGTH(a[0]) - cut);
}

static struct value *too_wide(struct call *call, int64_t width)
{
	return template_eval_fail_limit(call->eval, call->node, "output",
					"%s(): %lld characters are more than %zu", call->name,
					(long long)width, call->eval->limits.output);
}

/* left and right: how the padding is shared out. */
static struct value *pad(struct call *call, struct value **a, bool before, bool behind)
{
	const char *fill;
	size_t n, count = value_length(a[0]);
	int64_t width;
	struct buf out = BUF_INIT;

	if (!template_call_int(call, a[1], 0, &width) ||
	    !template_call_text(call, a[2], " ", &fill, &n))
		return NULL;
	if (template_text_count(fill, n) != 1)
		return template_call_fail(call, "%s() fills with exactly one character",
					  call->name);
	if (width > (int64_t)call->eval->limits.output)
		return too_wide(call, width);
	size_t missing = width > (int64_t)count ? (size_t)width - count : 0;
	size_t left = before && behind ? missing / 2 + (missing & (size_t)width & 1)
		      : before	       ? missing
				       : 0;
	for (size_t i = 0; i < left; i++)
		buf_add(&out, fill, n);
	buf_add(&out, TEXT(a[0]), LENGTH(a[0]));
	for (size_t i = left; i < missing; i++)
		buf_add(&out, fill, n);
	return value_take_buf(&out);
}

static struct value *do_center(struct call *call, struct value **a)
{
	return pad(call, a, true, true);
}

static struct value *do_ljust(struct call *call, struct value **a)
{
	return pad(call, a, false, true);
}

static struct value *do_rjust(struct call *call, struct value **a)
{
	return pad(call, a, true, false);
}

static struct value *do_zfill(struct call *call, struct value **a)
{
	int64_t width, count = (int64_t)value_length(a[0]);
	struct buf out = BUF_INIT;
	size_t sign = LENGTH(a[0]) && template_text_one_of(*TEXT(a[0]), "+-") ? 1 : 0;

	if (!template_call_int(call, a[1], 0, &width))
		return NULL;
	if (width > (int64_t)call->eval->limits.output)
		return too_wide(call, width);
	buf_add(&out, TEXT(a[0]), sign);
	if (width > count)
		buf_fill(&out, '0', (size_t)(width - count));
	buf_add(&out, TEXT(a[0]) + sign, LENGTH(a[0]) - sign);
	return value_take_buf(&out);
}

static struct value *do_expandtabs(struct call *call, struct value **a)
{
	int64_t size, column = 0;
	struct buf out = BUF_INIT;

	if (!template_call_int(call, a[1], 8, &size))
		return NULL;
	for (size_t i = 0; i < LENGTH(a[0]);) {
		uint32_t c = template_text_next(TEXT(a[0]), LENGTH(a[0]), &i);
		int64_t blanks = c == '\t' && size > 0 && size < 1000 ? size - column % size : 0;
		if (c != '\t')
			template_text_put(&out, c);
		buf_fill(&out, ' ', (size_t)blanks);
		column = c == '\n' || c == '\r' ? 0 : column + (c == '\t' ? blanks : 1);
	}
	return value_take_buf(&out);
}

static struct value *do_format(struct call *call, struct value **a)
{
	(void)a;
	return template_format_braces(call, NULL);
}

static struct value *do_format_map(struct call *call, struct value **a)
{
	if (a[1]->kind != VALUE_DICT)
		return template_call_fail(call, "format_map() needs a dict, not a %s",
					  value_type(a[1]));
	return template_format_braces(call, a[1]);
}

const struct builtin template_method_text_table[] = {
	{"upper", do_upper, "str", 1, 0},
	{"lower", do_lower, "str", 1, 0},
	{"casefold", do_casefold, "str", 1, 0},
	{"title", do_title, "str", 1, 0},
	{"capitalize", do_capitalize, "str", 1, 0},
	{"swapcase", do_swapcase, "str", 1, 0},
	{"strip", do_strip, "str chars", 1, 0},
	{"lstrip", do_lstrip, "str chars", 1, 0},
	{"rstrip", do_rstrip, "str chars", 1, 0},
	{"split", do_split, "str sep maxsplit", 1, 0},
	{"rsplit", do_rsplit, "str sep maxsplit", 1, 0},
	{"splitlines", do_splitlines, "str keepends", 1, 0},
	{"replace", do_replace, "str old new count", 3, 0},
	{"join", do_join, "str items", 2, 0},
	{"partition", do_partition, "str sep", 2, 0},
	{"rpartition", do_rpartition, "str sep", 2, 0},
	{"removeprefix", do_removeprefix, "str prefix", 2, 0},
	{"removesuffix", do_removesuffix, "str suffix", 2, 0},
	{"center", do_center, "str width fillchar", 2, 0},
	{"ljust", do_ljust, "str width fillchar", 2, 0},
	{"rjust", do_rjust, "str width fillchar", 2, 0},
	{"zfill", do_zfill, "str width", 2, 0},
	{"expandtabs", do_expandtabs, "str tabsize", 1, 0},
	{"format", do_format, "str", 1, CALL_REST},
	{"format_map", do_format_map, "str mapping", 2, 0},
};

const size_t template_method_text_count =
	sizeof(template_method_text_table) / sizeof(*template_method_text_table);
