/*
 * hold: suspend and resume, for the daemon and for the verbs without one.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "backup/gate.h"
#include "base/event.h"
#include "base/list.h"
#include "loaded.h"
#include "site.h"

/* The apps that could be meant: of the files (may be NULL) and of the ledger. */
void hold_known_apps(const struct loaded *loaded, struct state_ledger *ledger, struct list *ret);

/* Those of them that a name stands for: itself, and the instances of a folder. ERR_NOT_FOUND with
 * the nearest name when there are none. */
int hold_find_apps(const struct list *known, const char *app, struct list *ret, struct err *err);

/* Suspends an app, or all instances of one; for_ms 0: until it is resumed. ERR_NOT_FOUND with the
 * nearest name when there is no such app. */
int hold_suspend(const struct site *site, const struct list *known, const char *app, int64_t for_ms,
		 const char *who, struct event_sink *sink, struct err *err);

/* Ends the suspension of an app, or, where there is none, the pin of a rollback or an undo. 1 when
 * there was one of them (*ret_unpinned: it was a pin), 0 when not. */
int hold_resume(const struct site *site, const struct list *known, const char *app,
		struct event_sink *sink, bool *ret_unpinned, struct err *err);

/* These apps may be applied although their data is missing: somebody said so. ERR_NOT_FOUND as
 * above. */
int hold_go_without(struct backup_gate *gate, const struct list *known, const char *app,
		    const char *who, struct event_sink *sink, struct err *err);

/* When the next hold on one of these apps ends by itself (0: none does), and on which apps. */
time_t hold_next_end(const struct site *site, const struct list *known, struct list *ret_apps);
