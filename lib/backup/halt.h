/*
 * backup/halt: an app whose data is about to be read or swapped stands still meanwhile.
 *
 *	hold  ->  pods of the directories stopped  ->  (read, or swapped)  ->  started  ->  hold
 *dropped
 *
 * The hold keeps drift repair away (design.md, section 2). STATE/backup/halts/APP.json says what is
 * undone yet, and is written before each thing is done: whatever kills the process, the next start
 * of a backup, a restore or the daemon puts the app on its feet again, and a swap that had begun is
 * brought to its end first. A lock beside it tells that somebody is still at it.
 */
#pragma once

#include <stdint.h>

#include "backup/place.h"
#include "base/deadline.h"
#include "base/event.h"
#include "base/list.h"
#include "kube/client.h"

struct backup_halt;

struct backup_halt_options {
	struct kube_client *client; /* NULL: nothing is stopped, only held */
	const char *state_dir;
	const char *app;   /* "ghost@tfe-fr": a unit's name */
	const char *owner; /* "backup ID" or "restore ID": of the hold */
	struct list
		paths; /* pods that use one of these directories, or what is in or above, stop */
	struct list claims; /* and those that use one of these: "NAMESPACE/NAME" */
	int64_t timeout_ms; /* for the pods to end; 0: 5 min */
	const struct deadline *deadline;
	struct event_sink *sink; /* may be NULL */
};

/* When it returns, no pod uses them. On an error all is as it was before. ERR_BUSY: another process
 * is at it; ERR_INVALID: something uses them that cannot be stopped; ERR_TIMEOUT: pods that do not
 * end. */
int backup_halt_begin(const struct backup_halt_options *options, struct backup_halt **ret,
		      struct err *err);

/* Swaps all of them, in a way that whoever comes later can finish. ret_had[i] as
 * backup_place_swap() has it. */
int backup_halt_swap(struct backup_halt *halt, const struct backup_place *places, size_t count,
		     bool *ret_had, struct err *err);

/* Starts what was stopped, drops the hold, frees it. It takes no notice of a cancel. An error means
 * that something could not be started now: the note stays, and backup_halt_finish() tries again.
 * NULL is fine. */
int backup_halt_end(struct backup_halt *halt, struct err *err);

/* Finishes what processes left that are no more. Costs nothing when there is nothing. Returns how
 * many apps were put on their feet; `say` (may be NULL) gets a line about each. */
int backup_halt_finish(struct kube_client *client, const char *state_dir,
		       const struct deadline *deadline, struct event_sink *sink, struct err *err);

/* True when there may be something to finish. */
bool backup_halt_is_left(const char *state_dir);
