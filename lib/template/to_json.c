#include "template/to_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/text.h"

static void put_escape(uint32_t c, struct buf *out)
{
	if (c >= 0x10000) {
		buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
			   0xDC00 + ((c - 0x10000) & 0x3FF));
		return;
	}
	buf_printf(out, "\\u%04x", c);
}

/* How many bytes from here on stand for themselves. */
static size_t plain_run(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && text[n] >= ' ' && text[n] < 0x7F && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

static void put_string(const char *text, size_t length, bool ascii, struct buf *out)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	buf_addch(out, '"');
	for (size_t i = 0; i < length;) {
		size_t plain = plain_run(text + i, length - i);
		buf_add(out, text + i, plain);
		i += plain;
		if (i == length)
			break;
		uint32_t c = template_text_next(text, length, &i);
		const char *at = c && c < 0x80 ? strchr(special, (int)c) : NULL;
		if (at)
			buf_printf(out, "\\%c", letters[at - special]);
		else if (c < 0x20 || (ascii && c > 0x7E))
			put_escape(c, out);
		else
			template_text_put(out, c);
	}
	buf_addch(out, '"');
}

#define LONGEST_RANGE 1000000

static void put_float(double number, struct buf *out)
{
	if (isfinite(number))
		value_print_float(number, out);
	else
		buf_addstr(out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
}

static void new_line(const struct to_json_style *style, int depth, struct buf *out)
{
	if (!style->indent)
		return;
	buf_addch(out, '\n');
	while (depth-- > 0)
		buf_addstr(out, style->indent);
}

static int put(const struct value *value, const struct to_json_style *style, int depth,
	       struct buf *out, struct err *err);

static int put_list(const struct value *list, const struct to_json_style *style, int depth,
		    struct buf *out, struct err *err)
{
	buf_addch(out, '[');
	for (size_t i = 0; i < list->list.n; i++) {
		if (i)
			buf_addstr(out, style->item_separator);
		new_line(style, depth + 1, out);
		int r = put(list->list.items[i], style, depth + 1, out, err);
		if (r < 0)
			return r;
	}
	if (list->list.n)
		new_line(style, depth, out);
	buf_addch(out, ']');
	return 0;
}

static int put_range(const struct value *range, const struct to_json_style *style, int depth,
		     struct buf *out, struct err *err)
{
	size_t n = value_range_length(range);
	struct value *list;

	if (n > LONGEST_RANGE)
		return err_set(err, ERR_INVALID, "a range of %zu numbers is too long for JSON", n);
	list = value_list_room(n);
	for (size_t i = 0; i < n; i++)
		value_list_add(list,
			       value_int(range->range.start + (int64_t)i * range->range.step));
	int r = put_list(list, style, depth, out, err);
	value_unref(list);
	return r;
}

/* A pair whose key is text already. */
struct pair {
	const struct dict_entry *entry;
	struct buf key;
};

/* Keys become strings as JSON writes them: true, null, 1. */
static int key_text(const struct value *key, struct buf *out, struct err *err)
{
	if (key->kind == VALUE_BOOL)
		buf_addstr(out, key->boolean ? "true" : "false");
	else if (key->kind == VALUE_NONE)
		buf_addstr(out, "null");
	else if (key->kind == VALUE_FLOAT)
		put_float(key->real, out);
	else if (key->kind == VALUE_STRING || value_is_number(key))
		value_str(key, out);
	else
		return err_set(err, ERR_INVALID, "a %s cannot be a key in JSON", value_type(key));
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(buf_str(&((const struct pair *)a)->key),
		      buf_str(&((const struct pair *)b)->key));
}

static int by_key(const void *a, const void *b)
{
	int order = 0;

	(void)value_order(((const struct pair *)a)->entry->key,
			  ((const struct pair *)b)->entry->key, &order);
	return order;
}

static bool is_sortable(const struct dict *dict)
{
	int order;

	for (size_t i = 1; i < dict->n; i++)
		if (!value_order(dict->entries[0].key, dict->entries[i].key, &order))
			return false;
	return true;
}

static int make_pairs(const struct dict *dict, const struct to_json_style *style,
		      struct pair *pairs, struct err *err)
{
	for (size_t i = 0; i < dict->n; i++) {
		pairs[i].entry = &dict->entries[i];
		int r = key_text(dict->entries[i].key, &pairs[i].key, err);
		if (r < 0)
			return r;
	}
	if (style->sort == TO_JSON_BY_KEY && !is_sortable(dict))
		return err_set(err, ERR_INVALID, "keys of different types cannot be sorted");
	if (style->sort)
		qsort(pairs, dict->n, sizeof(*pairs),
		      style->sort == TO_JSON_BY_TEXT ? by_text : by_key);
	return 0;
}

static int put_pairs(const struct pair *pairs, size_t count, const struct to_json_style *style,
		     int depth, struct buf *out, struct err *err)
{
	buf_addch(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_addstr(out, style->item_separator);
		new_line(style, depth + 1, out);
		put_string(buf_str(&pairs[i].key), pairs[i].key.len, style->ascii, out);
		buf_addstr(out, style->key_separator);
		int r = put(pairs[i].entry->item, style, depth + 1, out, err);
		if (r < 0)
			return r;
	}
	if (count)
		new_line(style, depth, out);
	buf_addch(out, '}');
	return 0;
}

static int put_dict(const struct dict *dict, const struct to_json_style *style, int depth,
		    struct buf *out, struct err *err)
{
	struct pair *pairs = mem_zalloc(dict->n * sizeof(*pairs));
	int r = make_pairs(dict, style, pairs, err);

	if (r == 0)
		r = put_pairs(pairs, dict->n, style, depth, out, err);
	for (size_t i = 0; i < dict->n; i++)
		buf_done(&pairs[i].key);
	free(pairs);
	return r;
}

static void put_date(const struct value *date, struct buf *out)
{
	struct buf text = BUF_INIT;

	value_str(date, &text);
	char *space = strchr(text.data, ' ');
	if (space)
		*space = 'T';
	put_string(text.data, text.len, true, out);
	buf_done(&text);
}

static int put(const struct value *value, const struct to_json_style *style, int depth,
	       struct buf *out, struct err *err)
{
	if (depth > VALUE_DEEPEST)
		return err_set(err, ERR_INVALID, "nested more than %d deep", VALUE_DEEPEST);
	switch ((enum value_kind)value->kind) {
	case VALUE_NONE:
		buf_addstr(out, "null");
		return 0;
	case VALUE_BOOL:
		buf_addstr(out, value->boolean ? "true" : "false");
		return 0;
	case VALUE_INT:
	case VALUE_BIG:
		value_str(value, out);
		return 0;
	case VALUE_FLOAT:
		if (style->no_nan && !isfinite(value->real))
			return err_set(err, ERR_INVALID, "JSON has no nan and no infinity");
		put_float(value->real, out);
		return 0;
	case VALUE_STRING:
		put_string(value->string.text, value->string.length, style->ascii, out);
		return 0;
	case VALUE_DATE:
		if (style->no_dates)
			return err_set(err, ERR_INVALID,
				       "a %s cannot be written as JSON here; use to_json",
				       value_type(value));
		put_date(value, out);
		return 0;
	case VALUE_LIST:
	case VALUE_TUPLE:
		return put_list(value, style, depth, out, err);
	case VALUE_RANGE:
		return put_range(value, style, depth, out, err);
	case VALUE_DICT:
		return put_dict(&value->dict, style, depth, out, err);
	default:
		return err_set(err, ERR_INVALID, "a value of type %s cannot be written as JSON",
			       value_type(value));
	}
}

int template_to_json(const struct value *value, const struct to_json_style *style, struct buf *out,
		     struct err *err)
{
	return put(value, style, 0, out, err);
}
