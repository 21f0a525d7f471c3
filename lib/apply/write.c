/* Creates and patches, many at once. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"

/* Requests of one batch get this long together; a large CRD set on a small disk needs it. */
#define BATCH_MS 120000
/* So many answers are kept at once, until the ledger has learnt of them. */
#define BATCH 256
/* So many changed fields are named. */
#define TOLD_MAX 3
/* A write that has to wait longer says why. */
#define PATIENCE_MS 3000

static bool is_write(const struct plan_step *step)
{
	return !step->trial && (step->action == PLAN_CREATE || step->action == PLAN_PATCH ||
				step->action == PLAN_ADOPT);
}

/* "kubectl-edit had set spec.replicas 1 -> 0, metadata.labels.x gone": what somebody else had done,
 * the other way round than our change. */
static void add_change(struct buf *text, const struct plan_step *step, size_t i)
{
	const struct tree_difference *d = &step->diff.items[i];
	const char *who = step->by[i].name, *before = i ? step->by[i - 1].name : NULL;

	/* Of a field that is gone nobody is recorded as its owner. */
	if (!d->from) {
		buf_printf(text, "%s%s had been taken out", i ? ", " : "", d->path);
		if (who)
			buf_printf(text, ", last writer %s", who);
		return;
	}

	if (!i || (who && before && strcmp(who, before) != 0))
		buf_printf(text, "%s%s had set ", i ? ", " : "", who ? who : "somebody");
	else
		buf_addstr(text, ", ");
	buf_printf(text, "%s %s -> %s", d->path, d->to ? d->to : "(none)",
		   d->from ? d->from : "(none)");
}

static char *drift_text(const struct plan_step *step)
{
	struct buf text = BUF_INIT;
	size_t n = step->by ? step->diff.n : 0;

	for (size_t i = 0; i < n && i < TOLD_MAX; i++)
		add_change(&text, step, i);
	if (n > TOLD_MAX)
		buf_printf(&text, " and %zu more", n - TOLD_MAX);
	if (n && step->by[0].time && *step->by[0].time)
		buf_printf(&text, " (%s)", step->by[0].time);
	return buf_steal(&text);
}

/* What somebody else had set and the files do not say: it went. */
static void say_adopted(struct apply_run *run, const struct plan_step *step)
{
	cleanup_list struct list removed = LIST_INIT;

	for (size_t i = 0; i < step->diff.n; i++)
		if (!step->diff.items[i].to)
			list_add(&removed, step->diff.items[i].path);
	cleanup_free char *fields = list_join(&removed, ", ");
	apply_say(run, step, EVENT_ADOPTED, "adopted: %s%s%s", step->why ? step->why : "",
		  removed.n ? "; removed: " : "", fields);
}

/* "spec.replicas, metadata.labels.x": without values, for everybody's eyes. */
static char *drifted_fields(const struct plan_step *step)
{
	cleanup_list struct list fields = LIST_INIT;

	for (size_t i = 0; i < step->diff.n && i < TOLD_MAX; i++)
		list_add(&fields, step->diff.items[i].path);
	if (step->diff.n > TOLD_MAX)
		list_printf(&fields, "%zu more", step->diff.n - TOLD_MAX);
	return fields.n ? list_join(&fields, ", ") : mem_strdup("it");
}

static void tell_repaired(struct apply_run *run, const struct plan_step *step, const json_t *object)
{
	cleanup_free char *fields = drifted_fields(step);
	const char *who = step->by && step->diff.n ? step->by[0].name : step->culprit;

	if (step->action == PLAN_CREATE)
		apply_tell(run, step, object, "Repaired", "created again after it was deleted");
	else
		apply_tell(run, step, object, "Repaired", "restored %s, which %s had changed",
			   fields, who ? who : "somebody");
}

static void say_repaired(struct apply_run *run, const struct plan_step *step, const json_t *object)
{
	cleanup_free char *what = drift_text(step);

	tell_repaired(run, step, object);
	if (step->action == PLAN_CREATE)
		apply_say(run, step, EVENT_REPAIRED,
			  "repaired: it had been deleted (Kubernetes does not record by whom)");
	else if (*what)
		apply_say(run, step, EVENT_REPAIRED, "repaired: %s", what);
	else
		apply_say(run, step, EVENT_REPAIRED, "repaired: %s had changed it",
			  step->culprit ? step->culprit : "somebody");
}

static void say_written(struct apply_run *run, const struct plan_step *step, const json_t *object)
{
	if (step->drift)
		say_repaired(run, step, object);
	else if (step->action == PLAN_CREATE)
		apply_say(run, step, EVENT_CREATED, "created");
	else if (step->action == PLAN_ADOPT)
		say_adopted(run, step);
	else
		apply_say(run, step, EVENT_CHANGED, "changed");
	if (step->caution)
		apply_say(run, step, EVENT_WARNING, "may not start: %s", step->caution);
}

/* What passes by waiting (an object on its way out, a namespace that goes, a webhook whose pods are
 * not there) is tried again until the app's timeout. What lasts is said, once. */
static bool try_again(struct apply_run *run, size_t index, const struct err *why)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_progress *progress = &run->steps[index];
	int64_t now = run->context->clock->now(run->context->clock);

	if (why->code != ERR_CONFLICT)
		return false;
	if (!progress->began)
		progress->began = now;
	if (now - progress->began >= run->context->timeout_ms)
		return false;
	if (!progress->told && now - progress->began >= PATIENCE_MS) {
		progress->told = err_text(why);
		apply_say(run, step, EVENT_WAITING, "waits: %s",
			  apply_without_name(step, progress->told));
	}
	return true;
}

/* No failure yet: the plan knows what to do about it. */
static bool is_immutable(struct apply_run *run, size_t index, const struct kube_result *result)
{
	const struct plan_step *step = &run->plan->steps[index];

	if (step->action != PLAN_PATCH || !step->object ||
	    !plan_is_immutable(result->err.code, result->err.message))
		return false;
	struct plan_answer *answer = mem_new(struct plan_answer);
	answer->code = result->err.code;
	answer->message = mem_strdup(result->err.message);
	answer->field = mem_strdup(result->field);
	map_put(&run->result->immutable, step->key, answer);
	run->steps[index].state = STEP_FAILED;
	return true;
}

static void take_failure(struct apply_run *run, size_t index, struct kube_result *result)
{
	const struct plan_step *step = &run->plan->steps[index];
	const char *file;
	int line, column;

	if (try_again(run, index, &result->err))
		return;
	if (result->field && step->object) {
		manifest_object_place(step->object, result->field, &file, &line, &column);
		(void)err_at(&result->err, file, line, column);
	}
	apply_fail(run, index, &result->err);
}

static void say_warnings(struct apply_run *run, const struct plan_step *step,
			 const struct kube_result *result)
{
	for (size_t i = 0; i < result->warnings.n; i++)
		apply_say(run, step, EVENT_WARNING, "the API server warns: %s",
			  result->warnings.items[i]);
}

/* Takes what the server answered; the ledger learns of all that went well at once. Positive when
 * anything came further. */
static int take_results(struct apply_run *run, const size_t *indexes, struct kube_result *results,
			size_t count, struct err *err)
{
	cleanup_free const struct plan_step **steps = mem_alloc(count * sizeof(*steps));
	cleanup_free json_t **objects = mem_alloc(count * sizeof(*objects));
	size_t written = 0, refused = 0;

	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &run->plan->steps[indexes[i]];
		say_warnings(run, step, &results[i]);
		if (!results[i].err.code) {
			run->steps[indexes[i]].state = STEP_DONE;
			steps[written] = step;
			objects[written++] = results[i].object;
		} else if (is_immutable(run, indexes[i], &results[i])) {
			refused++;
		} else {
			take_failure(run, indexes[i], &results[i]);
		}
	}
	int r = apply_record(run, steps, objects, written, err);
	if (r < 0)
		return r;
	run->result->written += written;
	for (size_t i = 0; i < written; i++)
		say_written(run, steps[i], objects[i]);
	return (int)(written + refused);
}

/* A replace that a crash cut in two goes on where it was: before the create, after the old pods. */
static int finish_replace(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
	bool interrupted =
		entry && (entry->stage == STATE_REPLACING || entry->stage == STATE_PUT_BACK);
	cleanup_err struct err ignored = ERR_INIT;
	struct state_saved *saved = NULL;
	int r = 0;

	state_entry_free(entry);
	if (!interrupted ||
	    state_saved_get(run->context->state_dir, step->key, &saved, &ignored) < 0)
		return 0;
	if (plan_replace_of(saved->object, step->body) == PLAN_REPLACE_WRITERS)
		r = apply_pods_gone(run, saved->object, err);
	else
		r = 1;
	state_saved_free(saved);
	return r == 0 ? err_set(err, ERR_CONFLICT, "the pods of the old one have not ended yet")
		      : r;
}

/* What must happen before the apply itself, one by one: rare. */
static void prepare(struct apply_run *run, const size_t *indexes, size_t count, bool *ready)
{
	for (size_t i = 0; i < count; i++) {
		const struct plan_step *step = &run->plan->steps[indexes[i]];
		cleanup_err struct err err = ERR_INIT;
		int r = 0;
		if (step->action == PLAN_ADOPT)
			r = apply_adopt(run, step, &err);
		else if (step->action == PLAN_CREATE)
			r = finish_replace(run, step, &err);
		if (r < 0 && !try_again(run, indexes[i], &err))
			apply_fail(run, indexes[i], &err);
		ready[i] = r >= 0;
	}
}

static int send(struct apply_run *run, const size_t *indexes, size_t count, struct err *err)
{
	cleanup_free json_t **bodies = mem_alloc(count * sizeof(*bodies));
	cleanup_free struct kube_result *results = mem_zalloc(count * sizeof(*results));
	cleanup_err struct err first = ERR_INIT;
	struct deadline deadline = deadline_in(run->context->clock, run->context->cancel, BATCH_MS);

	for (size_t i = 0; i < count; i++)
		bodies[i] = run->plan->steps[indexes[i]].body;
	/* Each result speaks for itself; the call's own verdict only repeats the first. */
	(void)kube_client_apply(run->context->client, bodies, count,
				&(struct kube_apply_options){0}, &deadline, results, &first);
	int r = take_results(run, indexes, results, count, err);
	for (size_t i = 0; i < count; i++)
		kube_result_done(&results[i]);
	return r;
}

static int send_all(struct apply_run *run, const size_t *indexes, size_t count, struct err *err)
{
	int ran = 0;

	for (size_t from = 0; from < count; from += BATCH) {
		size_t length = count - from < BATCH ? count - from : BATCH;
		if (cancel_raised(run->context->cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		int r = send(run, indexes + from, length, err);
		if (r < 0)
			return r;
		ran += r;
		if (run->result->unreachable)
			break;
	}
	return ran;
}

int apply_writes(struct apply_run *run, struct err *err)
{
	cleanup_free size_t *indexes = mem_alloc(run->plan->count * sizeof(*indexes));
	cleanup_free bool *ready = mem_alloc(run->plan->count * sizeof(*ready));
	size_t count = 0, wanted = 0;

	for (size_t i = 0; i < run->plan->count; i++)
		if (is_write(&run->plan->steps[i]) && apply_runnable(run, i))
			indexes[wanted++] = i;
	if (!wanted)
		return 0;
	if (cancel_raised(run->context->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	prepare(run, indexes, wanted, ready);
	for (size_t i = 0; i < wanted; i++)
		if (ready[i])
			indexes[count++] = indexes[i];
	return send_all(run, indexes, count, err);
}
