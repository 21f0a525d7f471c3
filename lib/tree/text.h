/*
 * text: the bytes of a YAML file, and errors that show the line they speak of.
 *
 * What libyaml would read in silence or explain badly is found here: other encodings, NUL and
 * control characters, no-break spaces and tabs where a line is indented.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct tree_text {
	const char *file; /* what errors name */
	const char *bytes;
	size_t length;
};

/* Refuses what is not UTF-8 without control characters; a mark at the beginning is skipped. */
int tree_text_check(struct tree_text *text, struct err *err);

/* The line (from 1) without its newline; empty past the end. Borrowed. */
const char *tree_text_line(const struct tree_text *text, int line, size_t *ret_length);

/* Fills err with ERR_INVALID, the place (from 1; 0: not known) and the source line. */
int tree_text_fail(const struct tree_text *text, int line, int column, int width, struct err *err,
		   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Looks for a no-break space or a tab in the indentation of the lines first .. last; when there
 * is one, fills err with it and returns true. */
bool tree_text_blames_blank(const struct tree_text *text, int first, int last, struct err *err);

/* The error for a no-break space at a place. */
int tree_text_fail_no_break(const struct tree_text *text, int line, int column, struct err *err);
