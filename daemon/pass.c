#include "pass.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "tree/path.h"

/* One app of a round. */
struct work {
	struct pass_round *round;
	char *app;
	bool reported;
	bool told_waiting;
};

/* How a pass over an app ended. */
struct outcome {
	const char *word; /* "ready", "failed" ...; of status and of answers */
	const char *note; /* borrowed; NULL */
	bool failed, warned, changed;
	enum job_outcome job;
};

void pass_request_done(struct pass_request *request)
{
	free(request->app);
	free(request->who);
	free(request->adopt_key);
	list_done(&request->tags);
	list_done(&request->skip_tags);
	json_decref(request->agreed);
	*request = (struct pass_request){0};
}

void pass_request_copy(struct pass_request *to, const struct pass_request *from)
{
	*to = (struct pass_request){
		.app = mem_strdup(from->app),
		.force = from->force,
		.force_replace = from->force_replace,
		.sweep = from->sweep,
		.purge = from->purge,
		.adopt = from->adopt,
		.adopt_key = mem_strdup(from->adopt_key),
		.agreed = json_incref(from->agreed),
		.who = mem_strdup(from->who),
	};
	list_copy(&to->tags, &from->tags);
	list_copy(&to->skip_tags, &from->skip_tags);
}

static void add_texts(const json_t *array, struct list *ret)
{
	size_t i;
	json_t *text;

	json_array_foreach (array, i, text)
		if (json_is_string(text))
			list_add(ret, json_string_value(text));
}

void pass_request_from_json(const json_t *body, const char *who, struct pass_request *ret)
{
	*ret = (struct pass_request){
		.app = mem_strdup(tree_path_string(body, "app")),
		.force = tree_path_true(body, "force"),
		.force_replace = tree_path_true(body, "replace"),
		.agreed = json_incref(json_object_get(body, "agreed")),
		.who = mem_strdup(who),
	};
	add_texts(json_object_get(body, "tags"), &ret->tags);
	add_texts(json_object_get(body, "skip_tags"), &ret->skip_tags);
}

bool pass_request_is_all(const struct pass_request *request)
{
	return !request->app && !request->tags.n && !request->skip_tags.n;
}

/* --- rounds --- */

struct pass_round *pass_round_ref(struct pass_round *round)
{
	__atomic_add_fetch(&round->references, 1, __ATOMIC_RELAXED);
	return round;
}

void pass_round_unref(struct pass_round *round)
{
	if (!round || __atomic_sub_fetch(&round->references, 1, __ATOMIC_ACQ_REL))
		return;
	reconcile_round_end(round->round);
	pass_request_done(&round->request);
	list_done(&round->apps);
	json_decref(round->tally.apps);
	pthread_mutex_destroy(&round->lock);
	link_unref(round->link);
	loaded_unref(round->loaded);
	free(round);
}

static struct pass_round *new_round(const struct pass_round_options *options)
{
	struct pass_round *round = mem_new(struct pass_round);

	round->references = 1;
	round->loaded = loaded_ref(options->loaded);
	round->link = link_ref(options->link);
	round->began = options->clock->now(options->clock);
	round->tally.apps = json_array();
	round->finished = options->finished;
	round->context = options->context;
	pthread_mutex_init(&round->lock, NULL);
	pass_request_copy(&round->request, options->request);
	round->world = (struct reconcile_world){
		.client = round->link->client,
		.ledger = options->site->ledger,
		.state_dir = options->site->options->state,
		.settings = &round->loaded->settings,
		.spare = &options->site->spare,
		.sink = options->sink,
		.clock = options->clock,
		.contest = options->contest,
		.settled = options->settled,
		.context = options->settled_context,
		.gate = options->gate,
		.saver =
			saver_init(&round->saver, options->site->options, &round->loaded->settings),
	};
	return round;
}

int pass_round_begin(const struct pass_round_options *options, struct pass_round **ret,
		     struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, options->cancel, options->timeout_ms);
	struct pass_round *round = new_round(options);
	const struct pass_request *request = &round->request;

	int r = reconcile_round_begin(&round->world, round->loaded->set, &deadline, &round->round,
				      err);
	if (r < 0) {
		pass_round_unref(round);
		return r;
	}
	reconcile_round_select(round->round, request->app, &request->tags, &request->skip_tags);
	reconcile_round_apps(round->round, &round->apps);
	round->tally.pending = round->apps.n;
	*ret = round;
	return 0;
}

static struct work *new_work(struct pass_round *round, const char *app)
{
	struct work *work = mem_new(struct work);

	work->round = pass_round_ref(round);
	work->app = mem_strdup(app);
	return work;
}

void pass_round_submit(struct pass_round *round, struct job_pool *pool)
{
	if (!round->apps.n && round->finished)
		round->finished(round->context, round);
	for (size_t i = 0; i < round->apps.n; i++)
		job_submit(pool, round->apps.items[i], new_work(round, round->apps.items[i]));
}

void pass_submit_app(struct pass_round *round, struct job_pool *pool, const char *app)
{
	struct work *work = new_work(round, app);

	work->reported = true;
	job_submit(pool, app, work);
}

/* --- the tally --- */

static void report(struct work *work, const struct outcome *outcome,
		   const struct reconcile_result *result)
{
	struct pass_round *round = work->round;
	json_t *entry = json_pack("{s:s, s:s}", "app", work->app, "outcome", outcome->word);

	if (outcome->note)
		json_object_set_new(entry, "note", json_string(outcome->note));
	if (result && result->revision)
		json_object_set_new(entry, "revision", json_integer(result->revision));
	if (result) {
		const struct apply_result *applied = &result->applied;
		json_object_set_new(entry, "written", json_integer((json_int_t)applied->written));
		json_object_set_new(entry, "replaced", json_integer((json_int_t)applied->replaced));
		json_object_set_new(entry, "deleted", json_integer((json_int_t)applied->deleted));
	}
	work->reported = true;
	pthread_mutex_lock(&round->lock);
	json_array_append_new(round->tally.apps, entry);
	round->tally.failed += outcome->failed;
	round->tally.warned += outcome->warned;
	round->tally.changed += outcome->changed;
	round->tally.swept += result ? result->swept : 0;
	round->tally.unseen += result ? result->unseen : 0;
	bool last = !--round->tally.pending;
	pthread_mutex_unlock(&round->lock);
	if (last)
		reconcile_round_rest(round->round);
	if (last && round->finished)
		round->finished(round->context, round);
}

void pass_release(void *context)
{
	struct work *work = context;
	const struct outcome canceled = {.word = "canceled", .warned = true};

	if (!work->reported)
		report(work, &canceled, NULL);
	pass_round_unref(work->round);
	free(work->app);
	free(work);
}

json_t *pass_round_result(struct pass_round *round)
{
	pthread_mutex_lock(&round->lock);
	json_t *result = json_pack("{s:O, s:I, s:I, s:I}", "apps", round->tally.apps, "failed",
				   (json_int_t)round->tally.failed, "warned",
				   (json_int_t)round->tally.warned, "changed",
				   (json_int_t)round->tally.changed);
	pthread_mutex_unlock(&round->lock);
	return result;
}

/* --- the first apply waits for what the app depends on --- */

static bool is_ready(struct state_ledger *ledger, const char *app)
{
	struct state_app *known = state_ledger_app(ledger, app);
	bool ready = known && known->health &&
		     (!strcmp(known->health, "ready") || !strcmp(known->health, "refused"));

	state_app_free(known);
	return ready;
}

static bool was_applied(struct state_ledger *ledger, const char *app)
{
	struct state_app *known = state_ledger_app(ledger, app);
	bool applied = known && known->revision;

	state_app_free(known);
	return applied;
}

/* The app of this round that has to become ready first, or NULL. */
static const char *missing_dependency(const struct pass_round *round,
				      const struct manifest_app *app)
{
	const struct manifest_set *set = round->loaded->set;

	for (size_t i = 0; i < set->count; i++) {
		const struct manifest_app *other = set->apps[i];
		if (other == app || !list_has(&round->apps, other->name) ||
		    (!list_has(&app->options.depends_on, other->name) &&
		     !list_has(&app->options.depends_on, other->app)))
			continue;
		if (!is_ready(round->world.ledger, other->name))
			return other->name;
	}
	return NULL;
}

static bool must_wait(struct work *work)
{
	const struct pass_round *round = work->round;
	const struct manifest_app *app = manifest_set_find(round->loaded->set, work->app);

	if (!app || !app->options.depends_on.n || was_applied(round->world.ledger, work->app))
		return false;
	const char *missing = missing_dependency(round, app);
	if (!missing)
		return false;
	bool over = round->world.clock->now(round->world.clock) - round->began >=
		    app->options.timeout_ms;
	if (over || !work->told_waiting)
		event_emit(round->world.sink,
			   (struct event){.kind = EVENT_WAITING, .app = work->app},
			   over ? "%s: goes on although %s is not ready"
				: "%s: its first apply waits until %s is ready",
			   work->app, missing);
	work->told_waiting = true;
	return !over;
}

/* --- one pass --- */

/* What went wrong before any step is recorded here; the steps' outcome by lib/reconcile. */
static void record(const struct pass_round *round, const char *name, const char *health,
		   const char *note)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_app *app = state_ledger_app(round->world.ledger, name);

	if (!app) {
		app = mem_new(struct state_app);
		app->name = mem_strdup(name);
	}
	bool same = app->health && !strcmp(app->health, health);
	free(app->health);
	app->health = mem_strdup(health);
	free(app->note);
	app->note = mem_strdup(note);
	if (!same || !app->since) {
		free(app->since);
		app->since = timespan_rfc3339(time(NULL));
	}
	if (state_ledger_put_app(round->world.ledger, app, &err) < 0)
		event_emit(round->world.sink, (struct event){.kind = EVENT_WARNING, .app = name},
			   "%s: %s", name, err.message);
	state_app_free(app);
}

static enum pass_contact contact_of(int r, bool held)
{
	if (r == -ERR_UNREACHABLE)
		return PASS_NO_ANSWER;
	return r < 0 || held ? PASS_NOT_ASKED : PASS_ANSWERED;
}

static struct outcome outcome_of_error(const struct work *work, const struct err *err)
{
	const struct manifest_app *app = manifest_set_find(work->round->loaded->set, work->app);
	bool broken = (app && app->broken) || work->round->loaded->fatal;
	struct outcome outcome = {
		.word = "failed", .note = err->message, .failed = true, .job = JOB_RETRY};

	switch (err->code) {
	case ERR_CANCELED:
		return (struct outcome){.word = "canceled", .warned = true, .job = JOB_DONE};
	case ERR_UNREACHABLE:
	case ERR_TIMEOUT:
		outcome.word = "unreachable";
		return outcome;
	case ERR_NOT_FOUND:
	case ERR_INVALID:
		if (broken)
			outcome.word = "broken";
		outcome.job = JOB_DONE; /* the files must change first */
		return outcome;
	default:
		return outcome;
	}
}

static struct outcome outcome_of_result(const struct work *work,
					const struct reconcile_result *result)
{
	const struct apply_result *applied = &result->applied;
	bool there = result->broken || result->pinned ||
		     manifest_set_find(work->round->loaded->set, work->app);
	struct outcome outcome = {
		.word = there ? "ready" : "gone", .job = JOB_DONE, .changed = result->changed};

	if (result->held) {
		outcome.word = "suspended";
	} else if (result->missing) {
		outcome.word = result->gate == BACKUP_GATE_HELD ? "held" : "waiting";
		outcome.note = result->missing;
		outcome.failed = result->gate != BACKUP_GATE_BUSY;
		outcome.job = result->gate == BACKUP_GATE_BUSY ? JOB_POSTPONED : JOB_RETRY;
	} else if (result->rolled_back && !applied->failed && !applied->unready) {
		outcome.word = "rolled back";
		outcome.note = result->rolled_back;
		outcome.failed = true;
	} else if (result->refused) {
		outcome.word = "refused";
		outcome.note = result->refused;
		outcome.failed = true;
		outcome.job = applied->failed ? JOB_RETRY : JOB_DONE;
	} else if (applied->failed) {
		outcome.word = "failed";
		outcome.note = applied->first_failure;
		outcome.failed = true;
		outcome.job = JOB_RETRY;
	} else if (applied->unready) {
		outcome.word = "not ready";
		outcome.note = applied->not_ready;
		outcome.failed = true;
	} else if (result->unknown) {
		outcome.job = JOB_RETRY;
		outcome.warned = true;
	} else if (result->waiting_approval) {
		outcome.word = "waiting for approval";
		outcome.warned = true;
	} else if (result->broken && !result->pinned) {
		outcome.word = "broken";
		outcome.note = "the files are broken: what was in force stays";
		outcome.failed = true;
	}
	return outcome;
}

/* A failed load was told with its findings already; an API server that is away is told once. */
static bool is_news(const struct outcome *outcome)
{
	return !strcmp(outcome->word, "failed");
}

/* It does not report before it was its turn. */
static enum job_outcome put_off(struct work *work, struct reconcile_result *result)
{
	event_emit(work->round->world.sink, (struct event){.kind = EVENT_WAITING, .app = work->app},
		   "%s: %s", work->app, result->missing);
	reconcile_result_done(result);
	return JOB_POSTPONED;
}

static void tell_missing(struct work *work, const struct outcome *outcome)
{
	event_emit(work->round->world.sink,
		   (struct event){.kind = EVENT_DATA_MISSING, .app = work->app}, "%s: %s",
		   work->app, outcome->note);
	record(work->round, work->app, outcome->word, outcome->note);
}

/* Of an app that the plan does not name, nothing was agreed on: no step stands in what it names. */
static const json_t *agreed_of(const struct work *work)
{
	const json_t *agreed = work->round->request.agreed;
	const json_t *record = json_object_get(agreed, work->app);

	return record ? record : agreed;
}

enum job_outcome pass_run(const struct job *job, enum pass_contact *ret_contact)
{
	struct work *work = job->work;
	struct pass_round *round = work->round;
	cleanup_err struct err err = ERR_INIT;
	struct reconcile_result result = {0};
	struct outcome outcome;

	if (must_wait(work))
		return JOB_POSTPONED;
	int r = reconcile_app(
		&round->world, round->round, work->app,
		&(struct reconcile_options){
			.retry = (round->request.force || round->request.app) && !job->tries,
			.force = round->request.force && !job->tries,
			.force_replace = round->request.force_replace && !job->tries,
			.sweep = round->request.sweep && !job->tries,
			.purge = round->request.purge && !job->tries,
			.adopt = round->request.adopt && !job->tries,
			.adopt_key = round->request.adopt_key,
			.agreed = agreed_of(work),
			.who = round->request.who,
			.fresh = job->tries || work->reported,
			.cancel = job->cancel,
		},
		&result, &err);
	*ret_contact = contact_of(r, result.held || result.missing);
	if (r >= 0) {
		outcome = outcome_of_result(work, &result);
		if (outcome.job == JOB_POSTPONED)
			return put_off(work, &result);
		if (result.missing)
			tell_missing(work, &outcome);
	} else {
		outcome = outcome_of_error(work, &err);
		if (is_news(&outcome)) {
			cleanup_free char *text = err_text(&err);
			event_emit(round->world.sink,
				   (struct event){.kind = EVENT_FAILED, .app = work->app}, "%s: %s",
				   work->app, text);
		}
		if (is_news(&outcome) || !strcmp(outcome.word, "broken"))
			record(round, work->app, outcome.word, err.message);
	}
	if (!work->reported)
		report(work, &outcome, r >= 0 ? &result : NULL);
	reconcile_result_done(&result);
	return outcome.job;
}

enum job_outcome pass_repair(struct pass_round *round, const struct job *job,
			     enum pass_contact *ret_contact)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *app = NULL;
	struct reconcile_result result = {0};

	/* What looked like drift may have been our own write, recorded by now. */
	if (!reconcile_drifted(round->world.ledger, job->key, job->object, &app))
		return JOB_DONE;
	int r = reconcile_app(&round->world, round->round, app,
			      &(struct reconcile_options){
				      .only_key = job->key, .who = "repair", .cancel = job->cancel},
			      &result, &err);
	bool failed = r < 0 ? r != -ERR_CANCELED : result.applied.failed > 0 || result.missing;
	*ret_contact = contact_of(r, result.held || result.missing);
	if (r < 0 && r != -ERR_CANCELED && r != -ERR_UNREACHABLE && r != -ERR_TIMEOUT)
		event_emit(round->world.sink, (struct event){.kind = EVENT_FAILED, .app = app},
			   "%s: cannot repair %s: %s", app, job->key, err.message);
	reconcile_result_done(&result);
	return failed ? JOB_RETRY : JOB_DONE;
}
