/*
 * socket: a server of one websocket session that says what a test told it to, byte by byte, and
 * keeps what it was sent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct socket_script {
	const char *answer;   /* instead of the handshake: a whole HTTP answer; NULL */
	const char *protocol; /* that it takes; NULL: v5.channel.k8s.io */
	bool wrong_key;	      /* the handshake does not fit the key */
	struct buf frames;    /* that it sends then */
	bool hold;	      /* and the connection stays open, silent */
};

struct socket;

/* Listens on a free port of 127.0.0.1; takes the frames over. */
struct socket *socket_start(const struct socket_script *script);
/* "http://127.0.0.1:34567". Borrowed. */
const char *socket_url(const struct socket *socket);
/* The head of the request, and what came behind it, unmasked; after the session. Borrowed. */
const char *socket_request(struct socket *socket);
/* Ends the session and frees it. */
void socket_stop(struct socket *socket);

/* A frame as a server sends it: the first byte (0x82: one whole binary message) and the bytes. */
void socket_frame(struct buf *frames, int first, const void *bytes, size_t length);
/* A whole message on a channel of k8s.io's protocols. */
void socket_channel(struct buf *frames, int channel, const char *text);
