/*
 * manifest/edit: small changes to a text that somebody wrote, each at its place.
 *
 * What is around an edit stays byte for byte: comments, markup, quotes, line ends. An edit says
 * what must stand at its place; a text where it does not is left alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct manifest_edit {
	char *file;
	int line, column; /* from 1, in characters */
	int lines;	  /* so many whole lines go, from line on; 0: an edit within a line */
	char *old;	  /* what stands there; of lines that go: how the first begins, indented */
	char *now;	  /* "" for lines that go */
	/* Where MANIFEST_EDIT_COPY stands in now: these lines of the file as they are, but indented
	 * so far. 0: none. */
	int copy_line, copy_lines, copy_indent;
};

#define MANIFEST_EDIT_COPY "\f"

struct manifest_edits {
	struct manifest_edit *items;
	size_t n, cap;
};

/* Takes the strings of the edit over. One that is there already is not added twice. */
void manifest_edits_add(struct manifest_edits *edits, struct manifest_edit edit_stolen);
void manifest_edits_done(struct manifest_edits *edits);

/* Everything that is to be done to this file, into out. ERR_INVALID with the place where something
 * else stands, or where two edits do not go together. */
int manifest_edit_apply(const struct manifest_edits *edits, const char *file, const char *text,
			size_t length, struct buf *out, struct err *err);
