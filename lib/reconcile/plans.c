/* The plan of a pass: what it is told of the circumstances, contested fields, approvals. */
#include <string.h>

#include "base/mem.h"
#include "kube/tell.h"
#include "reconcile/internal.h"

#define TELL_MS 3000 /* an Event that takes longer is lost */

static bool was_ready(struct reconcile_pass *pass)
{
	struct state_app *app = state_ledger_app(pass->world->ledger, pass->app->name);
	bool ready = app && app->health &&
		     (!strcmp(app->health, "ready") || !strcmp(app->health, "refused"));

	state_app_free(app);
	return ready;
}

static void tell_contested(struct reconcile_pass *pass, const struct plan_step *step,
			   const char *field, const char *manager)
{
	const struct clock *clock = pass->world->clock;
	struct deadline deadline = deadline_in(clock, pass->options->cancel, TELL_MS);
	cleanup_free char *text =
		mem_printf("%s is left to %s, which changed it back three times", field, manager);
	cleanup_err struct err ignored = ERR_INIT;
	const struct kube_notice notice = {
		.id = &step->id,
		.uid = step->uid,
		.reason = "Contested",
		.message = text,
		.warning = true,
	};

	(void)kube_client_tell(pass->world->client, &notice, 1, &deadline, &ignored);
}

static void say_contested(struct reconcile_pass *pass, const struct plan_step *step,
			  const char *field, const char *manager)
{
	cleanup_free char *object = manifest_id_text(&step->id);

	event_emit(pass->world->sink,
		   (struct event){.kind = EVENT_CONTESTED,
				  .app = pass->app->name,
				  .object_kind = step->id.kind,
				  .object_namespace = *step->id.ns ? step->id.ns : NULL,
				  .object_name = step->id.name},
		   "%s: %s: %s is contested: %s changed it back three times within ten minutes; "
		   "it is left alone until the next reload. Name it under ignore in app.yaml, or "
		   "stop the other writer",
		   pass->app->name, object, field, manager);
	tell_contested(pass, step, field, manager);
}

/* Counts what the plan repairs. Positive when a field became contested by it. */
static int note_contests(struct reconcile_pass *pass)
{
	cleanup_list struct list news = LIST_INIT;
	int contested = 0;

	for (size_t i = 0; i < pass->plan->count; i++) {
		const struct plan_step *step = &pass->plan->steps[i];
		reconcile_contest_note(pass->world->contest, step, &news);
		for (size_t j = 0; j + 1 < news.n; j += 2)
			say_contested(pass, step, news.items[j], news.items[j + 1]);
		contested += news.n > 0;
		list_done(&news);
	}
	return contested;
}

/* The plan, without the fields that are contested; once more when one became so by this plan. */
static int plan_without_contested(struct reconcile_pass *pass, struct plan_input *input,
				  struct err *err)
{
	struct map contested;
	int r, again = 0;

	do {
		plan_free(steal(&pass->plan));
		reconcile_contest_places(pass->world->contest, &contested);
		input->contested = &contested;
		r = reconcile_plan(pass->world, input, &pass->live, &pass->answers,
				   pass->options->cancel, &pass->plan, err);
		input->contested = NULL;
		map_done(&contested);
	} while (r >= 0 && !again && !pass->options->show && (again = note_contests(pass)) > 0);
	return r;
}

static int plan_once(struct reconcile_pass *pass, struct err *err)
{
	struct reconcile_round *round = pass->round;
	const struct reconcile_options *options = pass->options;
	cleanup_free char *blocked = reconcile_prune_blocked(round);
	/* What a version that has just failed brought goes with it at once. */
	size_t own = pass->result->put_back ? round->prune_total : reconcile_own_prunes(pass);
	struct state_app *known = state_ledger_app(pass->world->ledger, pass->app->name);
	struct plan_input input = {
		.app = pass->app,
		.ledger = &pass->ledger,
		.wanted_elsewhere = &pass->wanted_elsewhere,
		.inherited = &pass->inherited,
		.keep_kinds = &pass->world->settings->keep_kinds,
		.show = options->show || options->agreed,
		.prune_allowed = pass->effective.refused || (!blocked && !pass->effective.broken),
		.prune_blocked = blocked,
		.deletes_elsewhere = round->prune_total - own,
		.apps_elsewhere = round->prune_total > own,
		.ledger_size = state_ledger_size(pass->world->ledger),
		.insist = known && known->pending.id && known->pending.insist,
		.adopt = options->adopt,
		.adopt_key = options->adopt_key,
		.purge = options->purge,
		.pinned = pass->effective.pin.revision,
		.only_key = options->only_key,
		.force_replace = options->force_replace && !pass->again,
		.force = options->force,
		.sweep = options->sweep && !pass->again,
		.put_back = pass->effective.broken || pass->effective.refused,
		.frozen = pass->effective.frozen,
		.settle = !options->show && !was_ready(pass),
	};
	state_app_free(known);
	return plan_without_contested(pass, &input, err);
}

/* Plans, and once more when what has to be approved was approved beforehand. */
int reconcile_pass_plan(struct reconcile_pass *pass, struct err *err)
{
	int r = plan_once(pass, err);

	if (r < 0 || pass->options->show || (r = reconcile_take_approval(pass, err)) <= 0)
		return r;
	plan_free(steal(&pass->plan));
	map_done(&pass->ledger);
	reconcile_pass_read_ledger(pass);
	return plan_once(pass, err);
}
