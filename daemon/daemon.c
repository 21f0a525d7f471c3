#include "daemon.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "alarm.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "data_gate.h"
#include "journal.h"
#include "notify.h"

/* How long a stop waits for a replace that stands between delete and create. */
#define LEAVE_MAX_MS  80000
#define LEAVE_LOOK_MS 20
#define EXTEND_MS     10000 /* systemd is asked for more time each */

/* --- shared by the parts --- */

struct loaded *daemon_loaded(struct daemon *daemon)
{
	pthread_mutex_lock(&daemon->lock);
	struct loaded *loaded = loaded_ref(daemon->loaded);
	pthread_mutex_unlock(&daemon->lock);
	return loaded;
}

/* The server is met again: whoever paused for it goes on. */
static void hurry(void *context)
{
	struct daemon *daemon = context;

	if (daemon->stopping)
		return;
	job_hurry(daemon->jobs);
	rounds_hurry(daemon->rounds);
}

static void api_gone(struct daemon *daemon, const struct err *err)
{
	cleanup_free char *text = err_text(err);

	event_emit(daemon->sink, (struct event){.kind = EVENT_API_GONE},
		   "API server does not answer, it is tried until it does: %s", text);
}

static void api_back(struct daemon *daemon, int64_t gone_ms)
{
	cleanup_free char *span = timespan_text(gone_ms);

	event_emit(daemon->sink, (struct event){.kind = EVENT_API_BACK},
		   "API server is back after %s", span);
	loop_post(daemon->loop, hurry, daemon);
}

void daemon_api(struct daemon *daemon, const struct err *err)
{
	int64_t now = clock_real.now(&clock_real);

	pthread_mutex_lock(&daemon->lock);
	bool was_gone = daemon->api_gone;
	int64_t since = daemon->api_gone_since;
	daemon->api_gone = err;
	if (err && !was_gone)
		daemon->api_gone_since = now;
	free(daemon->api_why);
	daemon->api_why = err ? mem_strdup(err->message) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	if (err && !was_gone)
		api_gone(daemon, err);
	if (!err && was_gone)
		api_back(daemon, now - since);
	if (!err != !was_gone)
		daemon_tell_status(daemon);
}

static void count_health(struct state_ledger *ledger, const struct list *names, size_t *ret_ready,
			 struct list *ret_sick)
{
	*ret_ready = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct state_app *app = state_ledger_app(ledger, names->items[i]);
		if (app && app->health && !strcmp(app->health, "ready"))
			(*ret_ready)++;
		else if (app && app->health)
			list_printf(ret_sick, "%s %s", app->name, app->health);
		state_app_free(app);
	}
}

void daemon_tell_status(struct daemon *daemon)
{
	cleanup_list struct list names = LIST_INIT, sick = LIST_INIT;
	size_t ready;

	pthread_mutex_lock(&daemon->lock);
	bool gone = daemon->api_gone;
	pthread_mutex_unlock(&daemon->lock);
	state_ledger_apps(daemon->site->ledger, &names);
	count_health(daemon->site->ledger, &names, &ready, &sick);
	cleanup_free char *others = list_join(&sick, ", ");
	cleanup_free char *text = mem_printf("%s%zu of %zu apps are ready%s%s",
					     gone ? "API server does not answer; " : "", ready,
					     names.n, sick.n ? "; " : "", others);
	notify_status(text);
	alarm_look(daemon);
}

/* --- work that a stop waits for --- */

struct counted {
	struct daemon *daemon;
	void (*work)(void *context);
	void (*after)(void *context);
	void *context;
};

static void run_counted(void *context)
{
	const struct counted *counted = context;

	counted->work(counted->context);
}

static void after_counted(void *context)
{
	struct counted *counted = context;

	counted->daemon->working--;
	counted->after(counted->context);
	free(counted);
}

void daemon_work(struct daemon *daemon, void (*work)(void *context), void (*after)(void *context),
		 void *context)
{
	struct counted *counted = mem_new(struct counted);

	*counted = (struct counted){daemon, work, after, context};
	daemon->working++;
	loop_work(daemon->loop, run_counted, after_counted, counted);
}

/* --- jobs --- */

static struct pass_round *newest_round(struct daemon *daemon)
{
	pthread_mutex_lock(&daemon->lock);
	struct pass_round *round = daemon->round ? pass_round_ref(daemon->round) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	return round;
}

static enum job_outcome repair(struct daemon *daemon, const struct job *job,
			       enum pass_contact *ret_contact)
{
	struct pass_round *round = newest_round(daemon);
	enum job_outcome outcome = JOB_DONE;

	if (round)
		outcome = pass_repair(round, job, ret_contact);
	pass_round_unref(round);
	return outcome;
}

static enum job_outcome run_job(void *context, const struct job *job)
{
	struct daemon *daemon = context;
	enum pass_contact contact = PASS_NOT_ASKED;
	enum job_outcome outcome =
		job->work ? pass_run(job, &contact) : repair(daemon, job, &contact);

	if (cancel_raised(job->cancel))
		return outcome;
	if (contact == PASS_NO_ANSWER) {
		cleanup_err struct err err = ERR_INIT;
		(void)err_set(&err, ERR_UNREACHABLE, "no answer while %s was compared", job->name);
		daemon_api(daemon, &err);
	} else if (contact == PASS_ANSWERED) {
		daemon_api(daemon, NULL);
		rounds_observe(daemon);
	}
	return outcome;
}

static void release_job(void *context, void *work)
{
	(void)context;
	pass_release(work);
}

/* --- start and stop --- */

static void on_hangup(void *context)
{
	struct daemon *daemon = context;
	struct pass_request request = {.who = (char *)"SIGHUP"};

	if (!daemon->stopping)
		reload_begin(daemon->reload, &request, 0, NULL, NULL);
}

static void leave_when_idle(void *context)
{
	struct daemon *daemon = context;
	bool idle = job_is_idle(daemon->jobs) && !daemon->working;
	int64_t now = clock_real.now(&clock_real);

	if (idle || now >= daemon->leaves_at)
		loop_stop(daemon->loop);
	if (now < daemon->extends_at)
		return;
	notify_stopping();
	daemon->extends_at = now + EXTEND_MS;
}

static void on_terminate(void *context)
{
	struct daemon *daemon = context;

	if (daemon->stopping)
		return;
	daemon->stopping = true;
	notify_status("stopping");
	cancel_raise(daemon->cancel);
	job_cancel_all(daemon->jobs);
	tasks_end(daemon->tasks);
	daemon->leaves_at = clock_real.now(&clock_real) + LEAVE_MAX_MS;
	loop_timer_start(daemon->leaving, 0, LEAVE_LOOK_MS);
}

static void wake_readers(void *context)
{
	struct daemon *daemon = context;

	if (daemon->control)
		control_wake(daemon->control);
}

static void post_wake(void *context)
{
	struct daemon *daemon = context;

	loop_post(daemon->loop, wake_readers, daemon);
}

static bool is_alive(void *context)
{
	struct daemon *daemon = context;

	return job_is_alive(daemon->jobs);
}

/* The first load has ended, however: READY whether or not the API server answers. */
static void first_loaded(void *context, const json_t *verdict, const struct err *err)
{
	struct daemon *daemon = context;

	(void)verdict;
	if (err) {
		cleanup_free char *text = err_text(err);
		event_emit(daemon->sink, (struct event){.kind = EVENT_LOAD_FAILED},
			   "the files cannot be read: %s", text);
	}
	daemon->ready = true;
	notify_ready();
	daemon_tell_status(daemon);
	follow_start(daemon->follow);
	alarm_start(daemon->alarm);
	recover_start(daemon->recover);
	malloc_trim(0);
}

static void make_parts(struct daemon *daemon)
{
	daemon->tasks = tasks_new(journal_sink(), post_wake, daemon);
	daemon->quiet = quiet_new(tasks_sink(daemon->tasks));
	daemon->sink = masking_sink(daemon->site->options->masking, quiet_sink(daemon->quiet));
	daemon->vault = source_vault_cache_new();
	daemon->jobs = job_pool_new(&(struct job_pool_options){
		.run = run_job, .release = release_job, .context = daemon});
	daemon->reload = reload_new(daemon);
	daemon->rounds = rounds_new(daemon);
	daemon->contest = reconcile_contest_new(&clock_real);
	daemon->gate = data_gate_new(daemon->site);
	daemon->drift = drift_new(daemon);
	daemon->sweep = sweep_new(daemon);
	daemon->recover = recover_new(daemon);
	daemon->follow = follow_new(daemon);
	daemon->alarm = alarm_new(daemon);
	daemon->leaving = loop_timer_new(daemon->loop, leave_when_idle, daemon);
}

static int start(struct daemon *daemon, struct err *err)
{
	cleanup_free char *socket = file_join(daemon->site->options->runtime, "control");
	struct pass_request request = {.who = (char *)"start"};

	int r = control_open(daemon->loop, socket, masking_mask(daemon->site->options->masking),
			     requests_handle, daemon, &daemon->control, err);
	if (r < 0)
		return r;
	loop_signal(daemon->loop, SIGHUP, on_hangup, daemon);
	loop_signal(daemon->loop, SIGTERM, on_terminate, daemon);
	loop_signal(daemon->loop, SIGINT, on_terminate, daemon);
	loop_watchdog(daemon->loop, is_alive, daemon);
	event_emit(daemon->sink, (struct event){.kind = EVENT_STARTED},
		   "desired " DESIRED_VERSION " started; files in %s", daemon->site->options->dir);
	reload_begin(daemon->reload, &request, 0, first_loaded, daemon);
	return 0;
}

/* In the order in which they need each other: first who calls, then who is called. */
static void release(struct daemon *daemon)
{
	job_pool_free(daemon->jobs);
	rounds_free(daemon->rounds);
	drift_free(daemon->drift);
	sweep_free(daemon->sweep);
	recover_free(daemon->recover);
	reload_free(daemon->reload);
	control_close(daemon->control);
	daemon->control = NULL;
	alarm_free(daemon->alarm);
	daemon->alarm = NULL;
	reconcile_contest_free(daemon->contest);
	backup_gate_free(daemon->gate);
	follow_free(daemon->follow);
	loop_timer_free(daemon->leaving);
	loop_free(daemon->loop);
	pass_round_unref(daemon->round);
	link_unref(daemon->link);
	loaded_unref(daemon->loaded);
	kube_cluster_done(&daemon->cluster);
	quiet_free(daemon->quiet);
	tasks_free(daemon->tasks);
	source_vault_cache_free(daemon->vault);
	free(daemon->api_why);
	cancel_free(daemon->cancel);
	pthread_mutex_destroy(&daemon->lock);
	free(daemon);
}

int daemon_run(struct site *site, struct err *err)
{
	struct daemon *daemon = mem_new(struct daemon);

	srandom((unsigned)time(NULL) ^ (unsigned)getpid() << 16); /* of pauses */
	daemon->site = site;
	daemon->loop = loop_new();
	daemon->cancel = cancel_new();
	pthread_mutex_init(&daemon->lock, NULL);
	make_parts(daemon);
	int r = start(daemon, err);
	if (r >= 0) {
		loop_run(daemon->loop);
		event_emit(daemon->sink, (struct event){.kind = EVENT_STOPPED},
			   "desired stopped; the objects stay as they are");
	}
	release(daemon);
	return r;
}
