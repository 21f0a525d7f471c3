/*
 * loop: libuv, as the few things the daemon needs of it: signals, timers, functions called from
 * other threads, work on other threads, and the watchdog.
 *
 * Everything is called back on the thread that runs the loop, which never blocks: what may take
 * time goes to loop_work().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct loop;
struct loop_timer;

struct loop *loop_new(void);
uv_loop_t *loop_uv(struct loop *loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls the function on the loop's thread soon. Any thread. */
void loop_post(struct loop *loop, void (*run)(void *context), void *context);

/* Calls `work` on a thread, then `after` on the loop's. */
void loop_work(struct loop *loop, void (*work)(void *context), void (*after)(void *context),
	       void *context);

void loop_signal(struct loop *loop, int number, void (*run)(void *context), void *context);

struct loop_timer *loop_timer_new(struct loop *loop, void (*run)(void *context), void *context);
/* Calls once after so many milliseconds, or each `repeat` of them from then on (0: once). A timer
 * that runs begins anew. */
void loop_timer_start(struct loop_timer *timer, int64_t milliseconds, int64_t repeat);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* Feeds systemd's watchdog at half its time, for as long as `alive` says so. Nothing without one.
 */
void loop_watchdog(struct loop *loop, bool (*alive)(void *context), void *context);

/* Closes what is still open and releases; nothing may be posted any more. */
void loop_free(struct loop *loop);
