/* What a pass leaves behind: the app's record in the ledger, and its revisions. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/point.h"
#include "base/timespan.h"
#include "reconcile/internal.h"
#include "reconcile/rollback.h"
#include "state/revision.h"

/* "ready", or the state word of what went wrong; `note` is its reason. */
static const char *health_of(const struct reconcile_pass *pass, const char **ret_note)
{
	const struct apply_result *applied = &pass->result->applied;

	*ret_note = NULL;
	if (pass->result->refused) {
		*ret_note = pass->result->refused;
		return "refused";
	}
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

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = mem_strdup(value);
}

static void say_outcome(struct reconcile_pass *pass, const char *health, bool news)
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

/* The set becomes a revision once everything of it was accepted; a pinned one is one already. */
static int take_up_revision(const struct reconcile_pass *pass, struct state_app *app,
			    struct err *err)
{
	const struct reconcile_world *world = pass->world;
	const char *who = pass->options->who ? pass->options->who : "start";

	set_text(&app->hash, pass->app->hash);
	set_text(&app->refused, NULL);
	set_text(&app->refused_why, NULL);
	if (pass->effective.pin.revision) {
		app->revision = pass->effective.pin.revision;
		return 0;
	}
	int r = state_revision_save(world->state_dir, pass->app, who, pass->round->set->git_head,
				    world->settings->revisions, &app->revision, err);
	if (r >= 0 && pass->result->saved)
		r = state_revision_note_saved(world->state_dir, app->name, app->revision,
					      pass->result->saved, err);
	return r;
}

static bool is_in_force(const struct reconcile_pass *pass, const struct state_app *app)
{
	int pinned = pass->effective.pin.revision;

	return app->revision && same_text(app->hash, pass->app->hash) &&
	       (!pinned || pinned == app->revision);
}

/* True when the revision in force was healthy before: then what ails it now is not its fault. */
static int was_healthy(const struct reconcile_pass *pass, const struct state_app *app,
		       struct err *err)
{
	struct state_revision revision;
	int r = state_revision_find(pass->world->state_dir, app->name, app->revision, &revision,
				    err);

	if (r < 0)
		return r;
	r = revision.healthy;
	state_revision_done(&revision);
	return r;
}

/* rollback: automatic. 1 when the app is pinned to an earlier version now. */
static int roll_back(struct reconcile_pass *pass, const struct state_app *app, struct err *err)
{
	const struct reconcile_world *world = pass->world;
	int number = 0;

	if (!pass->app->options.rollback_automatic || pass->effective.broken ||
	    pass->effective.refused || pass->effective.pin.revision ||
	    !pass->result->applied.unready || pass->result->applied.failed)
		return 0;
	int r = was_healthy(pass, app, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = state_revision_find_healthy(world->state_dir, app->name, pass->app->hash, &number, err);
	if (r < 0 || !number)
		return r;
	cleanup_free char *why = mem_printf("revision %d was not ready: %s", app->revision,
					    pass->result->applied.not_ready);
	r = reconcile_rollback(
		&(struct reconcile_rollback){
			.ledger = world->ledger,
			.state_dir = world->state_dir,
			.set = pass->round->set,
			.sink = world->sink,
			.app = app->name,
			.number = number,
			.who = "desired",
			.why = why,
		},
		&number, err);
	if (r < 0)
		return r;
	pass->result->rolled_back = steal(&why);
	return 1;
}

static int record(struct reconcile_pass *pass, struct state_app *app, struct err *err)
{
	struct reconcile_result *result = pass->result;
	const char *note, *health = health_of(pass, &note);
	bool new_set = !is_in_force(pass, app);
	int r = 0;

	if (new_set && !result->applied.failed && !pass->effective.refused) {
		r = take_up_revision(pass, app, err);
		point_reached("revision-saved");
	}
	result->revision = app->revision;
	bool news = !same_text(app->health, health) || !same_text(app->note, note);
	if (r >= 0 && !strcmp(health, "ready") && (news || new_set))
		r = state_revision_mark_healthy(pass->world->state_dir, app->name, app->revision,
						err);
	if (news) {
		set_text(&app->health, health);
		set_text(&app->note, note);
		free(app->since);
		app->since = timespan_rfc3339(time(NULL));
	}
	if (r >= 0 && (news || new_set)) {
		r = state_ledger_put_app(pass->world->ledger, app, err);
		point_reached("revision-recorded");
	}
	say_outcome(pass, health, news || new_set);
	return r < 0 ? r : roll_back(pass, app, err);
}

int reconcile_record(struct reconcile_pass *pass, struct err *err)
{
	struct state_app *app = state_ledger_app(pass->world->ledger, pass->app->name);

	if (!app) {
		app = mem_new(struct state_app);
		app->name = mem_strdup(pass->app->name);
	}
	int r = record(pass, app, err);
	state_app_free(app);
	return r;
}
