/* template/lexer_tag: finding where tags begin and end, for template/lexer. */
#pragma once

#include "template/lexer.h"

#define DEEPEST_BRACKETS 200

struct lexer {
	struct template *template;
	const struct options *options;
	const char *source;
	size_t length, at;
	size_t seen; /* up to here lines were counted */
	uint32_t line, column;
	bool line_start; /* what was read last ended a line */
	char brackets[DEEPEST_BRACKETS];
	size_t depth;
	struct token_list *tokens;
	struct err *err;
};

/* What begins at a place of the text between tags. */
enum lexer_tag {
	TAG_NONE,
	TAG_PRINT,
	TAG_BLOCK,
	TAG_COMMENT,
	TAG_RAW,
	TAG_LINE,
	TAG_LINE_COMMENT
};

bool template_lexer_starts(const struct lexer *lexer, size_t at, const char *what);
size_t template_lexer_skip_space(const struct lexer *lexer, size_t at);
/* '-' or '+' when it stands there, else NUL. */
char template_lexer_marker(const struct lexer *lexer, size_t at);
/* The next tag at or behind `at`: where it begins and what is behind its delimiter. */
enum lexer_tag template_lexer_next_tag(const struct lexer *lexer, size_t at, size_t *ret_begin,
				       size_t *ret_end);
/* Behind the end of a block or comment: "-%}" eats white space, "%}" one newline. */
bool template_lexer_ends_with(const struct lexer *lexer, size_t at, const char *end, bool plus,
			      bool trim_newline, size_t *ret_end);
/* Whether "{% endraw %}" begins here: its marker, and what is behind it. */
bool template_lexer_is_endraw(const struct lexer *lexer, size_t at, char *ret_marker,
			      size_t *ret_end);
