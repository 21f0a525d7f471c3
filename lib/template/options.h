/*
 * template/options: how a template is to be read: delimiters, white space, the "#jinja2:" line.
 *
 * Rule R10: a first line "#jinja2: trim_blocks: False, ..." is taken off and overrides any of
 * them. The values are Python literals; anything else is refused, as ansible-core 2.19 does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define OPTIONS_DELIMITER 32 /* longest delimiter, with its NUL */

struct options {
	char block_begin[OPTIONS_DELIMITER], block_end[OPTIONS_DELIMITER];
	char print_begin[OPTIONS_DELIMITER], print_end[OPTIONS_DELIMITER];
	char comment_begin[OPTIONS_DELIMITER], comment_end[OPTIONS_DELIMITER];
	char line_statement[OPTIONS_DELIMITER]; /* "": none */
	char line_comment[OPTIONS_DELIMITER];
	char newline[4];
	bool trim_blocks, lstrip_blocks, keep_trailing_newline;
	/* Strings in {{ }} are taken as they stand: YAML has undone their escapes already. */
	bool raw_strings;
};

/* What Ansible uses when nothing else is said. */
extern const struct options template_options_default;

/* True when text begins with a "#jinja2:" line. */
bool template_options_present(const char *text, size_t length);

/* Obeys the "#jinja2:" line at the beginning of text; *ret_skip is its length with the newline.
 * ERR_INVALID; *ret_column is where in the line. */
int template_options_read(const char *text, size_t length, struct options *options,
			  size_t *ret_skip, int *ret_column, struct err *err);

/* True when text contains the beginning of a print, a block or a comment. */
bool template_options_markup(const struct options *options, const char *text, size_t length);
