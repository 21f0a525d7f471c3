/* Deletes of what left the files: only with the UID that the ledger recorded. */
#include "apply/internal.h"

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
