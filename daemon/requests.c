/*
 * requests: what the control socket answers.
 *
 *	GET  /v1/status
 *	GET  /v1/metrics                                           text, as Prometheus reads it
 *	POST /v1/reload   {who}                                    at the verdict, or after 10 s
 *	POST /v1/apply    {app, tags, skip_tags, force, replace,   the verdict and the task's number
 *	                   agreed}
 *	GET  /v1/apply/N                                           its lines; the last is the result
 *	POST /v1/suspend  {app, for_ms}
 *	POST /v1/resume   {app, without_restore}
 *	POST /v1/approve  {ids, all}          and the others of change.h: what comes of it, and the
 *	POST /v1/rollback {app, revision}     number of the task that does it
 *	POST /v1/undo     {batch}
 *	POST /v1/purge    {app, yes}
 *	POST /v1/adopt    {app}
 *
 * What touches the state directory runs on a thread of libuv and answers when it is back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "daemon.h"
#include "hold.h"
#include "requests.h"
#include "status.h"
#include "store.h"
#include "tree/path.h"

#define VERDICT_MS 10000

#define HTTP_ACCEPTED	 202
#define HTTP_INVALID	 422
#define HTTP_NOT_FOUND	 404
#define HTTP_NOT_ALLOWED 405
#define HTTP_CONFLICT	 409
#define HTTP_FAILED	 500
#define HTTP_UNAVAILABLE 503

static int http_status_of(const struct err *err)
{
	switch (err->code) {
	case ERR_INVALID:
		return HTTP_INVALID;
	case ERR_NOT_FOUND:
		return HTTP_NOT_FOUND;
	case ERR_BUSY:
		return HTTP_CONFLICT;
	default:
		return HTTP_FAILED;
	}
}

void requests_fail(struct control_call *call, const struct err *err)
{
	control_fail(call, http_status_of(err), err);
}

/* One call that is answered after work on another thread. */
struct errand {
	struct daemon *daemon;
	struct control_call *call;
	char *app, *who;
	int64_t for_ms;
	bool without_restore;
	size_t files_changed;
	json_t *answer; /* or */
	struct err err;
	bool compare; /* a round is due afterwards */
};

static struct errand *new_errand(struct daemon *daemon, struct control_call *call)
{
	struct errand *errand = mem_new(struct errand);
	const json_t *body = control_body(call);
	const char *who = tree_path_string(body, "who");

	errand->daemon = daemon;
	errand->call = call;
	errand->app = mem_strdup(tree_path_string(body, "app"));
	errand->for_ms = tree_path_integer(body, "for_ms", 0);
	errand->without_restore = tree_path_true(body, "without_restore");
	errand->who = mem_strdup(who ? who : control_who(call));
	errand->files_changed = follow_changed(daemon->follow);
	return errand;
}

static void answer_errand(void *context)
{
	struct errand *errand = context;
	struct daemon *daemon = errand->daemon;
	struct pass_request request = {.app = errand->app, .who = errand->who};

	if (errand->answer)
		control_answer(errand->call, REQUESTS_OK, errand->answer);
	else
		requests_fail(errand->call, &errand->err);
	if (errand->compare && !daemon->stopping) {
		rounds_begin(daemon->rounds, &request, 0);
		follow_holds(daemon->follow);
	}
	err_done(&errand->err);
	free(errand->app);
	free(errand->who);
	free(errand);
}

/* --- status --- */

/* Runs, or waits for its turn and said why. */
static bool at_work(void *context, const char *app, char **ret_why)
{
	struct daemon *daemon = context;
	cleanup_free char *why = quiet_waiting(daemon->quiet, app);
	size_t n = strlen(app);

	if (!job_is_running(daemon->jobs, app) && !(why && job_is_busy(daemon->jobs, app)))
		return false;
	if (why) /* the line names the app, the row does already */
		*ret_why = mem_strdup(!strncmp(why, app, n) && why[n] == ':' ? why + n + 2 : why);
	return true;
}

static json_t *build_sweep(struct daemon *daemon)
{
	struct sweep_counts counts = sweep_counts(daemon->sweep);
	cleanup_free char *last = counts.last ? timespan_rfc3339(counts.last) : NULL;

	return json_pack("{s:I, s:I, s:I, s:s?}", "sweeps", (json_int_t)counts.sweeps, "objects",
			 (json_int_t)counts.objects, "disagreements",
			 (json_int_t)counts.disagreements, "last", last);
}

json_t *requests_status(struct daemon *daemon, size_t files_changed)
{
	struct loaded *loaded = daemon_loaded(daemon);

	pthread_mutex_lock(&daemon->lock);
	cleanup_free char *why = daemon->api_gone ? mem_strdup(daemon->api_why) : NULL;
	cleanup_free char *version = mem_strdup(daemon->cluster.version);
	cleanup_free char *server = mem_strdup(daemon->cluster.server);
	cleanup_free char *uid = mem_strdup(daemon->cluster.uid);
	pthread_mutex_unlock(&daemon->lock);
	const struct kube_cluster cluster = {.uid = uid, .version = version, .server = server};
	json_t *status = status_build(&(struct status_input){
		.dir = daemon->site->options->dir,
		.state = daemon->site->options->state,
		.ledger = daemon->site->ledger,
		.now = time(NULL),
		.running = true,
		.loaded = loaded,
		.files_changed = files_changed,
		.cluster = &cluster,
		.api_why = why,
		.contest = daemon->contest,
		.backup_wanted = loaded && store_wanted(&loaded->settings),
		.at_work = at_work,
		.context = daemon,
	});
	json_object_set_new(status, "sweep", build_sweep(daemon));
	loaded_unref(loaded);
	return status;
}

static void build_status(void *context)
{
	struct errand *errand = context;

	errand->answer = requests_status(errand->daemon, errand->files_changed);
}

static void get_status(struct daemon *daemon, struct control_call *call)
{
	daemon_work(daemon, build_status, answer_errand, new_errand(daemon, call));
}

/* --- reload and apply --- */

/* A verdict that somebody waits for, at most 10 s. */
struct waiting {
	struct daemon *daemon;
	struct control_call *call; /* NULL once it was answered */
	struct loop_timer *timer;
	int task;
};

static json_t *verdict_answer(const struct waiting *waiting, const json_t *verdict)
{
	json_t *answer = json_pack("{s:i, s:b}", "schema", 1, "late", verdict == NULL);

	if (verdict)
		json_object_set(answer, "verdict", (json_t *)verdict);
	if (waiting->task)
		json_object_set_new(answer, "task", json_integer(waiting->task));
	pthread_mutex_lock(&waiting->daemon->lock);
	if (waiting->daemon->api_gone)
		json_object_set_new(answer, "waiting", json_string(waiting->daemon->api_why));
	pthread_mutex_unlock(&waiting->daemon->lock);
	return answer;
}

static void on_verdict(void *context, const json_t *verdict, const struct err *err)
{
	struct waiting *waiting = context;

	if (waiting->call && err)
		requests_fail(waiting->call, err);
	else if (waiting->call)
		control_answer(waiting->call, REQUESTS_OK, verdict_answer(waiting, verdict));
	loop_timer_free(waiting->timer);
	free(waiting);
}

static void on_late(void *context)
{
	struct waiting *waiting = context;

	control_answer(waiting->call, HTTP_ACCEPTED, verdict_answer(waiting, NULL));
	waiting->call = NULL;
}

static void begin_reload(struct daemon *daemon, struct control_call *call, const char *verb,
			 bool wants_task)
{
	const json_t *body = control_body(call);
	const char *who = tree_path_string(body, "who");
	cleanup_free char *whom = mem_printf("%s by %s", verb, who ? who : control_who(call));
	struct pass_request request;
	struct waiting *waiting = mem_new(struct waiting);

	pass_request_from_json(body, whom, &request);
	waiting->daemon = daemon;
	waiting->call = call;
	waiting->timer = loop_timer_new(daemon->loop, on_late, waiting);
	loop_timer_start(waiting->timer, VERDICT_MS, 0);
	if (wants_task)
		waiting->task = tasks_open(daemon->tasks, request.app);
	reload_begin(daemon->reload, &request, waiting->task, on_verdict, waiting);
	pass_request_done(&request);
}

static void post_reload(struct daemon *daemon, struct control_call *call)
{
	begin_reload(daemon, call, "reload", false);
}

static void post_apply(struct daemon *daemon, struct control_call *call)
{
	begin_reload(daemon, call, "apply", true);
}

static char *read_task(void *context, int number, size_t *position, bool *ret_end)
{
	return tasks_read(context, number, position, ret_end);
}

static void get_task(struct daemon *daemon, struct control_call *call)
{
	int number = atoi(control_path(call) + strlen("/v1/apply/"));

	control_stream(call, read_task, daemon->tasks, number);
}

/* --- suspend and resume --- */

static int known_apps(struct errand *errand, struct list *ret)
{
	if (!errand->app)
		return err_set(&errand->err, ERR_INVALID, "the request names no app");
	struct loaded *loaded = daemon_loaded(errand->daemon);
	hold_known_apps(loaded, errand->daemon->site->ledger, ret);
	loaded_unref(loaded);
	return 0;
}

static void suspend(void *context)
{
	struct errand *errand = context;
	struct daemon *daemon = errand->daemon;
	cleanup_list struct list known = LIST_INIT;

	int r = known_apps(errand, &known);
	if (r >= 0)
		r = hold_suspend(daemon->site, &known, errand->app, errand->for_ms, errand->who,
				 daemon->sink, &errand->err);
	if (r >= 0)
		errand->answer = json_pack("{s:i}", "schema", 1);
}

/* A job of the app that waits gives up: it is to be left alone from now on. */
static void after_suspend(void *context)
{
	struct errand *errand = context;
	struct daemon *daemon = errand->daemon;

	if (errand->answer && !daemon->stopping) {
		job_drop(daemon->jobs, errand->app);
		follow_holds(daemon->follow);
	}
	answer_errand(context);
}

static void resume(void *context)
{
	struct errand *errand = context;
	struct daemon *daemon = errand->daemon;
	cleanup_list struct list known = LIST_INIT;
	bool unpinned = false;

	int r = known_apps(errand, &known);
	if (r >= 0 && errand->without_restore)
		r = hold_go_without(daemon->gate, &known, errand->app, errand->who, daemon->sink,
				    &errand->err);
	if (r >= 0)
		r = hold_resume(daemon->site, &known, errand->app, daemon->sink, &unpinned,
				&errand->err);
	if (r >= 0)
		errand->answer = json_pack("{s:i, s:b, s:b}", "schema", 1, "was_suspended",
					   r > 0 && !unpinned, "was_pinned", unpinned);
	errand->compare = r > 0 || (r == 0 && errand->without_restore);
}

static void post_suspend(struct daemon *daemon, struct control_call *call)
{
	daemon_work(daemon, suspend, after_suspend, new_errand(daemon, call));
}

static void post_resume(struct daemon *daemon, struct control_call *call)
{
	daemon_work(daemon, resume, answer_errand, new_errand(daemon, call));
}

/* --- which one it is --- */

static const struct route {
	const char *method, *path; /* a path that ends in / stands for all that begin so */
	void (*serve)(struct daemon *daemon, struct control_call *call);
} routes[] = {
	{"GET", "/v1/status", get_status},   {"GET", "/v1/metrics", requests_answer_metrics},
	{"POST", "/v1/reload", post_reload}, {"POST", "/v1/apply", post_apply},
	{"GET", "/v1/apply/", get_task},     {"POST", "/v1/suspend", post_suspend},
	{"POST", "/v1/resume", post_resume},
};

static bool matches(const struct route *route, const char *path)
{
	size_t n = strlen(route->path);

	return route->path[n - 1] == '/' ? !strncmp(path, route->path, n)
					 : !strcmp(path, route->path);
}

void requests_handle(void *context, struct control_call *call)
{
	struct daemon *daemon = context;
	cleanup_err struct err err = ERR_INIT;
	int status = HTTP_NOT_FOUND;

	if (daemon->stopping) {
		(void)err_set(&err, ERR_BUSY, "desired is stopping");
		control_fail(call, HTTP_UNAVAILABLE, &err);
		return;
	}
	if (requests_change(daemon, call))
		return;
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		if (!matches(&routes[i], control_path(call)))
			continue;
		if (!strcmp(routes[i].method, control_method(call))) {
			routes[i].serve(daemon, call);
			return;
		}
		status = HTTP_NOT_ALLOWED;
	}
	(void)err_set(&err, status == HTTP_NOT_FOUND ? ERR_NOT_FOUND : ERR_INVALID,
		      "%s %s is not served here", control_method(call), control_path(call));
	(void)err_hint(
		&err,
		"GET /v1/status, /v1/metrics; POST /v1/reload, apply, suspend, resume, approve, "
		"rollback, undo, purge, adopt");
	control_fail(call, status, &err);
}
