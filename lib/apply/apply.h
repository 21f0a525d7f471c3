/*
 * apply: executes the steps of a plan.
 *
 * All steps whose predecessors are done go out as one batch; waits are polled between batches. A
 * failed step fails only what comes after it. The ledger must have grown before (write-ahead);
 * apply records each success in it. A cancel ends waits at once, but never between the delete and
 * the create of a replace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "base/event.h"
#include "kube/client.h"
#include "plan/plan.h"
#include "state/ledger.h"

struct apply_context {
	struct kube_client *client;
	struct state_ledger *ledger;
	struct event_sink *sink;
	const struct clock *clock;
	struct cancel *cancel;
	int64_t timeout_ms;	       /* of each wait: the app's */
	int revision;		       /* for events */
	const char *state_dir, *batch; /* where what is deleted is kept (state/pruned.h); batch
					* NULL: it is not */
};

struct apply_result {
	size_t written, deleted, replaced, failed, unready, skipped;
	char *first_failure; /* "Deployment default/ghost: why"; NULL */
	char *not_ready;     /* the same for what did not become ready */
	bool canceled;
	bool unreachable; /* the server went away: retry soon */
};

int apply_plan(const struct apply_context *context, const struct plan *plan,
	       struct apply_result *ret, struct err *err);
void apply_result_done(struct apply_result *result);
