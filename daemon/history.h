/* history: the versions of an app, one of them, and what differs between two; as JSON and as people
 * read it. Values of Secrets never appear. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "manifest/set.h"
#include "state/ledger.h"
#include "state/revision.h"

struct history {
	const char *app;
	struct state_revision *revisions; /* oldest first */
	size_t count;
	const struct state_app *known; /* what is in force, and pinned; NULL: nothing */
};

json_t *history_to_json(const struct history *history); /* new reference */
void history_print(const struct history *history, struct buf *out);

/* One version, with its objects. */
json_t *history_set_to_json(const struct state_revision *revision, const struct manifest_app *app);
void history_set_print(const struct state_revision *revision, const struct manifest_app *app,
		       struct buf *out);

/* What changed from one version to another, object by object. */
json_t *history_diff_to_json(const struct manifest_app *from, const struct manifest_app *to);
void history_diff_print(const struct manifest_app *from, const struct manifest_app *to, bool colour,
			struct buf *out);
