/*
 * state/pruned: objects as they were when a prune deleted them, for `desired undo`.
 *
 * STATE/pruned/BATCH/APP.json, 0600 (they hold Secrets), written before the first delete. A batch
 * is what one round pruned; its name is the time ("20261122T194155Z"), so names sort by age. What
 * is older than seven days goes.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "state/ledger.h"

#define STATE_PRUNED_DAYS 7

struct state_pruned {
	struct state_entry *entry; /* as the ledger had it */
	json_t *body;		   /* as the server had it */
	char *heir; /* what took over its ports or directories, "Deployment default/b"; NULL */
};

/* The name of the batch of a round that begins now. Caller frees. */
char *state_pruned_batch(const struct timespec *now);

/* Adds objects of an app to a batch, and writes them. */
int state_pruned_add(const char *state_dir, const char *batch, const char *app,
		     const struct state_pruned *objects, size_t count, struct err *err);

/* The batches that there are, oldest first. */
int state_pruned_list(const char *state_dir, struct list *ret, struct err *err);
/* The apps of a batch. ERR_NOT_FOUND when there is no such batch. */
int state_pruned_apps(const char *state_dir, const char *batch, struct list *ret, struct err *err);
/* What a batch has of an app; release with state_pruned_free. */
int state_pruned_load(const char *state_dir, const char *batch, const char *app,
		      struct state_pruned **ret, size_t *ret_count, struct err *err);
void state_pruned_free(struct state_pruned *objects, size_t count);

/* Forgets what a batch has of an app, and the batch with its last. */
int state_pruned_forget(const char *state_dir, const char *batch, const char *app, struct err *err);
/* Forgets every batch that is too old. */
int state_pruned_expire(const char *state_dir, time_t now, struct err *err);
