/* Waits: for health, and for a CRD to be Established. One look fetches everything waited for. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "kube/ready.h"
#include "tree/path.h"

/* A wait that lasts longer than this says why. */
#define PATIENCE_MS 3000

static bool is_established(const json_t *crd)
{
	const char *status = tree_path_string(crd, "status.conditions[type=Established].status");

	return status && !strcmp(status, "True");
}

static enum kube_state judge(const struct plan_step *step, const json_t *object, char **ret_reason)
{
	if (apply_job_vanished(step, object))
		return KUBE_READY;
	if (!object) {
		*ret_reason = mem_strdup("it does not exist");
		return KUBE_WAITING;
	}
	if (!step->established)
		return kube_ready(object, ret_reason);
	if (is_established(object))
		return KUBE_READY;
	*ret_reason = mem_strdup("it is not Established yet");
	return KUBE_WAITING;
}

/* When the replace of this object began, or 0. */
static int64_t replaced_at(const struct apply_run *run, const char *key, size_t *ret_index)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		const struct plan_step *step = &run->plan->steps[i];
		if (step->action == PLAN_REPLACE && run->steps[i].state == STEP_DONE &&
		    !strcmp(step->key, key)) {
			*ret_index = i;
			return run->steps[i].began;
		}
	}
	return 0;
}

static void say_ready(struct apply_run *run, size_t index)
{
	const struct plan_step *step = &run->plan->steps[index];
	size_t replace;
	int64_t since = replaced_at(run, step->key, &replace);

	if (!since)
		return;
	const struct plan_step *replaced = &run->plan->steps[replace];
	cleanup_free char *down =
		timespan_text(run->context->clock->now(run->context->clock) - since);
	apply_say(run, replaced, EVENT_REPLACED, "replaced, %s down: %s", down,
		  replaced->why ? replaced->why : "forced");
	apply_tell(run, replaced, NULL, "Replaced", "deleted and created again, %s down", down);
}

static void give_up(struct apply_run *run, size_t index, const char *reason, const char *after)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_result *result = run->result;

	run->steps[index].state = STEP_FAILED;
	result->unready++;
	apply_say(run, step, EVENT_NOT_READY, "is not ready%s: %s", after, reason);
	if (!result->not_ready)
		result->not_ready = mem_printf("%s %s: %s", step->id.kind, step->id.name, reason);
}

/* The reason of kstatus is the fact ("0 of 1 available"); what the pods say is the cause. */
static char *explain(struct apply_run *run, const json_t *object, char *reason, bool *ret_failed)
{
	struct deadline deadline = apply_deadline(run);
	char *cause =
		object ? kube_ready_explain(run->context->client, object, &deadline, ret_failed)
		       : NULL;

	if (!cause)
		return reason ? reason : mem_strdup("no reason is known");
	free(reason);
	return cause;
}

/* Not ready at this look. Positive when the wait ended without success. */
static int go_on(struct apply_run *run, size_t index, const json_t *object, enum kube_state state,
		 char *reason_stolen)
{
	const struct plan_step *step = &run->plan->steps[index];
	int64_t now = run->context->clock->now(run->context->clock);
	int64_t waited = now - run->steps[index].began;
	bool over = waited >= run->context->timeout_ms || state == KUBE_FAILED;
	/* The cause costs requests: asked for at the end, and each time the patience doubles. */
	bool tell = waited >= run->steps[index].tell_after;
	cleanup_free char *reason = reason_stolen;

	if (!over && !tell)
		return 0;
	bool failed = false;
	reason = explain(run, object, steal(&reason), &failed);
	if (over) {
		cleanup_free char *time = timespan_text(waited);
		cleanup_free char *after = mem_printf(" after %s", time);
		give_up(run, index, reason, after);
		return 1;
	}
	run->steps[index].tell_after = waited * 2;
	if (!run->steps[index].told || strcmp(run->steps[index].told, reason) != 0)
		apply_say(run, step, EVENT_WAITING, "is not ready yet: %s", reason);
	free(run->steps[index].told);
	run->steps[index].told = steal(&reason);
	return 0;
}

static int look_at(struct apply_run *run, size_t index, const struct manifest_live *live,
		   struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	const struct manifest_live_object *found = manifest_live_get(live, step->key);
	const json_t *object = found ? found->body : NULL;
	char *reason = NULL;
	enum kube_state state = judge(step, object, &reason);

	if (state != KUBE_READY) {
		int ended = go_on(run, index, object, state, reason);
		int r = ended > 0 ? apply_job_ended(run, step, false, err) : 0;
		return r < 0 ? r : ended;
	}
	free(reason);
	run->steps[index].state = STEP_DONE;
	int r = apply_job_ended(run, step, true, err);
	if (r < 0)
		return r;
	if (step->established)
		kube_client_rediscover(run->context->client);
	say_ready(run, index);
	return 1;
}

int apply_look(struct apply_run *run, struct err *err)
{
	cleanup_free const struct manifest_id **ids =
		mem_alloc(run->plan->count * sizeof(const struct manifest_id *));
	cleanup_free size_t *indexes = mem_alloc(run->plan->count * sizeof(*indexes));
	size_t count = 0;

	for (size_t i = 0; i < run->plan->count; i++) {
		if (run->plan->steps[i].action != PLAN_WAIT || !apply_runnable(run, i))
			continue;
		if (!run->steps[i].began) {
			run->steps[i].began = run->context->clock->now(run->context->clock);
			run->steps[i].tell_after = PATIENCE_MS;
		}
		indexes[count] = i;
		ids[count++] = &run->plan->steps[i].id;
	}
	if (!count)
		return 0;

	struct manifest_live live;
	manifest_live_init(&live);
	struct deadline deadline = apply_deadline(run);
	int r = kube_client_get_all(run->context->client, ids, count, &deadline, &live, err);
	int ended = 0;
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = look_at(run, indexes[i], &live, err);
		ended += r > 0;
	}
	manifest_live_done(&live);
	return r < 0 ? r : ended;
}
