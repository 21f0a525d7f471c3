#include "kube/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/private.h"
#include "tree/path.h"

#define READY_TIMEOUT_MS 10000

int kube_client_new(const struct kube_client_options *options, struct kube_client **ret,
		    struct err *err)
{
	struct kube_connection *connection;

	int r = kube_connection_new(options->http, options->kubeconfig, &connection, err);
	if (r < 0)
		return r;
	struct kube_client *client = mem_new(struct kube_client);
	client->connection = connection;
	pthread_mutex_init(&client->lock, NULL);
	client->catalog = kube_catalog_new(connection, options->discovery_cache);
	*ret = client;
	return 0;
}

void kube_client_free(struct kube_client *client)
{
	if (!client)
		return;
	kube_cluster_done(&client->cluster);
	pthread_mutex_destroy(&client->lock);
	kube_catalog_free(client->catalog);
	kube_connection_free(client->connection);
	free(client);
}

/* "[-]poststarthook/rbac/bootstrap-roles failed: reason withheld" of each failing check. */
static int not_ready(const struct http_response *response, struct err *err)
{
	cleanup_list struct list lines = LIST_INIT, failing = LIST_INIT;

	list_split(&lines, buf_str(&response->body), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strncmp(lines.items[i], "[-]", 3))
			list_take(&failing, mem_strndup(lines.items[i] + 3,
							strcspn(lines.items[i] + 3, " ")));
	cleanup_free char *names = list_join(&failing, ", ");
	return err_set(err, ERR_UNREACHABLE, "the API server is not ready%s%s", *names ? ": " : "",
		       names);
}

int kube_client_ready(struct kube_client *client, const struct deadline *deadline, struct err *err)
{
	cleanup_response struct http_response response = {0};
	const struct http_request request = {
		.method = "GET",
		.path = "/readyz",
		.accept = "*/*",
		.timeout_ms = READY_TIMEOUT_MS,
	};

	int r = kube_connection_call(client->connection, &request, &response, deadline, err);
	if (r < 0)
		return r;
	if (response.status >= 500)
		return not_ready(&response, err);
	if (response.status == 403)
		return 0; /* it answers, and knows us well enough to say that this is not for us */
	return kube_answer_check(&response, "API server", NULL, NULL, err);
}

static int take_text(const struct http_response *response, const char *what, const char *path,
		     char **ret, struct err *err)
{
	json_auto_t *tree = NULL;

	int r = kube_answer_json(response, what, NULL, NULL, &tree, err);
	if (r < 0)
		return r;
	*ret = mem_strdup(tree_path_string(tree, path));
	return *ret ? 0 : err_set(err, ERR_UNREACHABLE, "%s: the answer has no %s", what, path);
}

static int ask_cluster(struct kube_client *client, const struct deadline *deadline,
		       struct kube_cluster *ret, struct err *err)
{
	static const struct http_request requests[] = {
		{.method = "GET", .path = "/api/v1/namespaces/kube-system", .retry = true},
		{.method = "GET", .path = "/version", .retry = true},
	};
	struct http_response responses[2];
	struct kube_cluster cluster = {0};

	int r = kube_client_ready(client, deadline, err);
	if (r < 0)
		return r;
	r = kube_connection_batch(client->connection, requests, responses, 2, deadline, err);
	if (r >= 0)
		r = take_text(&responses[0], "Namespace kube-system", "metadata.uid", &cluster.uid,
			      err);
	if (r >= 0)
		r = take_text(&responses[1], "version of the API server", "gitVersion",
			      &cluster.version, err);
	http_response_done(&responses[0]);
	http_response_done(&responses[1]);
	if (r < 0) {
		kube_cluster_done(&cluster);
		return r;
	}
	cluster.server = kube_connection_server(client->connection);
	*ret = cluster;
	return 0;
}

static void copy_cluster(struct kube_cluster *to, const struct kube_cluster *from)
{
	*to = (struct kube_cluster){mem_strdup(from->uid), mem_strdup(from->version),
				    mem_strdup(from->server)};
}

/* True when it was asked before and nobody else can have come in its place since. */
static bool remember_cluster(struct kube_client *client, struct kube_cluster *ret)
{
	pthread_mutex_lock(&client->lock);
	bool known = client->cluster_known &&
		     client->cluster_turn == kube_connection_turn(client->connection);
	if (known)
		copy_cluster(ret, &client->cluster);
	pthread_mutex_unlock(&client->lock);
	return known;
}

int kube_client_cluster(struct kube_client *client, const struct deadline *deadline,
			struct kube_cluster *ret, struct err *err)
{
	struct kube_cluster cluster;

	if (remember_cluster(client, ret))
		return 0;
	unsigned turn = kube_connection_turn(client->connection);
	int r = ask_cluster(client, deadline, &cluster, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&client->lock);
	kube_cluster_done(&client->cluster);
	copy_cluster(&client->cluster, &cluster);
	client->cluster_known = true;
	client->cluster_turn = turn;
	pthread_mutex_unlock(&client->lock);
	*ret = cluster;
	return 0;
}

void kube_cluster_done(struct kube_cluster *cluster)
{
	free(cluster->uid);
	free(cluster->version);
	free(cluster->server);
	*cluster = (struct kube_cluster){0};
}

int kube_client_certificate_days(struct kube_client *client, int *ret_days, struct err *err)
{
	return kube_connection_certificate_days(client->connection, ret_days, err);
}

int kube_client_knows(struct kube_client *client, const struct manifest_id *id,
		      const struct deadline *deadline, bool *ret_known, bool *ret_namespaced,
		      struct err *err)
{
	cleanup_resource struct kube_resource resource = {0};

	int r = kube_catalog_find(client->catalog, id->group, id->version ? id->version : "",
				  id->kind, KUBE_FIND_CURRENT, deadline, &resource, err);
	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	*ret_known = r >= 0;
	if (r >= 0 && ret_namespaced)
		*ret_namespaced = resource.namespaced;
	return 0;
}

void kube_client_rediscover(struct kube_client *client)
{
	kube_catalog_forget(client->catalog);
}

json_t *kube_client_kinds(struct kube_client *client)
{
	return kube_catalog_kinds(client->catalog);
}

int kube_client_ask_kinds(struct kube_client *client, const struct deadline *deadline, json_t **ret,
			  struct err *err)
{
	int r = kube_catalog_ask(client->catalog, deadline, err);

	if (r >= 0)
		*ret = kube_catalog_kinds(client->catalog);
	return r;
}

unsigned long kube_client_requests(const struct kube_client *client)
{
	return kube_connection_requests(client->connection);
}

void kube_client_doubt(struct kube_client *client)
{
	kube_connection_doubt(client->connection);
}
