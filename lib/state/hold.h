/*
 * state/hold: the one way to keep the reconciler away from an app (design.md section 2). Taken by
 * suspend, by a cold backup, by a restore; STATE/holds.json, so that a restart keeps it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

struct state_hold {
	char *app;   /* "ghost@tfe-fr", or "ghost" for all its instances */
	char *owner; /* "suspend by root", "backup 2026..." */
	time_t since;
	time_t until; /* 0: until it is taken away */
};

int state_hold_take(const char *state_dir, const struct state_hold *hold, struct err *err);
/* Returns 1 when there was one. Only the same kind of owner may drop it unless owner is NULL. */
int state_hold_drop(const char *state_dir, const char *app, const char *owner, struct err *err);
/* The hold in force on an app (by its name or its folder) at `now`; 1 and filled, or 0. */
int state_hold_find(const char *state_dir, const char *app, time_t now, struct state_hold *ret,
		    struct err *err);
/* Drops the holds of every other kind of owner: another machine's backups and restores. */
int state_hold_keep_only(const char *state_dir, const char *owner, struct err *err);
void state_hold_done(struct state_hold *hold);
