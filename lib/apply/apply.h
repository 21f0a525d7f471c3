/*
 * apply: executes the steps of a plan.
 *
 * All steps whose predecessors are done go out as one batch; waits are polled between batches. A
 * failed step fails only what comes after it. The ledger must have grown before (write-ahead);
 * apply records each success in it. A cancel ends waits at once, but never between the delete and
 * the create of a replace.
 *
 * A replaced workload is on trial until it is ready. When it does not become so, the whole version
 * of the app is refused in the ledger, and the result says so: the next plan (of the revision that
 * was in force) puts back what was taken down.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/event.h"
#include "base/map.h"
#include "kube/client.h"
#include "plan/plan.h"
#include "state/ledger.h"

struct apply_context {
	struct kube_client *client;
	struct state_ledger *ledger;
	struct event_sink *sink;
	const struct clock *clock;
	struct cancel *cancel;
	int64_t timeout_ms; /* of each wait: the app's */
	int revision;	    /* for events */
	const char
		*state_dir; /* where what is taken down is kept (state/saved.h, state/pruned.h) */
	const char *batch;  /* of prunes; NULL: they are not kept, this is a purge */
};

struct apply_result {
	size_t written, deleted, replaced, put_back, failed, unready, skipped;
	char *first_failure; /* "Deployment default/ghost: why"; NULL */
	char *not_ready;     /* the same for what did not become ready */
	char *rejected; /* the same for what is to be put back; the version is refused by now */
	struct map immutable; /* key -> struct plan_answer: writes that were refused because a field
			       * cannot be changed; plan again with these answers */
	bool canceled;
	bool unreachable; /* the server went away: retry soon */
};

int apply_plan(const struct apply_context *context, const struct plan *plan,
	       struct apply_result *ret, struct err *err);
/* Removes pods that only pulled an image and that a crash has left behind. Asks nothing when there
 * are none. */
int apply_clean_up(const struct apply_context *context, const char *app, struct err *err);
void apply_result_done(struct apply_result *result);
