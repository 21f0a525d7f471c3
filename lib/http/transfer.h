/*
 * transfer: one try of one request, or one stream: an easy handle on its way through the I/O
 * thread, and the two functions that it calls there. Embedded in what knows more (batch.c,
 * stream.c).
 */
#pragma once

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http.h"
#include "http/pool.h"

struct http_limit;
struct http_peer;

struct http_transfer {
	struct http_peer *peer;
	enum http_pool_kind kind;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *redirect;  /* for CURLOPT_CONNECT_TO */
	char detail[CURL_ERROR_SIZE]; /* libcurl's words for what went wrong */
	int64_t silence_ms;	      /* ends after so long without a byte; 0: not */

	/* What is sent piece by piece; see http_transfer_large(). */
	const char *body;
	size_t body_length, body_sent;
	struct http_limit *send_limit, *receive_limit; /* or NULL */

	/* A piece of the body; false ends the transfer. */
	bool (*data)(struct http_transfer *transfer, const char *bytes, size_t length);
	/* Has the result; the transfer is the owner's again, and may be freed in here. */
	void (*done)(struct http_transfer *transfer);
	CURLcode result;
	bool was_silent; /* and that is why it ended */

	_Atomic bool stop;

	/* Only the I/O thread's. */
	struct http_transfer *next; /* in the queue of those to start */
	struct http_pool *pool;	    /* NULL: waits for a connection to share */
	bool impatient;		    /* starts even when no connection stands */
	bool send_paused, receive_paused;
	int64_t last_byte;
};

/* A GET; data and done stay to be set. */
void http_transfer_init(struct http_transfer *transfer, struct http_peer *peer,
			enum http_pool_kind kind, const char *path);

/* "Accept", "application/json". NULL as value adds nothing. */
void http_transfer_header(struct http_transfer *transfer, const char *name, const char *value);

void http_transfer_method(struct http_transfer *transfer, const char *method, const char *body,
			  size_t length);

/* Instead of http_transfer_method(), for bodies that take their time either way: watched for
 * silence, and held to the limits. */
void http_transfer_large(struct http_transfer *transfer, const struct http_request *request);

/* Milliseconds until a paused one may go on, 0 when it may now; -1: it is not paused. */
int64_t http_transfer_pause_ms(const struct http_transfer *transfer);
void http_transfer_resume(struct http_transfer *transfer);

/* Uses the headers that were added; after this it can be started. */
void http_transfer_seal(struct http_transfer *transfer);

int http_transfer_status(const struct http_transfer *transfer);

void http_transfer_done(struct http_transfer *transfer);
