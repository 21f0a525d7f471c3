#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/format.h"
#include "template/markup.h"
#include "template/method.h"
#include "template/text.h"

/* str(value).NAME(more ...); a string that counts as HTML stays one. */
static struct value *by_method(struct call *call, struct value *value, const char *name,
			       struct value **more, size_t count)
{
	cleanup_value struct value *string = template_filter_string(value);
	const struct builtin *method =
		template_call_find(template_method_text_table, template_method_text_count, name);
	struct value *result = template_call_builtin(call, method, string, more, count);

	return template_markup_keep(string, result);
}

/* upper, lower, capitalize */
static struct value *do_case(struct call *call, struct value **a)
{
	return by_method(call, a[0], call->name, NULL, 0);
}

static struct value *do_trim(struct call *call, struct value **a)
{
	return by_method(call, a[0], "strip", &a[1], a[1] ? 1 : 0);
}

static struct value *do_center(struct call *call, struct value **a)
{
	cleanup_value struct value *otherwise = value_int(80);

	return by_method(call, a[0], "center", a[1] ? &a[1] : &otherwise, 1);
}

static struct value *do_split(struct call *call, struct value **a)
{
	cleanup_value struct value *none = value_none();
	struct value *more[] = {a[1] ? a[1] : none, a[2]};

	if (a[0]->kind != VALUE_STRING)
		return template_call_fail(call, "split needs a string, not a %s", value_type(a[0]));
	return by_method(call, a[0], "split", more, a[2] ? 2 : 1);
}

/* Jinja's words also begin behind - ( { [ and <, and nowhere else. */
static void title(const char *text, size_t length, struct buf *out)
{
	size_t begin = 0;

	while (begin < length) {
		size_t end = begin, next = begin;
		while (end < length) {
			uint32_t c = template_text_next(text, length, &next);
			if (template_text_is_space(c) || (c < 0x80 && strchr("-({[<", (int)c)))
				break;
			end = next;
		}
		size_t first = begin;
		if (first < end)
			template_text_next(text, end, &first);
		template_text_upper(text + begin, first - begin, out);
		template_text_lower(text + first, end - first, out);
		if (end < length)
			buf_add(out, text + end, next - end);
		begin = end < length ? next : end;
	}
}

static struct value *do_title(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	struct buf out = BUF_INIT;

	(void)call;
	title(string->string.text, string->string.length, &out);
	return value_take_buf(&out);
}

static struct value *do_string(struct call *call, struct value **a)
{
	(void)call;
	return template_filter_string(a[0]);
}

static struct value *do_replace(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]),
				   *from = template_filter_string(a[1]),
				   *to = template_filter_string(a[2]);
	struct buf out = BUF_INIT;
	int64_t count;

	if (!template_call_int(call, a[3], -1, &count))
		return NULL;
	template_text_replace(string->string.text, string->string.length, from->string.text,
			      from->string.length, to->string.text, to->string.length, count, &out);
	return value_take_buf(&out);
}

/* The text that each line gets in front: spaces, or a string. */
static bool indention(struct call *call, struct value *width, struct buf *out)
{
	int64_t n;

	if (width && width->kind == VALUE_STRING) {
		buf_add(out, width->string.text, width->string.length);
		return true;
	}
	if (!template_call_int(call, width, 4, &n))
		return false;
	if (n > 10000)
		return template_call_fail(call, "indent by %lld is too much", (long long)n);
	buf_fill(out, ' ', n > 0 ? (size_t)n : 0);
	return true;
}

static struct value *do_indent(struct call *call, struct value **a)
{
	bool first = template_call_truth(a[2], false), blank = template_call_truth(a[3], false);
	struct buf indent = BUF_INIT, out = BUF_INIT;
	const char *text;
	size_t length, at = 0, begin, end;

	if (!template_call_text(call, a[0], NULL, &text, &length) ||
	    !indention(call, a[1], &indent))
		return NULL;
	for (size_t line = 0; template_text_line(text, length, &at, &begin, &end); line++) {
		if (line)
			buf_addch(&out, '\n');
		if (line ? blank || end > begin : first)
			buf_add(&out, buf_str(&indent), indent.len);
		buf_add(&out, text + begin, end - begin);
	}
	if (!length && first)
		buf_add(&out, buf_str(&indent), indent.len);
	/* a newline at the end begins one more line, which is empty */
	if (length && end < length) {
		buf_addch(&out, '\n');
		if (blank)
			buf_add(&out, buf_str(&indent), indent.len);
	}
	buf_done(&indent);
	return template_markup_keep(a[0], value_take_buf(&out));
}

static struct value *do_truncate(struct call *call, struct value **a)
{
	int64_t length, leeway;
	const char *end, *text;
	size_t end_bytes, bytes;

	if (!template_call_text(call, a[0], NULL, &text, &bytes) ||
	    !template_call_int(call, a[1], 255, &length) ||
	    !template_call_text(call, a[3], "...", &end, &end_bytes) ||
	    !template_call_int(call, a[4], 5, &leeway))
		return NULL;
	int64_t end_count = (int64_t)template_text_count(end, end_bytes);
	if (length < end_count || leeway < 0)
		return template_call_fail(
			call, "truncate needs a length of at least %lld and a leeway of at least 0",
			(long long)end_count);
	if ((int64_t)template_text_count(text, bytes) <= length + leeway)
		return value_keep(a[0]);
	size_t keep = template_text_offset(text, bytes, (size_t)(length - end_count));
	if (!template_call_truth(a[2], false)) {
		size_t space = template_text_find_last(text, keep, " ", 1);
		keep = space == SIZE_MAX ? keep : space;
	}
	struct buf out = BUF_INIT;
	buf_add(&out, text, keep);
	if (a[0]->escaped && !(a[3] && a[3]->escaped))
		template_markup_escape_text(end, end_bytes, &out);
	else
		buf_add(&out, end, end_bytes);
	return template_markup_keep(a[0], value_take_buf(&out));
}

static struct value *do_wordcount(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	bool in_word = false;
	int64_t words = 0;

	(void)call;
	for (size_t i = 0; i < string->string.length;) {
		uint32_t c = template_text_next(string->string.text, string->string.length, &i);
		bool word = c == '_' || template_text_is_alnum(c);
		words += word && !in_word;
		in_word = word;
	}
	return value_int(words);
}

static struct value *do_format(struct call *call, struct value **a)
{
	cleanup_value struct value *string = template_filter_string(a[0]);
	cleanup_value struct value *arguments = call->named ? value_dict() : value_tuple(0);

	if (call->named && call->count > 1)
		return template_call_fail(call,
					  "format takes values by place or by name, not both");
	for (size_t i = 1; i < call->count; i++)
		value_list_add(arguments, value_keep(call->args[i]));
	for (size_t i = 0; i < call->named; i++)
		template_dict_put(&arguments->dict, value_keep(call->names[i]),
				  value_keep(call->values[i]));
	return template_format_percent(call->eval, call->node, string, arguments);
}

/* The styles of Ansible's comment filter. */
static const struct comment_style {
	const char *name, *beginning, *decoration, *end;
} comment_styles[] = {
	{"plain", "", "# ", ""},	{"erlang", "", "% ", ""},      {"c", "", "// ", ""},
	{"cblock", "/*", " * ", " */"}, {"xml", "<!--", " - ", "-->"},
};

static const char *style_text(struct call *call, const char *name, const char *otherwise)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name) && call->values[i]->kind == VALUE_STRING)
			return call->values[i]->string.text;
	return otherwise;
}

static int64_t style_count(struct call *call, const char *name)
{
	int64_t count = 1;

	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			value_as_int(call->values[i], &count);
	return count < 0 ? 0 : count > 1000 ? 1000 : count;
}

static size_t without_blanks(const char *text)
{
	size_t begin = 0, end = strlen(text);

	template_text_strip(text, &begin, &end, TEXT_RIGHT, NULL, 0);
	return end;
}

static void comment_body(const char *text, size_t length, const char *decoration,
			 const char *newline, struct buf *out)
{
	cleanup_free char *between = mem_printf("%s%s", newline, decoration);
	cleanup_free char *empty = mem_printf("%s%s", decoration, newline);
	cleanup_free char *bare =
		mem_printf("%.*s%s", (int)without_blanks(decoration), decoration, newline);
	struct buf lines = BUF_INIT;

	buf_addstr(&lines, decoration);
	template_text_replace(text, length, newline, strlen(newline), between, strlen(between), -1,
			      &lines);
	template_text_replace(buf_str(&lines), lines.len, empty, strlen(empty), bare, strlen(bare),
			      -1, out);
	buf_done(&lines);
}

static struct value *do_comment(struct call *call, struct value **a)
{
	const struct comment_style *style = NULL;
	const char *text, *name;
	size_t length, name_length;
	struct buf out = BUF_INIT;

	if (!template_call_text(call, a[0], NULL, &text, &length) ||
	    !template_call_text(call, a[1], "plain", &name, &name_length))
		return NULL;
	for (size_t i = 0; i < 5 && !style; i++)
		style = strcmp(comment_styles[i].name, name) ? NULL : &comment_styles[i];
	if (!style)
		return template_call_fail(
			call, "comment has no style '%s' (plain, erlang, c, cblock, xml)", name);
	const char *newline = style_text(call, "newline", "\n");
	const char *decoration = style_text(call, "decoration", style->decoration);
	const char *beginning = style_text(call, "beginning", style->beginning);
	const char *end = style_text(call, "end", style->end);
	cleanup_free char *bare = mem_strndup(decoration, without_blanks(decoration));
	const char *prefix = style_text(call, "prefix", bare);
	const char *postfix = style_text(call, "postfix", bare);
	if (*beginning)
		buf_printf(&out, "%s%s", beginning, newline);
	for (int64_t i = 0; *prefix && i < style_count(call, "prefix_count"); i++)
		buf_printf(&out, "%s%s", strcmp(prefix, newline) ? prefix : "", newline);
	comment_body(text, length, decoration, newline, &out);
	for (int64_t i = 0; i < style_count(call, "postfix_count"); i++)
		buf_printf(&out, "%s%s", newline, postfix);
	if (*end)
		buf_printf(&out, "%s%s", newline, end);
	return value_take_buf(&out);
}

/* shlex.quote */
static struct value *do_quote(struct call *call, struct value **a)
{
	cleanup_value struct value *string =
		a[0]->kind == VALUE_NONE ? value_string("", 0) : template_filter_string(a[0]);
	const char *text = string->string.text;
	size_t length = string->string.length, safe = 0;
	struct buf out = BUF_INIT;

	(void)call;
	while (safe < length && (isalnum((unsigned char)text[safe]) ||
				 template_text_one_of(text[safe], "_@%+=:,./-")))
		safe++;
	if (length && safe == length)
		return steal(&string);
	buf_addch(&out, '\'');
	template_text_replace(text, length, "'", 1, "'\"'\"'", 5, -1, &out);
	buf_addch(&out, '\'');
	return value_take_buf(&out);
}

static const struct builtin entries[] = {
	{"upper", do_case, "s", 1, 0},
	{"lower", do_case, "s", 1, 0},
	{"capitalize", do_case, "s", 1, 0},
	{"title", do_title, "s", 1, 0},
	{"string", do_string, "object", 1, 0},
	{"trim", do_trim, "value chars", 1, 0},
	{"replace", do_replace, "s old new count", 3, 0},
	{"indent", do_indent, "s width first blank", 1, 0},
	{"truncate", do_truncate, "s length killwords end leeway", 1, 0},
	{"center", do_center, "value width", 1, 0},
	{"wordcount", do_wordcount, "s", 1, 0},
	{"format", do_format, "value", 1, CALL_REST},
	{"comment", do_comment, "text style", 1, CALL_REST},
	{"quote", do_quote, "a", 1, 0},
	{"split", do_split, "s sep maxsplit", 1, 0},
};

const struct filter_table template_filter_text_table = {entries,
							sizeof(entries) / sizeof(*entries)};
