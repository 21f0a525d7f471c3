#include "template/json_out.h"

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

static void put_string(const char *text, size_t length, bool ascii, struct buf *out)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	buf_addch(out, '"');
	for (size_t i = 0; i < length;) {
		uint32_t c = text_next(text, length, &i);
		const char *at = c && c < 0x80 ? strchr(special, (int)c) : NULL;
		if (at)
			buf_printf(out, "\\%c", letters[at - special]);
		else if (c < 0x20 || (ascii && c > 0x7E))
			put_escape(c, out);
		else
			text_put(out, c);
	}
	buf_addch(out, '"');
}

static void put_float(double number, struct buf *out)
{
	if (isfinite(number))
		value_print_float(number, out);
	else
		buf_addstr(out, isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity");
}

static void new_line(const struct json_style *style, int depth, struct buf *out)
{
	if (style->indent < 0)
		return;
	buf_addch(out, '\n');
	buf_fill(out, ' ', (size_t)(style->indent * depth));
}

static int put(const struct value *value, const struct json_style *style, int depth,
	       struct buf *out, struct err *err);

static int put_list(const struct value *list, const struct json_style *style, int depth,
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

/* Keys become strings as JSON writes them: true, null, 1. */
static int put_key(const struct value *key, const struct json_style *style, struct buf *out,
		   struct err *err)
{
	struct buf text = BUF_INIT;

	if (key->kind == VALUE_BOOL)
		buf_addstr(&text, key->boolean ? "true" : "false");
	else if (key->kind == VALUE_NONE)
		buf_addstr(&text, "null");
	else if (key->kind == VALUE_FLOAT)
		put_float(key->real, &text);
	else if (key->kind == VALUE_STRING || value_is_number(key))
		value_str(key, &text);
	else
		return err_set(err, ERR_INVALID, "a %s cannot be a key in JSON", value_type(key));
	put_string(buf_str(&text), text.len, style->ascii, out);
	buf_done(&text);
	return 0;
}

static int by_key(const void *a, const void *b)
{
	int order = 0;

	(void)value_order((*(const struct dict_entry *const *)a)->key,
			  (*(const struct dict_entry *const *)b)->key, &order);
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

static int put_dict(const struct dict *dict, const struct json_style *style, int depth,
		    struct buf *out, struct err *err)
{
	cleanup_free const struct dict_entry **entries = mem_alloc(dict->n * sizeof(*entries));

	for (size_t i = 0; i < dict->n; i++)
		entries[i] = &dict->entries[i];
	if (style->sort_keys && !is_sortable(dict))
		return err_set(err, ERR_INVALID, "keys of different types cannot be sorted");
	if (style->sort_keys)
		qsort(entries, dict->n, sizeof(*entries), by_key);
	buf_addch(out, '{');
	for (size_t i = 0; i < dict->n; i++) {
		if (i)
			buf_addstr(out, style->item_separator);
		new_line(style, depth + 1, out);
		int r = put_key(entries[i]->key, style, out, err);
		if (r < 0)
			return r;
		buf_addstr(out, style->key_separator);
		r = put(entries[i]->item, style, depth + 1, out, err);
		if (r < 0)
			return r;
	}
	if (dict->n)
		new_line(style, depth, out);
	buf_addch(out, '}');
	return 0;
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

static int put(const struct value *value, const struct json_style *style, int depth,
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
		put_float(value->real, out);
		return 0;
	case VALUE_STRING:
		put_string(value->string.text, value->string.length, style->ascii, out);
		return 0;
	case VALUE_DATE:
		put_date(value, out);
		return 0;
	case VALUE_LIST:
	case VALUE_TUPLE:
		return put_list(value, style, depth, out, err);
	case VALUE_DICT:
		return put_dict(&value->dict, style, depth, out, err);
	default:
		return err_set(err, ERR_INVALID, "a value of type %s cannot be written as JSON",
			       value_type(value));
	}
}

int json_out(const struct value *value, const struct json_style *style, struct buf *out,
	     struct err *err)
{
	return put(value, style, 0, out, err);
}
