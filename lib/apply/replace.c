/*
 * Replace: delete and create again, because old and new pods cannot share the node.
 *
 * Host ports: the new object is created the moment the old one is gone from the API; the
 * scheduler holds its pods until the port is free, so waiting first would only add downtime.
 * Writers: the old pods must be gone before the new object exists, or two processes would write one
 * directory.
 *
 * Nothing here listens to cancel: between delete and create the object does not exist. The
 * ledger entry is marked before the delete, so that a crash is finished by the next start.
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "tree/path.h"

static int mark_replacing(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);

	if (!entry)
		entry = state_entry_new(step->object, run->plan->app->name);
	entry->replacing = true;
	int r = state_ledger_put(run->context->ledger, (const struct state_entry *const *)&entry, 1,
				 err);
	state_entry_free(entry);
	return r;
}

/* Creates; while the old object is on its way out the server answers with a conflict. */
static int create(struct apply_run *run, const struct plan_step *step, struct deadline *deadline,
		  json_t **ret_object, struct err *err)
{
	for (;;) {
		struct kube_result result = {0};
		json_t *body = step->body;
		int r = kube_client_apply(run->context->client, &body, 1,
					  &(struct kube_apply_options){0}, deadline, &result, err);
		if (r >= 0)
			*ret_object = json_incref(result.object);
		kube_result_done(&result);
		if (r != -ERR_CONFLICT && r != -ERR_UNREACHABLE)
			return r;
		cleanup_err struct err late = ERR_INIT;
		if (deadline_back_off(deadline, &late) < 0)
			return r;
	}
}

static int delete_old(struct apply_run *run, const struct plan_step *step, const json_t *old,
		      struct deadline *deadline, struct err *err)
{
	const char *uid = tree_path_string(old, "metadata.uid");

	if (step->uid && uid && strcmp(step->uid, uid) != 0)
		return err_set(err, ERR_CONFLICT, "somebody created it anew meanwhile");
	return kube_client_delete(run->context->client, &step->id, uid, "Background", deadline,
				  err);
}

static int replace(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct deadline deadline = apply_uninterrupted(run);
	json_auto_t *old = NULL, *made = NULL;

	int r = kube_client_get(run->context->client, &step->id, &deadline, &old, err);
	if (r < 0)
		return r;
	if ((r = mark_replacing(run, step, err)) < 0)
		return r;
	run->steps[index].began = run->context->clock->now(run->context->clock);
	if ((r = delete_old(run, step, old, &deadline, err)) < 0)
		return r;
	if (step->replace == PLAN_REPLACE_WRITERS &&
	    (r = apply_wait_pods_gone(run, old, &deadline, err)) < 0)
		return r;
	if ((r = create(run, step, &deadline, &made, err)) < 0)
		return r;
	return apply_record(run, step, made, err);
}

/* True when a wait step for this object follows: it then tells the downtime. */
static bool is_waited_for(const struct apply_run *run, const char *key)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->plan->steps[i].action == PLAN_WAIT &&
		    !strcmp(run->plan->steps[i].key, key))
			return true;
	return false;
}

int apply_replace(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_err struct err why = ERR_INIT;

	if (replace(run, index, &why) < 0) {
		apply_fail(run, index, &why);
		return 0;
	}
	(void)err;
	run->steps[index].state = STEP_DONE;
	run->result->replaced++;
	run->result->written++;
	if (!is_waited_for(run, step->key)) {
		apply_say(run, step, EVENT_REPLACED, "replaced: %s",
			  step->why ? step->why : "forced");
		apply_tell(run, step, NULL, "Replaced", "deleted and created again");
	}
	return 1;
}
