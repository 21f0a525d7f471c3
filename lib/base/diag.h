/*
 * diag: everything that is wrong with the files, in one pass.
 *
 * Loading never stops at the first error: each finding is added here and printed by check,
 * reload and the journal. A finding seen by several instances of an app is one finding that
 * names them all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

enum diag_severity {
	DIAG_ERROR,
	DIAG_WARNING,
	DIAG_NOTE,
};

struct diag {
	enum diag_severity severity;
	struct err err;
	struct list apps; /* "ghost@tfe-fr" ...; empty: concerns all */
};

struct diag_list {
	struct diag *items;
	size_t n;
	size_t cap;
};

#define DIAG_LIST_INIT ((struct diag_list){0})
#define cleanup_diag   __attribute__((cleanup(diag_done)))

/* Moves err into the list; app may be NULL. The same text at the same place is one finding. */
void diag_add(struct diag_list *list, enum diag_severity severity, const char *app,
	      struct err *err);

size_t diag_count(const struct diag_list *list, enum diag_severity severity);
bool diag_has_error(const struct diag_list *list, const char *app); /* NULL: any app */

/* Appends all findings of from. */
void diag_copy(struct diag_list *to, const struct diag_list *from);

/* By file, line, column. */
void diag_sort(struct diag_list *list);

/* As `check` prints it: "file:line:col: error: message", the source line, a caret, the hint, the
 * apps; samples.md shows the form. */
void diag_print(const struct diag *diag, struct buf *out);

void diag_done(struct diag_list *list);
