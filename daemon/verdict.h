/* verdict: what a reading of the files means for each app, compared with the one before. */
#pragma once

#include "base/event.h"
#include "base/list.h"
#include "loaded.h"
#include "state/ledger.h"

/* How a reading differs from the one before (or, at a start, from what the ledger has). */
struct verdict {
	struct list good, bad; /* app names */
	struct list changed;   /* of the good ones */
	struct list gone;      /* no longer in the files */
	bool fatal;
};

/* `before` may be NULL. */
void verdict_make(const struct loaded *now, const struct loaded *before,
		  struct state_ledger *ledger, struct verdict *ret);
void verdict_done(struct verdict *verdict);

/* Tells the journal: a line for each changed app, for each finding that is an error, for each new
 * warning, and one for the verdict. Nothing else. */
void verdict_tell(const struct loaded *now, const struct loaded *before,
		  const struct verdict *verdict, struct state_ledger *ledger,
		  struct event_sink *sink);
