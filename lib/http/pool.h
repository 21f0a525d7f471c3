/*
 * pool: the connections to one peer for one purpose.
 *
 * libcurl keeps connections in the multi handle; a share handle with connections of its own
 * splits them by peer and purpose: streams never share one with requests, and what is closed is
 * gone at once. A pool on which anything went wrong is retired: what runs on it goes on, what
 * starts later gets a new pool and thereby a fresh connection.
 *
 * Over HTTP/2 the first transfer of a pool goes alone until its connection stands, so that the
 * others find it and share it instead of opening one each.
 *
 * Everything here happens on the I/O thread.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

enum http_pool_kind {
	HTTP_POOL_CALLS,
	HTTP_POOL_STREAMS,
	HTTP_POOL_KINDS,
};

struct http_pool {
	CURLSH *share;
	int users;
	bool ready; /* a connection stands, or stood until idle_since */
	bool retired;
	int64_t idle_since;
};

struct http_pool *http_pool_new(void);

/* Whether one more transfer may start now. */
bool http_pool_admits(struct http_pool *pool, int64_t now);

void http_pool_join(struct http_pool *pool, CURL *easy);

/* Frees a retired pool with its last user. */
void http_pool_leave(struct http_pool *pool, CURL *easy, int64_t now);

void http_pool_free(struct http_pool *pool);
