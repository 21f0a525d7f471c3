/*
 * The story of a batch, told on its caller's thread: start what may start, wait until something
 * ended or is due, judge it, again. The I/O thread only runs single tries and puts them on the
 * list of the finished.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "http/failure.h"
#include "http/http.h"
#include "http/peer.h"
#include "http/response.h"
#include "http/retry.h"
#include "http/thread.h"

#define DEFAULT_WINDOW	   8
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_LIMIT	   ((size_t)64 << 20)
#define SLICE_MS	   50 /* a raised cancel flag is felt after at most so long */
/* What Kubernetes promises for 99 of 100 calls; a server that takes longer has too much to do. */
#define SLOW_MS 1000

enum item_state {
	ITEM_WAITING, /* not sent, or to be sent again when due */
	ITEM_RUNNING,
	ITEM_CLOSED, /* has its response, or its error */
};

struct item {
	struct http_transfer transfer; /* first: the I/O thread knows only this */
	struct batch *batch;
	const struct http_request *request;
	struct http_response *response;
	enum item_state state;
	int64_t due, began;
	bool too_large;
	struct item *next_finished;
};

struct batch {
	struct http_peer *peer;
	const struct deadline *deadline;
	struct item *items;
	size_t count;
	size_t first_open; /* all before it are closed */
	int window, window_max, running;
	int64_t not_before; /* the server asked us to slow down until then */
	int64_t shrunk;	    /* when the window was halved last */
	bool ended;	    /* cancelled or too late: nothing new is started */
	struct err end;	    /* why */

	pthread_cond_t changed;
	struct item *finished; /* under the lock of http */
};

static int64_t batch_now(const struct batch *batch)
{
	return batch->deadline->clock->now(batch->deadline->clock);
}

/* ---- On the I/O thread. */

static bool take_into(struct item *item, const char *bytes, size_t length)
{
	size_t *have = &item->response->into_length;

	item->too_large = length > item->request->into_room - *have;
	if (item->too_large)
		return false;
	memcpy((char *)item->request->into + *have, bytes, length);
	*have += length;
	return true;
}

static bool take_body(struct http_transfer *transfer, const char *bytes, size_t length)
{
	struct item *item = (struct item *)transfer;
	struct buf *body = &item->response->body;
	size_t limit =
		item->request->response_limit ? item->request->response_limit : DEFAULT_LIMIT;

	if (item->request->into && http_transfer_status(transfer) / 100 == 2)
		return take_into(item, bytes, length);
	item->too_large = length > limit - body->len;
	if (!item->too_large)
		buf_add(body, bytes, length);
	return !item->too_large;
}

static void report_finished(struct http_transfer *transfer)
{
	struct item *item = (struct item *)transfer;
	struct batch *batch = item->batch;
	struct http *http = batch->peer->http;

	pthread_mutex_lock(&http->lock);
	item->next_finished = batch->finished;
	batch->finished = item;
	pthread_cond_signal(&batch->changed);
	pthread_mutex_unlock(&http->lock);
}

/* ---- Starting. */

static int64_t try_timeout(const struct item *item)
{
	const struct http_request *request = item->request;
	int64_t timeout = request->silence_ms ? LONG_MAX : DEFAULT_TIMEOUT_MS;
	int64_t left = deadline_left(item->batch->deadline);

	if (request->timeout_ms)
		timeout = request->timeout_ms;
	if (left < timeout)
		timeout = left;
	return timeout > 0 ? timeout : 1;
}

static void set_headers(struct http_transfer *transfer, const struct http_request *request)
{
	http_transfer_header(transfer, "Accept",
			     request->accept ? request->accept : "application/json");
	http_transfer_header(transfer, "Content-Type", request->content_type);
	http_transfer_header(transfer, "If-None-Match", request->if_none_match);
	for (size_t i = 0; i < request->header_count; i++)
		http_transfer_header(transfer, request->headers[i].name, request->headers[i].value);
}

static void start_try(struct item *item)
{
	const struct http_request *request = item->request;
	struct http_transfer *transfer = &item->transfer;

	http_response_clear(item->response);
	item->response->tries++;
	item->too_large = false;
	item->began = batch_now(item->batch);
	http_transfer_init(transfer, item->batch->peer, HTTP_POOL_CALLS, request->path);
	if (request->silence_ms)
		http_transfer_large(transfer, request);
	else
		http_transfer_method(transfer, request->method, request->body,
				     request->body_length);
	set_headers(transfer, request);
	http_transfer_seal(transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)try_timeout(item));
	transfer->data = take_body;
	transfer->done = report_finished;
	item->state = ITEM_RUNNING;
	item->batch->running++;
	http_start(item->batch->peer->http, transfer);
}

static void start_due(struct batch *batch)
{
	int64_t now = batch_now(batch);

	if (batch->ended || now < batch->not_before)
		return;
	for (size_t i = batch->first_open; i < batch->count; i++) {
		if (batch->running >= batch->window)
			return;
		struct item *item = &batch->items[i];
		if (item->state == ITEM_WAITING && item->due <= now)
			start_try(item);
	}
}

/* ---- Judging. */

static void close_item(struct item *item)
{
	struct batch *batch = item->batch;

	item->state = ITEM_CLOSED;
	while (batch->first_open < batch->count &&
	       batch->items[batch->first_open].state == ITEM_CLOSED)
		batch->first_open++;
}

/* What a try without an answer means; half a body is none. */
static void explain(struct item *item)
{
	struct http_response *response = item->response;

	buf_done(&response->body);
	if (item->too_large)
		err_set(&response->err, ERR_INVALID,
			"the answer of %s to %s %s has more bytes than allowed",
			item->batch->peer->name, item->request->method, item->request->path);
	else if (item->transfer.result == CURLE_ABORTED_BY_CALLBACK)
		err_copy(&response->err, &item->batch->end);
	else
		http_failure_explain(&item->transfer, &response->err);
}

/* How long a large body takes says nothing of the server. What was sent before the window shrank
 * was slow for the same reason. */
static bool was_slow(const struct batch *batch, const struct item *item)
{
	return !item->request->silence_ms && item->began >= batch->shrunk &&
	       batch_now(batch) - item->began >= SLOW_MS;
}

/* The server has too much to do: when it says so one at a time, when it is slow half as many; and
 * one more with each answer that comes in time. */
static void adapt(struct batch *batch, const struct item *item, int64_t pause)
{
	if (item->transfer.result != CURLE_OK)
		return;
	if (item->response->status == 429) {
		batch->window = 1;
		if (pause > 0)
			batch->not_before = batch_now(batch) + pause;
	} else if (was_slow(batch, item)) {
		batch->window = batch->window > 1 ? batch->window / 2 : 1;
		batch->shrunk = batch_now(batch);
	} else if (batch->window < batch->window_max && item->began >= batch->shrunk) {
		batch->window++;
	}
}

/* A pause that would outlast the deadline is no help: this was the answer then. */
static int64_t pause_before_retry(const struct item *item)
{
	int64_t pause = http_retry_pause(item->request, item->response, &item->transfer);

	if (item->batch->ended || item->too_large || pause >= deadline_left(item->batch->deadline))
		return -1;
	return pause;
}

static void judge(struct item *item)
{
	struct batch *batch = item->batch;

	batch->running--;
	if (item->transfer.result == CURLE_OK)
		http_response_read(item->response, &item->transfer, item->request->keep_headers);
	int64_t pause = pause_before_retry(item);
	adapt(batch, item, pause);
	if (pause >= 0) {
		item->due = batch_now(batch) + pause;
		item->state = ITEM_WAITING;
	} else {
		if (item->transfer.result != CURLE_OK)
			explain(item);
		close_item(item);
	}
	http_transfer_done(&item->transfer);
}

static void judge_finished(struct batch *batch)
{
	pthread_mutex_lock(&batch->peer->http->lock);
	struct item *item = batch->finished;
	batch->finished = NULL;
	pthread_mutex_unlock(&batch->peer->http->lock);
	while (item) {
		struct item *next = item->next_finished;
		judge(item);
		item = next;
	}
}

/* ---- Ending early. */

static void end_item(struct batch *batch, struct item *item)
{
	if (item->state == ITEM_RUNNING) {
		http_stop(batch->peer->http, &item->transfer);
	} else if (item->state == ITEM_WAITING) {
		http_response_clear(item->response);
		err_copy(&item->response->err, &batch->end);
		close_item(item);
	}
}

static void check_end(struct batch *batch)
{
	if (batch->ended)
		return;
	if (cancel_raised(batch->deadline->cancel))
		err_set(&batch->end, ERR_CANCELED, "canceled");
	else if (deadline_passed(batch->deadline))
		err_set(&batch->end, ERR_TIMEOUT, "%s did not answer in the time given",
			batch->peer->name);
	else
		return;
	batch->ended = true;
	for (size_t i = batch->first_open; i < batch->count; i++)
		end_item(batch, &batch->items[i]);
}

/* ---- Waiting. */

static void wait_for_answers(struct batch *batch)
{
	pthread_mutex_t *lock = &batch->peer->http->lock;
	struct timespec end;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += SLICE_MS * 1000000L;
	if (end.tv_nsec >= 1000000000L) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(lock);
	while (!batch->finished && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&batch->changed, lock, &end);
	pthread_mutex_unlock(lock);
}

/* Nothing runs: until the first of those that wait may be tried again. */
static void wait_for_due(const struct batch *batch)
{
	int64_t due = INT64_MAX, left = deadline_left(batch->deadline);

	for (size_t i = batch->first_open; i < batch->count; i++)
		if (batch->items[i].state == ITEM_WAITING && batch->items[i].due < due)
			due = batch->items[i].due;
	if (due < batch->not_before)
		due = batch->not_before;
	int64_t wait = due - batch_now(batch);
	if (wait > left)
		wait = left;
	if (wait > 0)
		(void)batch->deadline->clock->sleep(batch->deadline->clock, wait,
						    batch->deadline->cancel);
}

/* ---- The whole. */

static void batch_init(struct batch *batch, const struct http_request *requests,
		       struct http_response *responses, size_t count)
{
	pthread_condattr_t attributes;

	batch->count = count;
	batch->items = mem_zalloc(count * sizeof(*batch->items));
	for (size_t i = 0; i < count; i++) {
		responses[i] = (struct http_response){0};
		batch->items[i].batch = batch;
		batch->items[i].request = &requests[i];
		batch->items[i].response = &responses[i];
	}
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&batch->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void batch_done(struct batch *batch)
{
	pthread_cond_destroy(&batch->changed);
	err_done(&batch->end);
	free(batch->items);
}

static int first_error(const struct http_response *responses, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (responses[i].err.code != ERR_NONE) {
			err_copy(err, &responses[i].err);
			return -(int)err->code;
		}
	return 0;
}

int http_batch(struct http_peer *peer, const struct http_request *requests,
	       struct http_response *responses, size_t count, int window,
	       const struct deadline *deadline, struct err *err)
{
	__attribute__((cleanup(batch_done))) struct batch batch = {
		.peer = peer,
		.deadline = deadline,
		.window = window ? window : DEFAULT_WINDOW,
		.window_max = window ? window : DEFAULT_WINDOW,
	};

	assert(!http_on_thread(peer->http));
	batch_init(&batch, requests, responses, count);
	check_end(&batch);
	while (batch.first_open < batch.count) {
		start_due(&batch);
		if (batch.running)
			wait_for_answers(&batch);
		else
			wait_for_due(&batch);
		judge_finished(&batch);
		check_end(&batch);
	}
	return first_error(responses, count, err);
}

int http_call(struct http_peer *peer, const struct http_request *request, struct http_response *ret,
	      const struct deadline *deadline, struct err *err)
{
	return http_batch(peer, request, ret, 1, 1, deadline, err);
}
