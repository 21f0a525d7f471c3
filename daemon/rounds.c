/*
 * rounds: from "these apps are to be compared" to jobs, which takes an API server.
 *
 * Rounds begin one after another on another thread. While the server does not answer, the first
 * waits and is tried again with pauses of up to 5 s; its absence is told once.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon.h"

#define ANSWER_MS     10000 /* the server's first answers */
#define FIRST_PAUSE   200
#define LONGEST_PAUSE 5000

/* A round that is wanted. */
struct wish {
	struct wish *next;
	struct rounds *rounds;
	struct pass_request request;
	int task;
	struct pass_round *round; /* once it has begun */
	bool dropped;		  /* nothing is loaded: the next reading brings its own round */
	struct err err;
};

/* Who is told when a round is finished. */
struct end {
	struct daemon *daemon;
	int task;
};

struct rounds {
	struct daemon *daemon;
	struct wish *first, **last;
	struct loop_timer *timer;
	int64_t pause;
	bool beginning;

	pthread_mutex_t lock; /* of what follows; never taken while daemon->lock is held */
	struct kube_observe *observe;
	struct link *observed; /* the link that observe uses */
	char *kinds;	       /* that are watched, joined */
	int kind_count;
};

static void free_wish(struct wish *wish)
{
	pass_request_done(&wish->request);
	err_done(&wish->err);
	free(wish);
}

/* --- watches --- */

static void on_connection(void *context, const struct err *err)
{
	daemon_api(context, err);
}

static void on_trouble(void *context, const char *kind, const struct err *err)
{
	struct daemon *daemon = context;

	event_emit(daemon->sink, (struct event){.kind = EVENT_WARNING},
		   "%s cannot be watched, its drift is seen at the next interval only: %s", kind,
		   err->message);
}

static void on_changed(void *context, const char *key, json_t *object)
{
	const struct daemon *daemon = context;

	drift_changed(daemon->drift, key, object);
}

/* Watches through this link from now on. */
static void use_link(struct rounds *rounds, struct link *link)
{
	pthread_mutex_lock(&rounds->lock);
	if (rounds->observed != link) {
		if (rounds->observe)
			kube_observe_free(rounds->observe);
		link_unref(rounds->observed);
		free(steal(&rounds->kinds));
		rounds->observed = link_ref(link);
		rounds->observe = kube_observe_new(&(struct kube_observe_options){
			.client = link->client,
			.changed = on_changed,
			.connection = on_connection,
			.trouble = on_trouble,
			.context = rounds->daemon,
		});
	}
	pthread_mutex_unlock(&rounds->lock);
}

void rounds_observe(struct daemon *daemon)
{
	struct rounds *rounds = daemon->rounds;
	cleanup_list struct list kinds = LIST_INIT;

	state_ledger_kinds(daemon->site->ledger, &kinds);
	cleanup_free char *joined = list_join(&kinds, " ");
	pthread_mutex_lock(&rounds->lock);
	if (rounds->observe && (!rounds->kinds || strcmp(rounds->kinds, joined) != 0)) {
		kube_observe_kinds(rounds->observe, &kinds);
		free(rounds->kinds);
		rounds->kinds = steal(&joined);
		rounds->kind_count = (int)kinds.n;
	}
	pthread_mutex_unlock(&rounds->lock);
}

static bool is_settled(void *context, const struct state_entry *entry)
{
	struct daemon *daemon = context;
	struct rounds *rounds = daemon->rounds;
	const char *group = *entry->id.group ? entry->id.group : "core";
	cleanup_free char *kind = mem_printf("%s/%s", group, entry->id.kind);

	pthread_mutex_lock(&rounds->lock);
	bool seen = rounds->observe && kube_observe_sees(rounds->observe, kind, entry->key);
	pthread_mutex_unlock(&rounds->lock);
	return seen && drift_agrees(daemon->drift, entry);
}

static bool all_are_watched(struct rounds *rounds)
{
	pthread_mutex_lock(&rounds->lock);
	bool all = rounds->observe && kube_observe_live(rounds->observe) >= rounds->kind_count;
	pthread_mutex_unlock(&rounds->lock);
	return all;
}

/* --- beginning one, on a thread of libuv --- */

/* The link for these settings; a reload may have named another kubeconfig. */
static int find_link(struct daemon *daemon, const struct loaded *loaded, struct link **ret,
		     struct err *err)
{
	pthread_mutex_lock(&daemon->lock);
	struct link *link = daemon->link ? link_ref(daemon->link) : NULL;
	pthread_mutex_unlock(&daemon->lock);
	if (link && link_serves(link, daemon->site, &loaded->settings)) {
		*ret = link;
		return 0;
	}
	link_unref(link);
	int r = link_open(daemon->site, &loaded->settings, ret, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&daemon->lock);
	struct link *old = daemon->link;
	daemon->link = link_ref(*ret);
	pthread_mutex_unlock(&daemon->lock);
	link_unref(old);
	return 0;
}

static void learn_cluster(struct daemon *daemon, const struct link *link)
{
	struct deadline deadline = deadline_in(&clock_real, daemon->cancel, ANSWER_MS);
	cleanup_err struct err err = ERR_INIT;
	struct kube_cluster cluster;

	pthread_mutex_lock(&daemon->lock);
	bool known = daemon->cluster.version;
	pthread_mutex_unlock(&daemon->lock);
	if (known || kube_client_cluster(link->client, &deadline, &cluster, &err) < 0)
		return;
	pthread_mutex_lock(&daemon->lock);
	kube_cluster_done(&daemon->cluster);
	daemon->cluster = cluster;
	pthread_mutex_unlock(&daemon->lock);
}

static void on_finished(void *context, struct pass_round *round)
{
	struct end *end = context;

	if (round->request.sweep)
		sweep_ended(end->daemon->sweep, round);
	if (end->task)
		tasks_finish(end->daemon->tasks, end->task, pass_round_result(round));
	daemon_tell_status(end->daemon);
	malloc_trim(0);
	free(end);
}

static int begin_with(struct wish *wish, struct loaded *loaded, struct link *link)
{
	struct daemon *daemon = wish->rounds->daemon;
	struct end *end = mem_new(struct end);

	*end = (struct end){daemon, wish->task};
	int r = pass_round_begin(
		&(struct pass_round_options){
			.site = daemon->site,
			.loaded = loaded,
			.link = link,
			.sink = daemon->sink,
			.clock = job_clock(daemon->jobs),
			.cancel = daemon->cancel,
			.contest = daemon->contest,
			.settled = is_settled,
			.settled_context = daemon,
			.gate = daemon->gate,
			.request = &wish->request,
			.timeout_ms = ANSWER_MS,
			.finished = on_finished,
			.context = end,
		},
		&wish->round, &wish->err);
	if (r < 0)
		free(end);
	return r;
}

static void begin_round(void *context)
{
	struct wish *wish = context;
	struct daemon *daemon = wish->rounds->daemon;
	struct loaded *loaded = daemon_loaded(daemon);
	struct link *link = NULL;

	err_done(&wish->err);
	if (!loaded) {
		wish->dropped = true;
		return;
	}
	int r = find_link(daemon, loaded, &link, &wish->err);
	if (r >= 0)
		r = begin_with(wish, loaded, link);
	if (r >= 0) {
		daemon_api(daemon, NULL);
		learn_cluster(daemon, link);
		use_link(wish->rounds, link);
		rounds_observe(daemon);
	}
	link_unref(link);
	loaded_unref(loaded);
}

/* --- on the loop --- */

static void begin_next(struct rounds *rounds);

static void drop_first(struct rounds *rounds)
{
	struct wish *wish = rounds->first;

	rounds->first = wish->next;
	if (!rounds->first)
		rounds->last = &rounds->first;
	free_wish(wish);
}

static void submit(struct rounds *rounds, struct pass_round *round)
{
	struct daemon *daemon = rounds->daemon;

	pthread_mutex_lock(&daemon->lock);
	struct pass_round *old = daemon->round;
	daemon->round = pass_round_ref(round);
	pthread_mutex_unlock(&daemon->lock);
	pass_round_unref(old);
	pass_round_submit(round, daemon->jobs);
	pass_round_unref(round);
}

static void pause_first(struct rounds *rounds)
{
	loop_timer_start(rounds->timer, rounds->pause, 0);
	rounds->pause = rounds->pause * 2 > LONGEST_PAUSE ? LONGEST_PAUSE : rounds->pause * 2;
}

static void after_begin(void *context)
{
	struct wish *wish = context;
	struct rounds *rounds = wish->rounds;
	struct daemon *daemon = rounds->daemon;

	rounds->beginning = false;
	if (wish->round) {
		rounds->pause = FIRST_PAUSE;
		submit(rounds, wish->round);
		drop_first(rounds);
		begin_next(rounds);
	} else if (wish->dropped) {
		drop_first(rounds);
	} else if (!daemon->stopping) {
		daemon_api(daemon, &wish->err);
		pause_first(rounds);
	}
}

static void begin_next(struct rounds *rounds)
{
	if (rounds->beginning || !rounds->first || rounds->daemon->stopping)
		return;
	rounds->beginning = true;
	daemon_work(rounds->daemon, begin_round, after_begin, rounds->first);
}

static void on_timer(void *context)
{
	begin_next(context);
}

static bool is_plain(const struct wish *wish)
{
	const struct pass_request *request = &wish->request;

	return !wish->task && pass_request_is_all(request) && !request->force &&
	       !request->force_replace && !request->sweep;
}

/* A round over everything that has not begun covers another one. */
static bool is_covered(const struct rounds *rounds, const struct wish *wish)
{
	const struct wish *other = rounds->first;

	if (rounds->beginning && other)
		other = other->next;
	for (; other; other = other->next)
		if (is_plain(wish) && is_plain(other))
			return true;
	return false;
}

void rounds_begin(struct rounds *rounds, const struct pass_request *request, int task)
{
	struct wish *wish = mem_new(struct wish);

	wish->rounds = rounds;
	wish->task = task;
	pass_request_copy(&wish->request, request);
	if (is_covered(rounds, wish)) {
		free_wish(wish);
	} else {
		*rounds->last = wish;
		rounds->last = &wish->next;
	}
	begin_next(rounds);
}

void rounds_hurry(struct rounds *rounds)
{
	if (rounds->first)
		begin_next(rounds);
}

void rounds_compare(struct rounds *rounds)
{
	struct pass_request request = {.who = (char *)"interval"};

	if (!rounds->first && !all_are_watched(rounds))
		rounds_begin(rounds, &request, 0);
}

struct rounds *rounds_new(struct daemon *daemon)
{
	struct rounds *rounds = mem_new(struct rounds);

	rounds->daemon = daemon;
	rounds->last = &rounds->first;
	rounds->pause = FIRST_PAUSE;
	rounds->timer = loop_timer_new(daemon->loop, on_timer, rounds);
	pthread_mutex_init(&rounds->lock, NULL);
	return rounds;
}

void rounds_free(struct rounds *rounds)
{
	if (rounds->observe)
		kube_observe_free(rounds->observe);
	link_unref(rounds->observed);
	free(rounds->kinds);
	while (rounds->first)
		drop_first(rounds);
	loop_timer_free(rounds->timer);
	pthread_mutex_destroy(&rounds->lock);
	free(rounds);
}
