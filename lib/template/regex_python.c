#include "template/regex_python.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/regex_reader.h"
#include "template/text.h"

#define DEEPEST 100 /* groups in groups */

static int read_alternatives(struct regex_reader *reader);

/* "name>" or "name)"; empty names and what is no identifier are refused. Caller frees. */
static int read_name(struct regex_reader *reader, char end, char **ret)
{
	size_t begin = reader->at;

	while (reader->at < reader->length && template_regex_reader_peek(reader, 0) != end)
		reader->at++;
	if (reader->at >= reader->length)
		return template_regex_reader_fail(reader, begin, "missing %c, unterminated name",
						  end);
	if (reader->at == begin)
		return template_regex_reader_fail(reader, begin, "missing group name");
	*ret = mem_strndup(reader->pattern + begin, reader->at++ - begin);
	return 0;
}

static int check_name(struct regex_reader *reader, size_t at, const char *name)
{
	for (size_t i = 0; name[i];) {
		bool first = i == 0;
		uint32_t c = template_text_next(name, strlen(name), &i);
		if (c != '_' && !template_text_is_alpha(c) &&
		    (first || !template_text_is_decimal(c)))
			return template_regex_reader_fail(reader, at,
							  "bad character in group name '%s'", name);
	}
	return 0;
}

static size_t group_of(const struct regex_reader *reader, const char *name)
{
	const struct list *names = &reader->python->names;

	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->items[i], name))
			return i + 1;
	return 0;
}

/* What is in a group, up to its parenthesis; `open` is what it begins with for PCRE2. */
static int read_content(struct regex_reader *reader, size_t begin, const char *open)
{
	bool verbose = reader->verbose;

	if (reader->depth >= DEEPEST)
		return template_regex_reader_fail(reader, begin,
						  "groups are nested more than %d deep", DEEPEST);
	template_regex_reader_put(reader, open);
	reader->depth++;
	int r = read_alternatives(reader);
	reader->depth--;
	reader->verbose = verbose;
	if (r < 0)
		return r;
	if (!template_regex_reader_skip(reader, ")"))
		return template_regex_reader_fail(reader, begin,
						  "missing ), unterminated subpattern");
	template_regex_reader_put(reader, ")");
	return 0;
}

/* A group that is remembered, under a name or not (""). */
static int read_capture(struct regex_reader *reader, size_t begin, const char *name)
{
	struct list *names = &reader->python->names;

	if (*name && group_of(reader, name))
		return template_regex_reader_fail(reader, begin, "redefinition of group name '%s'",
						  name);
	list_add(names, name);
	size_t group = names->n;
	mem_grow(reader->closed, &reader->closed_cap, group);
	reader->closed[group - 1] = false;
	int r = read_content(reader, begin, "(");
	reader->closed[group - 1] = true;
	return r;
}

/* (?P<name>...) and (?P=name); at is behind the P. */
static int read_named(struct regex_reader *reader, size_t begin)
{
	cleanup_free char *name = NULL;
	bool reference = template_regex_reader_skip(reader, "=");

	if (!reference && !template_regex_reader_skip(reader, "<"))
		return template_regex_reader_fail(reader, begin, "unknown extension ?P%.1s",
						  (char[2]){template_regex_reader_peek(reader, 0)});
	size_t at = reader->at;
	int r = read_name(reader, reference ? ')' : '>', &name);
	if (r == 0)
		r = check_name(reader, at, name);
	if (r < 0)
		return r;
	if (!reference)
		return read_capture(reader, begin, name);
	size_t group = group_of(reader, name);
	return group ? template_regex_reader_reference(reader, at, group)
		     : template_regex_reader_fail(reader, at, "unknown group name '%s'", name);
}

/* (?(1)yes|no); at is behind the second parenthesis. */
static int read_conditional(struct regex_reader *reader, size_t begin)
{
	cleanup_free char *name = NULL;
	size_t at = reader->at;
	int r = read_name(reader, ')', &name);

	if (r < 0)
		return r;
	size_t group =
		isdigit((unsigned char)*name) ? strtoul(name, NULL, 10) : group_of(reader, name);
	if (!group)
		return template_regex_reader_fail(reader, at, "unknown group name '%s'", name);
	cleanup_free char *open = mem_printf("(?(%zu)", group);
	return read_content(reader, begin, open);
}

/* (?i) for the rest of everything, (?i-s:...) for a group; at is behind the question mark. */
static int read_flags(struct regex_reader *reader, size_t begin, enum regex_item *item)
{
	struct buf on = BUF_INIT;
	bool minus = false, verbose = reader->verbose, any = false;

	for (; reader->at < reader->length &&
	       template_text_one_of(template_regex_reader_peek(reader, 0), "aiLmsux-");
	     reader->at++) {
		char c = template_regex_reader_peek(reader, 0);
		if (c == '-' && minus)
			break;
		any = any || c != '-';
		minus = minus || c == '-';
		if (c == 'x')
			verbose = !minus;
		else if (c == 'a' && !minus)
			reader->python->ascii = true;
		else if (template_text_one_of(c, "ims-"))
			buf_addch(&on, c);
	}
	bool group = template_regex_reader_peek(reader, 0) == ':',
	     whole = template_regex_reader_peek(reader, 0) == ')' && !minus;
	bool bare = on.len == 1 && on.data[0] == '-';
	cleanup_free char *flags = buf_steal(&on);
	if (!any || (!group && !whole) || strchr(flags, 'L'))
		return template_regex_reader_fail(reader, begin, "unknown extension ?%c",
						  template_regex_reader_peek(reader, 0));
	reader->at++;
	if (whole && begin)
		return template_regex_reader_fail(
			reader, begin, "global flags not at the start of the expression");
	if (whole || !group) {
		reader->verbose = verbose;
		*item = REGEX_NOTHING;
		if (*flags)
			buf_printf(&reader->python->pattern, "(?%s)", flags);
		return 0;
	}
	bool before = reader->verbose;
	cleanup_free char *open = mem_printf("(?%s:", bare ? "" : flags);
	reader->verbose = verbose;
	int r = read_content(reader, begin, open);
	reader->verbose = before;
	return r;
}

/* At is behind the parenthesis. */
static int read_group(struct regex_reader *reader, enum regex_item *item)
{
	static const char *const same[] = {":", "=", "!", "<=", "<!", ">"};
	size_t begin = reader->at - 1;

	*item = REGEX_THING;
	if (!template_regex_reader_skip(reader, "?"))
		return read_capture(reader, begin, "");
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (template_regex_reader_skip(reader, same[i])) {
			cleanup_free char *open = mem_printf("(?%s", same[i]);
			return read_content(reader, begin, open);
		}
	if (template_regex_reader_skip(reader, "P"))
		return read_named(reader, begin);
	if (template_regex_reader_skip(reader, "("))
		return read_conditional(reader, begin);
	if (template_regex_reader_skip(reader, "#")) {
		while (reader->at < reader->length && template_regex_reader_peek(reader, 0) != ')')
			reader->at++;
		*item = REGEX_NOTHING;
		return template_regex_reader_skip(reader, ")")
			       ? 0
			       : template_regex_reader_fail(reader, begin,
							    "missing ), unterminated comment");
	}
	if (template_regex_reader_peek(reader, 0) &&
	    template_text_one_of(template_regex_reader_peek(reader, 0), "aiLmsux-"))
		return read_flags(reader, begin, item);
	return template_regex_reader_fail(reader, begin, "unknown extension ?%.1s",
					  (char[2]){template_regex_reader_peek(reader, 0)});
}

/* {2}, {2,}, {,3}, {2,3} as PCRE2 has them. False: the brace means itself. */
static bool read_braces(struct regex_reader *reader, struct buf *out)
{
	size_t at = reader->at + 1, low = at;

	if (at < reader->length && reader->pattern[at] == '}')
		return false;
	while (at < reader->length && isdigit((unsigned char)reader->pattern[at]))
		at++;
	size_t low_end = at, high = at;
	bool comma = at < reader->length && reader->pattern[at] == ',';
	if (comma) {
		high = ++at;
		while (at < reader->length && isdigit((unsigned char)reader->pattern[at]))
			at++;
	}
	if (at >= reader->length || reader->pattern[at] != '}' || (!comma && low_end == low))
		return false;
	buf_printf(out, "{%s%.*s%s%.*s}", low_end == low ? "0" : "", (int)(low_end - low),
		   reader->pattern + low, comma ? "," : "", comma ? (int)(at - high) : 0,
		   reader->pattern + high);
	reader->at = at + 1;
	return true;
}

/* A quantifier with its ? or +. 1 when there was one. */
static int read_quantifier(struct regex_reader *reader, enum regex_item *item)
{
	cleanup_buf struct buf text = BUF_INIT;
	size_t begin = reader->at;
	char c = template_regex_reader_peek(reader, 0);

	if (c == '{') {
		if (!read_braces(reader, &text))
			return 0;
	} else {
		buf_addch(&text, c);
		reader->at++;
	}
	if (*item == REGEX_NOTHING || *item == REGEX_ANCHOR)
		return template_regex_reader_fail(reader, begin, "nothing to repeat");
	if (*item == REGEX_REPEATED)
		return template_regex_reader_fail(reader, begin, "multiple repeat");
	if (template_regex_reader_peek(reader, 0) == '?' ||
	    template_regex_reader_peek(reader, 0) == '+')
		buf_addch(&text, reader->pattern[reader->at++]);
	template_regex_reader_put(reader, buf_str(&text));
	*item = REGEX_REPEATED;
	return 1;
}

static bool skip_blanks(struct regex_reader *reader)
{
	if (!reader->verbose)
		return false;
	if (template_regex_reader_peek(reader, 0) &&
	    template_text_one_of(template_regex_reader_peek(reader, 0), " \t\n\r\v\f")) {
		reader->at++;
		return true;
	}
	if (template_regex_reader_peek(reader, 0) != '#')
		return false;
	while (reader->at < reader->length && template_regex_reader_peek(reader, 0) != '\n')
		reader->at++;
	return true;
}

static int read_item(struct regex_reader *reader, enum regex_item *item)
{
	char c = template_regex_reader_peek(reader, 0);

	if (c && template_text_one_of(c, "*+?{")) {
		int r = read_quantifier(reader, item);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (c == '\\' || c == '[' || c == '(')
		reader->at++;
	switch (c) {
	case '\\':
		return template_regex_reader_escape(reader, item);
	case '[':
		*item = REGEX_THING;
		return template_regex_reader_set(reader);
	case '(':
		return read_group(reader, item);
	case '.':
		*item = REGEX_THING;
		template_regex_reader_put(reader, ".");
		break;
	case '^':
	case '$':
		*item = REGEX_ANCHOR;
		buf_addch(&reader->python->pattern, c);
		break;
	default:
		*item = REGEX_THING;
		template_regex_reader_put_character(
			reader, template_text_next(reader->pattern, reader->length, &reader->at));
		return 0;
	}
	reader->at++;
	return 0;
}

static int read_alternatives(struct regex_reader *reader)
{
	enum regex_item item = REGEX_NOTHING;

	while (reader->at < reader->length && template_regex_reader_peek(reader, 0) != ')') {
		if (skip_blanks(reader))
			continue;
		if (template_regex_reader_skip(reader, "|")) {
			template_regex_reader_put(reader, "|");
			item = REGEX_NOTHING;
			continue;
		}
		int r = read_item(reader, &item);
		if (r < 0)
			return r;
	}
	return 0;
}

int template_regex_python(const char *pattern, size_t length, struct regex_python *ret,
			  struct err *err)
{
	struct regex_reader reader = {
		.pattern = pattern, .length = length, .python = ret, .err = err};

	*ret = (struct regex_python){.names = LIST_INIT};
	int r = read_alternatives(&reader);
	if (r == 0 && reader.at < length)
		r = template_regex_reader_fail(&reader, reader.at, "unbalanced parenthesis");
	free(reader.closed);
	if (r < 0)
		template_regex_python_done(ret);
	return r;
}

void template_regex_python_done(struct regex_python *python)
{
	buf_done(&python->pattern);
	list_done(&python->names);
}
