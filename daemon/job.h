/*
 * job: a small pool of threads that runs plain sequential work, one job at a time for an app.
 *
 * Work is queued by the name of its app. A newer piece of work for an app takes the place of one
 * that waits, and cancels the waits of one that runs. Repairs of single objects queue beside it,
 * once for each object, and fall away when the whole app is done anyway. What cannot be done now is
 * tried again with growing, jittered pauses.
 *
 * At most `active` jobs are at work. A job that sleeps on job_clock() gives its place to another
 * meanwhile, so that apps that wait for minutes hold up nobody.
 *
 * Thread safe; the functions given in the options run on the pool's threads without its lock.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"

struct job_pool;

struct job {
	const char *name; /* of the app */
	void *work;	  /* as submitted; NULL for a repair */
	const char *key;  /* repair: of this object; NULL otherwise */
	json_t *object;	  /* repair: what was last seen of it; NULL: gone */
	struct cancel *cancel;
	int tries; /* how often it was tried before */
};

enum job_outcome {
	JOB_DONE,
	JOB_RETRY,     /* again after a pause that grows */
	JOB_POSTPONED, /* again when another job has ended, or in a second */
};

struct job_pool_options {
	int active; /* 0: 8 */
	enum job_outcome (*run)(void *context, const struct job *job);
	/* Called once for each piece of work, when it is done or will never be. */
	void (*release)(void *context, void *work);
	void *context;
	int64_t pause, pause_max; /* between tries; 0: 1 s and 5 min */
};

struct job_pool *job_pool_new(const struct job_pool_options *options);

/* The clock to hand to work: real time, and sleeping gives the place away. */
const struct clock *job_clock(struct job_pool *pool);

/* Queues the work for an app; `work` is taken over. */
void job_submit(struct job_pool *pool, const char *name, void *work);

/* Queues a repair of one object; a repair of it that waits already takes over what was seen. */
void job_repair(struct job_pool *pool, const char *name, const char *key, json_t *object);
/* The object is as it should be again: a repair that waits falls away. */
void job_settled(struct job_pool *pool, const char *key);

/* Drops what waits for an app, or for all instances of one ("ghost" means "ghost@x" too), and
 * cancels the waits of what runs. */
void job_drop(struct job_pool *pool, const char *app);

/* Tries again now whatever pauses. */
void job_hurry(struct job_pool *pool);

bool job_is_busy(struct job_pool *pool, const char *name); /* runs or waits to run */
bool job_is_running(struct job_pool *pool, const char *name);
bool job_is_idle(struct job_pool *pool); /* nothing runs */

/* False when the threads seem to be stuck: work is due for a minute and none takes it. */
bool job_is_alive(struct job_pool *pool);

/* Raises every job's cancel and drops what waits; nothing new is taken from now on. */
void job_cancel_all(struct job_pool *pool);

/* Cancels, waits for the jobs that run, ends the threads. */
void job_pool_free(struct job_pool *pool);
