/*
 * backup/known: what data this node had, so that data which goes missing is told from data which
 * was never there.
 *
 * STATE/backup/known.json, which no backup takes along: on another machine everything is new.
 * Beside it the last backup's own record says what it found (last.json, "data"). One writer at a
 * time, which the caller sees to.
 *
 *	{"paths": {"/srv/blog": {"app": "blog", "had": WHEN} or {"app": "blog", "empty": WHEN}},
 *	 "allowed": {"blog": WHEN}}
 */
#pragma once

#include <jansson.h>
#include <time.h>

#include "base/err.h"

enum backup_known_state {
	BACKUP_NEVER_SEEN,
	BACKUP_HAD,	     /* there was data */
	BACKUP_MAY_BE_EMPTY, /* it was accepted that there is none, and none was seen since */
};

struct backup_known {
	char *path;
	json_t *tree;
	json_t *last; /* the last backup's record; NULL */
};

/* A damaged file counts as empty: then everything is new, and nothing is written over anyway. */
void backup_known_open(const char *state_dir, struct backup_known *ret);
void backup_known_done(struct backup_known *known);
#define cleanup_backup_known __attribute__((cleanup(backup_known_done)))

enum backup_known_state backup_known_state(const struct backup_known *known, const char *path);

/* Both change the tree only. 1 when that changed anything. */
int backup_known_note(struct backup_known *known, const char *path, const char *app,
		      enum backup_known_state state, time_t now);
int backup_known_allow(struct backup_known *known, const char *app, time_t now);
/* 1 when the app was allowed to start without its data; that is used up then. */
int backup_known_take_allowed(struct backup_known *known, const char *app);
/* The data of an app went on purpose: that it is missing is no surprise any more. */
int backup_known_forget(struct backup_known *known, const char *app, time_t now);

int backup_known_write(const struct backup_known *known, struct err *err);
