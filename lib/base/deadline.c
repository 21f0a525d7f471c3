#include "base/deadline.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

/* One lock and condition for all flags: raising is rare, and a parent reaches its children
 * without knowing them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t raised;
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct cancel {
	bool flag;
	struct cancel *parent;
};

static void use_monotonic_time(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&raised, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct cancel *cancel_new_under(struct cancel *parent)
{
	struct cancel *cancel = mem_new(struct cancel);

	pthread_once(&once, use_monotonic_time);
	cancel->parent = parent;
	return cancel;
}

struct cancel *cancel_new(void)
{
	return cancel_new_under(NULL);
}

static bool is_raised(const struct cancel *cancel)
{
	for (; cancel; cancel = cancel->parent)
		if (cancel->flag)
			return true;
	return false;
}

void cancel_raise(struct cancel *cancel)
{
	pthread_mutex_lock(&lock);
	cancel->flag = true;
	pthread_cond_broadcast(&raised);
	pthread_mutex_unlock(&lock);
}

bool cancel_raised(const struct cancel *cancel)
{
	pthread_mutex_lock(&lock);
	bool yes = is_raised(cancel);
	pthread_mutex_unlock(&lock);
	return yes;
}

void cancel_free(struct cancel *cancel)
{
	free(cancel);
}

static int64_t real_now(const struct clock *clock)
{
	struct timespec now;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool real_sleep(const struct clock *clock, int64_t milliseconds, struct cancel *cancel)
{
	int64_t until = real_now(clock) + milliseconds;
	struct timespec end = {until / 1000, until % 1000 * 1000000};
	int r = 0;

	pthread_once(&once, use_monotonic_time);
	pthread_mutex_lock(&lock);
	while (!is_raised(cancel) && r == 0)
		r = pthread_cond_timedwait(&raised, &lock, &end);
	bool went_by = !is_raised(cancel);
	pthread_mutex_unlock(&lock);
	return went_by;
}

const struct clock clock_real = {.now = real_now, .sleep = real_sleep};

struct deadline deadline_in(const struct clock *clock, struct cancel *cancel, int64_t milliseconds)
{
	return (struct deadline){
		.clock = clock,
		.cancel = cancel,
		.end = milliseconds < 0 ? INT64_MAX : clock->now(clock) + milliseconds,
		.pause = 200,
		.pause_max = 5000,
	};
}

int64_t deadline_left(const struct deadline *deadline)
{
	if (deadline->end == INT64_MAX)
		return INT64_MAX;
	int64_t left = deadline->end - deadline->clock->now(deadline->clock);
	return left > 0 ? left : 0;
}

bool deadline_passed(const struct deadline *deadline)
{
	return deadline_left(deadline) == 0;
}

int deadline_pause(struct deadline *deadline, int64_t milliseconds, struct err *err)
{
	int64_t left = deadline_left(deadline);

	if (cancel_raised(deadline->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (left == 0)
		return err_set(err, ERR_TIMEOUT, "the deadline passed");
	if (milliseconds > left)
		milliseconds = left;
	if (!deadline->clock->sleep(deadline->clock, milliseconds, deadline->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	return 0;
}

int deadline_back_off(struct deadline *deadline, struct err *err)
{
	int64_t pause = deadline->pause;

	deadline->pause = pause * 2 > deadline->pause_max ? deadline->pause_max : pause * 2;
	return deadline_pause(deadline, pause - pause / 4 + random() % (pause / 2 + 1), err);
}
