/* peer: whom a transfer talks to, as the other files of lib/http see it. */
#pragma once

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "http/http.h"
#include "http/pool.h"
#include "http/transfer.h"

struct http_peer {
	struct http *http;
	char *name;	/* for messages: the URL, or the path of the socket */
	char *url;	/* requests are this and their path; no slash at the end */
	char *host;	/* the Host header where it differs from url's; or NULL */
	char *redirect; /* "name:port:host:port" where they differ; or NULL */
	char *unix_socket;
	char *ca, *certificate, *key;
	char *authorization; /* "Bearer ..."; or NULL */
	char *user, *password;
	bool tls, insecure, http1_only;
	int64_t connect_ms;	/* 0: the default */
	bool loopback;		/* no proxy on the way to ourselves */
	time_t certificate_end; /* 0: we show none */
	_Atomic int transfers;	/* that were begun and are not over */

	/* Only the I/O thread's. */
	struct http_pool *pools[HTTP_POOL_KINDS]; /* NULL: made when needed */
	int http2_failures;			  /* in a row */
	struct http_peer *next;			  /* in the list of those to destroy */
};

/* All that a transfer to this peer has in common. */
void http_peer_configure(struct http_peer *peer, struct http_transfer *transfer, const char *path);

/* The rest are the I/O thread's. */

/* Closes its connections and frees it; nothing runs any more. */
void http_peer_destroy(struct http_peer *peer);

/* Whether transfers share connections. */
bool http_peer_multiplexes(const struct http_peer *peer);

struct http_pool *http_peer_pool(struct http_peer *peer, enum http_pool_kind kind);

/* How a transfer on that pool went: drops the pool when it went wrong, and falls back to HTTP/1.1
 * when HTTP/2 goes wrong again and again. */
void http_peer_learn(struct http_peer *peer, struct http_pool *pool,
		     const struct http_transfer *transfer);
