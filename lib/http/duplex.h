/*
 * duplex: a connection to a peer that speaks both ways at once, for protocols that begin as HTTP
 * and go on as something else. libcurl makes the connection, with its TLS and certificates; what
 * goes over it is the caller's. Blocks its caller; one thread at a time.
 */
#pragma once

#include "http/http.h"

struct http_duplex;

/* Errors as http_batch(): a refused connection, a certificate ... */
int http_duplex_open(struct http_peer *peer, const struct deadline *deadline,
		     struct http_duplex **ret, struct err *err);
void http_duplex_close(struct http_duplex *duplex); /* NULL is fine */

/* All of it. */
int http_duplex_send(struct http_duplex *duplex, const void *bytes, size_t length,
		     const struct deadline *deadline, struct err *err);

/* What is there, at least one byte; 0 in *ret: the other side has ended the connection. */
int http_duplex_receive(struct http_duplex *duplex, void *bytes, size_t room,
			const struct deadline *deadline, size_t *ret, struct err *err);

/* For messages. */
const char *http_duplex_name(const struct http_duplex *duplex);
