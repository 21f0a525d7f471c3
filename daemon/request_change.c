/*
 * The control socket's calls for changes (change.h): POST /v1/rollback and its kin. Each is
 * prepared on a thread of libuv; then a round does the rest, whose result is a task to be followed
 * at GET /v1/apply/N.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "change.h"
#include "daemon.h"
#include "requests.h"
#include "tree/path.h"

struct request_change {
	struct daemon *daemon;
	struct control_call *call;
	change_prepare *prepare;
	json_t *body;
	char *who;
	struct pass_request request;
	json_t *answer; /* or */
	struct err err;
};

static void prepare(void *context)
{
	struct request_change *change = context;
	struct daemon *daemon = change->daemon;
	struct loaded *loaded = daemon_loaded(daemon);
	struct link *link;

	if (!loaded) {
		(void)err_set(&change->err, ERR_BUSY, "the files are still being read");
		return;
	}
	pthread_mutex_lock(&daemon->lock);
	link = daemon->link ? link_ref(daemon->link) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	(void)change->prepare(
		&(struct change){
			.site = daemon->site,
			.loaded = loaded,
			.link = link,
			.sink = daemon->sink,
			.body = change->body,
			.who = change->who,
		},
		&change->request, &change->answer, &change->err);
	link_unref(link);
	loaded_unref(loaded);
}

static void begin_round(struct request_change *change)
{
	struct daemon *daemon = change->daemon;
	int task = tasks_open(daemon->tasks, change->request.app);

	json_object_set_new(change->answer, "task", json_integer(task));
	pthread_mutex_lock(&daemon->lock);
	if (daemon->api_gone)
		json_object_set_new(change->answer, "waiting", json_string(daemon->api_why));
	pthread_mutex_unlock(&daemon->lock);
	rounds_begin(daemon->rounds, &change->request, task);
}

static void answer(void *context)
{
	struct request_change *change = context;

	if (change->err.code) {
		json_decref(change->answer);
		requests_fail(change->call, &change->err);
	} else {
		if (!tree_path_true(change->answer, "done") && !change->daemon->stopping)
			begin_round(change);
		control_answer(change->call, REQUESTS_OK, change->answer);
	}
	pass_request_done(&change->request);
	err_done(&change->err);
	json_decref(change->body);
	free(change->who);
	free(change);
}

bool requests_change(struct daemon *daemon, struct control_call *call)
{
	static const char prefix[] = "/v1/";
	const char *verb = control_path(call) + strlen(prefix);
	change_prepare *found =
		strncmp(control_path(call), prefix, strlen(prefix)) != 0 ? NULL : change_find(verb);

	if (!found || strcmp(control_method(call), "POST") != 0)
		return false;
	struct request_change *change = mem_new(struct request_change);
	const char *who = tree_path_string(control_body(call), "who");
	change->daemon = daemon;
	change->call = call;
	change->prepare = found;
	change->body = json_incref((json_t *)control_body(call));
	change->who = mem_strdup(who ? who : control_who(call));
	change->request.who = mem_printf("%s by %s", verb, change->who);
	daemon_work(daemon, prepare, answer, change);
	return true;
}
