/*
 * websocket: messages both ways over one connection (RFC 6455), as a client.
 *
 * libcurl 7.88 has none. Messages come whole; pings are answered; what is sent is masked, as the
 * RFC wants it. Blocks its caller; one thread at a time.
 */
#pragma once

#include "base/buf.h"
#include "http/http.h"

struct http_websocket;

struct http_websocket_options {
	const char *path;
	const char *protocols; /* "v5.channel.k8s.io, v4.channel.k8s.io": one of them must be taken
				*/
	size_t limit;	       /* bytes of one message; 0: 16 MiB */
};

/* 0: it is open. 1: the server gave another answer, which is in *ret_response (body up to 64 KiB;
 * release it). An error: no answer, or none that can be believed. */
int http_websocket_open(struct http_peer *peer, const struct http_websocket_options *options,
			const struct deadline *deadline, struct http_websocket **ret,
			struct http_response *ret_response, struct err *err);

/* The protocol that the server took. */
const char *http_websocket_protocol(const struct http_websocket *websocket);

/* One binary message. */
int http_websocket_send(struct http_websocket *websocket, const void *bytes, size_t length,
			const struct deadline *deadline, struct err *err);

/* 1: the next message, valid until the next call; 0: the server closed it, as it should.
 * ERR_UNREACHABLE when the connection just ended, ERR_INVALID for what no websocket says. */
int http_websocket_receive(struct http_websocket *websocket, const struct buf **ret,
			   const struct deadline *deadline, struct err *err);

/* Says goodbye and closes the connection. NULL is fine. */
void http_websocket_close(struct http_websocket *websocket);
