/*
 * reconcile/undo: what the last prune removed comes back.
 *
 * Each app of the batch is pinned to a revision made of what it is now and the objects that were
 * deleted, so that no pass prunes them again until its files give something else. As a rollback, it
 * is done by the next pass.
 */
#pragma once

#include "base/event.h"
#include "base/list.h"
#include "manifest/set.h"
#include "state/ledger.h"

struct reconcile_undo {
	struct state_ledger *ledger;
	const char *state_dir;
	const struct manifest_set *set; /* what the files say now */
	int revisions;			/* how many are kept */
	struct event_sink *sink;
	const char *batch; /* of state/pruned.h; NULL: the newest */
	const char *who;
};

/* ret_apps are pinned now; ret_lines tell people what comes back and what does not. ERR_NOT_FOUND
 * when nothing was pruned within seven days. */
int reconcile_undo(const struct reconcile_undo *undo, struct list *ret_apps, struct list *ret_lines,
		   struct err *err);
