/* Deletes of what left the files: only with the UID that the ledger recorded. */
#include "apply/internal.h"

int apply_delete(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_list struct list keys = LIST_INIT;
	cleanup_err struct err why = ERR_INIT;
	struct deadline deadline = apply_deadline(run);

	if (kube_client_delete(run->context->client, &step->id, step->uid, "Background", &deadline,
			       &why) < 0) {
		apply_fail(run, index, &why);
		return 0;
	}
	run->states[index] = STEP_DONE;
	run->result->deleted++;
	apply_say(run, step, EVENT_DELETED, "deleted: it left the files");
	list_add(&keys, step->key);
	return state_ledger_remove(run->context->ledger, &keys, err);
}
