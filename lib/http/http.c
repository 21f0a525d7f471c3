#include "http/http.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/peer.h"
#include "http/thread.h"

#define IDLE_POLL_MS 60000 /* curl_multi_poll() cannot wait for ever */
#define MAX_IDLE     64L   /* connections kept; libcurl's own limit falls with what runs */

static int64_t now_ms(void)
{
	return clock_real.now(&clock_real);
}

/* ---- From any thread. */

void http_start(struct http *http, struct http_transfer *transfer)
{
	if (transfer->kind == HTTP_POOL_CALLS)
		http->request_count++;
	pthread_mutex_lock(&http->lock);
	*http->started_end = transfer;
	http->started_end = &transfer->next;
	pthread_mutex_unlock(&http->lock);
	curl_multi_wakeup(http->multi);
}

void http_stop(struct http *http, struct http_transfer *transfer)
{
	transfer->stop = true;
	http->stop_wanted = true;
	curl_multi_wakeup(http->multi);
}

void http_close_peer(struct http *http, struct http_peer *peer)
{
	pthread_mutex_lock(&http->lock);
	peer->next = http->closing;
	http->closing = peer;
	pthread_mutex_unlock(&http->lock);
	curl_multi_wakeup(http->multi);
}

bool http_on_thread(const struct http *http)
{
	return pthread_equal(pthread_self(), http->thread);
}

uint64_t http_request_count(const struct http *http)
{
	return http->request_count;
}

/* ---- On the I/O thread: one transfer. */

/* Starts it, unless it should wait for a connection to share. */
static void admit(struct http *http, struct http_transfer *transfer)
{
	struct http_peer *peer = transfer->peer;
	struct http_pool *pool = http_peer_pool(peer, transfer->kind);
	bool shares = http_peer_multiplexes(peer);

	if (shares && !transfer->impatient && !http_pool_admits(pool, now_ms()))
		return;
	transfer->pool = pool;
	transfer->last_byte = now_ms();
	http_pool_join(pool, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
			 shares ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	curl_multi_add_handle(http->multi, transfer->easy);
}

/* The first transfer of a pool failed before its connection stood. The others have waited long
 * enough: each may try for itself now, or a dead server would take one time-out a request. */
static void release_waiting(struct http *http, const struct http_peer *peer,
			    enum http_pool_kind kind)
{
	for (size_t i = 0; i < http->active_count; i++) {
		struct http_transfer *other = http->active[i];
		if (other->peer == peer && other->kind == kind && !other->pool)
			other->impatient = true;
	}
}

static void leave_pool(struct http *http, struct http_transfer *transfer)
{
	struct http_pool *pool = transfer->pool;

	curl_multi_remove_handle(http->multi, transfer->easy);
	if (!pool->ready)
		release_waiting(http, transfer->peer, transfer->kind);
	http_peer_learn(transfer->peer, pool, transfer);
	transfer->pool = NULL;
	http_pool_leave(pool, transfer->easy, now_ms());
}

static void finish(struct http *http, size_t index, CURLcode code)
{
	struct http_transfer *transfer = http->active[index];

	http->active[index] = http->active[--http->active_count];
	transfer->result = code;
	if (transfer->pool)
		leave_pool(http, transfer);
	transfer->done(transfer);
}

/* ---- On the I/O thread: all of them. Loops that finish run backwards, because finish() fills the
 * gap with the last one. */

static void admit_waiting(struct http *http)
{
	for (size_t i = 0; i < http->active_count; i++)
		if (!http->active[i]->pool)
			admit(http, http->active[i]);
}

static void finish_stopped(struct http *http)
{
	if (!atomic_exchange(&http->stop_wanted, false))
		return;
	for (size_t i = http->active_count; i-- > 0;)
		if (http->active[i]->stop)
			finish(http, i, CURLE_ABORTED_BY_CALLBACK);
}

static bool is_paused(const struct http_transfer *transfer)
{
	return transfer->send_paused || transfer->receive_paused;
}

static void finish_silent(struct http *http)
{
	int64_t now = now_ms();

	for (size_t i = http->active_count; i-- > 0;) {
		struct http_transfer *transfer = http->active[i];
		transfer->was_silent = transfer->silence_ms && transfer->pool &&
				       !is_paused(transfer) &&
				       now - transfer->last_byte >= transfer->silence_ms;
		if (transfer->was_silent)
			finish(http, i, CURLE_OPERATION_TIMEDOUT);
	}
}

/* The next one comes first the next time, or one would have all that a limit gives. */
static void resume_paused(struct http *http)
{
	size_t first = http->resume_first++;

	for (size_t i = 0; i < http->active_count; i++) {
		struct http_transfer *transfer = http->active[(first + i) % http->active_count];
		if (http_transfer_pause_ms(transfer) == 0)
			http_transfer_resume(transfer);
	}
}

static size_t index_of(const struct http *http, CURL *easy)
{
	size_t i = 0;

	while (http->active[i]->easy != easy)
		i++;
	return i;
}

static void finish_completed(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			finish(http, index_of(http, message->easy_handle), message->data.result);
}

static int poll_ms(const struct http *http)
{
	int64_t wait = IDLE_POLL_MS, now = now_ms();

	for (size_t i = 0; i < http->active_count; i++) {
		const struct http_transfer *transfer = http->active[i];
		int64_t left = transfer->last_byte + transfer->silence_ms - now;
		if (is_paused(transfer))
			left = http_transfer_pause_ms(transfer);
		else if (!transfer->silence_ms || !transfer->pool)
			continue;
		if (left < wait)
			wait = left;
	}
	return wait > 0 ? (int)wait : 0;
}

/* Takes what other threads want; false when the end has come. */
static bool take_orders(struct http *http)
{
	pthread_mutex_lock(&http->lock);
	struct http_transfer *started = http->started;
	http->started = NULL;
	http->started_end = &http->started;
	bool ending = http->ending;
	pthread_mutex_unlock(&http->lock);

	for (; started; started = started->next) {
		mem_grow(http->active, &http->active_cap, http->active_count + 1);
		http->active[http->active_count++] = started;
	}
	return !ending;
}

/* A stream that was closed by its own callback may outlive the call that frees its peer. */
static struct http_peer *take_closed_peer(struct http *http)
{
	struct http_peer *peer, **link = &http->closing;

	pthread_mutex_lock(&http->lock);
	while ((peer = *link) && peer->transfers > 0)
		link = &peer->next;
	if (peer)
		*link = peer->next;
	pthread_mutex_unlock(&http->lock);
	return peer;
}

static void destroy_closed(struct http *http)
{
	struct http_peer *peer;

	while ((peer = take_closed_peer(http)))
		http_peer_destroy(peer);
}

static void *io_main(void *context)
{
	struct http *http = context;
	int running;

	while (take_orders(http)) {
		finish_stopped(http);
		admit_waiting(http);
		resume_paused(http);
		curl_multi_perform(http->multi, &running);
		finish_completed(http);
		finish_silent(http);
		destroy_closed(http);
		admit_waiting(http);
		curl_multi_poll(http->multi, NULL, 0, poll_ms(http), NULL);
	}
	while (http->active_count)
		finish(http, http->active_count - 1, CURLE_ABORTED_BY_CALLBACK);
	destroy_closed(http);
	return NULL;
}

/* ---- Start and end. */

static void *zero_alloc(size_t count, size_t size)
{
	return mem_zalloc(count * size);
}

/* libcurl takes its memory from base/mem.h: it cannot run out of it either. */
static void init_libcurl(void)
{
	CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, mem_alloc, free, mem_realloc,
					     mem_strdup, zero_alloc);

	if (code != CURLE_OK) {
		fprintf(stderr, "libcurl: %s\n", curl_easy_strerror(code));
		abort();
	}
}

/* Signals belong to the daemon's loop, and OpenSSL writes to closed sockets. */
static void start_thread(struct http *http)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&http->thread, NULL, io_main, http)) {
		fputs("the I/O thread did not start\n", stderr);
		abort();
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct http *http_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *http = mem_new(struct http);

	pthread_once(&once, init_libcurl);
	pthread_mutex_init(&http->lock, NULL);
	http->started_end = &http->started;
	http->multi = curl_multi_init();
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE);
	start_thread(http);
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	pthread_mutex_lock(&http->lock);
	http->ending = true;
	pthread_mutex_unlock(&http->lock);
	curl_multi_wakeup(http->multi);
	pthread_join(http->thread, NULL);
	curl_multi_cleanup(http->multi);
	pthread_mutex_destroy(&http->lock);
	free(http->active);
	free(http);
}
