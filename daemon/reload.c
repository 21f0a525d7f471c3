/*
 * reload: the files are read on another thread, judged, told, and taken up: app by app, or not at
 * all when something that all apps share is broken.
 *
 * Requests that come while files are being read wait for the next reading: what they ask for may
 * have been written since.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon.h"
#include "findings.h"
#include "notify.h"
#include "verdict.h"

/* One who asked for a reload. */
struct ask {
	struct ask *next;
	struct pass_request request;
	int task;
	void (*done)(void *context, const json_t *verdict, const struct err *err);
	void *context;
};

/* One reading under way, and who asked for it. */
struct reading {
	struct reload *reload;
	struct ask *asks;
	struct loaded *now, *before;
	char *fingerprint; /* of the files as they were read, whatever of them was taken up */
	json_t *verdict;
	struct err err;
};

struct reload {
	struct daemon *daemon;
	struct ask *first, **last; /* wait for the next reading */
	char *fingerprint;	   /* of the last reading */
	bool reading;
};

static void free_ask(struct ask *ask)
{
	pass_request_done(&ask->request);
	free(ask);
}

/* --- on a thread of libuv --- */

static json_t *names(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *verdict_to_json(const struct loaded *now, const struct verdict *verdict)
{
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:I}", "fatal", verdict->fatal, "good",
			 names(&verdict->good), "bad", names(&verdict->bad), "changed",
			 names(&verdict->changed), "gone", names(&verdict->gone), "findings",
			 findings_to_json(&now->findings), "took_ms", (json_int_t)now->took_ms);
}

/* One apply of some apps takes up those alone; together with any other request, everything. */
static void keep_rest(struct reading *reading)
{
	const struct pass_request *request = &reading->asks->request;
	const struct loaded_selection selection = {request->app, &request->tags,
						   &request->skip_tags};

	if (!reading->asks->next && !pass_request_is_all(request) && reading->before &&
	    !reading->before->fatal && !reading->now->fatal)
		loaded_keep_rest(reading->now, reading->before, &selection);
}

static void take_up(struct reading *reading)
{
	struct daemon *daemon = reading->reload->daemon;

	/* Broken as a whole: what was loaded stays; when nothing was, the revisions are enforced.
	 */
	if (reading->now->fatal && reading->before)
		return;
	pthread_mutex_lock(&daemon->lock);
	struct loaded *old = daemon->loaded;
	daemon->loaded = loaded_ref(reading->now);
	pthread_mutex_unlock(&daemon->lock);
	loaded_unref(old);
}

static void judge(struct reading *reading)
{
	struct daemon *daemon = reading->reload->daemon;
	struct state_ledger *ledger = daemon->site->ledger;
	struct verdict verdict;

	reading->fingerprint = mem_strdup(reading->now->fingerprint);
	keep_rest(reading);
	verdict_make(reading->now, reading->before, ledger, &verdict);
	quiet_forget(daemon->quiet);
	drift_forget(daemon->drift);
	verdict_tell(reading->now, reading->before, &verdict, ledger, daemon->sink);
	reading->verdict = verdict_to_json(reading->now, &verdict);
	verdict_done(&verdict);
	take_up(reading);
}

/* The connection that there is; before there is one, one of its own. */
static struct link *link_of(void *context, const struct source_settings *settings)
{
	struct daemon *daemon = context;

	pthread_mutex_lock(&daemon->lock);
	struct link *link = daemon->link ? link_ref(daemon->link) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	return link ? link : link_once(daemon->site, settings);
}

/* What the connection knows, or what an earlier one left. */
static json_t *kinds_of(void *context, const struct source_settings *settings)
{
	struct link *link = link_of(context, settings);

	if (!link)
		return NULL;
	json_t *kinds = kube_client_kinds(link->client);
	link_unref(link);
	return kinds;
}

static void read_files(void *context)
{
	struct reading *reading = context;
	struct daemon *daemon = reading->reload->daemon;
	const struct options *options = daemon->site->options;
	int r = loaded_read(
		&(struct loaded_options){
			.dir = options->dir,
			.config = options->config,
			.state_dir = options->state,
			.make_secrets = true,
			.masking = options->masking,
			.vault = daemon->vault,
			.kinds_of = kinds_of,
			.link_of = link_of,
			.context = daemon,
			.who = reading->asks->request.who,
		},
		&reading->now, &reading->err);
	if (r >= 0)
		judge(reading);
}

/* --- on the loop --- */

static void begin_reading(struct reload *reload);

/* Rounds: one for all who asked for everything, one for each other. */
static void begin_rounds(struct reading *reading)
{
	struct rounds *rounds = reading->reload->daemon->rounds;
	bool begun = false;

	for (const struct ask *ask = reading->asks; ask; ask = ask->next) {
		bool plain = pass_request_is_all(&ask->request) && !ask->task;
		if (!plain || !begun)
			rounds_begin(rounds, &ask->request, ask->task);
		begun |= plain;
	}
}

static void answer(struct reading *reading, const struct err *err)
{
	for (struct ask *ask = reading->asks, *next; ask; ask = next) {
		next = ask->next;
		if (ask->done)
			ask->done(ask->context, reading->verdict, err);
		if (err)
			tasks_finish(reading->reload->daemon->tasks, ask->task,
				     json_pack("{s:[], s:i}", "apps", "failed", 1));
		free_ask(ask);
	}
	reading->asks = NULL;
}

static void tell_failure(struct reading *reading)
{
	cleanup_free char *text = err_text(&reading->err);

	event_emit(reading->reload->daemon->sink, (struct event){.kind = EVENT_LOAD_FAILED},
		   "the files cannot be read, everything stays as it was: %s", text);
}

static void free_reading(struct reading *reading)
{
	loaded_unref(reading->now);
	loaded_unref(reading->before);
	json_decref(reading->verdict);
	free(reading->fingerprint);
	err_done(&reading->err);
	free(reading);
}

static void after_reading(void *context)
{
	struct reading *reading = context;
	struct reload *reload = reading->reload;
	struct daemon *daemon = reload->daemon;

	reload->reading = false;
	free(reload->fingerprint);
	reload->fingerprint = steal(&reading->fingerprint);
	if (!reading->now)
		tell_failure(reading);
	else if (!daemon->stopping)
		begin_rounds(reading);
	if (daemon->ready)
		notify_ready();
	answer(reading, reading->now ? NULL : &reading->err);
	if (reading->now && !daemon->stopping)
		follow_files(daemon->follow);
	free_reading(reading);
	if (reload->first)
		begin_reading(reload);
}

static void begin_reading(struct reload *reload)
{
	struct daemon *daemon = reload->daemon;
	struct reading *reading = mem_new(struct reading);

	reading->reload = reload;
	reading->asks = reload->first;
	reading->before = daemon_loaded(daemon);
	reload->first = NULL;
	reload->last = &reload->first;
	reload->reading = true;
	if (daemon->ready)
		notify_reloading();
	daemon_work(daemon, read_files, after_reading, reading);
}

void reload_begin(struct reload *reload, const struct pass_request *request, int task,
		  void (*done)(void *context, const json_t *verdict, const struct err *err),
		  void *context)
{
	struct ask *ask = mem_new(struct ask);

	pass_request_copy(&ask->request, request);
	ask->task = task;
	ask->done = done;
	ask->context = context;
	*reload->last = ask;
	reload->last = &ask->next;
	if (!reload->reading)
		begin_reading(reload);
}

bool reload_is_news(const struct reload *reload, const char *fingerprint)
{
	return !reload->reading && fingerprint &&
	       (!reload->fingerprint || strcmp(fingerprint, reload->fingerprint) != 0);
}

struct reload *reload_new(struct daemon *daemon)
{
	struct reload *reload = mem_new(struct reload);

	reload->daemon = daemon;
	reload->last = &reload->first;
	return reload;
}

void reload_free(struct reload *reload)
{
	for (struct ask *ask = reload->first, *next; ask; ask = next) {
		next = ask->next;
		free_ask(ask);
	}
	free(reload->fingerprint);
	free(reload);
}
