#include <string.h>

#include "template/method.h"
#include "template/text.h"

/* Methods of strings that look and do not change. */

#define TEXT(a)	  ((a)->string.text)
#define LENGTH(a) ((a)->string.length)

/* [start, end) in characters, as Python's methods take them, in bytes. False after
 * template_call_fail. */
static bool window(struct call *call, struct value **a, size_t *ret_begin, size_t *ret_end)
{
	int64_t start, stop, count = (int64_t)value_length(a[0]);

	if (!template_call_int(call, a[2], 0, &start) ||
	    !template_call_int(call, a[3], count, &stop))
		return false;
	start = start < 0	? start + count < 0 ? 0 : start + count
		: start > count ? count + 1
				: start;
	stop = stop < 0 ? stop + count < 0 ? 0 : stop + count : stop > count ? count : stop;
	*ret_begin = start > count ? LENGTH(a[0]) + 1
				   : template_text_offset(TEXT(a[0]), LENGTH(a[0]), (size_t)start);
	*ret_end = template_text_offset(TEXT(a[0]), LENGTH(a[0]), (size_t)stop);
	return true;
}

static bool affixed(const char *text, size_t length, const struct value *affix, bool at_end)
{
	size_t n = LENGTH(affix);

	return n <= length && !memcmp(at_end ? text + length - n : text, TEXT(affix), n);
}

static struct value *has_affix(struct call *call, struct value **a, bool at_end)
{
	size_t begin, end;

	if (!window(call, a, &begin, &end))
		return NULL;
	bool list = a[1]->kind == VALUE_TUPLE;
	for (size_t i = 0; i < (list ? a[1]->list.n : 1); i++) {
		const struct value *affix = list ? a[1]->list.items[i] : a[1];
		if (affix->kind != VALUE_STRING)
			return template_call_fail(
				call, "%s() needs a string or a tuple of them, not a %s",
				call->name, value_type(affix));
		if (begin <= end && affixed(TEXT(a[0]) + begin, end - begin, affix, at_end))
			return value_bool(true);
	}
	return value_bool(false);
}

static struct value *do_startswith(struct call *call, struct value **a)
{
	return has_affix(call, a, false);
}

static struct value *do_endswith(struct call *call, struct value **a)
{
	return has_affix(call, a, true);
}

static struct value *search(struct call *call, struct value **a, bool last, bool must)
{
	size_t begin, end, n, found = SIZE_MAX;
	const char *needle;

	if (!template_call_text(call, a[1], NULL, &needle, &n) || !window(call, a, &begin, &end))
		return NULL;
	if (begin <= end)
		found = last ? template_text_find_last(TEXT(a[0]), end, needle, n)
			     : template_text_find(TEXT(a[0]), end, needle, n, begin);
	if (found != SIZE_MAX && found >= begin)
		return value_int((int64_t)template_text_count(TEXT(a[0]), found));
	return must ? template_call_fail(call, "%s(): the text is not found", call->name)
		    : value_int(-1);
}

static struct value *do_find(struct call *call, struct value **a)
{
	return search(call, a, false, false);
}

static struct value *do_rfind(struct call *call, struct value **a)
{
	return search(call, a, true, false);
}

static struct value *do_index(struct call *call, struct value **a)
{
	return search(call, a, false, true);
}

static struct value *do_rindex(struct call *call, struct value **a)
{
	return search(call, a, true, true);
}

static struct value *do_count(struct call *call, struct value **a)
{
	size_t begin, end, n;
	const char *needle;
	int64_t count = 0;

	if (!template_call_text(call, a[1], NULL, &needle, &n) || !window(call, a, &begin, &end))
		return NULL;
	if (!n)
		return value_int(
			begin <= end
				? (int64_t)template_text_count(TEXT(a[0]) + begin, end - begin) + 1
				: 0);
	while ((begin = template_text_find(TEXT(a[0]), end, needle, n, begin)) != SIZE_MAX) {
		begin += n;
		count++;
	}
	return value_int(count);
}

/* True when there is a character and all are of that class. */
static struct value *all(const struct value *self, bool (*test)(uint32_t))
{
	for (size_t i = 0; i < LENGTH(self);)
		if (!test(template_text_next(TEXT(self), LENGTH(self), &i)))
			return value_bool(false);
	return value_bool(LENGTH(self) > 0);
}

static struct value *do_isdecimal(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_decimal);
}

static struct value *do_isdigit(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_digit);
}

static struct value *do_isnumeric(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_numeric);
}

static struct value *do_isprintable(struct call *call, struct value **a)
{
	(void)call;
	return LENGTH(a[0]) ? all(a[0], template_text_is_printable) : value_bool(true);
}

static struct value *do_isalpha(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_alpha);
}

static struct value *do_isalnum(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_alnum);
}

static struct value *do_isspace(struct call *call, struct value **a)
{
	(void)call;
	return all(a[0], template_text_is_space);
}

static struct value *do_isascii(struct call *call, struct value **a)
{
	(void)call;
	return value_bool(template_text_is_ascii(TEXT(a[0]), LENGTH(a[0])));
}

/* Some letter has that case and none has another. */
static struct value *has_case(const struct value *self, bool upper)
{
	bool any = false;

	for (size_t i = 0; i < LENGTH(self);) {
		uint32_t c = template_text_next(TEXT(self), LENGTH(self), &i);
		if (!template_text_is_cased(c))
			continue;
		if (!(upper ? template_text_is_upper(c) : template_text_is_lower(c)))
			return value_bool(false);
		any = true;
	}
	return value_bool(any);
}

/* Every word begins with a capital, and has no other. */
static struct value *do_istitle(struct call *call, struct value **a)
{
	bool in_word = false, any = false;

	(void)call;
	for (size_t i = 0; i < LENGTH(a[0]);) {
		uint32_t c = template_text_next(TEXT(a[0]), LENGTH(a[0]), &i);
		bool capital = template_text_is_upper(c) || template_text_is_title(c);
		if (template_text_is_cased(c) && capital == in_word)
			return value_bool(false);
		in_word = template_text_is_cased(c);
		any = any || in_word;
	}
	return value_bool(any);
}

static struct value *do_isupper(struct call *call, struct value **a)
{
	(void)call;
	return has_case(a[0], true);
}

static struct value *do_islower(struct call *call, struct value **a)
{
	(void)call;
	return has_case(a[0], false);
}

static struct value *do_isidentifier(struct call *call, struct value **a)
{
	(void)call;
	for (size_t i = 0; i < LENGTH(a[0]);) {
		bool first = i == 0;
		uint32_t c = template_text_next(TEXT(a[0]), LENGTH(a[0]), &i);
		if (c != '_' && !template_text_is_alpha(c) &&
		    (first || !template_text_is_decimal(c)))
			return value_bool(false);
	}
	return value_bool(LENGTH(a[0]) > 0);
}

const struct builtin template_method_find_table[] = {
	{"startswith", do_startswith, "str prefix start end", 2, 0},
	{"endswith", do_endswith, "str suffix start end", 2, 0},
	{"find", do_find, "str sub start end", 2, 0},
	{"rfind", do_rfind, "str sub start end", 2, 0},
	{"index", do_index, "str sub start end", 2, 0},
	{"rindex", do_rindex, "str sub start end", 2, 0},
	{"count", do_count, "str sub start end", 2, 0},
	{"isdigit", do_isdigit, "str", 1, 0},
	{"isdecimal", do_isdecimal, "str", 1, 0},
	{"isnumeric", do_isnumeric, "str", 1, 0},
	{"isprintable", do_isprintable, "str", 1, 0},
	{"istitle", do_istitle, "str", 1, 0},
	{"isalpha", do_isalpha, "str", 1, 0},
	{"isalnum", do_isalnum, "str", 1, 0},
	{"isspace", do_isspace, "str", 1, 0},
	{"isascii", do_isascii, "str", 1, 0},
	{"isupper", do_isupper, "str", 1, 0},
	{"islower", do_islower, "str", 1, 0},
	{"isidentifier", do_isidentifier, "str", 1, 0},
};

const size_t template_method_find_count =
	sizeof(template_method_find_table) / sizeof(*template_method_find_table);
