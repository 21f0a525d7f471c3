#include "loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/mem.h"

struct call {
	struct call *next;
	void (*run)(void *context);
	void *context;
};

struct loop_timer {
	uv_timer_t uv;
	void (*run)(void *context);
	void *context;
};

struct signal {
	uv_signal_t uv;
	void (*run)(void *context);
	void *context;
};

struct work {
	uv_work_t uv;
	void (*work)(void *context);
	void (*after)(void *context);
	void *context;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	pthread_mutex_t lock; /* of the queue */
	struct call *first, **last;
	struct loop_timer *watchdog;
	bool (*alive)(void *context);
	void *alive_context;
};

static struct call *take_calls(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct call *calls = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
	return calls;
}

static void run_calls(uv_async_t *wake)
{
	struct call *call = take_calls(wake->data);

	while (call) {
		struct call *next = call->next;
		call->run(call->context);
		free(call);
		call = next;
	}
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_new(struct loop);

	uv_loop_init(&loop->uv);
	uv_async_init(&loop->uv, &loop->wake, run_calls);
	loop->wake.data = loop;
	loop->last = &loop->first;
	pthread_mutex_init(&loop->lock, NULL);
	return loop;
}

uv_loop_t *loop_uv(struct loop *loop)
{
	return &loop->uv;
}

void loop_run(struct loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

void loop_post(struct loop *loop, void (*run)(void *context), void *context)
{
	struct call *call = mem_new(struct call);

	call->run = run;
	call->context = context;
	pthread_mutex_lock(&loop->lock);
	*loop->last = call;
	loop->last = &call->next;
	pthread_mutex_unlock(&loop->lock);
	uv_async_send(&loop->wake);
}

static void run_work(uv_work_t *uv)
{
	struct work *work = uv->data;

	work->work(work->context);
}

static void run_after(uv_work_t *uv, int status)
{
	struct work *work = uv->data;

	(void)status; /* queued work is never canceled */
	work->after(work->context);
	free(work);
}

void loop_work(struct loop *loop, void (*run)(void *context), void (*after)(void *context),
	       void *context)
{
	struct work *work = mem_new(struct work);

	*work = (struct work){.work = run, .after = after, .context = context};
	work->uv.data = work;
	uv_queue_work(&loop->uv, &work->uv, run_work, run_after);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

static void run_signal(uv_signal_t *uv, int number)
{
	struct signal *signal = uv->data;

	(void)number;
	signal->run(signal->context);
}

void loop_signal(struct loop *loop, int number, void (*run)(void *context), void *context)
{
	struct signal *signal = mem_new(struct signal);

	signal->run = run;
	signal->context = context;
	uv_signal_init(&loop->uv, &signal->uv);
	signal->uv.data = signal;
	uv_signal_start(&signal->uv, run_signal, number);
}

static void run_timer(uv_timer_t *uv)
{
	struct loop_timer *timer = uv->data;

	timer->run(timer->context);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*run)(void *context), void *context)
{
	struct loop_timer *timer = mem_new(struct loop_timer);

	timer->run = run;
	timer->context = context;
	uv_timer_init(&loop->uv, &timer->uv);
	timer->uv.data = timer;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t milliseconds, int64_t repeat)
{
	uv_update_time(timer->uv.loop);
	uv_timer_start(&timer->uv, run_timer, (uint64_t)milliseconds, (uint64_t)repeat);
}

void loop_timer_stop(struct loop_timer *timer)
{
	uv_timer_stop(&timer->uv);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer)
		uv_close((uv_handle_t *)&timer->uv, free_handle);
}

static void feed(void *context)
{
	struct loop *loop = context;

	if (loop->alive(loop->alive_context))
		sd_notify(0, "WATCHDOG=1");
}

void loop_watchdog(struct loop *loop, bool (*alive)(void *context), void *context)
{
	uint64_t microseconds;

	if (sd_watchdog_enabled(0, &microseconds) <= 0)
		return;
	loop->alive = alive;
	loop->alive_context = context;
	loop->watchdog = loop_timer_new(loop, feed, loop);
	loop_timer_start(loop->watchdog, 0, (int64_t)(microseconds / 2000));
}

/* Timers and signals that nobody freed. */
static void close_handle(uv_handle_t *handle, void *context)
{
	struct loop *loop = context;

	if (uv_is_closing(handle))
		return;
	if (handle == (uv_handle_t *)&loop->wake)
		uv_close(handle, NULL);
	else
		uv_close(handle, free_handle);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	uv_walk(&loop->uv, close_handle, loop);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	for (struct call *call = take_calls(loop), *next; call; call = next) {
		next = call->next;
		free(call);
	}
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}
