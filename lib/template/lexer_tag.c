#include <ctype.h>
#include <string.h>

#include "template/lexer_tag.h"
#include "template/text.h"

bool template_lexer_starts(const struct lexer *lexer, size_t at, const char *what)
{
	size_t n = strlen(what);

	return n && lexer->length - at >= n && !memcmp(lexer->source + at, what, n);
}

size_t template_lexer_skip_space(const struct lexer *lexer, size_t at)
{
	size_t end = lexer->length;

	template_text_strip(lexer->source, &at, &end, TEXT_LEFT, NULL, 0);
	return at;
}

static bool at_line_begin(const struct lexer *lexer, size_t at)
{
	return at == 0 || lexer->source[at - 1] == '\n';
}

/* Whether a line statement begins here, at the beginning of a line; *ret_end is behind it. */
static bool is_line_statement(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (!*lexer->options->line_statement || !at_line_begin(lexer, at))
		return false;
	while (at < lexer->length && strchr(" \t\v", lexer->source[at]))
		at++;
	if (!template_lexer_starts(lexer, at, lexer->options->line_statement))
		return false;
	*ret_end = at + strlen(lexer->options->line_statement);
	return true;
}

/* A line comment takes the blanks before it along. */
static bool is_line_comment(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (!*lexer->options->line_comment)
		return false;
	if (!at_line_begin(lexer, at) && isspace((unsigned char)lexer->source[at - 1]))
		return false;
	while (at < lexer->length && isblank((unsigned char)lexer->source[at]))
		at++;
	if (!template_lexer_starts(lexer, at, lexer->options->line_comment))
		return false;
	*ret_end = at + strlen(lexer->options->line_comment);
	return true;
}

char template_lexer_marker(const struct lexer *lexer, size_t at)
{
	char c = at < lexer->length ? lexer->source[at] : '\0';

	return c == '-' || c == '+' ? c : '\0';
}

/* "{%- raw -%}": *ret_end is behind the tag. */
static bool is_raw(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	size_t n = strlen(lexer->options->block_end);

	if (!template_lexer_starts(lexer, at, lexer->options->block_begin))
		return false;
	at += strlen(lexer->options->block_begin);
	at = template_lexer_skip_space(lexer, at + (template_lexer_marker(lexer, at) != 0));
	if (!template_lexer_starts(lexer, at, "raw"))
		return false;
	at = template_lexer_skip_space(lexer, at + 3);
	if (at < lexer->length && lexer->source[at] == '-' &&
	    template_lexer_starts(lexer, at + 1, lexer->options->block_end)) {
		*ret_end = template_lexer_skip_space(lexer, at + 1 + n);
		return true;
	}
	*ret_end = at + n;
	return template_lexer_starts(lexer, at, lexer->options->block_end);
}

/* Of delimiters that begin alike the longest counts, as in "{%" and "{%=". */
static enum lexer_tag find_delimiter(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	const struct {
		const char *text;
		enum lexer_tag tag;
	} tags[] = {
		{lexer->options->print_begin, TAG_PRINT},
		{lexer->options->comment_begin, TAG_COMMENT},
		{lexer->options->block_begin, TAG_BLOCK},
	};
	enum lexer_tag found = TAG_NONE;
	size_t longest = 0;

	for (size_t i = 0; i < 3; i++)
		if (strlen(tags[i].text) > longest &&
		    template_lexer_starts(lexer, at, tags[i].text)) {
			longest = strlen(tags[i].text);
			found = tags[i].tag;
		}
	*ret_end = at + longest;
	return found;
}

static enum lexer_tag tag_at(const struct lexer *lexer, size_t at, size_t *ret_end)
{
	if (is_raw(lexer, at, ret_end))
		return TAG_RAW;
	enum lexer_tag tag = find_delimiter(lexer, at, ret_end);
	if (tag != TAG_NONE)
		return tag;
	/* the longer prefix is tried first: "##" may begin a comment where "#" begins a statement
	 */
	const struct options *options = lexer->options;
	if (strlen(options->line_comment) > strlen(options->line_statement) &&
	    is_line_comment(lexer, at, ret_end))
		return TAG_LINE_COMMENT;
	if (is_line_statement(lexer, at, ret_end))
		return TAG_LINE;
	return is_line_comment(lexer, at, ret_end) ? TAG_LINE_COMMENT : TAG_NONE;
}

/* The next tag at or behind `at`; *ret_begin is where it begins. */
enum lexer_tag template_lexer_next_tag(const struct lexer *lexer, size_t at, size_t *ret_begin,
				       size_t *ret_end)
{
	bool lines = *lexer->options->line_statement || *lexer->options->line_comment;
	char p = *lexer->options->print_begin, b = *lexer->options->block_begin,
	     c = *lexer->options->comment_begin;

	for (; at < lexer->length; at++) {
		char here = lexer->source[at];
		if (!lines && p == b && b == c) {
			const char *found = memchr(lexer->source + at, p, lexer->length - at);
			if (!found)
				break;
			at = (size_t)(found - lexer->source);
		} else if (!lines && here != p && here != b && here != c) {
			continue;
		}
		enum lexer_tag tag = tag_at(lexer, at, ret_end);
		if (tag != TAG_NONE) {
			*ret_begin = at;
			return tag;
		}
	}
	return TAG_NONE;
}

/* Behind the end of a block or comment: "-%}" eats white space, "%}" one newline. */
bool template_lexer_ends_with(const struct lexer *lexer, size_t at, const char *end, bool plus,
			      bool trim_newline, size_t *ret_end)
{
	char marker = template_lexer_marker(lexer, at);

	if (marker == '-' && template_lexer_starts(lexer, at + 1, end)) {
		*ret_end = template_lexer_skip_space(lexer, at + 1 + strlen(end));
		return true;
	}
	if (marker == '+' && plus && template_lexer_starts(lexer, at + 1, end)) {
		*ret_end = at + 1 + strlen(end);
		return true;
	}
	if (!template_lexer_starts(lexer, at, end))
		return false;
	*ret_end = at + strlen(end);
	if (trim_newline && *ret_end < lexer->length && lexer->source[*ret_end] == '\n')
		(*ret_end)++;
	return true;
}

/* Behind "{% endraw %}" when it begins at `at`. */
bool template_lexer_is_endraw(const struct lexer *lexer, size_t at, char *ret_marker,
			      size_t *ret_end)
{
	if (!template_lexer_starts(lexer, at, lexer->options->block_begin))
		return false;
	at += strlen(lexer->options->block_begin);
	*ret_marker = template_lexer_marker(lexer, at);
	at = template_lexer_skip_space(lexer, at + (*ret_marker != 0));
	if (!template_lexer_starts(lexer, at, "endraw"))
		return false;
	return template_lexer_ends_with(lexer, template_lexer_skip_space(lexer, at + 6),
					lexer->options->block_end, true,
					lexer->options->trim_blocks, ret_end);
}
