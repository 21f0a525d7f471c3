/*
 * deadline: the one way to wait.
 *
 * A deadline is an end, a growing pause between tries, a cancel flag and a clock that tests can
 * turn. Nothing in lib/ sleeps in any other way, so a raised cancel flag ends every wait at once.
 *
 *	struct deadline wait = deadline_in(clock, cancel, 5 * 60 * 1000);
 *	while ((r = try(err)) is not done)
 *		if ((r = deadline_back_off(&wait, err)) < 0)
 *			return r;
 *
 * All times are milliseconds; a deadline counts monotonic time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* A flag that any thread may raise and that waiting threads feel at once. */
struct cancel;

struct cancel *cancel_new(void);
/* One that is also raised when `parent` is; parent must outlive it. */
struct cancel *cancel_new_under(struct cancel *parent);
void cancel_raise(struct cancel *cancel);
bool cancel_raised(const struct cancel *cancel); /* NULL is never raised */
void cancel_free(struct cancel *cancel);

/* Where time comes from. The real one sleeps until the time or until cancel is raised. */
struct clock {
	int64_t (*now)(const struct clock *clock);
	/* Returns false when it ended because cancel was raised. */
	bool (*sleep)(const struct clock *clock, int64_t milliseconds, struct cancel *cancel);
	void *context;
};

/* Monotonic time of the machine. */
extern const struct clock clock_real;

struct deadline {
	const struct clock *clock;
	struct cancel *cancel;
	int64_t end;   /* INT64_MAX: none */
	int64_t pause; /* the next back-off, before jitter */
	int64_t pause_max;
};

/* Ends in so many milliseconds; a negative number never ends. Back-off starts at 200 ms and
 * doubles up to 5 s; change pause and pause_max afterwards for another rhythm. */
struct deadline deadline_in(const struct clock *clock, struct cancel *cancel, int64_t milliseconds);

int64_t deadline_left(const struct deadline *deadline); /* never below 0 */
bool deadline_passed(const struct deadline *deadline);

/* Waits at most so long. 0 when the time went by, ERR_TIMEOUT when the end came first,
 * ERR_CANCELED when cancel was raised. */
int deadline_pause(struct deadline *deadline, int64_t milliseconds, struct err *err);

/* Waits the next back-off with a jitter of a quarter; the same results. */
int deadline_back_off(struct deadline *deadline, struct err *err);
