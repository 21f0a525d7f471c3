/* Before the first apply of an object that somebody else made: see manifest/adopt.h. */
#include "apply/internal.h"
#include "manifest/adopt.h"

int apply_adopt(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	json_auto_t *live = NULL;
	struct deadline deadline = apply_deadline(run);
	int r = kube_client_get(run->context->client, &step->id, &deadline, &live, err);

	if (r < 0)
		return r;
	json_auto_t *patch = manifest_adopt_patch(live, step->release);
	if (!patch)
		return 0;
	return kube_client_patch(run->context->client, &step->id, patch, &deadline, NULL, err);
}
