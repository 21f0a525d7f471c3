/*
 * server: an HTTP/1.1 server that says what a test told it to, and remembers what it was asked.
 *
 * It runs in the test's process, one thread a connection, on a free port of 127.0.0.1 or on a
 * unix socket, with TLS when asked for. A test first says what will be asked and what to answer;
 * what else is asked gets a 501 and fails the test at server_check(). Faults are answers too:
 * silence, a reset, half a body, a body without end.
 *
 *	struct server *server = server_start();
 *	server_expect(server, "GET /api", &(struct server_reply){.body = "{}"});
 *	... http_peer_options.base_url = server_url(server) ...
 *	server_check(server);
 *	server_stop(server);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct server;

/* How an answer goes wrong. */
enum server_fault {
	SERVER_FINE,
	SERVER_SILENT,	 /* no answer; the connection stays open */
	SERVER_CLOSE,	 /* the connection ends instead of an answer */
	SERVER_RESET,	 /* the same, with a TCP reset */
	SERVER_TRUNCATE, /* Content-Length of the whole body, half of it, then the end */
	SERVER_ENDLESS,	 /* the body repeats for ever */
};

#define SERVER_ALWAYS (-1)

/* server_expect() copies it all; the texts of a handler must live until they are sent. */
struct server_reply {
	int status;		  /* 0: 200 */
	const char *body;	  /* NULL: empty */
	size_t body_length;	  /* 0: strlen(body) */
	const char *content_type; /* NULL: application/json */
	const char *headers;	  /* further ones: "Retry-After: 1\r\nETag: \"a\"\r\n" */
	enum server_fault fault;
	int delay_ms; /* before the answer */
	int times;    /* how often this is the answer; 0: once, SERVER_ALWAYS: also never */

	/* Instead of body: pieces sent one by one, chunked; NULL ends the list. */
	const char *const *chunks;
	int chunk_delay_ms; /* between them */
	/* After the chunks (or without any) the answer stays open, as a watch does, until
	 * server_end(), server_stop(), or the client leaves. */
	bool hold;
	void *release; /* freed once the answer was sent; for what a handler allocates */
};

struct server_request {
	char *line;    /* "GET /api/v1/pods?limit=5" */
	char *headers; /* raw, each ended by \r\n */
	char *body;    /* NUL-terminated */
	size_t body_length;
	int connection; /* counts from 1 */
};

enum server_certificate {
	SERVER_CERTIFICATE_GOOD,
	SERVER_CERTIFICATE_EXPIRED,
	SERVER_CERTIFICATE_NOT_YET,
	SERVER_CERTIFICATE_WRONG_NAME,
};

struct server_options {
	bool tls;
	enum server_certificate certificate;
	bool want_client; /* refuse the handshake without a certificate of our CA */
	const char *unix_socket;
};

struct server *server_start(void);
struct server *server_start_with(const struct server_options *options);
void server_stop(struct server *server);

/* "http://127.0.0.1:34567"; with a unix socket "http://localhost". Borrowed. */
const char *server_url(const struct server *server);
/* PEM texts of the CA, and of a client that it has signed. Borrowed; NULL without TLS. */
const char *server_ca(const struct server *server);
const char *server_client_certificate(const struct server *server);
const char *server_client_key(const struct server *server);
/* The same client with a certificate that expired yesterday. */
const char *server_expired_client_certificate(const struct server *server);

/* The next time `line` is asked, this is the answer. Several for one line are used up in their
 * order. A line whose last character is a star stands for every line that begins so. */
void server_expect(struct server *server, const char *line, const struct server_reply *reply);

/* For what no list of answers can say: asked before the expected ones, on the threads of the
 * connections, one call at a time. Fills *ret_reply and returns true, or returns false. */
void server_handle(struct server *server,
		   bool (*handler)(void *context, const struct server_request *request,
				   struct server_reply *ret_reply),
		   void *context);

/* Sends text on every held answer to `line`; waits up to 5 s for one and fails the test when
 * there is none. */
void server_push(struct server *server, const char *line, const char *text);
/* Ends held answers to `line`: properly, or by dropping the connection. */
void server_end(struct server *server, const char *line, bool dropped);

/* What was asked so far, in the order of arrival. Requests are borrowed until server_stop(). */
int server_request_count(struct server *server);
const struct server_request *server_request(struct server *server, int index);
int server_connection_count(struct server *server);
/* Waits up to 5 s until so many requests came; fails the test when they did not. */
void server_await(struct server *server, int count);
/* The value of a header of a request, or NULL. Caller frees. */
char *server_header(const struct server_request *request, const char *name);

/* Fails the test when something unexpected was asked, or something expected was not. */
void server_check(struct server *server);
