/*
 * Put back: the new version has failed, so what it took the place of returns exactly as it was,
 * down to who owns which field: nothing is then left to repair.
 *
 * Each part can be done twice: after a crash it is looked at what is there, and gone on from that.
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/point.h"
#include "tree/path.h"

static int64_t now_of(const struct apply_run *run)
{
	return run->context->clock->now(run->context->clock);
}

static bool is_uid(const json_t *object, const char *uid)
{
	const char *own = tree_path_string(object, "metadata.uid");

	return own && uid && !strcmp(own, uid);
}

/* --- what there is --- */

/* Where to go on. Only what this replace has made is deleted: anything else that stands there now
 * is the old one, or somebody put it there. */
static enum apply_stage stage_of(const struct state_saved *saved, const struct state_entry *entry,
				 const json_t *live)
{
	if (!live)
		return STAGE_CREATE;
	if (is_uid(live, tree_path_string(saved->object, "metadata.uid")))
		return STAGE_END;
	return entry && is_uid(live, entry->uid) ? STAGE_DELETE : STAGE_END;
}

static int begin(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);

	progress->began = now_of(run);
	progress->tries_until = progress->began + run->context->timeout_ms;
	int r = state_saved_get(run->context->state_dir, step->key, &progress->saved, err);
	if (r == -ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND,
			       "what it took the place of is no longer in %s/saved: it cannot be "
			       "put back",
			       run->context->state_dir);
	if (r < 0)
		return r;
	r = kube_client_get(run->context->client, &step->id, &deadline, &progress->old, err);
	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
	progress->stage = stage_of(progress->saved, entry, progress->old);
	state_entry_free(entry);
	err_done(err);
	return 1;
}

/* --- the failed one goes --- */

static int delete_failed(struct apply_run *run, size_t index, struct err *err)
{
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	const struct kube_precondition only = {
		.uid = tree_path_string(progress->old, "metadata.uid")};
	bool writers =
		plan_replace_of(progress->old, progress->saved->object) == PLAN_REPLACE_WRITERS;

	int r = kube_client_delete(run->context->client, &run->plan->steps[index].id, &only,
				   "Background", &deadline, err);
	if (r < 0)
		return r;
	point_reached("back-after-delete");
	progress->stage = writers ? STAGE_GONE : STAGE_CREATE;
	return 1;
}

static int wait_gone(struct apply_run *run, size_t index, struct err *err)
{
	struct apply_progress *progress = &run->steps[index];
	int r = apply_pods_gone(run, progress->old, err);

	if (r > 0) {
		progress->stage = STAGE_CREATE;
		return 1;
	}
	if (now_of(run) < progress->tries_until)
		return 0;
	return err_set(err, ERR_TIMEOUT, "the pods of the failed version do not end");
}

/* --- the old one comes --- */

/* Without what only the server writes. */
static json_t *creatable(const json_t *object)
{
	static const char *const written[] = {
		"status",
		"metadata.uid",
		"metadata.resourceVersion",
		"metadata.creationTimestamp",
		"metadata.generation",
		"metadata.selfLink",
		"metadata.managedFields",
		"metadata.deletionTimestamp",
		"metadata.deletionGracePeriodSeconds",
	};
	json_t *body = json_deep_copy(object);
	const char *kind = tree_path_string(object, "kind");

	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
		(void)tree_path_remove(body, written[i]);
	if (kind && !strcmp(kind, "Pod"))
		(void)tree_path_remove(body, "spec.nodeName");
	return body;
}

/* Our create left an entry of its own. */
static bool is_made_by_us(const json_t *object)
{
	size_t i;
	json_t *entry;

	json_array_foreach (tree_path_get(object, "metadata.managedFields"), i, entry) {
		const char *manager = tree_path_string(entry, "manager");
		const char *operation = tree_path_string(entry, "operation");
		if (manager && operation && !strcmp(manager, MANIFEST_MANAGER) &&
		    !strcmp(operation, "Update"))
			return true;
	}
	return false;
}

/* Fields belong to whom they belonged before, ours with the time of that apply: so the next look
 * finds nothing changed. A failure costs one more apply. */
static void restore_owners(struct apply_run *run, const struct plan_step *step, const json_t *saved,
			   const json_t *object)
{
	json_t *managed = tree_path_get(saved, "metadata.managedFields");
	struct deadline deadline = apply_uninterrupted(run);
	cleanup_err struct err ignored = ERR_INIT;

	if (!managed || !is_made_by_us(object))
		return;
	json_auto_t *patch = json_pack("[{s:s, s:s, s:O}]", "op", "replace", "path",
				       "/metadata/managedFields", "value", managed);
	(void)kube_client_patch(run->context->client, &step->id, patch, &deadline, NULL, &ignored);
}

static int create_old(struct apply_run *run, size_t index, struct err *err)
{
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	struct kube_result result = {0};
	json_auto_t *body = creatable(progress->saved->object);

	int r = kube_client_apply(run->context->client, &body, 1,
				  &(struct kube_apply_options){.create = true}, &deadline, &result,
				  err);
	kube_result_done(&result);
	/* A lost answer: it was created all the same. */
	if (r >= 0 || r == -ERR_EXISTS) {
		err_done(err);
		point_reached("back-after-create");
		progress->stage = STAGE_END;
		return 1;
	}
	return apply_may_pass(err) && now_of(run) < progress->tries_until ? 0 : r;
}

/* --- and the ledger says what it said before --- */

static int restore_entry(struct apply_run *run, const struct plan_step *step,
			 const struct state_saved *saved, const json_t *object, struct err *err)
{
	struct state_ledger *ledger = run->context->ledger;
	cleanup_list struct list keys = LIST_INIT;

	if (!saved->entry) {
		list_add(&keys, step->key);
		return state_ledger_remove(ledger, &keys, err);
	}
	struct state_entry *entry = state_entry_copy(saved->entry);
	entry->stage = STATE_SETTLED;
	free(entry->uid);
	entry->uid = mem_strdup(tree_path_string(object, "metadata.uid"));
	int r = state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, err);
	state_entry_free(entry);
	return r;
}

static int settle(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	json_auto_t *object = NULL;

	int r = kube_client_get(run->context->client, &step->id, &deadline, &object, err);
	if (r < 0)
		return r;
	restore_owners(run, step, progress->saved->object, object);
	point_reached("back-owners");
	if ((r = restore_entry(run, step, progress->saved, object, err)) < 0)
		return r;
	point_reached("back-recorded");
	progress->uid = mem_strdup(tree_path_string(object, "metadata.uid"));
	return state_saved_drop(run->context->state_dir, step->key, err);
}

/* --- all of it --- */

static int advance(struct apply_run *run, size_t index, struct err *err)
{
	switch (run->steps[index].stage) {
	case STAGE_BEGIN:
		return begin(run, index, err);
	case STAGE_DELETE:
		return delete_failed(run, index, err);
	case STAGE_GONE:
		return wait_gone(run, index, err);
	default:
		return create_old(run, index, err);
	}
}

static int run_stages(struct apply_run *run, size_t index, struct err *err)
{
	int r = 1;

	while (r > 0 && run->steps[index].stage != STAGE_END)
		r = advance(run, index, err);
	if (r > 0)
		r = settle(run, index, err);
	return run->steps[index].stage == STAGE_END && r >= 0 ? 1 : r;
}

/* Nothing can be done any more but to go on with what the files say. */
static void give_up(struct apply_run *run, size_t index)
{
	cleanup_err struct err ignored = ERR_INIT;

	if (!run->steps[index].saved)
		(void)apply_stage_settle(run, run->plan->steps[index].key, &ignored);
}

int apply_put_back(struct apply_run *run, size_t index)
{
	struct apply_progress *progress = &run->steps[index];
	cleanup_err struct err why = ERR_INIT;
	int r = run_stages(run, index, &why);

	if (r < 0) {
		if (why.code == ERR_NOT_FOUND)
			give_up(run, index);
		apply_fail(run, index, &why);
		return 1;
	}
	if (r > 0) {
		progress->state = STEP_DONE;
		run->result->put_back++;
		run->result->written++;
		if (!apply_is_awaited(run, run->plan->steps[index].key))
			apply_say_put_back(run, &run->plan->steps[index], progress);
	}
	return r;
}
