#include "harness/client.h"

#include "harness/suite.h"

struct client client_start_with(const struct server_options *options)
{
	struct client client = {.server = server_start_with(options), .http = http_new()};

	client_use_peer(&client, &(struct http_peer_options){
					 .base_url = server_url(client.server),
					 .unix_socket = options->unix_socket,
					 .ca = server_ca(client.server),
					 .certificate = server_client_certificate(client.server),
					 .key = server_client_key(client.server),
				 });
	return client;
}

struct client client_start(void)
{
	return client_start_with(&(struct server_options){0});
}

void client_use_peer(struct client *client, const struct http_peer_options *options)
{
	cleanup_err struct err err = ERR_INIT;

	http_peer_free(client->peer);
	must(http_peer_new(client->http, options, &client->peer, &err), &err);
}

void client_stop(struct client *client)
{
	http_peer_free(client->peer);
	http_free(client->http);
	server_stop(client->server);
}

struct deadline client_deadline(int64_t milliseconds)
{
	return deadline_in(&clock_real, NULL, milliseconds);
}

int client_get(const struct client *client, const char *path, struct http_response *ret,
	       struct err *err)
{
	struct http_request request = {.method = "GET", .path = path};
	struct deadline deadline = client_deadline(5000);

	return http_call(client->peer, &request, ret, &deadline, err);
}
