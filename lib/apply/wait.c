/* Waits: for health, and for a CRD to be Established. One look fetches everything waited for. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "kube/ready.h"
#include "tree/path.h"

/* A wait that lasts longer than this says why. */
#define PATIENCE_MS 3000
/* From so many of one kind on, one list is cheaper than single looks ... */
#define LIST_FROM 8
/* ... where they are at least one in so many of all that we own. */
#define LIST_SHARE 20

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

const struct plan_step *apply_replacing_step(const struct apply_run *run, const char *key,
					     struct apply_progress **ret)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		const struct plan_step *step = &run->plan->steps[i];
		if ((step->action != PLAN_REPLACE && step->action != PLAN_PUT_BACK &&
		     !step->trial) ||
		    run->steps[i].state != STEP_DONE || strcmp(step->key, key) != 0)
			continue;
		*ret = &run->steps[i];
		return step;
	}
	return NULL;
}

static int64_t wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void apply_say_put_back(struct apply_run *run, const struct plan_step *step,
			const struct apply_progress *progress)
{
	struct state_app *app = state_ledger_app(run->context->ledger, run->plan->app->name);
	cleanup_free char *down = timespan_text(wall_clock_ms() - progress->saved->since);
	const char *refused = app ? app->refused_why : NULL;
	const char *why = apply_without_name(step, refused ? refused : step->why);

	apply_say(run, step, EVENT_PUT_BACK, "put back after %s down: %s%s", down, why,
		  refused ? ". This version is not tried again until its files change" : "");
	apply_tell(run, step, NULL, "PutBack", "put back after %s down: %s", down, why);
	state_app_free(app);
}

static void say_ready(struct apply_run *run, size_t index)
{
	struct apply_progress *replace = NULL;
	const struct plan_step *step =
		apply_replacing_step(run, run->plan->steps[index].key, &replace);

	if (step && step->action == PLAN_PUT_BACK) {
		apply_say_put_back(run, step, replace);
	} else if (step && step->action == PLAN_REPLACE && !run->steps[index].trial) {
		apply_say(run, step, EVENT_REPLACED, "replaced: %s",
			  step->why ? step->why : "forced");
	} else if (step && step->action == PLAN_REPLACE) {
		cleanup_free char *down = timespan_text(run->steps[index].down);
		apply_say(run, step, EVENT_REPLACED, "replaced, %s down: %s", down,
			  step->why ? step->why : "forced");
		apply_tell(run, step, NULL, "Replaced", "deleted and created again, %s down", down);
	}
}

static void give_up(struct apply_run *run, size_t index, const char *reason, const char *after)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_result *result = run->result;

	if (run->steps[index].trial) {
		cleanup_free char *what = mem_printf("is not ready%s", after);
		apply_reject(run, index, what, reason);
		return;
	}
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

static int end_well(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	int r = run->steps[index].trial ? apply_stage_settle(run, step->key, err) : 0;

	run->steps[index].state = STEP_DONE;
	if (r >= 0)
		r = apply_job_ended(run, step, true, err);
	if (r < 0)
		return r;
	if (step->established)
		kube_client_rediscover(run->context->client);
	say_ready(run, index);
	return 1;
}

static int look_at_trial(struct apply_run *run, size_t index, const json_t *object,
			 enum kube_state state, char *reason_stolen, struct err *err)
{
	cleanup_free char *reason = reason_stolen, *failure = NULL;

	switch (apply_trial_look(run, index, object, state == KUBE_READY, &failure)) {
	case TRIAL_PASSED:
		return end_well(run, index, err);
	case TRIAL_FAILED:
		apply_reject(run, index, "is not ready", failure);
		return 1;
	default:
		return state == KUBE_READY ? 0 : go_on(run, index, object, state, steal(&reason));
	}
}

static int look_at(struct apply_run *run, size_t index, const struct manifest_live *live,
		   struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	const struct manifest_live_object *found = manifest_live_get(live, step->key);
	const json_t *object = found ? found->body : NULL;
	char *reason = NULL;
	enum kube_state state = judge(step, object, &reason);

	if (run->steps[index].trial)
		return look_at_trial(run, index, object, state, reason, err);
	if (state != KUBE_READY) {
		int ended = go_on(run, index, object, state, reason);
		int r = ended > 0 ? apply_job_ended(run, step, false, err) : 0;
		return r < 0 ? r : ended;
	}
	free(reason);
	return end_well(run, index, err);
}

static bool same_kind(const struct manifest_id *a, const struct manifest_id *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(a->group, b->group);
}

static size_t count_kind(const struct manifest_id *const *ids, size_t from, size_t count)
{
	size_t n = 0;

	for (size_t i = from; i < count; i++)
		n += same_kind(ids[i], ids[from]);
	return n;
}

static bool is_first_of_kind(const struct manifest_id *const *ids, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_kind(ids[i], ids[index]))
			return false;
	return true;
}

/* One list a kind of which many are waited for, unless we own far more of them. */
static int list_many(struct apply_run *run, const struct manifest_id *const *ids, size_t count,
		     const struct deadline *deadline, struct manifest_live *live, struct err *err)
{
	size_t all = state_ledger_size(run->context->ledger);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (!is_first_of_kind(ids, i))
			continue;
		size_t n = count_kind(ids, i, count);
		if (n >= LIST_FROM && n * LIST_SHARE >= all)
			r = kube_client_list_ours(run->context->client, ids[i], NULL, 1, true,
						  deadline, live, err);
	}
	return r;
}

static int look_up(struct apply_run *run, const struct manifest_id *const *ids, size_t count,
		   struct manifest_live *live, struct err *err)
{
	cleanup_free const struct manifest_id **rest =
		mem_alloc(count * sizeof(const struct manifest_id *));
	struct deadline deadline = apply_deadline(run);
	size_t left = 0;

	int r = list_many(run, ids, count, &deadline, live, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		cleanup_free char *key = manifest_id_key(ids[i]);
		if (!manifest_live_get(live, key))
			rest[left++] = ids[i];
	}
	if (r >= 0 && left)
		r = kube_client_get_all(run->context->client, rest, left, &deadline, live, err);
	return r;
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
			run->steps[i].trial = apply_stage_is_trial(run, run->plan->steps[i].key);
		}
		indexes[count] = i;
		ids[count++] = &run->plan->steps[i].id;
	}
	if (!count)
		return 0;

	struct manifest_live live;
	manifest_live_init(&live);
	int r = look_up(run, ids, count, &live, err);
	int ended = 0;
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = look_at(run, indexes[i], &live, err);
		ended += r > 0;
	}
	manifest_live_done(&live);
	return r < 0 ? r : ended;
}
