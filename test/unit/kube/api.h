/*
 * api: a scripted API server, and a client with a kubeconfig for it. Embedded; ends with
 *api_stop().
 *
 *	struct api api = api_start();
 *	server_expect(api.server, "GET /readyz", &(struct server_reply){.body = "ok"});
 *	must(kube_client_ready(api.client, &api.deadline, &api.err), &api.err);
 *	api_stop(&api); // checks that all that was expected was asked, and nothing else
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/server.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "kube/client.h"
#include "tree/json.h"
#include "tree/path.h"

#define API_UNUSED __attribute__((unused))

struct api {
	struct server *server;
	struct http *http;
	struct kube_client *client;
	struct deadline deadline;
	struct err err;
	char *dir, *kubeconfig, *cache;
};

static API_UNUSED void api_write_kubeconfig(const char *dir, const char *url, const char *token)
{
	cleanup_free char *text =
		mem_printf("current-context: c\n"
			   "clusters: [{name: c, cluster: {server: '%s'}}]\n"
			   "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
			   "users: [{name: u, user: {token: '%s'}}]\n",
			   url, token);
	temp_write(dir, "kubeconfig", text);
}

static API_UNUSED void api_connect(struct api *api)
{
	const struct kube_client_options options = {
		.http = api->http,
		.kubeconfig = api->kubeconfig,
		.discovery_cache = api->cache,
	};

	kube_client_free(api->client);
	must(kube_client_new(&options, &api->client, &api->err), &api->err);
}

static API_UNUSED struct api api_start(void)
{
	struct api api = {
		.server = server_start(),
		.http = http_new(),
		.deadline = deadline_in(&clock_real, NULL, 3000),
		.err = ERR_INIT,
		.dir = temp_dir(),
	};

	api.kubeconfig = file_join(api.dir, "kubeconfig");
	api.cache = file_join(api.dir, "discovery.json");
	api_write_kubeconfig(api.dir, server_url(api.server), "t");
	api_connect(&api);
	return api;
}

static API_UNUSED void api_stop(struct api *api)
{
	kube_client_free(api->client);
	http_free(api->http);
	server_check(api->server);
	server_stop(api->server);
	err_done(&api->err);
	free(api->dir);
	free(api->kubeconfig);
	free(api->cache);
}

/* The next time `line` is asked, this is the answer. */
static API_UNUSED void api_answer(struct api *api, const char *line, int status, const char *body)
{
	server_expect(api->server, line, &(struct server_reply){.status = status, .body = body});
}

static API_UNUSED struct manifest_id api_id(const char *group, const char *version,
					    const char *kind, const char *ns, const char *name)
{
	return (struct manifest_id){
		.group = (char *)group,
		.version = (char *)version,
		.kind = (char *)kind,
		.ns = (char *)ns,
		.name = (char *)name,
	};
}

static API_UNUSED json_t *api_parse(const char *text)
{
	json_t *tree;
	cleanup_err struct err err = ERR_INIT;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

/* Discovery of a server that knows Widgets. */
#define API_NO_CORE "{\"kind\": \"APIGroupDiscoveryList\", \"items\": []}"
#define API_WIDGETS                                                                               \
	"{\"kind\": \"APIGroupDiscoveryList\", \"items\": [{\"metadata\": {\"name\": \"x.dev\"}," \
	" \"versions\": [{\"version\": \"v2\", \"freshness\": \"Current\", \"resources\": ["      \
	"{\"resource\": \"widgets\", \"responseKind\": {\"kind\": \"Widget\"},"                   \
	" \"scope\": \"Namespaced\"}]}, {\"version\": \"v1\", \"resources\": ["                   \
	"{\"resource\": \"widgets\", \"responseKind\": {\"kind\": \"Widget\"},"                   \
	" \"scope\": \"Namespaced\"}]}]}]}"
