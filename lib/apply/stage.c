/*
 * How far a replace has come. Each change is one write of the ledger, and what the ledger says is
 * always enough for the next start to finish or to undo:
 *
 *	settled -> replacing -> on trial -> settled
 *	                 \          \-> put back -> settled
 *	                  \-> put back
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/point.h"
#include "tree/path.h"

static int64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int put(struct apply_run *run, const struct state_entry *entry, struct err *err)
{
	return state_ledger_put(run->context->ledger, &entry, 1, err);
}

static bool has_saved(struct apply_run *run, const char *key)
{
	cleanup_err struct err ignored = ERR_INIT;
	struct state_saved *saved = NULL;
	bool has = state_saved_get(run->context->state_dir, key, &saved, &ignored) >= 0;

	state_saved_free(saved);
	return has;
}

/* What is on trial itself is no good to put back: what it took the place of stays saved. */
static bool is_saved(struct apply_run *run, const struct state_entry *entry)
{
	return (entry->stage == STATE_ON_TRIAL || entry->stage == STATE_PUT_BACK) &&
	       has_saved(run, entry->key);
}

static int begin(struct apply_run *run, struct state_entry *entry, json_t *old, struct err *err)
{
	const struct state_saved saved = {
		.key = entry->key,
		.object = old,
		.entry = entry->uid ? entry : NULL,
		.since = wall_clock_ms(),
	};
	int r = is_saved(run, entry) ? 0 : state_saved_put(run->context->state_dir, &saved, err);

	if (r < 0)
		return r;
	point_reached("replace-saved");
	entry->stage = STATE_REPLACING;
	return put(run, entry, err);
}

int apply_stage_begin(struct apply_run *run, const struct plan_step *step, json_t *old,
		      struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);

	if (!entry)
		entry = state_entry_new(step->object, run->plan->app->name);
	int r = begin(run, entry, old, err);
	state_entry_free(entry);
	return r;
}

enum state_stage apply_stage_after_write(struct apply_run *run, const struct plan_step *step,
					 enum state_stage before, const char *uid)
{
	cleanup_err struct err ignored = ERR_INIT;
	struct state_saved *saved = NULL;

	if (before != STATE_REPLACING && before != STATE_PUT_BACK)
		return before;
	if (state_saved_get(run->context->state_dir, step->key, &saved, &ignored) < 0)
		return STATE_SETTLED;
	const char *old = tree_path_string(saved->object, "metadata.uid");
	bool same = old && uid && !strcmp(old, uid);
	state_saved_free(saved);
	return same || !plan_kind_is_tried(&step->id) ? STATE_SETTLED : STATE_ON_TRIAL;
}

bool apply_stage_is_trial(struct apply_run *run, const char *key)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, key);
	bool trial = entry && (entry->stage == STATE_ON_TRIAL || entry->stage == STATE_PUT_BACK);

	state_entry_free(entry);
	return trial;
}

int apply_stage_settle(struct apply_run *run, const char *key, struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, key);
	int r = 0;

	if (entry && entry->stage != STATE_SETTLED) {
		entry->stage = STATE_SETTLED;
		r = put(run, entry, err);
	}
	state_entry_free(entry);
	point_reached("replace-settled");
	return r < 0 ? r : state_saved_drop(run->context->state_dir, key, err);
}

void apply_reject(struct apply_run *run, size_t index, const char *what, const char *reason)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_free char *object = manifest_id_text(&step->id);

	run->steps[index].state = STEP_FAILED;
	apply_say(run, step, EVENT_NOT_READY, "%s: %s", what, reason);
	if (!run->result->rejected)
		run->result->rejected = mem_printf("%s: %s", object, reason);
}

/* All that this version has replaced comes back, also what may yet have become ready. What took the
 * place of an object of another name goes as it came: the earlier version does not have it. */
int apply_stage_refuse(struct apply_run *run, struct err *err)
{
	struct state_ledger *ledger = run->context->ledger;
	const struct manifest_app *app = run->plan->app;
	struct map entries = MAP_INIT(state_entry_free);
	cleanup_list struct list keys = LIST_INIT;
	const char *key;
	const struct state_entry *entry;

	state_ledger_entries(ledger, app->name, NULL, &entries);
	map_foreach (&entries, key, entry)
		if (entry->stage != STATE_SETTLED && has_saved(run, key))
			list_add(&keys, key);
	map_done(&entries);
	int r = state_ledger_refuse(ledger, app->name, app->hash, run->result->rejected, &keys,
				    err);
	point_reached("replace-refused");
	return r;
}
