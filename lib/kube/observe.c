#include "kube/observe.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"
#include "base/mem.h"
#include "kube/watch.h"

/* While nobody answers, one look at /readyz instead of a try for each kind. */
#define PROBE_FIRST_MS 800
#define PROBE_MAX_MS   2000
#define PROBE_TIME_MS  10000

struct kube_observe {
	struct kube_observe_options options;
	struct kube_watch_host host;
	struct cancel *cancel; /* ends what the worker waits for */
	pthread_t worker;

	/* The worker's own. */
	struct map watches; /* "group/Kind" -> struct kube_watch */
	bool offline;	    /* said by `connection` */
	int64_t probe_due, probe_pause;

	pthread_mutex_t telling; /* around the caller's functions */
	pthread_mutex_t lock;	 /* of all below */
	pthread_cond_t woken;
	struct list wanted;
	bool wanted_changed, wake, stop;
};

static struct kube_watch *nth(const struct kube_observe *observe, size_t i)
{
	return observe->watches.entries[i].value;
}

/* --- what the watches see of us --- */

static void wake(void *context)
{
	struct kube_observe *observe = context;

	pthread_mutex_lock(&observe->lock);
	observe->wake = true;
	pthread_cond_signal(&observe->woken);
	pthread_mutex_unlock(&observe->lock);
}

static void tell_changed(void *context, const char *key, json_t *object)
{
	struct kube_observe *observe = context;

	pthread_mutex_lock(&observe->telling);
	observe->options.changed(observe->options.context, key, object);
	pthread_mutex_unlock(&observe->telling);
}

static void tell_trouble(void *context, const char *kind, const struct err *err)
{
	struct kube_observe *observe = context;

	if (!observe->options.trouble)
		return;
	pthread_mutex_lock(&observe->telling);
	observe->options.trouble(observe->options.context, kind, err);
	pthread_mutex_unlock(&observe->telling);
}

static void tell_connection(struct kube_observe *observe, const struct err *err)
{
	pthread_mutex_lock(&observe->telling);
	observe->options.connection(observe->options.context, err);
	pthread_mutex_unlock(&observe->telling);
}

/* --- which kinds --- */

static void drop_unwanted(struct kube_observe *observe, const struct list *wanted)
{
	cleanup_list struct list unwanted = LIST_INIT;

	for (size_t i = 0; i < observe->watches.n; i++)
		if (!list_has(wanted, observe->watches.entries[i].key))
			list_add(&unwanted, observe->watches.entries[i].key);
	for (size_t i = 0; i < unwanted.n; i++) {
		pthread_mutex_lock(&observe->lock); /* kube_observe_live() walks the map */
		struct kube_watch *gone = map_take(&observe->watches, unwanted.items[i]);
		pthread_mutex_unlock(&observe->lock);
		kube_watch_free(gone);
	}
}

static void take_wanted(struct kube_observe *observe)
{
	cleanup_list struct list wanted = LIST_INIT;

	pthread_mutex_lock(&observe->lock);
	bool changed = observe->wanted_changed;
	observe->wanted_changed = false;
	list_copy(&wanted, &observe->wanted);
	pthread_mutex_unlock(&observe->lock);
	if (!changed)
		return;
	drop_unwanted(observe, &wanted);
	for (size_t i = 0; i < wanted.n; i++) {
		struct kube_watch *watch = map_get(&observe->watches, wanted.items[i]);
		if (watch) {
			kube_watch_retry(watch);
			continue;
		}
		watch = kube_watch_new(&observe->host, wanted.items[i]);
		pthread_mutex_lock(&observe->lock);
		map_put(&observe->watches, wanted.items[i], watch);
		pthread_mutex_unlock(&observe->lock);
	}
}

/* --- in reach or not --- */

static void go_online(struct kube_observe *observe)
{
	observe->probe_pause = PROBE_FIRST_MS;
	if (!observe->offline)
		return;
	observe->offline = false;
	tell_connection(observe, NULL);
	for (size_t i = 0; i < observe->watches.n; i++)
		kube_watch_hurry(nth(observe, i));
}

static void go_offline(struct kube_observe *observe, const struct err *err)
{
	int64_t pause = observe->probe_pause;

	observe->probe_due =
		clock_real.now(&clock_real) + pause - pause / 8 + random() % (pause / 4);
	observe->probe_pause = pause * 2 < PROBE_MAX_MS ? pause * 2 : PROBE_MAX_MS;
	kube_client_doubt(observe->options.client);
	if (!observe->offline)
		tell_connection(observe, err);
	observe->offline = true;
}

/* A kind lost its stream, or nobody was in reach: is the server there? */
static void probe(struct kube_observe *observe)
{
	struct deadline deadline = deadline_in(&clock_real, observe->cancel, PROBE_TIME_MS);
	cleanup_err struct err err = ERR_INIT;

	int r = kube_client_ready(observe->options.client, &deadline, &err);
	if (r == -ERR_CANCELED)
		return;
	if (r < 0)
		go_offline(observe, &err);
	else
		go_online(observe);
}

/* --- the worker --- */

/* Lets every watch do what is due. True when the server may be out of reach. */
static bool run_watches(struct kube_observe *observe)
{
	bool doubt = false;

	for (size_t i = 0; i < observe->watches.n && !cancel_raised(observe->cancel); i++)
		doubt |= kube_watch_settle(nth(observe, i)) == KUBE_WATCH_LOST;
	for (size_t i = 0; i < observe->watches.n && !doubt && !observe->offline; i++)
		doubt |= kube_watch_run(nth(observe, i)) == KUBE_WATCH_LOST;
	return doubt;
}

/* When there is something to do without being woken. */
static int64_t next_due(const struct kube_observe *observe)
{
	int64_t next = INT64_MAX;

	if (observe->offline)
		return observe->probe_due;
	for (size_t i = 0; i < observe->watches.n; i++)
		if (kube_watch_due(nth(observe, i)) < next)
			next = kube_watch_due(nth(observe, i));
	return next;
}

static void run(struct kube_observe *observe)
{
	bool doubt = run_watches(observe);

	if (observe->offline ? clock_real.now(&clock_real) >= observe->probe_due : doubt)
		probe(observe);
}

/* Until `next`, or somebody wants something. False when it is time to stop. */
static bool wait_until(struct kube_observe *observe, int64_t next)
{
	struct timespec end = {next / 1000, next % 1000 * 1000000};
	int r = 0;

	pthread_mutex_lock(&observe->lock);
	while (!observe->stop && !observe->wake && !observe->wanted_changed && r == 0)
		r = next == INT64_MAX
			    ? pthread_cond_wait(&observe->woken, &observe->lock)
			    : pthread_cond_timedwait(&observe->woken, &observe->lock, &end);
	observe->wake = false;
	bool go_on = !observe->stop;
	pthread_mutex_unlock(&observe->lock);
	return go_on;
}

static void *work(void *context)
{
	struct kube_observe *observe = context;
	int64_t next = INT64_MAX;

	while (wait_until(observe, next)) {
		take_wanted(observe);
		run(observe);
		next = next_due(observe);
	}
	return NULL;
}

/* --- the face --- */

static void init_lock(struct kube_observe *observe)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&observe->telling, NULL);
	pthread_mutex_init(&observe->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&observe->woken, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct kube_observe *kube_observe_new(const struct kube_observe_options *options)
{
	struct kube_observe *observe = mem_new(struct kube_observe);

	observe->options = *options;
	observe->cancel = cancel_new();
	observe->watches = MAP_INIT(kube_watch_free);
	observe->probe_pause = PROBE_FIRST_MS;
	observe->host = (struct kube_watch_host){
		.client = options->client,
		.cancel = observe->cancel,
		.changed = tell_changed,
		.trouble = tell_trouble,
		.wake = wake,
		.context = observe,
	};
	init_lock(observe);
	pthread_create(&observe->worker, NULL, work, observe);
	return observe;
}

void kube_observe_kinds(struct kube_observe *observe, const struct list *kinds)
{
	pthread_mutex_lock(&observe->lock);
	list_done(&observe->wanted);
	for (size_t i = 0; i < kinds->n; i++)
		list_add_new(&observe->wanted, kinds->items[i]);
	observe->wanted_changed = true;
	pthread_cond_signal(&observe->woken);
	pthread_mutex_unlock(&observe->lock);
}

int kube_observe_live(const struct kube_observe *const_observe)
{
	struct kube_observe *observe = (struct kube_observe *)const_observe; /* its lock */
	int live = 0;

	pthread_mutex_lock(&observe->lock);
	for (size_t i = 0; i < observe->watches.n; i++)
		live += kube_watch_is_live(nth(observe, i));
	pthread_mutex_unlock(&observe->lock);
	return live;
}

bool kube_observe_sees(struct kube_observe *observe, const char *kind, const char *key)
{
	pthread_mutex_lock(&observe->lock);
	struct kube_watch *watch = map_get(&observe->watches, kind);
	bool sees = watch && kube_watch_sees(watch, key);
	pthread_mutex_unlock(&observe->lock);
	return sees;
}

void kube_observe_free(struct kube_observe *observe)
{
	if (!observe)
		return;
	pthread_mutex_lock(&observe->lock);
	observe->stop = true;
	pthread_cond_signal(&observe->woken);
	pthread_mutex_unlock(&observe->lock);
	cancel_raise(observe->cancel);
	pthread_join(observe->worker, NULL);
	map_done(&observe->watches);
	list_done(&observe->wanted);
	cancel_free(observe->cancel);
	pthread_mutex_destroy(&observe->telling);
	pthread_mutex_destroy(&observe->lock);
	pthread_cond_destroy(&observe->woken);
	free(observe);
}
