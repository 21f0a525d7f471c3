/* client: a server of the harness and an http peer that talks to it. Embedded values; ends with
 * client_stop(). */
#pragma once

#include "harness/server.h"
#include "http/http.h"

struct client {
	struct server *server;
	struct http *http;
	struct http_peer *peer;
};

struct client client_start(void);
/* With TLS the peer trusts the server's CA and shows a good client certificate. */
struct client client_start_with(const struct server_options *options);
/* Another peer in place of the one that is there. */
void client_use_peer(struct client *client, const struct http_peer_options *options);
void client_stop(struct client *client);

/* A deadline of the real clock that nobody cancels. */
struct deadline client_deadline(int64_t milliseconds);

/* Stores the response of a GET; what http_call() says. */
int client_get(const struct client *client, const char *path, struct http_response *ret,
	       struct err *err);
