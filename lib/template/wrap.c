#include "template/wrap.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "template/regex.h"
#include "template/text.h"

/* A line is filled with chunks: white space, words, and parts of words that end behind a hyphen
 * (between letters) or beside a dash of several hyphens. */
#define BLANK "[ \\t\\n\\x0b\\f\\r]"
#define PUNCT "[\\w!\"'&.,?]"
#define ALPHA "[^\\d\\W]"
#define DASH  "-{2,}"

static const char hyphenated[] =
	BLANK "+|(?<=" PUNCT ")" DASH "(?=\\w)|[^ \\t\\n\\x0b\\f\\r]+?(?:"
	      "-(?:(?<=" ALPHA "{2}-)|(?<=" ALPHA "-" PUNCT "-))(?=" ALPHA "-?" ALPHA ")"
	      "|(?=" BLANK "|\\Z)|(?<=" PUNCT ")(?=" DASH "\\w))";
static const char unhyphenated[] = BLANK "+|[^ \\t\\n\\x0b\\f\\r]+";

struct wrap {
	size_t width;
	bool break_long, break_hyphens;
	const char *separator;
	size_t separator_length;
};

struct line {
	const struct wrap *wrap;
	struct buf text;
	size_t count; /* characters in text */
	size_t solid; /* bytes of text up to the last chunk that is no white space */
	size_t lines; /* that were put out */
};

static void finish(struct line *line, bool drop_blank, struct buf *out)
{
	buf_truncate(&line->text, drop_blank ? line->solid : line->text.len);
	if (line->text.len) {
		if (line->lines++)
			buf_add(out, line->wrap->separator, line->wrap->separator_length);
		buf_add(out, line->text.data, line->text.len);
	}
	if (line->text.data)
		buf_truncate(&line->text, 0);
	line->count = line->solid = 0;
}

static void append(struct line *line, const char *chunk, size_t length)
{
	buf_add(&line->text, chunk, length);
	line->count += template_text_count(chunk, length);
	if (!isspace((unsigned char)*chunk))
		line->solid = line->text.len;
}

/* Where a word that is longer than a line is cut: at the end of the line, better behind a hyphen.
 */
static size_t cut(const struct line *line, const char *chunk, size_t length)
{
	size_t room = line->wrap->width - line->count;
	size_t end = template_text_offset(chunk, length, room), hyphen = SIZE_MAX;

	if (line->wrap->break_hyphens && template_text_count(chunk, length) > room)
		hyphen = template_text_find_last(chunk, end, "-", 1);
	if (hyphen != SIZE_MAX && hyphen > 0 && strspn(chunk, "-") < hyphen)
		return hyphen + 1;
	return end;
}

/* Puts a chunk into the line, or into the lines that it needs. A chunk that is white space at the
 * beginning of a line other than the first is dropped. */
static void add_chunk(struct line *line, const char *chunk, size_t length, struct buf *out)
{
	bool blank = isspace((unsigned char)*chunk);

	while (length) {
		size_t count = template_text_count(chunk, length);
		if (blank && !line->text.len && line->lines)
			return;
		if (line->count + count <= line->wrap->width) {
			append(line, chunk, length);
			return;
		}
		bool full = count > line->wrap->width && line->wrap->break_long &&
			    line->count == line->wrap->width;
		if (count > line->wrap->width && !full) {
			size_t n = line->wrap->break_long ? cut(line, chunk, length) : 0;
			if (!line->wrap->break_long && !line->text.len)
				n = length;
			if (n)
				append(line, chunk, n);
			chunk += n;
			length -= n;
		}
		finish(line, !full, out); /* as textwrap has it, blanks before a long word stay */
	}
}

static int wrap_line(const struct wrap *wrap, struct regex *regex, const char *text, size_t length,
		     struct buf *out, struct err *err)
{
	struct line line = {.wrap = wrap};
	size_t at = 0, begin, end;
	int r = 0;

	while (at < length &&
	       (r = template_regex_find(regex, text, length, at, REGEX_NOT_EMPTY, err)) > 0) {
		template_regex_group(regex, 0, &begin, &end);
		add_chunk(&line, text + begin, end - begin, out);
		at = end;
	}
	finish(&line, true, out);
	buf_done(&line.text);
	return r;
}

static int wrap_text(const struct wrap *wrap, const char *text, size_t length, struct buf *out,
		     struct err *err)
{
	cleanup_regex struct regex regex = {0};
	const char *pattern = wrap->break_hyphens ? hyphenated : unhyphenated;
	size_t at = 0, begin, end;
	int r = template_regex_compile(pattern, strlen(pattern), &(struct regex_style){0}, &regex,
				       err);

	for (size_t line = 0; r >= 0 && template_text_line(text, length, &at, &begin, &end);
	     line++) {
		if (line)
			buf_add(out, wrap->separator, wrap->separator_length);
		r = wrap_line(wrap, &regex, text + begin, end - begin, out, err);
	}
	return r;
}

static struct value *do_wordwrap(struct call *call, struct value **a)
{
	struct wrap wrap = {.break_long = template_call_truth(a[2], true),
			    .break_hyphens = template_call_truth(a[4], true)};
	cleanup_err struct err err = ERR_INIT;
	const char *text;
	size_t length;
	int64_t width;
	struct buf out = BUF_INIT;

	if (!template_call_text(call, a[0], NULL, &text, &length) ||
	    !template_call_int(call, a[1], 79, &width) ||
	    !template_call_text(call, a[3], "\n", &wrap.separator, &wrap.separator_length))
		return NULL;
	if (width < 1)
		return template_call_fail(call, "wordwrap needs a width above 0");
	wrap.width = (size_t)width;
	if (wrap_text(&wrap, text, length, &out, &err) >= 0)
		return value_take_buf(&out);
	buf_done(&out);
	return template_eval_fail_err(call->eval, call->node, &err);
}

static const struct builtin entries[] = {
	{"wordwrap", do_wordwrap, "s width break_long_words wrapstring break_on_hyphens", 1, 0},
};

const struct filter_table template_wrap_table = {entries, 1};
