#include "apply/apply.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"

/* A request may take long on a node that is busy pulling images. */
#define REQUEST_MS    60000
#define LAST_TRIES_MS 60000

struct deadline apply_deadline(const struct apply_run *run)
{
	return deadline_in(run->context->clock, run->context->cancel, REQUEST_MS);
}

bool apply_runnable(const struct apply_run *run, size_t index)
{
	const struct plan_step *step = &run->plan->steps[index];

	if (run->steps[index].state != STEP_PENDING)
		return false;
	for (size_t i = 0; i < step->after_count; i++)
		if (run->steps[step->after[i]].state != STEP_DONE)
			return false;
	return true;
}

void apply_say(struct apply_run *run, const struct plan_step *step, enum event_kind kind,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cleanup_free char *text = mem_vprintf(format, args);
	va_end(args);
	cleanup_free char *object = manifest_id_text(&step->id);
	event_emit(run->context->sink,
		   (struct event){
			   .kind = kind,
			   .app = run->plan->app->name,
			   .object_kind = step->id.kind,
			   .object_namespace = *step->id.ns ? step->id.ns : NULL,
			   .object_name = step->id.name,
			   .step = plan_action_name(step),
			   .revision = run->context->revision,
		   },
		   "%s %s", object, text);
}

const char *apply_without_name(const struct plan_step *step, const char *text)
{
	cleanup_free char *object = manifest_id_text(&step->id);
	size_t n = strlen(object);

	return !strncmp(text, object, n) && !strncmp(text + n, ": ", 2) ? text + n + 2 : text;
}

/* Where the user wrote the field that the server complained of. */
static char *place_of(const struct plan_step *step, const struct err *why)
{
	const char *file;
	int line, column;

	if (why->place.file || !step->object)
		return mem_strdup("");
	manifest_object_place(step->object, "", &file, &line, &column);
	return mem_printf(" (%s:%d)", file, line);
}

void apply_fail(struct apply_run *run, size_t index, const struct err *why)
{
	const struct plan_step *step = &run->plan->steps[index];
	struct apply_result *result = run->result;

	run->steps[index].state = STEP_FAILED;
	if (why->code == ERR_CANCELED) {
		result->canceled = true;
		return;
	}
	if (why->code == ERR_UNREACHABLE) {
		result->unreachable = true;
		return;
	}
	result->failed++;
	cleanup_free char *whole = err_text(why);
	cleanup_free char *place = place_of(step, why);
	const char *text = apply_without_name(step, whole);
	if (!result->first_failure) {
		cleanup_free char *object = manifest_id_text(&step->id);
		result->first_failure = mem_printf("%s: %s%s", object, text, place);
	}
	apply_say(run, step, EVENT_FAILED, "failed: %s%s", text, place);
}

/* What the ledger knew of the object goes on. True when what it replaced need not be kept any more.
 */
static bool inherit(struct apply_run *run, const struct plan_step *step, struct state_entry *entry)
{
	struct state_entry *before = state_ledger_get(run->context->ledger, step->key);
	bool settles = false;

	if (before) {
		entry->from = steal(&before->from);
		entry->stage = apply_stage_after_write(run, step, before->stage, entry->uid);
		settles = before->stage != STATE_SETTLED && entry->stage == STATE_SETTLED;
	}
	if (step->trial)
		entry->stage = STATE_ON_TRIAL;
	state_entry_free(before);
	return settles;
}

static struct state_entry *entry_of(struct apply_run *run, const struct plan_step *step,
				    const json_t *object, bool *settles)
{
	struct state_entry *entry = state_entry_new(step->object, run->plan->app->name);
	const char *uid =
		json_string_value(json_object_get(json_object_get(object, "metadata"), "uid"));

	free(entry->uid);
	entry->uid = mem_strdup(uid);
	free(entry->hash);
	entry->hash = mem_strdup(step->hash);
	free(entry->owned);
	entry->owned = manifest_live_owned(object);
	*settles = inherit(run, step, entry);
	return entry;
}

int apply_record(struct apply_run *run, const struct plan_step *const *steps,
		 json_t *const *objects, size_t count, struct err *err)
{
	cleanup_free struct state_entry **entries = mem_alloc((count + 1) * sizeof(*entries));
	cleanup_list struct list settled = LIST_INIT;
	size_t made = 0;

	for (size_t i = 0; i < count; i++) {
		bool settles = false;
		if (!steps[i]->object)
			continue; /* a namespace that nothing declares: ours to make, not to own */
		entries[made++] = entry_of(run, steps[i], objects[i], &settles);
		if (settles)
			list_add(&settled, steps[i]->key);
	}
	int r = made ? state_ledger_put(run->context->ledger,
					(const struct state_entry *const *)entries, made, err)
		     : 0;
	for (size_t i = 0; i < made; i++)
		state_entry_free(entries[i]);
	for (size_t i = 0; r >= 0 && i < settled.n; i++)
		r = state_saved_drop(run->context->state_dir, settled.items[i], err);
	return r;
}

/* Steps behind a failed one are never tried in this pass; prunes wait for the next. */
static void skip_behind_failures(struct apply_run *run)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < run->plan->count; i++) {
			const struct plan_step *step = &run->plan->steps[i];
			for (size_t j = 0;
			     run->steps[i].state == STEP_PENDING && j < step->after_count; j++) {
				enum step_state before = run->steps[step->after[j]].state;
				if (before != STEP_FAILED && before != STEP_SKIPPED)
					continue;
				run->steps[i].state = STEP_SKIPPED;
				run->result->skipped += plan_step_writes(step);
				again = true;
			}
		}
	}
}

/* What only the ledger or the journal has to know. */
static int run_quiet_step(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_list struct list keys = LIST_INIT;
	const char *why = step->why ? apply_without_name(step, step->why) : "";
	int r;

	run->steps[index].state = STEP_DONE;
	switch (step->action) {
	case PLAN_FORGET:
		list_add(&keys, step->key);
		r = state_ledger_remove(run->context->ledger, &keys, err);
		if (r >= 0)
			r = state_saved_drop(run->context->state_dir, step->key, err);
		return r < 0 ? r : 1;
	case PLAN_KEEP:
		r = apply_keep(run, step, err);
		return r < 0 ? r : 1;
	case PLAN_REFUSE:
		run->steps[index].state = STEP_FAILED;
		run->result->failed++;
		apply_say(run, step, EVENT_REFUSED, "refused: %s", why);
		if (!run->result->first_failure)
			run->result->first_failure =
				mem_printf("%s %s: %s", step->id.kind, step->id.name, why);
		return 1;
	default:
		return 1;
	}
}

static int run_step(struct apply_run *run, size_t index, struct err *err)
{
	switch (run->plan->steps[index].action) {
	case PLAN_REPLACE:
	case PLAN_CREATE: /* on trial */
		return apply_replace(run, index);
	case PLAN_PUT_BACK:
		return apply_put_back(run, index);
	case PLAN_DELETE:
		return apply_delete(run, index, err);
	default:
		return run_quiet_step(run, index, err);
	}
}

static bool is_batched(const struct plan_step *step)
{
	return !step->trial && (step->action == PLAN_CREATE || step->action == PLAN_PATCH ||
				step->action == PLAN_ADOPT);
}

/* Everything that can be done without waiting for health. Positive when something was. */
static int run_ready_steps(struct apply_run *run, struct err *err)
{
	int ran = apply_writes(run, err);

	for (size_t i = 0; ran >= 0 && i < run->plan->count; i++) {
		const struct plan_step *step = &run->plan->steps[i];
		if (is_batched(step) || step->action == PLAN_WAIT || !apply_runnable(run, i))
			continue;
		if (plan_step_writes(step) && cancel_raised(run->context->cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		int r = run_step(run, i, err);
		ran = r < 0 ? r : ran + r;
	}
	return ran;
}

static bool anything_waits(const struct apply_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->steps[i].state == STEP_PENDING)
			return true;
	return false;
}

/* A replaced object is down: its trial is looked at more often than other waits. */
static bool anything_is_down(const struct apply_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->steps[i].state == STEP_PENDING &&
		    ((run->steps[i].trial && !run->steps[i].ready_since) ||
		     apply_is_half_done(run, i)))
			return true;
	return false;
}

static bool is_over(const struct apply_run *run)
{
	const struct apply_result *result = run->result;

	return result->unreachable || result->canceled || result->rejected;
}

static int run_all(struct apply_run *run, struct err *err)
{
	const struct apply_context *context = run->context;
	struct deadline pause = deadline_in(context->clock, context->cancel, -1);

	pause.pause = 50;
	for (;;) {
		skip_behind_failures(run);
		if (is_over(run))
			return 0;
		int r = run_ready_steps(run, err);
		if (r < 0)
			return r;
		if (r == 0 && !anything_waits(run))
			return 0;
		if (r == 0 && (r = apply_look(run, err)) < 0)
			return r;
		pause.pause_max = anything_is_down(run) ? 100 : 1000;
		if (r > 0 || pause.pause > pause.pause_max)
			pause.pause = 50;
		if (r == 0 && (r = deadline_back_off(&pause, err)) < 0)
			return r;
	}
}

/* systemd waits 90 s for a service to stop; what cannot be finished by then the next start
 * finishes. */
static void hurry(const struct apply_run *run, struct apply_progress *progress)
{
	int64_t until = run->context->clock->now(run->context->clock) + LAST_TRIES_MS;

	if (progress->tries_until > until)
		progress->tries_until = until;
}

/* Whatever ended the run: what is deleted and not yet created is. */
static void finish_half_done(struct apply_run *run)
{
	struct deadline pause = deadline_in(run->context->clock, NULL, -1);
	cleanup_err struct err ignored = ERR_INIT;
	bool again = true;

	pause.pause = 20;
	pause.pause_max = 200;
	for (size_t i = 0; cancel_raised(run->context->cancel) && i < run->plan->count; i++)
		hurry(run, &run->steps[i]);
	while (again) {
		again = false;
		for (size_t i = 0; i < run->plan->count; i++)
			if (apply_is_half_done(run, i)) {
				(void)run_step(run, i, &ignored);
				again |= apply_is_half_done(run, i);
			}
		if (again)
			(void)deadline_back_off(&pause, &ignored);
	}
}

static void stop_pulls(struct apply_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->steps[i].stage == STAGE_PULL && run->steps[i].state == STEP_PENDING)
			apply_pull_end(run, &run->plan->steps[i]);
}

static void run_done(struct apply_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		struct apply_progress *progress = &run->steps[i];
		free(progress->told);
		free(progress->pods);
		free(progress->uid);
		json_decref(progress->old);
		list_done(&progress->old_pods);
		state_saved_free(progress->saved);
	}
}

int apply_plan(const struct apply_context *context, const struct plan *plan,
	       struct apply_result *ret, struct err *err)
{
	cleanup_free struct apply_progress *steps = mem_zalloc(plan->count * sizeof(*steps));
	struct apply_run run = {
		.context = context,
		.plan = plan,
		.result = ret,
		.steps = steps,
	};

	*ret = (struct apply_result){.immutable = MAP_INIT(plan_answer_free)};
	int r = run_all(&run, err);
	finish_half_done(&run);
	stop_pulls(&run);
	if (ret->rejected) {
		err_done(err);
		r = apply_stage_refuse(&run, err);
	}
	apply_tell_all(&run);
	run_done(&run);
	if (r == -ERR_CANCELED) {
		ret->canceled = true;
		err_done(err);
		return 0;
	}
	return r;
}

void apply_result_done(struct apply_result *result)
{
	free(result->first_failure);
	free(result->not_ready);
	free(result->rejected);
	map_done(&result->immutable);
	*result = (struct apply_result){0};
}
