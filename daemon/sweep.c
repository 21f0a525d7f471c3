/*
 * sweep: the auditor of the drift oracle. About once a day every object is fetched and compared
 * field by field; what differs although its marks say otherwise is repaired like any drift, and
 * counted.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "daemon.h"

struct sweep {
	struct daemon *daemon;
	struct loop_timer *timer;
	int64_t every; /* of the loop's thread */

	pthread_mutex_t lock;
	struct sweep_counts counts;
};

/* A quarter sooner or later: machines that started together do not ask together. */
static void wait_for_next(struct sweep *sweep)
{
	int64_t quarter = sweep->every / 4;

	loop_timer_start(sweep->timer, sweep->every - quarter + random() % (2 * quarter + 1), 0);
}

static void begin(void *context)
{
	struct sweep *sweep = context;
	struct pass_request request = {.sweep = true, .who = (char *)"sweep"};

	if (!sweep->daemon->stopping)
		rounds_begin(sweep->daemon->rounds, &request, 0);
	wait_for_next(sweep);
}

void sweep_every(struct sweep *sweep, int64_t milliseconds)
{
	if (sweep->every == milliseconds)
		return;
	sweep->every = milliseconds;
	wait_for_next(sweep);
}

void sweep_ended(struct sweep *sweep, struct pass_round *round)
{
	pthread_mutex_lock(&round->lock);
	size_t objects = round->tally.swept, unseen = round->tally.unseen;
	pthread_mutex_unlock(&round->lock);

	pthread_mutex_lock(&sweep->lock);
	sweep->counts.sweeps++;
	sweep->counts.objects += objects;
	sweep->counts.disagreements += unseen;
	sweep->counts.last = time(NULL);
	pthread_mutex_unlock(&sweep->lock);
	if (unseen)
		event_emit(sweep->daemon->sink, (struct event){.kind = EVENT_WARNING},
			   "%zu of %zu objects differed although nobody was recorded to have "
			   "changed them: was the datastore written directly, or restored?",
			   unseen, objects);
}

struct sweep_counts sweep_counts(struct sweep *sweep)
{
	pthread_mutex_lock(&sweep->lock);
	struct sweep_counts counts = sweep->counts;
	pthread_mutex_unlock(&sweep->lock);
	return counts;
}

struct sweep *sweep_new(struct daemon *daemon)
{
	struct sweep *sweep = mem_new(struct sweep);

	sweep->daemon = daemon;
	sweep->timer = loop_timer_new(daemon->loop, begin, sweep);
	pthread_mutex_init(&sweep->lock, NULL);
	return sweep;
}

void sweep_free(struct sweep *sweep)
{
	loop_timer_free(sweep->timer);
	pthread_mutex_destroy(&sweep->lock);
	free(sweep);
}
