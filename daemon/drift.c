/*
 * drift: what the watches see becomes repairs and health.
 *
 * Events come on a thread of lib/kube and are only queued there, the latest for each object. They
 * are judged in batches on a thread of libuv, because the ledger may be writing its file: is the
 * object still what we applied? Is the app still well? Nothing is asked of the API
 * server, except why an app turned sick.
 *
 * An app that was ready and is not for a while is told once; when its objects are ready again, a
 * pass looks at it and says so. While a job of the app runs, that job judges.
 *
 * An object that somebody changes back as fast as it is repaired is contested: told, and left alone
 * until the files are read again.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "daemon.h"
#include "kube/ready.h"
#include "manifest/scope.h"
#include "tree/path.h"

/* Rollouts and restarts are no news unless they last. */
#define GRACE_MS 10000
#define CAUSE_MS 5000
/* So many repairs of one object within so long are no person. */
#define CONTEST_COUNT 200
#define CONTEST_MS    60000

/* What was last seen of an object. */
struct seen {
	json_t *object; /* NULL: gone */
};

/* What an object bore when it did not agree with the ledger. That may be the ledger's fault: an own
 * write is seen before it is recorded. */
struct deviant {
	char *uid, *owned; /* NULL: gone, or none */
};

/* An object that is not ready. */
struct sick {
	char *app, *key;
	char *reason;
	int64_t since;
};

/* How often an object drifted lately. */
struct contest {
	int64_t since;
	int count;
	bool contested;
};

struct drift {
	struct daemon *daemon;
	struct loop_timer *timer; /* when a grace ends */
	bool judging;		  /* of the loop's thread */
	struct map sick;	  /* key -> struct sick; of whoever judges, as contests are */
	struct map contests;	  /* key -> struct contest */

	pthread_mutex_t lock; /* of what follows */
	struct map deviants;  /* key -> struct deviant: what was not as the ledger said */
	struct map queue;     /* key -> struct seen */
	bool posted;
	bool forget; /* contests are over: the files were read again */
};

static void seen_free(struct seen *seen)
{
	json_decref(seen->object);
	free(seen);
}

static void deviant_free(struct deviant *deviant)
{
	free(deviant->uid);
	free(deviant->owned);
	free(deviant);
}

static void sick_free(struct sick *sick)
{
	free(sick->app);
	free(sick->key);
	free(sick->reason);
	free(sick);
}

/* --- drift --- */

static void tell_contested(struct drift *drift, const char *app, const char *key)
{
	struct manifest_id id;

	if (!manifest_id_of_key(key, &id))
		return;
	cleanup_free char *object = manifest_id_text(&id);
	event_emit(drift->daemon->sink,
		   (struct event){.kind = EVENT_WARNING,
				  .app = app,
				  .object_kind = id.kind,
				  .object_namespace = id.ns,
				  .object_name = id.name},
		   "%s: %s is contested: it was changed %d times within a minute; it is left alone "
		   "until the next reload. List the field under ignore in app.yaml, or stop the "
		   "other writer",
		   app, object, CONTEST_COUNT);
	manifest_id_done(&id);
}

/* True when somebody changes the object as fast as it is repaired. */
static bool is_contested(struct drift *drift, const char *app, const char *key)
{
	int64_t now = clock_real.now(&clock_real);
	struct contest *contest = map_get(&drift->contests, key);

	if (!contest) {
		contest = mem_new(struct contest);
		contest->since = now;
		map_put(&drift->contests, key, contest);
	}
	if (!contest->contested && now - contest->since > CONTEST_MS)
		*contest = (struct contest){.since = now};
	if (++contest->count < CONTEST_COUNT)
		return false;
	if (!contest->contested)
		tell_contested(drift, app, key);
	contest->contested = true;
	return true;
}

static void note_deviant(struct drift *drift, const char *key, const json_t *object)
{
	struct deviant *deviant = mem_new(struct deviant);

	deviant->uid = mem_strdup(tree_path_string(object, "metadata.uid"));
	deviant->owned = object ? manifest_live_owned(object) : NULL;
	pthread_mutex_lock(&drift->lock);
	map_put(&drift->deviants, key, deviant);
	pthread_mutex_unlock(&drift->lock);
}

static void forget_deviant(struct drift *drift, const char *key)
{
	pthread_mutex_lock(&drift->lock);
	map_remove(&drift->deviants, key);
	pthread_mutex_unlock(&drift->lock);
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* What was not judged yet is not known yet. */
bool drift_agrees(struct drift *drift, const struct state_entry *entry)
{
	pthread_mutex_lock(&drift->lock);
	const struct deviant *deviant = map_get(&drift->deviants, entry->key);
	bool agrees = !map_has(&drift->queue, entry->key) &&
		      (!deviant ||
		       (same(deviant->uid, entry->uid) && same(deviant->owned, entry->owned)));
	pthread_mutex_unlock(&drift->lock);
	return agrees;
}

static void judge_drift(struct drift *drift, const char *key, json_t *object)
{
	struct daemon *daemon = drift->daemon;
	cleanup_err struct err ignored = ERR_INIT; /* it is noted again with the next frame */
	cleanup_free char *app = NULL;

	(void)reconcile_note_done(daemon->site->ledger, key, object, &ignored);
	if (!reconcile_drifted(daemon->site->ledger, key, object, &app)) {
		forget_deviant(drift, key);
		job_settled(daemon->jobs, key);
		return;
	}
	note_deviant(drift, key, object);
	if (!is_contested(drift, app, key))
		job_repair(daemon->jobs, app, key, object);
}

/* --- health --- */

static bool has_health(const char *key, const json_t *object)
{
	struct manifest_id id;

	if (!json_object_get(object, "status") || !manifest_id_of_key(key, &id))
		return false;
	bool yes = manifest_kind_has_health(id.group, id.kind);
	manifest_id_done(&id);
	return yes;
}

/* Notes whether the object is well; returns its app when it has any say, for the caller to free. */
static char *note_health(struct drift *drift, const char *key, const json_t *object)
{
	struct state_entry *entry = state_ledger_get(drift->daemon->site->ledger, key);
	char *reason = NULL, *app = entry ? steal(&entry->app) : NULL;

	state_entry_free(entry);
	if (!app || !has_health(key, object) || kube_ready(object, &reason) == KUBE_READY) {
		map_remove(&drift->sick, key);
		free(reason);
		return app;
	}
	struct sick *before = map_get(&drift->sick, key), *sick = mem_new(struct sick);
	struct manifest_id id;
	sick->app = mem_strdup(app);
	sick->key = mem_strdup(key);
	sick->since = before ? before->since : clock_real.now(&clock_real);
	sick->reason = reason;
	if (manifest_id_of_key(key, &id)) {
		cleanup_free char *object_text = manifest_id_text(&id);
		sick->reason = mem_printf("%s: %s", object_text, reason ? reason : "not ready");
		free(reason);
		manifest_id_done(&id);
	}
	map_put(&drift->sick, key, sick);
	return app;
}

static const struct sick *sick_object_of(const struct drift *drift, const char *app)
{
	const char *key;
	const struct sick *sick, *oldest = NULL;

	map_foreach (&drift->sick, key, sick) {
		(void)key;
		if (!strcmp(sick->app, app) && (!oldest || sick->since < oldest->since))
			oldest = sick;
	}
	return oldest;
}

/* What its pods say is the cause; asked only when an app turns sick. Caller frees; NULL. */
static char *find_cause(struct daemon *daemon, const char *key)
{
	struct deadline deadline = deadline_in(&clock_real, daemon->cancel, CAUSE_MS);
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *object = NULL;
	struct manifest_id id;
	char *cause = NULL;
	bool failed;

	pthread_mutex_lock(&daemon->lock);
	struct link *link = daemon->link ? link_ref(daemon->link) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	if (link && manifest_id_of_key(key, &id)) {
		if (kube_client_get(link->client, &id, &deadline, &object, &err) >= 0)
			cause = kube_ready_explain(link->client, object, &deadline, &failed);
		manifest_id_done(&id);
	}
	link_unref(link);
	return cause;
}

static void tell_sick(struct drift *drift, struct state_app *app, const struct sick *sick)
{
	struct daemon *daemon = drift->daemon;
	cleanup_free char *cause = find_cause(daemon, sick->key);
	const char *reason = cause ? cause : sick->reason;
	cleanup_err struct err err = ERR_INIT;

	free(app->health);
	app->health = mem_strdup("not ready");
	free(app->note);
	app->note = mem_strdup(reason);
	free(app->since);
	app->since = timespan_rfc3339(time(NULL));
	(void)state_ledger_put_app(daemon->site->ledger, app, &err);
	event_emit(daemon->sink, (struct event){.kind = EVENT_NOT_READY, .app = app->name},
		   "%s: no longer ready: %s", app->name, reason);
	daemon_tell_status(daemon);
}

/* Everything of the app is ready again: a pass finds out and says so. */
static void look_again(struct drift *drift, const char *app)
{
	struct daemon *daemon = drift->daemon;

	pthread_mutex_lock(&daemon->lock);
	struct pass_round *round = daemon->round ? pass_round_ref(daemon->round) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	if (round)
		pass_submit_app(round, daemon->jobs, app);
	pass_round_unref(round);
}

/* Returns how many milliseconds are left of a grace; 0: none. */
static int64_t judge_health(struct drift *drift, const char *name)
{
	struct daemon *daemon = drift->daemon;
	const struct sick *sick = sick_object_of(drift, name);
	struct state_app *app = state_ledger_app(daemon->site->ledger, name);
	int64_t left = 0;

	if (!app || !app->health || job_is_busy(daemon->jobs, name)) {
		state_app_free(app);
		return sick ? GRACE_MS : 0;
	}
	if (sick && !strcmp(app->health, "ready"))
		left = sick->since + GRACE_MS - clock_real.now(&clock_real);
	if (sick && !strcmp(app->health, "ready") && left <= 0)
		tell_sick(drift, app, sick);
	if (!sick && !strcmp(app->health, "not ready"))
		look_again(drift, name);
	state_app_free(app);
	return left > 0 ? left : 0;
}

/* --- batches --- */

struct batch {
	struct drift *drift;
	struct map queue;
	int64_t again; /* milliseconds; 0: no need */
};

static void judge(void *context)
{
	struct batch *batch = context;
	struct drift *drift = batch->drift;
	cleanup_list struct list apps = LIST_INIT;
	const char *key;
	const struct seen *seen;
	const struct sick *sick;

	map_foreach (&batch->queue, key, seen) {
		judge_drift(drift, key, seen->object);
		cleanup_free char *app = note_health(drift, key, seen->object);
		if (app)
			list_add_new(&apps, app);
	}
	map_foreach (&drift->sick, key, sick)
		list_add_new(&apps, sick->app);
	for (size_t i = 0; i < apps.n; i++) {
		int64_t left = judge_health(drift, apps.items[i]);
		if (left && (!batch->again || left < batch->again))
			batch->again = left;
	}
}

static void begin_batch(void *context);

static void after_judging(void *context)
{
	struct batch *batch = context;
	struct drift *drift = batch->drift;

	drift->judging = false;
	if (batch->again && !drift->daemon->stopping)
		loop_timer_start(drift->timer, batch->again + 50, 0);
	map_done(&batch->queue);
	free(batch);
	pthread_mutex_lock(&drift->lock);
	bool more = drift->queue.n;
	pthread_mutex_unlock(&drift->lock);
	if (more)
		begin_batch(drift);
}

static void begin_batch(void *context)
{
	struct drift *drift = context;

	if (drift->judging || drift->daemon->stopping)
		return;
	struct batch *batch = mem_new(struct batch);
	batch->drift = drift;
	pthread_mutex_lock(&drift->lock);
	if (drift->forget)
		map_done(&drift->contests);
	drift->forget = false;
	batch->queue = drift->queue;
	drift->queue = MAP_INIT(seen_free);
	drift->posted = false;
	pthread_mutex_unlock(&drift->lock);
	drift->judging = true;
	daemon_work(drift->daemon, judge, after_judging, batch);
}

void drift_changed(void *context, const char *key, json_t *object)
{
	struct drift *drift = context;
	struct seen *seen = mem_new(struct seen);

	seen->object = json_incref(object);
	pthread_mutex_lock(&drift->lock);
	map_put(&drift->queue, key, seen);
	bool post = !drift->posted;
	drift->posted = true;
	pthread_mutex_unlock(&drift->lock);
	if (post)
		loop_post(drift->daemon->loop, begin_batch, drift);
}

void drift_forget(struct drift *drift)
{
	pthread_mutex_lock(&drift->lock);
	drift->forget = true;
	pthread_mutex_unlock(&drift->lock);
	reconcile_contest_forget(drift->daemon->contest);
}

struct drift *drift_new(struct daemon *daemon)
{
	struct drift *drift = mem_new(struct drift);

	drift->daemon = daemon;
	drift->timer = loop_timer_new(daemon->loop, begin_batch, drift);
	drift->sick = MAP_INIT(sick_free);
	drift->contests = MAP_INIT(free);
	drift->queue = MAP_INIT(seen_free);
	drift->deviants = MAP_INIT(deviant_free);
	pthread_mutex_init(&drift->lock, NULL);
	return drift;
}

void drift_free(struct drift *drift)
{
	loop_timer_free(drift->timer);
	map_done(&drift->sick);
	map_done(&drift->contests);
	map_done(&drift->queue);
	map_done(&drift->deviants);
	pthread_mutex_destroy(&drift->lock);
	free(drift);
}
