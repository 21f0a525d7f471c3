/* Deletes of what left the files: only with the UID that the ledger recorded. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
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
	int r = kept ? state_pruned_add(run->context->state_dir, run->context->batch,
					run->plan->app->name, objects, kept, err)
		     : 0;
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

/* Where a successor waits for the directory that the old pods write, the delete is done when they
 * are gone. */
static int delete (struct apply_run *run, const struct plan_step *step, struct err *err)
{
	struct deadline deadline = apply_uninterrupted(run);
	bool writers = step->replace == PLAN_REPLACE_WRITERS;
	json_auto_t *old = NULL;
	int r = writers ? kube_client_get(run->context->client, &step->id, &deadline, &old, err)
			: 0;

	if (r == -ERR_NOT_FOUND)
		return 0;
	if (r >= 0)
		r = kube_client_delete(run->context->client, &step->id, step->uid, "Background",
				       &deadline, err);
	return r >= 0 && writers ? apply_wait_pods_gone(run, old, &deadline, err) : r;
}

int apply_delete(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_list struct list keys = LIST_INIT;
	cleanup_err struct err why = ERR_INIT;

	if (!run->steps[index].kept)
		keep_pruned(run);
	if (run->steps[index].state != STEP_PENDING)
		return 0;
	if (delete (run, step, &why) < 0) {
		apply_fail(run, index, &why);
		return 0;
	}
	run->steps[index].state = STEP_DONE;
	run->result->deleted++;
	apply_say(run, step, EVENT_DELETED, "deleted: it left the files");
	list_add(&keys, step->key);
	return state_ledger_remove(run->context->ledger, &keys, err);
}
