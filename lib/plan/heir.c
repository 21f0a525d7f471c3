/*
 * A renamed workload is a create and a delete. When the new one needs a host port or a directory
 * of the old one, the usual order (deletes last) would be a deadlock or two writers: so the delete
 * comes first, after the create was proven, and both together are one replace.
 */
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"

static bool is_new(const struct plan_run *run, const struct plan_step *step)
{
	return step->action == PLAN_CREATE && step->object && plan_kind_has_pods(&step->id) &&
	       plan_holds(run, step->body);
}

static bool is_old(const struct plan_step *step)
{
	return step->prune && (step->action == PLAN_DELETE || step->action == PLAN_HOLD) &&
	       plan_kind_has_pods(&step->id);
}

static void prove(struct plan_run *run, const struct plan_step *create)
{
	if (!plan_answer_of(run, create->key) && !plan_is_simulated(run, create->object))
		plan_ask_dry_run(run, create);
}

static void bequeath(struct plan_run *run, size_t old, size_t new, struct plan_meeting meeting)
{
	struct plan_step *delete_ = &run->plan->steps[old];
	struct plan_step *create = &run->plan->steps[new];
	const char *what = meeting.ports ? "host ports" : "directories";

	if (delete_->action == PLAN_HOLD) {
		plan_say(create, mem_printf("needs the %s of %s %s, whose delete waits", what,
					    delete_->id.kind, delete_->id.name));
		return;
	}
	prove(run, create);
	plan_say(create,
		 mem_printf("takes the %s of %s %s", what, delete_->id.kind, delete_->id.name));
	plan_say(delete_, mem_printf("%s %s needs its %s", create->id.kind, create->id.name, what));
	delete_->replace = plan_replace_order(meeting);
	mem_grow(run->heirs, &run->heir_cap, run->heir_count + 1);
	run->heirs[run->heir_count++] = (struct plan_heir){old, new};
}

static void find_heirs(struct plan_run *run, size_t old)
{
	const struct plan *plan = run->plan;
	const struct manifest_live_object *live =
		manifest_live_get(run->input->live, plan->steps[old].key);

	for (size_t i = 0; live && i < plan->count; i++) {
		if (!is_new(run, &plan->steps[i]))
			continue;
		if (!live->full) {
			plan_ask_full(run, &plan->steps[old]);
			return;
		}
		/* Both may write a claim that is made for many. */
		if (!plan_learn_claims(run, live->body) ||
		    !plan_learn_claims(run, plan->steps[i].body))
			continue;
		struct plan_meeting meeting = plan_meet(run, live->body, plan->steps[i].body);
		if (meeting.ports || meeting.writers)
			bequeath(run, old, i, meeting);
	}
}

void plan_heirs(struct plan_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (is_old(&run->plan->steps[i]))
			find_heirs(run, i);
}
