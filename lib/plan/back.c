/*
 * What a replace took down and has to return: because the new one did not become ready, or, while
 * the app is frozen, because the replace was cut off and nothing else can be enforced. What exactly
 * comes back, and whether it is there already, lib/apply knows from state/saved.h.
 *
 * When the files have changed meanwhile, the next version takes the place of the failed one
 * directly, and what comes back if it fails too is still the same.
 */
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"

bool plan_is_put_back(const struct plan_run *run, const char *key)
{
	const struct state_entry *entry = plan_entry_of(run, key);
	const struct manifest_live *live = run->input->live;

	if (!run->input->put_back || !entry || strcmp(entry->app, run->input->app->name) != 0)
		return false;
	if (entry->stage == STATE_PUT_BACK)
		return true;
	return run->input->frozen && entry->stage == STATE_REPLACING &&
	       manifest_live_looked(live, key) && !manifest_live_get(live, key);
}

void plan_put_backs(struct plan_run *run)
{
	const char *key;
	const struct state_entry *entry;

	map_foreach (run->input->ledger, key, entry) {
		struct plan_step step = {.action = PLAN_PUT_BACK};
		if (!plan_is_put_back(run, key) || plan_only_other(run, key))
			continue;
		step.key = mem_strdup(key);
		step.object = map_get(&run->wanted, key);
		manifest_id_copy(&step.id, &entry->id);
		plan_say(&step, mem_strdup(entry->stage == STATE_PUT_BACK
						   ? "the new version did not become ready"
						   : "its replace was interrupted"));
		(void)plan_add(run, &step);
	}
}
