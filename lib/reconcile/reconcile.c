#include "reconcile/reconcile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "host/host.h"
#include "kube/tell.h"
#include "reconcile/internal.h"
#include "state/hold.h"
#include "state/revision.h"

#define TELL_MS 3000 /* an Event that takes longer is lost */

/* One pass over one app: everything that its functions hand on to each other. */
struct pass {
	const struct reconcile_world *world;
	struct reconcile_round *round;
	const struct reconcile_options *options;
	struct reconcile_result *result;
	struct manifest_app *app; /* what is to be in force */
	struct map ledger;	  /* its entries */
	struct manifest_live live;
	struct map answers;
	struct plan *plan;
	struct list wanted_elsewhere;
	int64_t began;
};

static int is_held(struct pass *pass, const char *name, struct err *err)
{
	struct state_hold hold;
	int r = state_hold_find(pass->world->state_dir, name, time(NULL), &hold, err);

	if (r > 0)
		state_hold_done(&hold);
	return r;
}

static void read_ledger(struct pass *pass)
{
	cleanup_list struct list keys = LIST_INIT;
	const struct manifest_app *app = pass->app;

	for (size_t i = 0; i < app->count; i++)
		list_add(&keys, app->objects[i]->key);
	state_ledger_entries(pass->world->ledger, app->name, &keys, &pass->ledger);
}

/* Keys of our ledger entries that another app of the set wants now. */
static void find_moved(struct pass *pass)
{
	const char *key;
	const struct state_entry *entry;

	map_foreach (&pass->ledger, key, entry) {
		const char *owner = map_get(&pass->round->wanted, key);
		if (owner && strcmp(owner, pass->app->name) != 0 &&
		    !strcmp(entry->app, pass->app->name))
			list_add(&pass->wanted_elsewhere, key);
	}
}

static bool was_ready(struct pass *pass)
{
	struct state_app *app = state_ledger_app(pass->world->ledger, pass->app->name);
	bool ready = app && app->health && !strcmp(app->health, "ready");

	state_app_free(app);
	return ready;
}

static void tell_contested(struct pass *pass, const struct plan_step *step, const char *field,
			   const char *manager)
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

static void say_contested(struct pass *pass, const struct plan_step *step, const char *field,
			  const char *manager)
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
static int note_contests(struct pass *pass)
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
static int plan_without_contested(struct pass *pass, struct plan_input *input, struct err *err)
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

static int make_plan(struct pass *pass, struct err *err)
{
	struct reconcile_round *round = pass->round;
	const struct reconcile_options *options = pass->options;
	cleanup_free char *blocked = reconcile_prune_blocked(round);
	size_t own = (size_t)map_get(&round->prunes, pass->app->name);
	struct map everything = MAP_INIT(state_entry_free);

	state_ledger_entries(pass->world->ledger, NULL, NULL, &everything);
	struct plan_input input = {
		.app = pass->app,
		.ledger = &pass->ledger,
		.wanted_elsewhere = &pass->wanted_elsewhere,
		.keep_kinds = &pass->world->settings->keep_kinds,
		.show = options->show,
		.prune_allowed = !blocked && !pass->result->broken,
		.prune_blocked = blocked,
		.deletes_elsewhere = round->prune_total - own,
		.apps_elsewhere = round->prune_total > own,
		.ledger_size = everything.n,
		.only_key = options->only_key,
		.force_replace = options->force_replace,
		.settle = !options->show && !was_ready(pass),
	};
	map_done(&everything);
	int r = plan_without_contested(pass, &input, err);
	if (r < 0 || !pass->plan->approval ||
	    !state_ledger_approved(pass->world->ledger, pass->plan->approval))
		return r;
	input.approved = true;
	return plan_without_contested(pass, &input, err);
}

static bool writes_anything(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan_step_writes(&plan->steps[i]))
			return true;
	return false;
}

static bool has_steps(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].action != PLAN_NONE)
			return true;
	return false;
}

static void say_held_deletes(struct pass *pass)
{
	size_t held = 0;
	const char *why = NULL;

	for (size_t i = 0; i < pass->plan->count; i++) {
		if (pass->plan->steps[i].action != PLAN_HOLD)
			continue;
		held++;
		why = pass->plan->steps[i].why;
	}
	if (!held)
		return;
	pass->result->waiting_approval = pass->plan->approval;
	struct event event = {.kind = EVENT_APPROVAL, .app = pass->app->name};
	cleanup_free char *what =
		held == 1 ? mem_strdup("1 delete waits") : mem_printf("%zu deletes wait", held);
	if (pass->plan->approval)
		event_emit(pass->world->sink, event,
			   "%s: %s: %s. Look at `desired plan`, then: desired approve %s",
			   pass->app->name, what, why, pass->plan->approval);
	else
		event_emit(pass->world->sink, event, "%s: %s: %s", pass->app->name, what, why);
}

static int apply(struct pass *pass, struct err *err)
{
	const struct reconcile_world *world = pass->world;
	const struct manifest_options *options = &pass->app->options;
	int r = host_directories_make(options->directories, options->directory_count, err);

	if (r < 0)
		return r;
	if (writes_anything(pass->plan) &&
	    (r = reconcile_announce(world, pass->plan, pass->options->cancel, err)) < 0)
		return r;
	struct apply_context context = {
		.client = world->client,
		.ledger = world->ledger,
		.sink = world->sink,
		.clock = world->clock,
		.cancel = pass->options->cancel,
		.timeout_ms = options->timeout_ms,
		.revision = pass->result->revision,
	};
	r = apply_plan(&context, pass->plan, &pass->result->applied, err);
	if (r >= 0 && pass->result->applied.deleted)
		r = reconcile_publish(world, pass->options->cancel, err);
	return r;
}

/* "ready", or the state word of what went wrong; `note` is its reason. */
static const char *health_of(const struct pass *pass, const char **ret_note)
{
	const struct apply_result *applied = &pass->result->applied;

	*ret_note = NULL;
	if (applied->failed) {
		*ret_note = applied->first_failure;
		return "failed";
	}
	if (applied->unready) {
		*ret_note = applied->not_ready;
		return "not ready";
	}
	return "ready";
}

/* The set becomes a revision once everything of it was accepted. */
static int save_revision(struct pass *pass, int *ret_number, struct err *err)
{
	const struct reconcile_world *world = pass->world;

	return state_revision_save(
		world->state_dir, pass->app, pass->options->who ? pass->options->who : "start",
		pass->round->set->git_head, world->settings->revisions, ret_number, err);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void say_outcome(struct pass *pass, const char *health, bool news)
{
	const struct apply_result *applied = &pass->result->applied;
	const struct clock *clock = pass->world->clock;
	cleanup_free char *took = timespan_text(clock->now(clock) - pass->began);

	if (strcmp(health, "ready") != 0 || !news)
		return;
	event_emit(pass->world->sink,
		   (struct event){.kind = EVENT_READY,
				  .app = pass->app->name,
				  .revision = pass->result->revision},
		   "%s: ready after %s, revision %d (%zu written, %zu deleted)", pass->app->name,
		   took, pass->result->revision, applied->written, applied->deleted);
}

/* Brings the ledger's record of the app up to date. */
static int record(struct pass *pass, struct err *err)
{
	struct reconcile_result *result = pass->result;
	struct state_ledger *ledger = pass->world->ledger;
	const char *note, *health = health_of(pass, &note);
	struct state_app *app = state_ledger_app(ledger, pass->app->name);
	int r = 0;

	if (!app) {
		app = mem_new(struct state_app);
		app->name = mem_strdup(pass->app->name);
	}
	bool new_set = !same_text(app->hash, pass->app->hash);
	if (!result->broken && !result->applied.failed && (new_set || !app->revision)) {
		r = save_revision(pass, &app->revision, err);
		free(app->hash);
		app->hash = mem_strdup(pass->app->hash);
	}
	result->revision = app->revision;
	if (r >= 0 && !strcmp(health, "ready") && new_set && !result->broken)
		r = state_revision_mark_healthy(pass->world->state_dir, app->name, app->revision,
						err);
	bool news = !same_text(app->health, health) || !same_text(app->note, note);
	if (news) {
		free(app->health);
		app->health = mem_strdup(health);
		free(app->since);
		app->since = timespan_rfc3339(time(NULL));
		free(app->note);
		app->note = mem_strdup(note);
	}
	if (r >= 0 && (news || new_set))
		r = state_ledger_put_app(ledger, app, err);
	say_outcome(pass, health, news || new_set);
	state_app_free(app);
	return r;
}

/* An app that left the files and owns nothing any more is forgotten. */
static int forget_if_gone(struct pass *pass, struct err *err)
{
	struct map left = MAP_INIT(state_entry_free);

	state_ledger_entries(pass->world->ledger, pass->app->name, NULL, &left);
	bool gone = !left.n;
	map_done(&left);
	return gone ? state_ledger_remove_app(pass->world->ledger, pass->app->name, err) : 0;
}

static bool left_the_files(const struct pass *pass)
{
	return !pass->result->broken && !manifest_set_find(pass->round->set, pass->app->name);
}

static int carry_out(struct pass *pass, struct err *err)
{
	struct reconcile_result *result = pass->result;

	say_held_deletes(pass);
	int r = has_steps(pass->plan) || !pass->options->only_key ? apply(pass, err) : 0;
	if (r < 0)
		return r;
	result->changed = result->applied.written || result->applied.deleted;
	if (result->applied.canceled)
		return err_set(err, ERR_CANCELED, "canceled");
	if (result->applied.unreachable)
		return err_set(err, ERR_UNREACHABLE, "the API server went away");
	if (pass->options->only_key)
		return 0;
	return left_the_files(pass) ? forget_if_gone(pass, err) : record(pass, err);
}

static int run(struct pass *pass, const char *name, struct err *err)
{
	struct reconcile_result *result = pass->result;
	int r = reconcile_effective(pass->round, name, &pass->app, &result->broken, err);

	if (r < 0)
		return r;
	read_ledger(pass);
	find_moved(pass);
	r = reconcile_look(pass->round, pass->app, &pass->ledger, pass->options->only_key,
			   pass->options->cancel, &pass->live, err);
	if (r >= 0)
		r = make_plan(pass, err);
	if (r < 0 || pass->options->show)
		return r;
	return carry_out(pass, err);
}

int reconcile_app(const struct reconcile_world *world, struct reconcile_round *round,
		  const char *name, const struct reconcile_options *options,
		  struct reconcile_result *ret, struct err *err)
{
	struct pass pass = {
		.world = world,
		.round = round,
		.options = options,
		.result = ret,
		.ledger = MAP_INIT(state_entry_free),
		.answers = MAP_INIT(plan_answer_free),
		.began = world->clock->now(world->clock),
	};

	*ret = (struct reconcile_result){0};
	manifest_live_init(&pass.live);
	int r = options->show ? 0 : is_held(&pass, name, err);
	if (r > 0)
		ret->held = true;
	else if (r == 0)
		r = run(&pass, name, err);
	if (options->show && r >= 0) {
		ret->plan = steal(&pass.plan);
		ret->app = steal(&pass.app);
	}
	plan_free(pass.plan);
	manifest_app_unref(pass.app);
	manifest_live_done(&pass.live);
	map_done(&pass.answers);
	map_done(&pass.ledger);
	list_done(&pass.wanted_elsewhere);
	return r < 0 ? r : 0;
}

void reconcile_result_done(struct reconcile_result *result)
{
	plan_free(result->plan);
	manifest_app_unref(result->app);
	apply_result_done(&result->applied);
	*result = (struct reconcile_result){0};
}
