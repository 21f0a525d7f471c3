/* server_connection: bytes in and out of one accepted socket, with or without TLS, for server.c.
 * Every read and write blocks until done; closing the socket from outside ends it. */
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"
#include "harness/server.h"

struct server_connection {
	struct server *server;
	struct server_connection *next;
	pthread_t thread;
	int number;
	int fd; /* -1 once closed; changed under the server's lock */
	SSL *ssl;
	struct buf in; /* read, not yet used */

	/* A held answer; under the server's lock. */
	const char *held_line; /* NULL: none */
	struct buf pushed;
	bool ended, dropped;
};

/* Reads one request; false when the connection ended first. Fills line, headers, body. */
bool server_connection_read(struct server_connection *connection, struct server_request *ret);

bool server_connection_write(struct server_connection *connection, const void *bytes,
			     size_t length);

/* One piece of a chunked body; of length 0 it is the last. */
bool server_connection_write_chunk(struct server_connection *connection, const void *bytes,
				   size_t length);

/* Whether the client has closed its side. */
bool server_connection_left(const struct server_connection *connection);

/* The next close sends a reset. */
void server_connection_arm_reset(struct server_connection *connection);

/* Says that nothing more comes and reads until the client leaves: closing with unread bytes would
 * send a reset, which may overtake a TLS alert. */
void server_connection_drain(struct server_connection *connection);
