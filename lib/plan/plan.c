#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"
#include "tree/path.h"

/* --- steps --- */

size_t plan_add(struct plan_run *run, struct plan_step *step_stolen)
{
	struct plan *plan = run->plan;

	mem_grow(plan->steps, &run->step_cap, plan->count + 1);
	plan->steps[plan->count] = *step_stolen;
	*step_stolen = (struct plan_step){0};
	return plan->count++;
}

void plan_step_done(struct plan_step *step)
{
	manifest_id_done(&step->id);
	free(step->key);
	json_decref(step->body);
	free(step->hash);
	free(step->uid);
	free(step->why);
	free(step->proof);
	free(step->caution);
	json_decref(step->pull);
	free(step->culprit);
	free(step->by);
	tree_diff_done(&step->diff);
	free(step->after);
	*step = (struct plan_step){0};
}

void plan_say(struct plan_step *step, char *why_stolen)
{
	free(step->why);
	step->why = why_stolen;
}

void plan_refuse(struct plan_step *step, char *why_stolen)
{
	plan_say(step, why_stolen);
	step->action = PLAN_REFUSE;
	plan_send_nothing(step);
	json_decref(step->pull);
	step->pull = NULL;
	step->downtime_ms = 0;
}

void plan_refuse_at(struct plan_step *step, const char *field, char *why_stolen)
{
	const char *file = NULL;
	int line = 0, column = 0;

	manifest_object_place(step->object, field ? field : "", &file, &line, &column);
	if (!file || !line) {
		plan_refuse(step, why_stolen);
		return;
	}
	plan_refuse(step, mem_printf("%s (%s:%d)", why_stolen, file, line));
	free(why_stolen);
}

void plan_send(struct plan_step *step)
{
	if (step->body)
		return;
	step->body = json_incref(step->object->body);
	step->hash = mem_strdup(step->object->hash);
}

void plan_send_nothing(struct plan_step *step)
{
	json_decref(step->body);
	step->body = NULL;
	free(step->hash);
	step->hash = NULL;
}

const json_t *plan_wanted(const struct plan_step *step)
{
	return step->body ? step->body : step->object->body;
}

/* --- what is known --- */

const struct state_entry *plan_entry_of(const struct plan_run *run, const char *key)
{
	return map_get(run->input->ledger, key);
}

const char *plan_uid_of(const json_t *body)
{
	return tree_path_string(body, "metadata.uid");
}

bool plan_is_leaving(const json_t *body)
{
	return tree_path_string(body, "metadata.deletionTimestamp");
}

bool plan_bears_our_label(const json_t *body)
{
	const json_t *labels = tree_path_get(body, "metadata.labels");

	return plan_same(json_string_value(json_object_get(labels, MANIFEST_LABEL)),
			 manifest_set_id());
}

bool plan_same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

bool plan_only_other(const struct plan_run *run, const char *key)
{
	return run->input->only_key && strcmp(run->input->only_key, key) != 0;
}

/* --- the story --- */

static void decide_all(struct plan_run *run)
{
	const struct manifest_app *app = run->input->app;

	plan_namespaces(run);
	for (size_t i = 0; i < app->count; i++)
		if (!plan_only_other(run, app->objects[i]->key) &&
		    !plan_is_put_back(run, app->objects[i]->key))
			plan_decide(run, app->objects[i]);
	if (!app->options.suspend && !run->input->only_key) {
		plan_prunes(run);
		plan_heirs(run);
	}
	plan_proofs(run);
}

void plan_make(const struct plan_input *input, struct plan **ret)
{
	struct plan_run run = {
		.input = input, .plan = mem_new(struct plan), .wanted = MAP_INIT(NULL)};
	const struct manifest_app *app = input->app;

	run.plan->app = app;
	for (size_t i = 0; i < app->count; i++)
		map_put(&run.wanted, app->objects[i]->key, app->objects[i]);
	plan_put_backs(&run);
	if (!input->frozen)
		decide_all(&run);
	plan_waits(&run);
	plan_order(&run);
	free(run.heirs);
	json_decref(run.shared_claims);
	map_done(&run.wanted);
	*ret = run.plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		plan_step_done(&plan->steps[i]);
	for (size_t i = 0; i < plan->question_count; i++) {
		manifest_id_done(&plan->questions[i].id);
		free(plan->questions[i].key);
		json_decref(plan->questions[i].body);
	}
	free(plan->steps);
	free(plan->questions);
	free(plan->approval);
	free(plan);
}

/* --- about steps --- */

bool plan_app_gone(const struct plan *plan)
{
	return !plan->app->count;
}

bool plan_step_writes(const struct plan_step *step)
{
	switch (step->action) {
	case PLAN_CREATE:
	case PLAN_PATCH:
	case PLAN_ADOPT:
	case PLAN_REPLACE:
	case PLAN_PUT_BACK:
	case PLAN_DELETE:
		return true;
	default:
		return false;
	}
}

bool plan_step_is_job(const struct plan_step *step)
{
	return plan_kind_is(&step->id, "batch", "Job");
}

const char *plan_action_name(const struct plan_step *step)
{
	static const char *const names[] = {
		[PLAN_NONE] = "none",	  [PLAN_CREATE] = "create",   [PLAN_PATCH] = "patch",
		[PLAN_ADOPT] = "adopt",	  [PLAN_REPLACE] = "replace", [PLAN_DELETE] = "delete",
		[PLAN_KEEP] = "keep",	  [PLAN_FORGET] = "forget",   [PLAN_WAIT] = "wait",
		[PLAN_REFUSE] = "refuse", [PLAN_HOLD] = "hold",	      [PLAN_PUT_BACK] = "put back",
	};

	if (step->action == PLAN_REPLACE && step->replace == PLAN_REPLACE_WRITERS)
		return "recreate";
	return names[step->action];
}

char *plan_step_text(const struct plan_step *step)
{
	cleanup_free char *object = manifest_id_text(&step->id);
	const struct tree_difference *first = step->diff.n ? &step->diff.items[0] : NULL;

	if (!first)
		return mem_printf("%s: %s%s%s", object, plan_action_name(step),
				  step->why ? ", " : "", step->why ? step->why : "");
	cleanup_free char *more =
		step->diff.n > 1 ? mem_printf(" and %zu more", step->diff.n - 1) : mem_strdup("");
	return mem_printf("%s: %s %s -> %s%s", object, first->path,
			  first->from ? first->from : "(none)", first->to ? first->to : "(none)",
			  more);
}
