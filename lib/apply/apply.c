#include "apply/apply.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"

/* A request may take long on a node that is busy pulling images. */
#define REQUEST_MS 60000

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
	cleanup_free char *text = err_text(why);
	cleanup_free char *place = place_of(step, why);
	if (!result->first_failure) {
		cleanup_free char *object = manifest_id_text(&step->id);
		result->first_failure = mem_printf("%s: %s%s", object, text, place);
	}
	apply_say(run, step, EVENT_FAILED, "failed: %s%s", text, place);
}

int apply_record(struct apply_run *run, const struct plan_step *step, const json_t *object,
		 struct err *err)
{
	if (!step->object)
		return 0; /* a namespace that nothing declares: ours to make, not to own */
	struct state_entry *entry = state_entry_new(step->object, run->plan->app->name);
	struct state_entry *before = state_ledger_get(run->context->ledger, step->key);
	const char *uid =
		json_string_value(json_object_get(json_object_get(object, "metadata"), "uid"));

	free(entry->uid);
	entry->uid = mem_strdup(uid);
	free(entry->hash);
	entry->hash = mem_strdup(step->hash);
	free(entry->owned);
	entry->owned = manifest_live_owned(object);
	entry->replacing = false;
	entry->from = before ? steal(&before->from) : NULL;
	state_entry_free(before);
	int r = state_ledger_put(run->context->ledger, (const struct state_entry *const *)&entry, 1,
				 err);
	state_entry_free(entry);
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

/* Said once: the ledger remembers that it was. */
static int keep(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
	int r = 0;

	if (entry && !entry->kept) {
		apply_say(run, step, EVENT_KEPT, "left the files and is kept: %s", step->why);
		entry->kept = true;
		r = state_ledger_put(run->context->ledger,
				     (const struct state_entry *const *)&entry, 1, err);
	}
	state_entry_free(entry);
	return r;
}

/* What only the ledger or the journal has to know. */
static int run_quiet_step(struct apply_run *run, size_t index, struct err *err)
{
	const struct plan_step *step = &run->plan->steps[index];
	cleanup_list struct list keys = LIST_INIT;

	run->steps[index].state = STEP_DONE;
	switch (step->action) {
	case PLAN_FORGET:
		list_add(&keys, step->key);
		return state_ledger_remove(run->context->ledger, &keys, err);
	case PLAN_KEEP:
		return keep(run, step, err);
	case PLAN_REFUSE:
		run->steps[index].state = STEP_FAILED;
		run->result->failed++;
		apply_say(run, step, EVENT_REFUSED, "refused: %s", step->why);
		if (!run->result->first_failure)
			run->result->first_failure =
				mem_printf("%s %s: %s", step->id.kind, step->id.name, step->why);
		return 0;
	default:
		return 0;
	}
}

static int run_step(struct apply_run *run, size_t index, struct err *err)
{
	switch (run->plan->steps[index].action) {
	case PLAN_REPLACE:
		return apply_replace(run, index, err);
	case PLAN_DELETE:
		return apply_delete(run, index, err);
	default:
		return run_quiet_step(run, index, err);
	}
}

static bool is_batched(const struct plan_step *step)
{
	return step->action == PLAN_CREATE || step->action == PLAN_PATCH ||
	       step->action == PLAN_ADOPT;
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
		ran = r < 0 ? r : ran + 1;
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

static int run_all(struct apply_run *run, struct err *err)
{
	const struct apply_context *context = run->context;
	struct deadline pause = deadline_in(context->clock, context->cancel, -1);

	pause.pause = 50;
	pause.pause_max = 1000;
	for (;;) {
		skip_behind_failures(run);
		if (run->result->unreachable || run->result->canceled)
			return 0;
		int r = run_ready_steps(run, err);
		if (r < 0)
			return r;
		if (r == 0 && !anything_waits(run))
			return 0;
		if (r == 0 && (r = apply_look(run, err)) < 0)
			return r;
		if (r > 0)
			pause.pause = 50;
		else if ((r = deadline_back_off(&pause, err)) < 0)
			return r;
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

	*ret = (struct apply_result){0};
	int r = run_all(&run, err);
	apply_tell_all(&run);
	for (size_t i = 0; i < plan->count; i++)
		free(steps[i].told);
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
	*result = (struct apply_result){0};
}
