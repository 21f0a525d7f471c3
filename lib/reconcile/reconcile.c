#include "reconcile/reconcile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "host/host.h"
#include "plan/record.h"
#include "reconcile/internal.h"
#include "reconcile/purge.h"
#include "reconcile/rollback.h"
#include "state/hold.h"
#include "state/pruned.h"

/* The version of the files; the same, knowing what the server said of it; and the one before it. */
#define ROUNDS 4

static int is_held(const struct reconcile_pass *pass, const char *name, struct err *err)
{
	struct state_hold hold;
	int r = state_hold_find(pass->world->state_dir, name, time(NULL), &hold, err);

	if (r > 0)
		state_hold_done(&hold);
	return r;
}

void reconcile_pass_read_ledger(struct reconcile_pass *pass)
{
	cleanup_list struct list keys = LIST_INIT;
	const struct manifest_app *app = pass->app;

	for (size_t i = 0; i < app->count; i++)
		list_add(&keys, app->objects[i]->key);
	list_copy(&keys, &pass->inherited);
	state_ledger_entries(pass->world->ledger, app->name, &keys, &pass->ledger);
}

/* Keys of our ledger entries that another app of the set wants now. */
static void find_moved(struct reconcile_pass *pass)
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

/* Old ones lie there a little longer when that fails. */
static void expire_pruned(const struct reconcile_world *world)
{
	cleanup_err struct err ignored = ERR_INIT;

	(void)state_pruned_expire(world->state_dir, time(NULL), &ignored);
}

static struct apply_context context_of(const struct reconcile_pass *pass)
{
	const struct reconcile_world *world = pass->world;

	return (struct apply_context){
		.client = world->client,
		.ledger = world->ledger,
		.sink = world->sink,
		.clock = world->clock,
		.cancel = pass->options->cancel,
		.timeout_ms = pass->app ? pass->app->options.timeout_ms : 0,
		.revision = pass->result->revision,
		.state_dir = world->state_dir,
		.batch = pass->options->purge ? NULL : pass->round->batch,
	};
}

static int apply(struct reconcile_pass *pass, struct err *err)
{
	const struct reconcile_world *world = pass->world;
	const struct manifest_options *options = &pass->app->options;
	expire_pruned(world);
	int r = host_directories_make(options->directories, options->directory_count, err);

	if (r < 0)
		return r;
	if (writes_anything(pass->plan) && (r = reconcile_save_before(pass, err)) < 0)
		return r;
	if (writes_anything(pass->plan) &&
	    (r = reconcile_announce(world, pass->plan, pass->options->cancel, err)) < 0)
		return r;
	struct apply_context context = context_of(pass);
	r = apply_plan(&context, pass->plan, &pass->result->applied, err);
	if (r >= 0 && pass->result->applied.deleted)
		r = reconcile_publish(world, pass->options->cancel, err);
	return r;
}

/* An app that left the files and owns nothing any more is forgotten. */
static int forget_if_gone(struct reconcile_pass *pass, struct err *err)
{
	struct map left = MAP_INIT(state_entry_free);

	state_ledger_entries(pass->world->ledger, pass->app->name, NULL, &left);
	bool gone = !left.n;
	map_done(&left);
	return gone ? state_ledger_remove_app(pass->world->ledger, pass->app->name, err) : 0;
}

static bool left_the_files(const struct reconcile_pass *pass)
{
	return !pass->effective.broken && !pass->effective.pin.revision &&
	       !manifest_set_find(pass->round->set, pass->app->name);
}

/* The objects went with the plan; the app's directories follow once nothing of it is left. */
static int purge_folders(struct reconcile_pass *pass, struct err *err)
{
	const struct reconcile_world *world = pass->world;
	struct deadline deadline =
		deadline_in(world->clock, pass->options->cancel, pass->app->options.timeout_ms);
	const struct reconcile_purge purge = {
		.world = world, .set = pass->round->set, .app = pass->app->name};
	struct map left = MAP_INIT(state_entry_free);

	state_ledger_entries(world->ledger, pass->app->name, NULL, &left);
	bool gone = !left.n && left_the_files(pass);
	map_done(&left);
	int r = gone ? reconcile_purge_folders(&purge, &deadline, err) : 0;
	if (r >= 0 && gone && world->gate)
		r = backup_gate_forget(world->gate, pass->app->name, err);
	return r;
}

/* Who serves their kind is away. */
static bool has_unknown(const struct reconcile_pass *pass)
{
	for (size_t i = 0; i < pass->plan->count; i++) {
		const struct plan_step *step = &pass->plan->steps[i];
		bool waits = step->action == PLAN_HOLD || step->action == PLAN_REFUSE;
		if (waits && !manifest_live_looked(&pass->live, step->key))
			return true;
	}
	return false;
}

/* Positive when another pass is due: a write was refused because a field cannot be changed, a
 * replaced workload did not become ready, or the app went back to an earlier version. */
static int carry_out(struct reconcile_pass *pass, struct err *err)
{
	struct reconcile_result *result = pass->result;
	int r = pass->options->only_key ? 0 : reconcile_note_pending(pass, err);

	result->unknown = has_unknown(pass);
	if (r >= 0 && (has_steps(pass->plan) || !pass->options->only_key))
		r = apply(pass, err);
	if (r >= 0)
		r = reconcile_forget_donors(pass, err);
	if (r < 0)
		return r;
	result->changed |= result->applied.written || result->applied.deleted;
	if (result->applied.canceled)
		return err_set(err, ERR_CANCELED, "canceled");
	if (result->applied.unreachable)
		return err_set(err, ERR_UNREACHABLE, "the API server went away");
	if (result->applied.rejected || result->applied.immutable.n)
		return 1;
	if (pass->options->only_key || (pass->effective.frozen && pass->effective.broken))
		return 0;
	if (pass->options->purge && (r = purge_folders(pass, err)) < 0)
		return r;
	return left_the_files(pass) ? forget_if_gone(pass, err) : reconcile_record(pass, err);
}

static char *why_refused(const struct reconcile_pass *pass)
{
	struct state_app *app = state_ledger_app(pass->world->ledger, pass->app->name);
	char *why = mem_strdup(app && app->refused_why ? app->refused_why : "it was refused");

	state_app_free(app);
	return why;
}

/* The files changed since it was pinned: they count again. */
static int take_up(struct reconcile_pass *pass, const char *name, struct err *err)
{
	int r = reconcile_effective(pass->round, name, pass->retry, &pass->effective, err);

	pass->app = pass->effective.app;
	pass->result->broken = pass->effective.broken;
	pass->result->pinned = pass->effective.pin.revision;
	free(pass->result->refused);
	pass->result->refused = pass->effective.refused ? why_refused(pass) : NULL;
	if (r < 0 || !pass->effective.unpinned || pass->options->show)
		return r;
	r = reconcile_unpin(pass->world->ledger, name, pass->world->sink, err);
	return r < 0 ? r : 0;
}

static void count_sweep(struct reconcile_pass *pass)
{
	if (!pass->options->sweep || pass->again)
		return;
	for (size_t i = 0; i < pass->plan->count; i++) {
		pass->result->swept += pass->plan->steps[i].object != NULL;
		pass->result->unseen += pass->plan->steps[i].unseen;
	}
}

/* Putting back what failed needs nobody's consent. */
static int check_agreement(const struct reconcile_pass *pass, struct err *err)
{
	cleanup_list struct list moved = LIST_INIT;

	if (!pass->options->agreed || pass->result->put_back)
		return 0;
	plan_record_allows(pass->options->agreed, pass->plan, &pass->live, &moved);
	if (!moved.n)
		return 0;
	cleanup_free char *text = list_join(&moved, "; ");
	(void)err_set(err, ERR_INVALID, "the world moved since the plan was made: %s", text);
	return err_hint(err, "make a new plan");
}

/* The pass is made for what the files say, and not for an earlier version. */
static bool is_of_files(const struct reconcile_pass *pass)
{
	const struct reconcile_effective *effective = &pass->effective;

	return !effective->broken && !effective->refused && !effective->pin.revision;
}

static int run(struct reconcile_pass *pass, const char *name, struct err *err)
{
	int r = take_up(pass, name, err);

	if (r >= 0 && !pass->options->show)
		r = reconcile_pass_gate(pass, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (is_of_files(pass) && !pass->options->only_key)
		reconcile_inherited(pass->round, name, &pass->inherited);
	reconcile_pass_read_ledger(pass);
	find_moved(pass);
	r = reconcile_look(pass->round, pass->app, &pass->ledger, pass->options->only_key,
			   pass->options->fresh || pass->options->sweep || pass->again,
			   pass->options->cancel, &pass->live, err);
	if (r >= 0)
		r = reconcile_pass_plan(pass, err);
	if (r < 0 || pass->options->show || (r = check_agreement(pass, err)) < 0)
		return r;
	count_sweep(pass);
	r = carry_out(pass, err);
	/* What was cut off is back, and still nothing can be said of the app. */
	if (r >= 0 && pass->effective.frozen && pass->effective.broken) {
		reconcile_effective_done(&pass->effective);
		r = reconcile_effective(pass->round, name, false, &pass->effective, err);
	}
	return r;
}

static void take_answers(struct reconcile_pass *pass)
{
	const char *key;
	struct plan_answer *answer;

	if (!pass->said)
		return;
	map_foreach (pass->said, key, answer)
		map_put(&pass->answers, key, answer);
	pass->said->release = NULL;
}

static void pass_init(struct reconcile_pass *pass)
{
	pass->ledger = MAP_INIT(state_entry_free);
	pass->answers = MAP_INIT(plan_answer_free);
	pass->began = pass->world->clock->now(pass->world->clock);
	manifest_live_init(&pass->live);
	take_answers(pass);
}

static void pass_done(struct reconcile_pass *pass)
{
	plan_free(pass->plan);
	reconcile_effective_done(&pass->effective);
	manifest_live_done(&pass->live);
	map_done(&pass->answers);
	map_done(&pass->ledger);
	list_done(&pass->wanted_elsewhere);
	list_done(&pass->inherited);
}

/* The plan that is shown borrows from its app. */
static void hand_over(struct reconcile_pass *pass)
{
	pass->result->record = plan_record(pass->plan, &pass->live, &pass->ledger);
	pass->result->plan = steal(&pass->plan);
	pass->result->app = steal(&pass->effective.app);
}

static int pass_once(const struct reconcile_pass *like, const char *name, struct err *err)
{
	struct reconcile_pass pass = *like;

	pass_init(&pass);
	int r = run(&pass, name, err);
	if (r >= 0 && pass.options->show)
		hand_over(&pass);
	pass_done(&pass);
	return r;
}

static void add_counts(struct apply_result *to, const struct apply_result *from)
{
	to->written += from->written;
	to->deleted += from->deleted;
	to->replaced += from->replaced;
	to->put_back += from->put_back;
}

static int pass_again(struct reconcile_pass *pass, const char *name, struct err *err)
{
	struct apply_result before = pass->result->applied;

	pass->result->applied = (struct apply_result){0};
	pass->again = true;
	pass->said = &before.immutable;
	if (before.rejected) {
		pass->retry = false;
		pass->result->put_back = true;
	}
	int r = pass_once(pass, name, err);
	add_counts(&pass->result->applied, &before);
	apply_result_done(&before);
	return r;
}

/* Pods that only pulled, and that a crash left behind, go first. */
static int begin(struct reconcile_pass *pass, const char *name, struct err *err)
{
	const struct apply_context context = context_of(pass);

	return pass->options->show ? 0 : apply_clean_up(&context, name, err);
}

int reconcile_app(const struct reconcile_world *world, struct reconcile_round *round,
		  const char *name, const struct reconcile_options *options,
		  struct reconcile_result *ret, struct err *err)
{
	struct reconcile_pass pass = {
		.world = world,
		.round = round,
		.options = options,
		.result = ret,
		.retry = options->retry,
	};

	*ret = (struct reconcile_result){0};
	int r = options->show ? 0 : is_held(&pass, name, err);
	if (r != 0) {
		ret->held = r > 0;
		return r < 0 ? r : 0;
	}
	r = begin(&pass, name, err);
	if (r >= 0)
		r = pass_once(&pass, name, err);
	for (int i = 1; r > 0 && i < ROUNDS; i++)
		r = pass_again(&pass, name, err);
	return r < 0 ? r : 0;
}

void reconcile_result_done(struct reconcile_result *result)
{
	plan_free(result->plan);
	json_decref(result->record);
	manifest_app_unref(result->app);
	apply_result_done(&result->applied);
	free(result->saved);
	free(result->rolled_back);
	free(result->refused);
	free(result->missing);
	*result = (struct reconcile_result){0};
}
