#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/date.h"
#include "template/format.h"
#include "template/format_spec.h"
#include "template/markup.h"
#include "template/number.h"
#include "template/text.h"

struct braces {
	struct call *call;
	struct value *names;	/* of format_map; NULL: the call's arguments by name */
	size_t next;		/* {} takes this one */
	bool counted, numbered; /* {} and {0} do not go together */
	bool escaped;
};

static struct value *by_name(struct braces *braces, const char *name, size_t length)
{
	const struct call *call = braces->call;

	if (braces->names) {
		struct value *item = template_dict_get_text(&braces->names->dict, name, length);
		if (item)
			return item;
	}
	for (size_t i = 0; !braces->names && i < call->named; i++)
		if (call->names[i]->string.length == length &&
		    !memcmp(call->names[i]->string.text, name, length))
			return call->values[i];
	return template_call_fail(call, "format() has no value '%.*s'", (int)length, name);
}

/* The argument that a field begins with: {}, {0} or {name}. Borrowed. */
static struct value *root_of(struct braces *braces, const char *name, size_t length)
{
	const struct call *call = braces->call;
	char *end;

	if (length && !isdigit((unsigned char)*name))
		return by_name(braces, name, length);
	*(length ? &braces->numbered : &braces->counted) = true;
	if (braces->counted && braces->numbered)
		return template_call_fail(call, "format(): {} and {0} do not go together");
	size_t index = length ? strtoul(name, &end, 10) : braces->next++;
	if (!braces->names && index < call->count - 1)
		return call->args[index + 1];
	return template_call_fail(call, "format() has no value number %zu", index);
}

/* One ".name" or "[key]". Python's own attributes only: a key of a dict is no attribute here. */
static struct value *step_into(struct call *call, struct value *value, const char *name,
			       size_t length, bool item)
{
	cleanup_value struct value *key = item && length && isdigit((unsigned char)*name)
						  ? template_number_parse_int(name, length, 10)
						  : value_string(name, length);

	if (!key || !length)
		return template_call_fail(call, "format(): the field is empty");
	if (!item && value->kind == VALUE_DICT)
		return template_call_fail(call,
					  "format(): a dict has no attribute '%.*s'; write [%.*s]",
					  (int)length, name, (int)length, name);
	struct value *inner = item ? template_eval_item(call->eval, call->node, value, key)
				   : template_eval_attribute(call->eval, call->node, value, key);
	if (inner && inner->kind == VALUE_UNDEFINED) {
		template_eval_trip(call->eval, inner);
		value_unref(inner);
		return NULL;
	}
	return inner;
}

/* "0.name[key]" as a value. New reference. */
static struct value *field_value(struct braces *braces, const char *field, size_t length)
{
	size_t at = 0;

	while (at < length && field[at] != '.' && field[at] != '[')
		at++;
	struct value *root = root_of(braces, field, at);
	struct value *value = root ? value_keep(root) : NULL;
	while (value && at < length) {
		bool item = field[at] == '[';
		size_t begin = at + 1, end = begin;
		while (end < length &&
		       (item ? field[end] != ']' : !template_text_one_of(field[end], ".[")))
			end++;
		struct value *inner =
			step_into(braces->call, value, field + begin, end - begin, item);
		value_unref(value);
		value = inner;
		at = end + item;
	}
	return value;
}

static const char *check_integer(const struct format_spec *spec)
{
	if (spec->precision >= 0)
		return "an integer has no precision";
	if (spec->no_minus_zero)
		return "an integer has no negative zero";
	if (spec->group == ',' && template_text_one_of(spec->type, "boxXc"))
		return "cannot specify ',' with this type";
	if (spec->group && template_text_one_of(spec->type, "nc"))
		return "cannot group digits with this type";
	if (spec->type == 'c' && (spec->sign || spec->alternate))
		return "a character has no sign and no alternate form";
	return NULL;
}

static const char *put_number(const struct value *value, struct format_spec *spec, struct buf *out)
{
	struct buf text = BUF_INIT;
	bool real = value->kind == VALUE_FLOAT;
	int64_t character;

	if (spec->type && !strchr(real ? "eEfFgGn%" : "bcdeEfFgGnoxX%", spec->type))
		return "the format is of another type";
	const char *problem = !real && (!spec->type || template_text_one_of(spec->type, "bcdnoxX"))
				      ? check_integer(spec)
				      : NULL;
	if (problem)
		return problem;
	if (spec->type == 'c') {
		if (!value_as_int(value, &character) || character < 0 || character > 0x10FFFF)
			return "there is no such character";
		template_text_put(&text, (uint32_t)character);
		template_format_text(text.data, text.len, spec, '<', out);
		buf_done(&text);
		return NULL;
	}
	if (spec->type == 'n')
		spec->type = real ? 'g' : 'd';
	template_format_number(value, spec, out);
	return NULL;
}

static const char *put_text(const struct value *value, const struct format_spec *spec,
			    struct buf *out)
{
	if (spec->type && spec->type != 's')
		return "the format is of another type";
	if (spec->sign || spec->alternate || spec->group || spec->no_minus_zero ||
	    spec->align == '=')
		return "text has no sign, no groups and no alternate form";
	template_format_text(value->string.text, value->string.length, spec, '<', out);
	return NULL;
}

static bool put_formatted(struct braces *braces, const struct value *value, const char *text,
			  size_t length, struct buf *out)
{
	struct format_spec spec;
	const char *problem = NULL;

	if (!length) {
		value_str(value, out);
		return true;
	}
	if (value->kind == VALUE_DATE)
		return template_date_format(braces->call, value, text, length, out);
	problem = template_format_read(text, length, &spec);
	if (!problem && value_is_number(value))
		problem = put_number(value, &spec, out);
	else if (!problem && value->kind == VALUE_STRING)
		problem = put_text(value, &spec, out);
	else if (!problem)
		problem = "only numbers, text and dates can be formatted";
	if (problem)
		template_call_fail(braces->call, "format '%.*s' of a %s: %s", (int)length, text,
				   value_type(value), problem);
	return !problem;
}

/* What !r, !s and !a make of a value. New reference; NULL: unknown. */
static struct value *converted(struct call *call, struct value *value, char conversion)
{
	struct buf text = BUF_INIT;

	if (conversion == 'r')
		value_repr(value, &text);
	else if (conversion == 'a')
		template_format_ascii(value, &text);
	else if (conversion == 's')
		value_str(value, &text);
	else
		return template_call_fail(call, "format(): unknown conversion '!%c'", conversion);
	return value_take_buf(&text);
}

static bool put_all(struct braces *braces, const char *text, size_t length, int depth,
		    struct buf *out);

/* The fields in a format, "{:{width}}", come first. */
static bool put_value(struct braces *braces, struct value *value, const char *spec, size_t length,
		      int depth, struct buf *out)
{
	cleanup_buf struct buf inner = BUF_INIT, text = BUF_INIT;

	if (!put_all(braces, spec, length, depth + 1, &inner) ||
	    !put_formatted(braces, value, buf_str(&inner), inner.len, &text))
		return false;
	if (braces->escaped && !(value->kind == VALUE_STRING && value->escaped))
		template_markup_escape_text(buf_str(&text), text.len, out);
	else
		buf_add(out, buf_str(&text), text.len);
	return true;
}

/* What stands between a pair of braces: field, !conversion, :format. */
static bool put_field(struct braces *braces, const char *field, size_t length, int depth,
		      struct buf *out)
{
	size_t path = 0;

	for (bool bracket = false; path < length; path++) {
		bracket = field[path] == '[' || (bracket && field[path] != ']');
		if (!bracket && (field[path] == '!' || field[path] == ':'))
			break;
	}
	cleanup_value struct value *value = field_value(braces, field, path);
	size_t at = path;
	if (!value)
		return false;
	if (at < length && field[at] == '!') {
		if (at + 1 >= length || (at + 2 < length && field[at + 2] != ':'))
			return template_call_fail(braces->call,
						  "format(): a conversion is one letter");
		struct value *text = converted(braces->call, value, field[at + 1]);
		if (!text)
			return false;
		value_unref(value);
		value = text;
		at += 2;
	}
	at += at < length;
	return put_value(braces, value, field + at, length - at, depth, out);
}

/* Where the brace that was opened before `text` is closed; SIZE_MAX when it is not. */
static size_t closing(const char *text, size_t length)
{
	int open = 1;

	for (size_t i = 0; i < length; i++) {
		open += text[i] == '{';
		open -= text[i] == '}';
		if (!open)
			return i;
	}
	return SIZE_MAX;
}

static bool put_all(struct braces *braces, const char *text, size_t length, int depth,
		    struct buf *out)
{
	if (depth > 1 && length && memchr(text, '{', length))
		return template_call_fail(braces->call, "format(): fields are nested too deeply");
	for (size_t i = 0; i < length;) {
		char c = text[i];
		if (!depth && (c == '{' || c == '}') && i + 1 < length && text[i + 1] == c) {
			buf_addch(out, c);
			i += 2;
		} else if (c == '{') {
			size_t end = closing(text + i + 1, length - i - 1);
			if (end == SIZE_MAX)
				return template_call_fail(braces->call,
							  "format(): a brace is not closed");
			if (!put_field(braces, text + i + 1, end, depth, out))
				return false;
			i += end + 2;
		} else if (c == '}') {
			return template_call_fail(braces->call, "format(): a brace is not opened");
		} else {
			buf_addch(out, c);
			i++;
		}
	}
	return true;
}

struct value *template_format_braces(struct call *call, struct value *names)
{
	const struct value *string = call->args[0];
	struct braces braces = {.call = call, .names = names, .escaped = string->escaped};
	struct buf out = BUF_INIT;

	if (put_all(&braces, string->string.text, string->string.length, 0, &out))
		return value_take_buf(&out);
	buf_done(&out);
	return NULL;
}
