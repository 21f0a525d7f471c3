/*
 * thread: the I/O thread as the other files of lib/http see it (http.c).
 *
 * Callers hand a transfer over with http_start() and get it back by its done(), which the I/O
 * thread calls exactly once. Between the two only http_stop() may be called on it.
 */
#pragma once

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"
#include "http/pool.h"
#include "http/transfer.h"

struct http {
	pthread_t thread;
	CURLM *multi;
	_Atomic uint64_t request_count;
	_Atomic bool stop_wanted; /* some transfer has its stop raised */

	/* What results meet their waiters under: batches and streams. */
	pthread_mutex_t lock;

	/* Orders for the I/O thread, under the lock. */
	struct http_transfer *started, **started_end;
	struct http_peer *closing;
	bool ending;

	/* Only the I/O thread's: all that was started and is not done. */
	struct http_transfer **active;
	size_t active_count, active_cap;
	size_t resume_first; /* whose turn it is where a limit holds several back */
};

void http_start(struct http *http, struct http_transfer *transfer);

/* Asks to end it soon with CURLE_ABORTED_BY_CALLBACK; it may still end otherwise. */
void http_stop(struct http *http, struct http_transfer *transfer);

/* Hands over a peer, to be destroyed when its last transfer is over. */
void http_close_peer(struct http *http, struct http_peer *peer);

bool http_on_thread(const struct http *http);
