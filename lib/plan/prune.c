/*
 * What the ledger owns and the files no longer want. Nothing is deleted that does not bear our
 * label and the recorded UID; data is kept; and a delete waits when the files cannot be
 * trusted to be complete, or when there is more of it than an edit of one app explains.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "plan/internal.h"

/* More objects than this wait for a person ... */
#define MANY 20
/* ... and so do more than FEW that are at least this part of everything. */
#define FEW	5
#define PERCENT 30

static bool is_left(const struct plan_run *run, const char *key, const struct state_entry *entry)
{
	const struct plan_input *input = run->input;

	if (input->inherited && list_has(input->inherited, key))
		return true;
	return !strcmp(entry->app, input->app->name) && !map_has(&run->wanted, key) &&
	       !(input->wanted_elsewhere && list_has(input->wanted_elsewhere, key));
}

static struct plan_step step_of(const struct state_entry *entry)
{
	struct plan_step step = {.key = mem_strdup(entry->key), .prune = true};

	manifest_id_copy(&step.id, &entry->id);
	return step;
}

static enum manifest_prune wish_of(const struct plan_run *run, const struct state_entry *entry)
{
	enum manifest_prune app = run->input->app->options.prune;

	return entry->prune != MANIFEST_PRUNE_AUTO ? entry->prune : app;
}

/* Why it stays, or NULL. */
static char *kept_because(const struct plan_run *run, const struct state_entry *entry)
{
	const char *why;

	if (run->input->purge)
		return NULL;
	if (entry->keep || plan_kind_bears_data(&entry->id, run->input->keep_kinds))
		why = "holds data";
	else if (wish_of(run, entry) == MANIFEST_PRUNE_NEVER)
		why = "prune: never";
	else
		return NULL;
	return mem_printf("%s; remove with: desired purge %s", why, entry->app);
}

/* Why it is not ours to delete, or NULL. An object that was announced and never confirmed (a crash
 * between the two) is ours when we applied it: the label and our fields say so. */
static const char *not_ours(const struct state_entry *entry,
			    const struct manifest_live_object *live)
{
	if (!plan_bears_our_label(live->body))
		return "somebody took our label off it";
	if (entry->uid ? !plan_same(entry->uid, plan_uid_of(live->body)) : !live->owned)
		return "somebody created it anew";
	return NULL;
}

static char *blocked_because(const struct plan_run *run)
{
	const struct plan_input *input = run->input;

	if (input->app->broken)
		return mem_printf("the files of %s are broken", input->app->name);
	if (input->prune_allowed)
		return NULL;
	return mem_strdup(input->prune_blocked ? input->prune_blocked : "the files are broken");
}

/* DELETE stands for "would be deleted": the brake comes after all are known. */
static void decide(struct plan_run *run, const struct state_entry *entry)
{
	const struct manifest_live_object *live = manifest_live_get(run->input->live, entry->key);
	struct plan_step step = step_of(entry);
	const char *foreign = live ? not_ours(entry, live) : NULL;
	char *why = NULL;

	step.uid = live ? mem_strdup(plan_uid_of(live->body)) : NULL;
	if (!live && manifest_live_looked(run->input->live, entry->key)) {
		step.action = PLAN_FORGET;
	} else if (!live) {
		step.action = PLAN_HOLD;
		why = mem_strdup(PLAN_NOT_KNOWN);
	} else if (foreign) {
		step.action = PLAN_FORGET;
		why = mem_printf("%s; no longer ours, stays", foreign);
	} else if ((why = kept_because(run, entry))) {
		step.action = PLAN_KEEP;
	} else if ((why = blocked_because(run))) {
		step.action = PLAN_HOLD;
	} else {
		step.action = PLAN_DELETE;
	}
	plan_say(&step, why);
	(void)plan_add(run, &step);
}

/* --- the brake --- */

/* What makes a person look first, given what is to be deleted; or NULL. */
static char *brake(const struct plan_run *run, size_t deletes)
{
	const struct plan_input *input = run->input;
	size_t all = deletes + input->deletes_elsewhere;

	if (input->insist)
		return mem_strdup("others that waited were approved, these were not");
	if (input->apps_elsewhere)
		return mem_printf("%zu deletes in more than one app", all);
	if (all > MANY)
		return mem_printf("%zu deletes are more than %d", all, MANY);
	if (all > FEW && all * 100 >= input->ledger_size * PERCENT)
		return mem_printf("%zu deletes are %zu %% of all objects", all,
				  input->ledger_size ? all * 100 / input->ledger_size : 100);
	return NULL;
}

/* What makes a person look at this one object first; or NULL. */
static char *single_brake(const struct plan_run *run, const struct plan_step *step)
{
	const struct state_entry *entry = plan_entry_of(run, step->key);

	if (wish_of(run, entry) == MANIFEST_PRUNE_ASK)
		return mem_strdup("prune: ask");
	if (!entry->uid)
		return mem_strdup("its creation was never confirmed");
	/* Rolled back to before the object moved here: nobody would have it any more. */
	if (run->input->pinned && entry->from)
		return mem_printf("it came here from %s, which has it no more", entry->from);
	return NULL;
}

static void hold(struct plan_step *step, char *why_stolen)
{
	step->action = PLAN_HOLD;
	plan_say(step, why_stolen);
}

static const struct plan_step *first_refused(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].action == PLAN_REFUSE)
			return &plan->steps[i];
	return NULL;
}

/* Deletes come after everything else of the app; what is refused never comes. */
static void wait_for_refused(struct plan_run *run)
{
	struct plan *plan = run->plan;
	const struct plan_step *refused = first_refused(plan);

	for (size_t i = 0; refused && i < plan->count; i++)
		if (plan->steps[i].action == PLAN_DELETE)
			hold(&plan->steps[i],
			     mem_printf("%s %s is refused", refused->id.kind, refused->id.name));
}

/* Deletes that nobody has approved yet. */
static bool is_unapproved(const struct plan_run *run, const struct plan_step *step)
{
	return step->action == PLAN_DELETE && !plan_entry_of(run, step->key)->approved;
}

/* The UIDs are part of it: an approval does not reach objects that are made later under the
 * same names. NULL when nothing is to be approved. */
static char *approval_id(const struct plan *plan)
{
	cleanup_list struct list lines = LIST_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		if (step->to_approve)
			list_printf(&lines, "%s %s", step->key, step->uid ? step->uid : "");
	}
	if (!lines.n)
		return NULL;
	list_sort(&lines);
	cleanup_free char *text = list_join(&lines, "\n");
	cleanup_free char *digest = digest_sha256_hex(text, strlen(text));
	return mem_strndup(digest, 6);
}

static void put_on_brakes(struct plan_run *run)
{
	struct plan *plan = run->plan;
	size_t deletes = 0;

	for (size_t i = 0; i < plan->count; i++)
		deletes += is_unapproved(run, &plan->steps[i]);
	if (!deletes || run->input->purge)
		return;
	cleanup_free char *all = brake(run, deletes);
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_step *step = &plan->steps[i];
		if (!is_unapproved(run, step))
			continue;
		char *why = all ? mem_strdup(all) : single_brake(run, step);
		if (!why)
			continue;
		hold(step, why);
		step->to_approve = true;
	}
	plan->approval = approval_id(plan);
}

void plan_prunes(struct plan_run *run)
{
	const char *key;
	const struct state_entry *entry;

	map_foreach (run->input->ledger, key, entry)
		if (is_left(run, key, entry) && !plan_is_put_back(run, key))
			decide(run, entry);
	wait_for_refused(run);
	put_on_brakes(run);
}
