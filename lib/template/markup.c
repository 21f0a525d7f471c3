#include "template/markup.h"

#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/text.h"

void template_markup_escape_text(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		const char *entity = text[i] == '&'    ? "&amp;"
				     : text[i] == '<'  ? "&lt;"
				     : text[i] == '>'  ? "&gt;"
				     : text[i] == '\'' ? "&#39;"
				     : text[i] == '"'  ? "&#34;"
						       : NULL;
		if (entity)
			buf_addstr(out, entity);
		else
			buf_addch(out, text[i]);
	}
}

struct value *template_markup_mark(struct value *value)
{
	if (value->kind == VALUE_STRING && !value->escaped) {
		struct value *marked = value_string(value->string.text, value->string.length);
		marked->escaped = true;
		value_unref(value);
		return marked;
	}
	for (size_t i = 0; value_is_list(value) && i < value->list.n; i++)
		value->list.items[i] = template_markup_mark(value->list.items[i]);
	return value;
}

struct value *template_markup_keep(const struct value *like, struct value *value)
{
	return value && like->kind == VALUE_STRING && like->escaped ? template_markup_mark(value)
								    : value;
}

struct value *template_markup_escape(struct value *value)
{
	cleanup_value struct value *string = template_filter_string(value);
	struct buf out = BUF_INIT;

	if (string->escaped)
		return steal(&string);
	template_markup_escape_text(string->string.text, string->string.length, &out);
	return template_markup_mark(value_take_buf(&out));
}

struct value *template_markup_like(const struct value *like, struct value *value)
{
	return like->kind == VALUE_STRING && like->escaped ? template_markup_escape(value)
							   : template_filter_string(value);
}

static void escape_argument(struct value **arg)
{
	struct value *escaped = template_markup_escape(*arg);

	value_unref(*arg);
	*arg = escaped;
}

/* What comes into the string: the new text of replace, fill characters, items that are joined. */
static void escape_arguments(struct call *call, const char *name)
{
	static const struct {
		const char *name;
		size_t at;
	} places[] = {{"replace", 2}, {"center", 2}, {"ljust", 2}, {"rjust", 2}};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!strcmp(name, places[i].name) && call->count > places[i].at)
			escape_argument(&call->args[places[i].at]);
	if (!strcmp(name, "join") && call->count > 1) {
		struct value *items = template_eval_items(call->eval, call->node, call->args[1]);
		struct value *escaped = value_list();
		for (size_t i = 0; items && i < items->list.n; i++)
			value_list_add(escaped, template_markup_escape(items->list.items[i]));
		value_unref(items);
		value_unref(call->args[1]);
		call->args[1] = escaped;
	}
}

struct value *template_markup_method(struct call *call, const struct builtin *builtin)
{
	if (builtin == template_markup_own(builtin->name))
		return template_call_run(call, builtin);
	escape_arguments(call, builtin->name);
	if (call->eval->raised)
		return template_eval_catch(call->eval);
	return template_markup_mark(template_call_run(call, builtin));
}

static struct value *do_unescape(struct call *call, struct value **a)
{
	struct buf out = BUF_INIT;

	(void)call;
	template_markup_unescape(a[0]->string.text, a[0]->string.length, &out);
	return value_take_buf(&out);
}

static struct value *do_striptags(struct call *call, struct value **a)
{
	(void)call;
	return template_markup_strip(a[0]);
}

const struct builtin *template_markup_own(const char *name)
{
	static const struct builtin methods[] = {
		{"unescape", do_unescape, "markup", 1, 0},
		{"striptags", do_striptags, "markup", 1, 0},
	};

	return template_call_find(methods, 2, name);
}

struct value *template_markup_strip(const struct value *string)
{
	const char *text = string->string.text, *stop = text + string->string.length;
	struct buf bare = BUF_INIT, words = BUF_INIT, out = BUF_INIT;
	size_t at = 0, end;

	for (const char *close; text < stop; text++) {
		size_t left = (size_t)(stop - text);
		bool comment = left >= 4 && !memcmp(text, "<!--", 4);
		if (*text == '<' &&
		    (close = comment ? memmem(text, left, "-->", 3) : memchr(text, '>', left)))
			text = close + (comment ? 2 : 0);
		else
			buf_addch(&bare, *text);
	}
	for (;;) {
		end = bare.len;
		template_text_strip(buf_str(&bare), &at, &end, TEXT_LEFT, NULL, 0);
		if (at >= bare.len)
			break;
		for (end = at; end < bare.len;) {
			size_t next = end;
			if (template_text_is_space(template_text_next(bare.data, bare.len, &next)))
				break;
			end = next;
		}
		buf_addstr(&words, words.len ? " " : "");
		buf_add(&words, bare.data + at, end - at);
		at = end;
	}
	template_markup_unescape(buf_str(&words), words.len, &out);
	buf_done(&bare);
	buf_done(&words);
	return value_take_buf(&out);
}
