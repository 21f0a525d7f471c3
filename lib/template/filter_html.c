#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/markup.h"
#include "template/to_json.h"
#include "template/method.h"
#include "template/text.h"

static struct value *do_escape(struct call *call, struct value **a)
{
	(void)call;
	return template_markup_escape(a[0]);
}

static struct value *do_forceescape(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	struct buf out = BUF_INIT;

	(void)call;
	template_markup_escape_text(string->string.text, string->string.length, &out);
	return template_markup_mark(value_take_buf(&out));
}

static struct value *do_safe(struct call *call, struct value **a)
{
	(void)call;
	return template_markup_mark(template_filter_string(a[0]));
}

static struct value *do_striptags(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);

	(void)call;
	return template_markup_strip(string);
}

static void url_quote(const struct value *value, bool query, struct buf *out)
{
	cleanup_value struct value *string = template_filter_string((struct value *)value);

	for (size_t i = 0; i < string->string.length; i++) {
		unsigned char c = (unsigned char)string->string.text[i];
		if (isalnum(c) || (c && strchr("_.-~", c)) || (c == '/' && !query))
			buf_addch(out, (char)c);
		else if (c == ' ' && query)
			buf_addch(out, '+');
		else
			buf_printf(out, "%%%02X", c);
	}
}

static struct value *do_urlencode(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;

	if (a[0]->kind == VALUE_DICT) {
		for (size_t i = 0; i < a[0]->dict.n; i++) {
			buf_addstr(&out, i ? "&" : "");
			url_quote(a[0]->dict.entries[i].key, true, &out);
			buf_addch(&out, '=');
			url_quote(a[0]->dict.entries[i].item, true, &out);
		}
	} else if (value_is_list(a[0])) {
		for (size_t i = 0; i < a[0]->list.n; i++) {
			const struct value *pair = a[0]->list.items[i];
			if (!value_is_list(pair) || pair->list.n != 2) {
				buf_done(&out);
				return template_call_fail(
					call, "urlencode needs pairs of a key and a value");
			}
			buf_addstr(&out, i ? "&" : "");
			url_quote(pair->list.items[0], true, &out);
			buf_addch(&out, '=');
			url_quote(pair->list.items[1], true, &out);
		}
	} else {
		url_quote(a[0], false, &out);
	}
	return value_take_buf(&out);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static struct value *do_urldecode(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	const char *text = string->string.text;
	struct buf out = BUF_INIT;

	(void)call;
	for (; *text; text++) {
		if (*text == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			buf_addch(&out, (char)(hex(text[1]) << 4 | hex(text[2])));
			text += 2;
		} else {
			buf_addch(&out, *text == '+' ? ' ' : *text);
		}
	}
	return value_take_buf(&out);
}

static struct value *do_xmlattr(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;

	if (a[0]->kind != VALUE_DICT)
		return template_call_fail(call, "xmlattr needs a dict, not a %s", value_type(a[0]));
	for (size_t i = 0; i < a[0]->dict.n; i++) {
		const struct dict_entry *entry = &a[0]->dict.entries[i];
		if (entry->item->kind == VALUE_NONE || entry->item->kind == VALUE_UNDEFINED)
			continue;
		cleanup_value struct value *key = template_filter_string(entry->key),
					   *item = template_filter_string(entry->item);
		if (strpbrk(key->string.text, " \t\n\r\f\v/>=")) {
			buf_done(&out);
			return template_call_fail(call, "'%s' cannot be the name of an attribute",
						  key->string.text);
		}
		if (out.len || template_call_truth(a[1], true))
			buf_addch(&out, ' ');
		template_markup_escape_text(key->string.text, key->string.length, &out);
		buf_addstr(&out, "=\"");
		cleanup_value struct value *escaped = template_markup_escape(item);
		buf_add(&out, escaped->string.text, escaped->string.length);
		buf_addch(&out, '"');
	}
	return value_take_buf(&out);
}

/* JSON that can stand in a script tag. */
static struct value *do_tojson(struct call *call, struct value **a)
{
	struct to_json_style style = TO_JSON_DEFAULT;
	cleanup_err struct err err = ERR_INIT;
	struct buf json = BUF_INIT, out = BUF_INIT;
	cleanup_buf struct buf blanks = BUF_INIT;
	int64_t indent;

	if (!template_call_int(call, a[1], -1, &indent))
		return NULL;
	if (indent > 1000)
		return template_call_fail(call, "tojson indents by up to 1000 blanks");
	style.sort = TO_JSON_BY_KEY;
	style.no_dates = true;
	if (a[1] && a[1]->kind != VALUE_NONE) {
		buf_fill(&blanks, ' ', indent > 0 ? (size_t)indent : 0);
		style.indent = buf_str(&blanks);
		style.item_separator = ",";
	}
	if (template_to_json(a[0], &style, &json, &err) < 0) {
		buf_done(&json);
		return template_eval_fail_err(call->eval, call->node, &err);
	}
	for (size_t i = 0; i < json.len; i++)
		if (strchr("<>&'", json.data[i]))
			buf_printf(&out, "\\u%04x", json.data[i]);
		else
			buf_addch(&out, json.data[i]);
	buf_done(&json);
	return template_markup_mark(value_take_buf(&out));
}

#define PPRINT_WIDTH 80

static struct value *do_pprint(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;

	(void)call;
	value_repr(a[0], &out);
	if (a[0]->kind == VALUE_STRING && template_text_count(out.data, out.len) > PPRINT_WIDTH) {
		buf_done(&out);
		return template_call_fail(
			call, "pprint breaks a string of more than a line, which is not supported");
	}
	return value_take_buf(&out);
}

static struct value *do_urlize(struct call *call, struct value **a)
{
	(void)a;
	return template_call_fail(call, "urlize is not supported: it is for HTML pages");
}

static struct value *do_attr(struct call *call, struct value **a)
{
	const char *name;
	size_t length;

	if (!template_call_text(call, a[1], NULL, &name, &length))
		return NULL;
	/* unlike a point, attr does not look at the keys of a dict */
	if (a[0]->kind != VALUE_DICT)
		return template_eval_attribute(call->eval, call->node, a[0], a[1]);
	struct value *method = template_method_find(a[0], name);
	return method ? method
		      : template_eval_undefined(call->eval, call->node,
						"a dict has no attribute '%s'", name);
}

static const struct builtin entries[] = {
	{"escape", do_escape, "s", 1, 0},
	{"e", do_escape, "s", 1, 0},
	{"forceescape", do_forceescape, "s", 1, 0},
	{"safe", do_safe, "value", 1, 0},
	{"striptags", do_striptags, "value", 1, 0},
	{"urlencode", do_urlencode, "value", 1, 0},
	{"urldecode", do_urldecode, "value", 1, 0},
	{"xmlattr", do_xmlattr, "d autospace", 1, 0},
	{"tojson", do_tojson, "value indent", 1, 0},
	{"pprint", do_pprint, "value", 1, 0},
	{"urlize", do_urlize, "value trim_url_limit nofollow target rel extra_schemes", 1, 0},
	{"attr", do_attr, "obj name", 2, CALL_LAZY},
};

const struct filter_table template_filter_html_table = {entries,
							sizeof(entries) / sizeof(*entries)};
