/*
 * pace: how much processor time this process may take.
 *
 * All threads together count. Whoever works asks now and then, and is held until what was used is
 * again within the share of the time that went by. Threads that nobody asks for are not held, but
 * counted.
 */
#pragma once

#include "base/deadline.h"
#include "base/err.h"

struct pace;

/* percent of one processor, as systemd's CPUQuota= counts: 50 is half of one, 200 two. */
struct pace *pace_new(int percent);
void pace_free(struct pace *pace); /* NULL is fine */

/* May be called on several threads. ERR_CANCELED, ERR_TIMEOUT. NULL never waits. */
int pace_wait(struct pace *pace, const struct deadline *deadline, struct err *err);
