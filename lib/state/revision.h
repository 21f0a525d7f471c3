/*
 * state/revision: the rendered sets that were in force, newest last.
 *
 * STATE/revisions/APP/N.json, 0600 (they hold Secrets). A revision is written before its app is
 * applied, marked healthy after; "in force" is what the ledger's app names.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"
#include "manifest/set.h"

struct state_revision {
	int number;
	char *app;
	char *hash;   /* of the rendered set */
	char *when;   /* RFC 3339 */
	char *who;    /* "reload by root", "start" ... */
	char *git;    /* HEAD, with +dirty; NULL */
	char *source; /* digest of the app's files; NULL */
	char *saved;  /* the backup set with the data as it was before; NULL */
	bool healthy;
};

/* Stores the set as the next revision unless the newest has the same hash; keeps the newest `keep`.
 * ret_number is its number either way. */
int state_revision_save(const char *state_dir, const struct manifest_app *app, const char *who,
			const char *git, int keep, int *ret_number, struct err *err);
int state_revision_mark_healthy(const char *state_dir, const char *app, int number,
				struct err *err);
/* Names the backup set with the app's data as it was before this revision. */
int state_revision_note_saved(const char *state_dir, const char *app, int number, const char *set,
			      struct err *err);
/* Reads the set of a revision. ERR_NOT_FOUND. */
int state_revision_load(const char *state_dir, const char *app, int number,
			struct manifest_app **ret, struct err *err);
/* The apps that have revisions, those that left the files long ago too. */
int state_revision_apps(const char *state_dir, struct list *ret, struct err *err);
/* All that are kept, oldest first; release each with state_revision_done and free the array. */
int state_revision_list(const char *state_dir, const char *app, struct state_revision **ret,
			size_t *ret_count, struct err *err);
void state_revision_done(struct state_revision *revision);
/* The newest that was healthy and is another set than `hash`; 0 when there is none. */
int state_revision_find_healthy(const char *state_dir, const char *app, const char *hash,
				int *ret_number, struct err *err);
/* One of the list, without its set. ERR_NOT_FOUND, with the numbers that there are. */
int state_revision_find(const char *state_dir, const char *app, int number,
			struct state_revision *ret, struct err *err);
