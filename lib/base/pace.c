#include "base/pace.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

#define BURST_US 50000 /* of unused processor time that may be made up for */
#define LEAST_US 2000  /* a shorter wait is not worth it */

struct pace {
	int percent;
	pthread_mutex_t lock; /* guards what follows */
	int64_t balance_us;   /* of processor time; negative is debt */
	int64_t last_us, last_used_us;
};

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct pace *pace_new(int percent)
{
	struct pace *pace = mem_new(struct pace);

	pace->percent = percent > 0 ? percent : 1;
	pace->last_us = read_clock(CLOCK_MONOTONIC);
	pace->last_used_us = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	pthread_mutex_init(&pace->lock, NULL);
	return pace;
}

void pace_free(struct pace *pace)
{
	if (!pace)
		return;
	pthread_mutex_destroy(&pace->lock);
	free(pace);
}

/* How long the debt takes to be worked off. */
static int64_t owed_us(struct pace *pace)
{
	int64_t now = read_clock(CLOCK_MONOTONIC), used = read_clock(CLOCK_PROCESS_CPUTIME_ID);

	pthread_mutex_lock(&pace->lock);
	pace->balance_us +=
		(now - pace->last_us) * pace->percent / 100 - (used - pace->last_used_us);
	if (pace->balance_us > BURST_US)
		pace->balance_us = BURST_US;
	pace->last_us = now;
	pace->last_used_us = used;
	int64_t owed = -pace->balance_us * 100 / pace->percent;
	pthread_mutex_unlock(&pace->lock);
	return owed;
}

int pace_wait(struct pace *pace, const struct deadline *deadline, struct err *err)
{
	struct deadline wait = *deadline;
	int64_t owed = pace ? owed_us(pace) : 0;

	return owed < LEAST_US ? 0 : deadline_pause(&wait, owed / 1000, err);
}
