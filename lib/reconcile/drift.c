/* Whether a watched change is drift: decided from the ledger alone (performance.md section 3). */
#include <string.h>

#include "base/mem.h"
#include "reconcile/internal.h"
#include "tree/path.h"

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool differs(const struct state_entry *entry, const json_t *object)
{
	if (!object)
		return !entry->done;
	cleanup_free char *owned = manifest_live_owned(object);
	return !same(tree_path_string(object, "metadata.uid"), entry->uid) ||
	       !same(owned, entry->owned);
}

int reconcile_note_done(struct state_ledger *ledger, const char *key, const json_t *object,
			struct err *err)
{
	const char *complete = tree_path_string(object, "status.conditions[type=Complete].status");

	if (strncmp(key, "batch/Job/", strlen("batch/Job/")) != 0 || !same(complete, "True"))
		return 0;
	struct state_entry *entry = state_ledger_get(ledger, key);
	int r = 0;
	if (entry && !entry->done && same(tree_path_string(object, "metadata.uid"), entry->uid)) {
		entry->done = true;
		r = state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, err);
	}
	state_entry_free(entry);
	return r;
}

bool reconcile_drifted(struct state_ledger *ledger, const char *key, const json_t *object,
		       char **ret_app)
{
	struct state_entry *entry = state_ledger_get(ledger, key);
	/* Announced but not made, or on its way through a replace: the pass that does it knows. */
	bool moving = entry && (entry->stage == STATE_REPLACING || entry->stage == STATE_PUT_BACK);
	bool drifted = entry && entry->uid && !moving && differs(entry, object);

	if (drifted)
		*ret_app = mem_strdup(entry->app);
	state_entry_free(entry);
	return drifted;
}
