/* What to do with one object that the files want. */
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"
#include "tree/diff.h"

static struct plan_step step_of(const struct manifest_object *object)
{
	struct plan_step step = {.key = mem_strdup(object->key), .object = object};

	manifest_id_copy(&step.id, &object->id);
	return step;
}

/* --- not there --- */

/* A dry run of a create that this plan cannot do without. */
static void prove_create(struct plan_run *run, struct plan_step *step)
{
	const struct plan_answer *answer = plan_answer_of(run, step->key);

	if (answer && answer->code)
		plan_judge(run, step, answer, NULL);
	else if (!answer && run->input->show && !plan_is_simulated(run, step->object))
		plan_ask_dry_run(run, step);
}

static void decide_absent(struct plan_run *run, struct plan_step *step)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);

	step->action = PLAN_CREATE;
	plan_send(step);
	if (entry && entry->done && plan_same(entry->hash, step->hash)) {
		step->action = PLAN_NONE;
		plan_say(step, mem_strdup("finished and gone; runs again when it changes"));
		return;
	}
	if (entry && (entry->stage == STATE_REPLACING || entry->stage == STATE_PUT_BACK)) {
		plan_say(step, mem_strdup("its replace was interrupted after the delete"));
	} else if (entry && entry->uid && plan_same(entry->hash, step->hash)) {
		step->drift = true;
		plan_say(step, mem_strdup("somebody deleted it"));
	}
	prove_create(run, step);
}

/* --- there --- */

/* Its last instant: an apply would be accepted and lost (performance.md section 7). */
static void decide_leaving(struct plan_step *step)
{
	step->action = PLAN_CREATE;
	plan_send(step);
	plan_say(step, mem_strdup("it is being deleted; waits until it is gone"));
}

/* Both apps of one folder render the same file into this object: it is one object. */
static bool is_shared(const struct plan_run *run, const struct state_entry *entry,
		      const struct manifest_object *object)
{
	const char *folder = run->input->app->app;
	size_t n = strlen(folder);

	return !strncmp(entry->app, folder, n) && (!entry->app[n] || entry->app[n] == '@') &&
	       plan_same(entry->source, object->file);
}

/* "moved from app blog", or NULL; only the annotation that says so changes. */
static char *moved_from(const struct plan_run *run, const struct state_entry *entry,
			const struct manifest_object *object)
{
	if (strcmp(entry->app, run->input->app->name) != 0)
		return is_shared(run, entry, object) ? NULL
						     : mem_printf("moved from app %s", entry->app);
	if (!entry->source || !object->file || !strcmp(entry->source, object->file))
		return NULL;
	return mem_printf("moved from %s", entry->source);
}

/* An app's `prune:` is in no body, and yet the ledger must know it once the files are gone. */
static char *prune_changed(const struct state_entry *entry, const struct manifest_object *object)
{
	static const char *const words[] = {"auto", "ask", "never"};

	if (entry->prune == object->prune)
		return NULL;
	return mem_printf("prune: %s, was %s", words[object->prune], words[entry->prune]);
}

static void decide_in_step(const struct plan_run *run, struct plan_step *step,
			   const struct state_entry *entry)
{
	char *why = moved_from(run, entry, step->object);

	if (!why && !strcmp(entry->app, run->input->app->name))
		why = prune_changed(entry, step->object);
	if (!why && entry->stage == STATE_REPLACING)
		why = mem_strdup("its replace was interrupted before the delete");
	if (!why)
		return;
	step->action = PLAN_PATCH;
	plan_send(step);
	plan_say(step, why);
}

static void note_drift(struct plan_step *step, const struct manifest_live_object *live, bool ours)
{
	step->drift = true;
	step->culprit = manifest_live_managers(live->body);
	if (!ours)
		plan_say(step, mem_strdup("somebody created it anew"));
}

static void adopt(struct plan_step *step, const struct manifest_live_object *live,
		  const char *owner)
{
	cleanup_free char *managers = manifest_live_managers(live->body);

	step->action = PLAN_ADOPT;
	step->release = owner;
	if (owner)
		plan_say(step, mem_printf("taken over from %s", owner));
	else
		plan_say(step, mem_printf("made by %s", managers ? managers : "somebody else"));
}

/* Somebody said that it is to be taken from whoever claims it. */
static bool may_take(const struct plan_run *run, const struct plan_step *step)
{
	const struct plan_input *input = run->input;

	return input->adopt && (!input->adopt_key || !strcmp(input->adopt_key, step->key));
}

static void refuse_claimed(const struct plan_run *run, struct plan_step *step, const char *owner)
{
	plan_refuse(step, mem_printf("it belongs to %s; to take it over: desired adopt %s", owner,
				     run->input->app->name));
}

/* Its marks say that it is as we applied it; a sweep does not believe them. */
static bool differs_unseen(const struct plan_run *run, struct plan_step *step,
			   const struct manifest_live_object *live)
{
	step->unseen =
		run->input->sweep && live->full && !tree_covers(live->body, plan_wanted(step));
	if (step->unseen)
		plan_say(step, mem_strdup("it differs, and nobody is recorded to have changed it"));
	return step->unseen;
}

static void decide_present(struct plan_run *run, struct plan_step *step,
			   const struct manifest_live_object *live)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);
	const char *uid = plan_uid_of(live->body);
	bool ours = entry && plan_same(entry->uid, uid);

	step->uid = mem_strdup(uid);
	plan_yield(run, step, live);
	bool same_hash =
		entry && plan_same(entry->hash, step->hash ? step->hash : step->object->hash);
	if (plan_is_leaving(live->body)) {
		decide_leaving(step);
		return;
	}
	cleanup_free char *owner = ours ? NULL : manifest_live_owner(live->body);
	if (owner && !may_take(run, step)) {
		refuse_claimed(run, step, owner);
		return;
	}
	if (ours && same_hash && plan_same(entry->owned, live->owned) &&
	    !differs_unseen(run, step, live)) {
		decide_in_step(run, step, entry);
		return;
	}
	step->action = PLAN_PATCH;
	plan_send(step);
	if (!(ours && same_hash) && plan_guards_generated(run, step, live))
		return;
	if (owner || (!ours && !live->owned && !plan_bears_our_label(live->body)))
		adopt(step, live, owner);
	else if (same_hash && !(entry->stage == STATE_REPLACING && live->owned))
		note_drift(step, live, ours);
	plan_change(run, step, live);
}

/* What a Job of a later version did is not undone by running that of an earlier one again. */
static bool stays_as_it_ran(const struct plan_run *run, const struct plan_step *step)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);

	return run->input->put_back && plan_step_is_job(step) && entry &&
	       !plan_same(entry->hash, step->object->hash);
}

void plan_decide(struct plan_run *run, const struct manifest_object *object)
{
	const struct manifest_live_object *live = manifest_live_get(run->input->live, object->key);
	struct plan_step step = step_of(object);

	if (object->suspend || run->input->app->options.suspend)
		plan_say(&step, mem_strdup("suspended"));
	else if (stays_as_it_ran(run, &step))
		plan_say(&step, mem_strdup("an earlier version of it is not run again"));
	else if (live)
		decide_present(run, &step, live);
	else if (manifest_live_looked(run->input->live, object->key))
		decide_absent(run, &step);
	else
		plan_refuse(&step, mem_strdup(PLAN_NOT_KNOWN));
	if (step.action == PLAN_NONE)
		plan_send_nothing(&step);
	(void)plan_add(run, &step);
}
