/* handshake: how an HTTP connection becomes a websocket (RFC 6455, section 4). */
#pragma once

#include "http/duplex.h"
#include "http/websocket.h"

/* As http_websocket_open(). ret_protocol: caller frees. rest gets what came behind the answer. */
int http_handshake(struct http_duplex *duplex, const struct http_peer *peer,
		   const struct http_websocket_options *options, const struct deadline *deadline,
		   char **ret_protocol, struct buf *rest, struct http_response *ret_response,
		   struct err *err);
