/* Deletes of what left the files: only with the UID that the ledger recorded. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/point.h"
#include "state/pruned.h"
#include "tree/path.h"

/* --- before: for `desired undo` --- */

/* The step that takes over what this one holds, or NULL. */
static const struct plan_step *heir_of(const struct plan *plan, size_t index)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		for (size_t j = 0; step->action == PLAN_CREATE && j < step->after_count; j++)
			if (step->after[j] == index)
				return step;
	}
	return NULL;
}

/* What is there under that name may be another object by now: that is not deleted. */
static bool is_meant(const struct plan_step *step, const struct manifest_live_object *found)
{
	const char *uid = found ? tree_path_string(found->body, "metadata.uid") : NULL;

	return uid && step->uid && !strcmp(uid, step->uid);
}

/* Each under the app that it is of: all of this plan's, but for what gives its place to it. */
static int write_pruned(struct apply_run *run, const struct state_pruned *objects, size_t count,
			struct err *err)
{
	size_t begin = 0;
	int r = 0;

	for (size_t i = 1; r >= 0 && i <= count; i++) {
		if (i < count && !strcmp(objects[i].entry->app, objects[begin].entry->app))
			continue;
		r = state_pruned_add(run->context->state_dir, run->context->batch,
				     objects[begin].entry->app, objects + begin, i - begin, err);
		begin = i;
	}
	return r;
}

static int keep_found(struct apply_run *run, const size_t *indexes, size_t count,
		      const struct manifest_live *live, struct err *err)
{
	struct state_pruned *objects = mem_zalloc((count + 1) * sizeof(*objects));
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &run->plan->steps[indexes[i]];
		const struct plan_step *heir = heir_of(run->plan, indexes[i]);
		const struct manifest_live_object *found = manifest_live_get(live, step->key);
		struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
		if (!entry || !is_meant(step, found)) {
			state_entry_free(entry);
			continue;
		}
		objects[kept++] = (struct state_pruned){
			.entry = entry,
			.body = json_incref(found->body),
			.heir = heir ? manifest_id_text(&heir->id) : NULL,
		};
	}
	int r = write_pruned(run, objects, kept, err);
	state_pruned_free(objects, kept);
	return r;
}

static int keep(struct apply_run *run, const size_t *indexes, size_t count, struct err *err)
{
	cleanup_free const struct manifest_id **ids =
		mem_alloc(count * sizeof(const struct manifest_id *));
	struct deadline deadline = apply_deadline(run);
	struct manifest_live live;

	for (size_t i = 0; i < count; i++)
		ids[i] = &run->plan->steps[indexes[i]].id;
	manifest_live_init(&live);
	int r = kube_client_get_all(run->context->client, ids, count, &deadline, &live, err);
	if (r >= 0)
		r = keep_found(run, indexes, count, &live, err);
	manifest_live_done(&live);
	return r;
}

/* Keeps what all deletes that may run now will take away; a delete whose object cannot be kept
 * fails. */
static void keep_pruned(struct apply_run *run)
{
	cleanup_free size_t *indexes = mem_alloc((run->plan->count + 1) * sizeof(*indexes));
	cleanup_err struct err why = ERR_INIT;
	size_t count = 0;

	for (size_t i = 0; run->context->batch && i < run->plan->count; i++)
		if (run->plan->steps[i].action == PLAN_DELETE && !run->steps[i].kept &&
		    apply_runnable(run, i))
			indexes[count++] = i;
	int r = count ? keep(run, indexes, count, &why) : 0;
	for (size_t i = 0; i < count; i++) {
		run->steps[indexes[i]].kept = true;
		if (r < 0)
			apply_fail(run, indexes[i], &why);
	}
}

/* --- the delete --- */

static int begin(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];

	progress->tries_until =
		run->context->clock->now(run->context->clock) + run->context->timeout_ms;
	progress->began = run->context->clock->now(run->context->clock);
	progress->stage = STAGE_DELETE;
	if (step->pull) {
		progress->stage = STAGE_PULL;
		return apply_pull_start(run, step, err) < 0 ? -(int)err->code : 1;
	}
	return 1;
}

static int pull(struct apply_run *run, size_t index, struct err *err)
{
	int r = apply_pull_look(run, &run->plan->steps[index], run->steps[index].began, err);

	if (r > 0) {
		apply_pull_end(run, &run->plan->steps[index]);
		run->steps[index].stage = STAGE_DELETE;
	}
	return r;
}

/* A successor waits for the directory that its pods write. Positive when it is gone already. */
static int read_old(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);

	if (step->replace != PLAN_REPLACE_WRITERS)
		return 0;
	int r = kube_client_get(run->context->client, &step->id, &deadline, &progress->old, err);
	return r == -ERR_NOT_FOUND ? 1 : r;
}

static int delete_it(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	const struct kube_precondition only = {.uid = step->uid};

	int r = read_old(run, index, err);
	if (r) {
		run->steps[index].stage = STAGE_END;
		return r;
	}
	point_reached("prune-before-delete");
	r = kube_client_delete(run->context->client, &step->id, &only, "Background", &deadline,
			       err);
	if (r < 0)
		return r;
	point_reached("prune-after-delete");
	run->steps[index].stage = run->steps[index].old ? STAGE_GONE : STAGE_END;
	return 1;
}

static int wait_gone(struct apply_run *run, size_t index, struct err *err)
{
	struct apply_progress *progress = &run->steps[index];
	int r = apply_pods_gone(run, progress->old, err);

	if (r > 0)
		progress->stage = STAGE_END;
	if (r != 0 || run->context->clock->now(run->context->clock) < progress->tries_until)
		return r;
	return err_set(err, ERR_TIMEOUT, "it is deleted, but its pods do not end");
}

static int advance(struct apply_run *run, size_t index, struct err *err)
{
	switch (run->steps[index].stage) {
	case STAGE_BEGIN:
		return begin(run, index, err);
	case STAGE_PULL:
		return pull(run, index, err);
	case STAGE_DELETE:
		return delete_it(run, index, err);
	default:
		return wait_gone(run, index, err);
	}
}

static int forget(struct apply_run *run, const char *key, struct err *err)
{
	cleanup_list struct list keys = LIST_INIT;

	list_add(&keys, key);
	int r = state_ledger_remove(run->context->ledger, &keys, err);
	point_reached("prune-recorded");
	return r < 0 ? r : state_saved_drop(run->context->state_dir, key, err);
}

int apply_delete(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_err struct err why = ERR_INIT;
	int r = 1;

	if (!run->steps[index].kept)
		keep_pruned(run);
	if (run->steps[index].state != STEP_PENDING)
		return 1;
	while (r > 0 && run->steps[index].stage != STAGE_END)
		r = advance(run, index, &why);
	if (r < 0) {
		if (run->steps[index].stage == STAGE_PULL)
			apply_pull_end(run, step);
		apply_fail(run, index, &why);
		return 1;
	}
	if (r == 0)
		return 0;
	run->steps[index].state = STEP_DONE;
	run->result->deleted++;
	if (run->context->batch)
		apply_say(run, step, EVENT_DELETED, "deleted: it left the files");
	else
		apply_say(run, step, EVENT_PURGED, "deleted for good: purged");
	r = forget(run, step->key, err);
	return r < 0 ? r : 1;
}
