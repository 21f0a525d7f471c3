#include "job.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/mem.h"

#define ACTIVE	    8
#define THREADS_MAX 128 /* with those that sleep */
#define POSTPONE_MS 1000
#define STUCK_MS    60000
#define FIRST_PAUSE 1000
#define LAST_PAUSE  (5 * 60 * 1000)

struct repair {
	json_t *object; /* NULL: gone */
};

/* When something is to be tried, and how often it was. */
struct turn {
	int64_t due;
	int tries;
};

/* Everything that is to be done for one app. */
struct slot {
	char *name;
	void *work;	       /* waits; NULL: none */
	struct map repairs;    /* key -> struct repair, that wait */
	struct cancel *cancel; /* of what runs; NULL: nothing runs */
	bool running_work;     /* ... and it is work, not a repair */
	bool postponed;
	struct turn work_turn,
		repair_turn; /* an app that fails as a whole is repaired all the same */
};

struct job_pool {
	struct job_pool_options options;
	struct clock clock;
	struct cancel *cancel;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct map slots; /* app -> struct slot */
	pthread_t threads[THREADS_MAX];
	int thread_count, idle, active, running;
	bool stopping;
};

/* What a thread took out of a slot. */
struct taken {
	struct slot *slot;
	struct job job;
	char *key; /* owns job.key */
};

static void repair_free(struct repair *repair)
{
	json_decref(repair->object);
	free(repair);
}

static void slot_free(struct slot *slot)
{
	map_done(&slot->repairs);
	free(slot->name);
	free(slot);
}

static int64_t now(void)
{
	return clock_real.now(&clock_real);
}

static bool has_work(const struct slot *slot)
{
	return !slot->cancel && (slot->work || slot->repairs.n);
}

static int64_t due_of(const struct slot *slot)
{
	int64_t work = slot->work ? slot->work_turn.due : INT64_MAX;
	int64_t repair = slot->repairs.n ? slot->repair_turn.due : INT64_MAX;

	return work < repair ? work : repair;
}

/* --- threads; the lock is held --- */

static void *thread_main(void *context);

/* Somebody must wait for whatever is queued, now or later. */
static void wake_one(struct job_pool *pool)
{
	if (pool->idle) {
		pthread_cond_signal(&pool->wake);
		return;
	}
	if (pool->stopping || pool->thread_count == THREADS_MAX)
		return;
	if (pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool) == 0)
		pool->thread_count++;
}

/* The slot that is due longest, or NULL; ret_next is when the first of the others is. */
static struct slot *find_due(const struct job_pool *pool, int64_t *ret_next)
{
	const char *name;
	struct slot *slot, *found = NULL;

	*ret_next = INT64_MAX;
	map_foreach (&pool->slots, name, slot) {
		(void)name;
		if (!has_work(slot))
			continue;
		int64_t due = due_of(slot);
		if (due <= now() && (!found || due < due_of(found)))
			found = slot;
		else if (due < *ret_next)
			*ret_next = due;
	}
	return found;
}

static void wait_until(struct job_pool *pool, int64_t when)
{
	struct timespec end = {when / 1000, when % 1000 * 1000000};

	pool->idle++;
	if (when == INT64_MAX)
		pthread_cond_wait(&pool->wake, &pool->lock);
	else
		pthread_cond_timedwait(&pool->wake, &pool->lock, &end);
	pool->idle--;
}

static struct taken take(struct job_pool *pool, struct slot *slot)
{
	struct taken taken = {.slot = slot};

	slot->cancel = cancel_new_under(pool->cancel);
	slot->postponed = false;
	slot->running_work = slot->work && slot->work_turn.due <= now();
	if (slot->running_work) {
		taken.job.work = steal(&slot->work);
		map_done(&slot->repairs); /* the whole app covers them */
		slot->repairs = MAP_INIT(repair_free);
	} else {
		struct map_entry *first = &slot->repairs.entries[0];
		taken.key = mem_strdup(first->key);
		struct repair *repair = map_take(&slot->repairs, taken.key);
		taken.job.object = repair->object;
		free(repair);
	}
	taken.job.key = taken.key;
	taken.job.name = slot->name;
	taken.job.cancel = slot->cancel;
	taken.job.tries = slot->running_work ? slot->work_turn.tries : slot->repair_turn.tries;
	pool->active++;
	pool->running++;
	return taken;
}

/* Waits for something to do. False when the pool ends. */
static bool next(struct job_pool *pool, struct taken *ret)
{
	for (;;) {
		int64_t later;
		if (pool->stopping)
			return false;
		struct slot *slot = find_due(pool, &later);
		if (slot && pool->active < pool->options.active) {
			*ret = take(pool, slot);
			return true;
		}
		wait_until(pool, slot ? INT64_MAX : later);
	}
}

static int64_t pause_of(const struct job_pool *pool, int tries)
{
	int64_t pause = pool->options.pause;

	for (int i = 0; i < tries && pause < pool->options.pause_max; i++)
		pause *= 2;
	if (pause > pool->options.pause_max)
		pause = pool->options.pause_max;
	return pause - pause / 4 + random() % (pause / 2 + 1);
}

/* Puts back what is to be tried again, unless something newer has come. True when it was. */
static bool put_back(struct slot *slot, struct taken *taken)
{
	if (taken->job.work && slot->work)
		return false;
	if (taken->job.work) {
		slot->work = taken->job.work;
		return true;
	}
	if (map_has(&slot->repairs, taken->key))
		return false;
	struct repair *repair = mem_new(struct repair);
	repair->object = taken->job.object;
	map_put(&slot->repairs, taken->key, repair);
	return true;
}

static void wake_postponed(struct job_pool *pool)
{
	const char *name;
	struct slot *slot;

	map_foreach (&pool->slots, name, slot) {
		(void)name;
		if (slot->postponed)
			slot->work_turn.due = now();
	}
}

/* Returns the work that is to be released, or NULL. */
static void *settle(struct job_pool *pool, struct taken *taken, enum job_outcome outcome)
{
	struct slot *slot = taken->slot;
	struct turn *turn = slot->running_work ? &slot->work_turn : &slot->repair_turn;
	bool kept = false;

	if (outcome != JOB_POSTPONED)
		wake_postponed(pool);
	if (outcome != JOB_DONE && !pool->stopping)
		kept = put_back(slot, taken);
	slot->postponed = kept && outcome == JOB_POSTPONED;
	turn->due = now();
	if (slot->postponed)
		turn->due += POSTPONE_MS;
	else if (kept)
		turn->due += pause_of(pool, turn->tries);
	if (!slot->postponed)
		turn->tries = kept ? turn->tries + 1 : 0;
	cancel_free(steal(&slot->cancel));
	pool->active--;
	pool->running--;
	if (!has_work(slot))
		map_remove(&pool->slots, slot->name);
	if (!kept)
		json_decref(taken->job.object);
	free(taken->key);
	return kept ? NULL : taken->job.work;
}

static void *thread_main(void *context)
{
	struct job_pool *pool = context;
	struct taken taken;

	pthread_mutex_lock(&pool->lock);
	while (next(pool, &taken)) {
		wake_one(pool); /* somebody for what is left */
		pthread_mutex_unlock(&pool->lock);
		enum job_outcome outcome = pool->options.run(pool->options.context, &taken.job);
		pthread_mutex_lock(&pool->lock);
		void *done = settle(pool, &taken, outcome);
		pthread_mutex_unlock(&pool->lock);
		if (done)
			pool->options.release(pool->options.context, done);
		pthread_mutex_lock(&pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* --- the clock that gives the place away --- */

static int64_t clock_now(const struct clock *clock)
{
	(void)clock;
	return now();
}

static bool clock_sleep(const struct clock *clock, int64_t milliseconds, struct cancel *cancel)
{
	struct job_pool *pool = clock->context;

	pthread_mutex_lock(&pool->lock);
	pool->active--;
	wake_one(pool);
	pthread_mutex_unlock(&pool->lock);
	bool went_by = clock_real.sleep(&clock_real, milliseconds, cancel);
	pthread_mutex_lock(&pool->lock);
	pool->active++;
	pthread_mutex_unlock(&pool->lock);
	return went_by;
}

const struct clock *job_clock(struct job_pool *pool)
{
	return &pool->clock;
}

/* --- from outside --- */

struct job_pool *job_pool_new(const struct job_pool_options *options)
{
	struct job_pool *pool = mem_new(struct job_pool);
	pthread_condattr_t attributes;

	pool->options = *options;
	if (!pool->options.active)
		pool->options.active = ACTIVE;
	if (!pool->options.pause)
		pool->options.pause = FIRST_PAUSE;
	if (!pool->options.pause_max)
		pool->options.pause_max = LAST_PAUSE;
	pool->clock = (struct clock){.now = clock_now, .sleep = clock_sleep, .context = pool};
	pool->cancel = cancel_new();
	pool->slots = MAP_INIT(slot_free);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return pool;
}

static struct slot *slot_of(struct job_pool *pool, const char *name)
{
	struct slot *slot = map_get(&pool->slots, name);

	if (slot)
		return slot;
	slot = mem_new(struct slot);
	slot->name = mem_strdup(name);
	slot->repairs = MAP_INIT(repair_free);
	slot->repair_turn.due = now();
	map_put(&pool->slots, name, slot);
	return slot;
}

void job_submit(struct job_pool *pool, const char *name, void *work)
{
	void *old = work;

	pthread_mutex_lock(&pool->lock);
	if (!pool->stopping) {
		struct slot *slot = slot_of(pool, name);
		old = slot->work;
		slot->work = work;
		slot->work_turn = (struct turn){.due = now()};
		slot->postponed = false;
		if (slot->cancel && slot->running_work)
			cancel_raise(slot->cancel);
		wake_one(pool);
	}
	pthread_mutex_unlock(&pool->lock);
	if (old)
		pool->options.release(pool->options.context, old);
}

void job_repair(struct job_pool *pool, const char *name, const char *key, json_t *object)
{
	pthread_mutex_lock(&pool->lock);
	if (!pool->stopping) {
		struct slot *slot = slot_of(pool, name);
		struct repair *repair = mem_new(struct repair);
		repair->object = json_incref(object);
		map_put(&slot->repairs, key, repair);
		wake_one(pool);
	}
	pthread_mutex_unlock(&pool->lock);
}

void job_settled(struct job_pool *pool, const char *key)
{
	const char *name;
	struct slot *slot, *empty = NULL;

	pthread_mutex_lock(&pool->lock);
	map_foreach (&pool->slots, name, slot) {
		(void)name;
		map_remove(&slot->repairs, key);
		if (!slot->cancel && !has_work(slot))
			empty = slot;
	}
	if (empty)
		map_remove(&pool->slots, empty->name);
	pthread_mutex_unlock(&pool->lock);
}

void job_hurry(struct job_pool *pool)
{
	const char *name;
	struct slot *slot;

	pthread_mutex_lock(&pool->lock);
	map_foreach (&pool->slots, name, slot) {
		(void)name;
		slot->work_turn = slot->repair_turn = (struct turn){.due = now()};
	}
	wake_one(pool);
	pthread_mutex_unlock(&pool->lock);
}

bool job_is_busy(struct job_pool *pool, const char *name)
{
	pthread_mutex_lock(&pool->lock);
	const struct slot *slot = map_get(&pool->slots, name);
	bool busy = slot && (slot->cancel || has_work(slot));
	pthread_mutex_unlock(&pool->lock);
	return busy;
}

bool job_is_running(struct job_pool *pool, const char *name)
{
	pthread_mutex_lock(&pool->lock);
	const struct slot *slot = map_get(&pool->slots, name);
	bool running = slot && slot->cancel;
	pthread_mutex_unlock(&pool->lock);
	return running;
}

bool job_is_idle(struct job_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	bool idle = !pool->running;
	pthread_mutex_unlock(&pool->lock);
	return idle;
}

bool job_is_alive(struct job_pool *pool)
{
	struct timespec end;
	int64_t later;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec++;
	if (pthread_mutex_timedlock(&pool->lock, &end) != 0)
		return false;
	const struct slot *due = find_due(pool, &later);
	bool alive = !due || pool->stopping || pool->active >= pool->options.active ||
		     now() - due_of(due) < STUCK_MS;
	pthread_mutex_unlock(&pool->lock);
	return alive;
}

static bool means(const char *app, const char *name)
{
	size_t n = strlen(app);

	return !strncmp(name, app, n) && (name[n] == '\0' || name[n] == '@');
}

/* Takes one piece of work out of the queue, of an app or of any; NULL when there is none. */
static void *drop_one(struct job_pool *pool, const char *app)
{
	const char *name;
	struct slot *slot;
	void *work = NULL;

	pthread_mutex_lock(&pool->lock);
	map_foreach (&pool->slots, name, slot) {
		if (app && !means(app, name))
			continue;
		map_done(&slot->repairs);
		slot->repairs = MAP_INIT(repair_free);
		if (app && slot->cancel)
			cancel_raise(slot->cancel);
		if ((work = steal(&slot->work)))
			break;
	}
	pthread_mutex_unlock(&pool->lock);
	return work;
}

/* A slot that became empty stays for the next work of its app. */
void job_drop(struct job_pool *pool, const char *app)
{
	void *work;

	while ((work = drop_one(pool, app)))
		pool->options.release(pool->options.context, work);
}

void job_cancel_all(struct job_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	cancel_raise(pool->cancel);
	job_drop(pool, NULL);
}

void job_pool_free(struct job_pool *pool)
{
	if (!pool)
		return;
	job_cancel_all(pool);
	for (int i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	map_done(&pool->slots);
	cancel_free(pool->cancel);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
