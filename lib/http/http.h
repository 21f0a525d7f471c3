/*
 * http: requests over libcurl, for threads that like to wait.
 *
 * One I/O thread around one curl_multi. A *batch* blocks its caller until every request of it is
 * done; a *stream* hands frames (lines) to a function on the I/O thread. Nobody else includes
 * curl.h. performance.md section 5 lists the traps of libcurl 7.88 over HTTP/2 that this module
 * steps around: streams have connections of their own, transport errors of a multiplexed
 * connection are retried on a fresh one, a body counts only when the caller can parse it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/list.h"

struct http;
struct http_limit;
struct http_peer;
struct http_stream;

/* Whom to talk to and how to know each other. PEM texts, not files; all are copied. */
struct http_peer_options {
	const char *base_url;	       /* "https://127.0.0.1:6443"; or "http://..." */
	const char *unix_socket;       /* path: connect there instead */
	const char *ca;		       /* PEM; NULL: the system's */
	const char *certificate, *key; /* PEM of the client; both or none */
	const char *server_name;       /* for TLS, instead of the host of base_url */
	const char *bearer_token;
	const char *basic_user, *basic_password;
	bool insecure; /* skip-tls-verify */
	bool http1_only;
	int64_t connect_ms; /* for one try to connect; 0: 5 s */
};

struct http_header {
	const char *name, *value;
};

struct http_request {
	const char *method;	  /* "GET" */
	const char *path;	  /* with query, from the root: "/api/v1/..." */
	const char *content_type; /* NULL without a body */
	const char *accept;	  /* NULL: application/json */
	const char *if_none_match;
	const char *body; /* borrowed until the batch returns */
	size_t body_length;
	const struct http_header *headers; /* further ones; names as they go over the wire */
	size_t header_count;
	size_t response_limit; /* bytes; 0: 64 MiB */
	int64_t timeout_ms;    /* for one try; 0: 30 s, or none with silence_ms */
	int64_t silence_ms;    /* ends a try in which no byte went either way for so long: for large
				* bodies, whose time nobody knows; 0: not */
	struct http_limit *send_limit, *receive_limit; /* of the bodies; with silence_ms only */
	bool keep_headers;			       /* in the response */
	void *into; /* where the body of a 2xx answer goes instead of response.body; or NULL */
	size_t into_room;
	int tries;  /* with retry: at most so many; 0: 10 */
	bool retry; /* idempotent: try again on loss, 429, 502, 503, 504 (and 500 when
		     * the server says Retry-After) */
};

struct http_response {
	int status; /* 0: no answer; then err says why */
	struct buf body;
	size_t into_length; /* bytes in request.into */
	char *content_type;
	char *etag;
	struct list warnings; /* texts of Warning headers (RFC 7234 5.5), unquoted */
	struct list headers;  /* "name: value", when keep_headers asked for them */
	int tries;
	struct err err;
};

/* Starts the I/O thread, which takes no signals. */
struct http *http_new(void);
/* Ends it; every peer and stream must be closed before. */
void http_free(struct http *http);

/* ERR_INVALID when the URL is none, a certificate or key is not PEM, or the key is another's.
 * Nothing is connected yet. */
int http_peer_new(struct http *http, const struct http_peer_options *options,
		  struct http_peer **ret, struct err *err);
/* Closes its connections. Its batches must have returned, its streams be closed. NULL is fine. */
void http_peer_free(struct http_peer *peer);

/* When our own certificate expires; 0 without one. What a 401 may be about. */
time_t http_peer_certificate_end(const struct http_peer *peer);

/* Runs all requests, at most `window` at once (0: 8), and returns when each has its response or
 * the deadline passed or cancel was raised. 0 when every request got an answer (whatever its
 * status), else the error of the first that did not; responses[i] is valid either way and released
 * with http_response_done().
 *
 * Retries with jittered back-off while the deadline allows (on a new connection after a loss), at
 * most ten tries a request, and honours Retry-After; the last answer stands. After a 429 one
 * request runs at a time, after an answer that took a second or more half as many as before, and
 * one more with each answer that comes in time.
 *
 * Errors: ERR_UNREACHABLE (refused, reset, lost, unknown host, half an answer), ERR_TIMEOUT,
 * ERR_DENIED (one of the certificates; the hint says what to do), ERR_CANCELED, ERR_INVALID (more
 * bytes than response_limit). */
int http_batch(struct http_peer *peer, const struct http_request *requests,
	       struct http_response *responses, size_t count, int window,
	       const struct deadline *deadline, struct err *err);

int http_call(struct http_peer *peer, const struct http_request *request, struct http_response *ret,
	      const struct deadline *deadline, struct err *err);

void http_response_done(struct http_response *response);

/* The value of a header that was kept, in whatever case; NULL without it. Borrowed. */
const char *http_response_header(const struct http_response *response, const char *name);

/* Bytes a second, over all requests that name it; they share it fairly. Requests of one http. */
struct http_limit *http_limit_new(uint64_t bytes_per_second);
void http_limit_free(struct http_limit *limit); /* after the last of them; NULL is fine */

/* A long GET whose body is a series of lines. Both functions run on the I/O thread and must not
 * block nor call http_batch().
 *
 * frame: one line, without its end; length bytes and a NUL. Empty lines are left out.
 * ended: exactly once, unless http_stream_close() came first. status is 0 without an answer;
 * body is the text (up to 64 KiB) of an answer that is no success, else NULL; err is empty when
 * the server ended the stream properly, and may be moved away. A stream without a byte for
 * silence_ms ends with ERR_TIMEOUT, one with a line beyond 16 MiB with ERR_INVALID. */
struct http_stream_options {
	const char *path;
	const char *accept;
	int64_t silence_ms; /* 0: 150 s */
	void (*frame)(void *context, const char *line, size_t length);
	void (*ended)(void *context, int status, const char *body, struct err *err);
	void *context;
};
int http_stream_open(struct http_peer *peer, const struct http_stream_options *options,
		     struct http_stream **ret, struct err *err);
/* Ends and frees it; needed also after `ended`. From another thread it waits until a running
 * callback has returned (so hold no lock that they take), and none comes after it; from a callback
 * of any stream it returns at once, and this stream tells nothing more. NULL is fine. */
void http_stream_close(struct http_stream *stream);

/* Requests sent since the start, without streams; for the bench and status. */
uint64_t http_request_count(const struct http *http);
