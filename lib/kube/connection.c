#include "kube/connection.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kube/certificate.h"
#include "kube/kubeconfig.h"

/* How long one of several endpoints may take for a batch before the next one gets its turn. Longer
 * than one try of a request, so that a slow answer is never cut off; short for an endpoint that has
 * not answered yet. */
#define SLICE_MS	 35000
#define SLICE_UNTRIED_MS 5000

struct access {
	int references; /* under the lock of the connection */
	struct kube_kubeconfig config;
	struct http_peer **peers; /* one an endpoint */
	size_t current;
	bool answered; /* the current one has */
};

struct kube_connection {
	struct http *http;
	char *path;
	pthread_mutex_t lock;
	struct access *access; /* the newest */
	atomic_ulong requests;
	atomic_uint turn;
};

struct kube_stream {
	struct http_stream *stream;
	struct access *access;
};

/* --- access --- */

static void access_free(struct access *access)
{
	for (size_t i = 0; access->peers && i < access->config.count; i++)
		if (access->peers[i])
			http_peer_free(access->peers[i]);
	free(access->peers);
	kube_kubeconfig_done(&access->config);
	free(access);
}

static int make_peer(struct access *access, struct http *http, size_t i, struct err *err)
{
	const struct kube_kubeconfig *config = &access->config;
	const struct kube_endpoint *endpoint = &config->endpoints[i];
	struct http_peer_options options = {
		.base_url = endpoint->server,
		.ca = endpoint->ca,
		.certificate = config->certificate,
		.key = config->key,
		.server_name = endpoint->server_name,
		.bearer_token = config->token,
		.basic_user = config->user,
		.basic_password = config->password,
		.insecure = endpoint->insecure,
	};

	return http_peer_new(http, &options, &access->peers[i], err);
}

static int access_new(struct http *http, const char *path, struct access **ret, struct err *err)
{
	struct access *access = mem_new(struct access);

	access->references = 1;
	int r = kube_kubeconfig_read(path, &access->config, err);
	if (r >= 0)
		access->peers = mem_zalloc(access->config.count * sizeof(struct http_peer *));
	for (size_t i = 0; r >= 0 && i < access->config.count; i++)
		r = make_peer(access, http, i, err);
	if (r < 0) {
		access_free(access);
		return r;
	}
	*ret = access;
	return 0;
}

static void access_drop(struct kube_connection *connection, struct access *access)
{
	pthread_mutex_lock(&connection->lock);
	bool last = --access->references == 0;
	pthread_mutex_unlock(&connection->lock);
	if (last)
		access_free(access);
}

/* The newest access, with a reference. A kubeconfig that was replaced but cannot be read (it is
 * being written, or was removed) leaves the old access in use. */
static struct access *access_take(struct kube_connection *connection)
{
	struct access *old = NULL, *fresh;
	cleanup_err struct err ignored = ERR_INIT;

	pthread_mutex_lock(&connection->lock);
	if (kube_kubeconfig_changed(&connection->access->config) &&
	    access_new(connection->http, connection->path, &fresh, &ignored) == 0) {
		old = connection->access;
		connection->access = fresh;
		kube_connection_doubt(connection);
	}
	struct access *access = connection->access;
	access->references++;
	pthread_mutex_unlock(&connection->lock);
	if (old)
		access_drop(connection, old);
	return access;
}

static bool access_is_stale(struct kube_connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	bool stale = kube_kubeconfig_changed(&connection->access->config);
	pthread_mutex_unlock(&connection->lock);
	return stale;
}

static void access_judge(struct kube_connection *connection, struct access *access, size_t used,
			 bool answered)
{
	pthread_mutex_lock(&connection->lock);
	if (access->current == used) {
		access->answered = answered;
		if (!answered)
			access->current = (used + 1) % access->config.count;
	}
	pthread_mutex_unlock(&connection->lock);
}

/* --- batches --- */

/* Requests of a batch that wait for a final answer. */
struct pending {
	size_t *indexes;
	struct http_request *requests;
	struct http_response *responses;
	size_t count;
};

static void pending_init(struct pending *pending, size_t count)
{
	pending->indexes = mem_alloc((count + 1) * sizeof(*pending->indexes));
	pending->requests = mem_alloc((count + 1) * sizeof(*pending->requests));
	pending->responses = mem_alloc((count + 1) * sizeof(*pending->responses));
	pending->count = count;
	for (size_t i = 0; i < count; i++)
		pending->indexes[i] = i;
}

static void pending_done(struct pending *pending)
{
	free(pending->indexes);
	free(pending->requests);
	free(pending->responses);
}

static struct deadline slice_of(const struct deadline *deadline, const struct access *access)
{
	struct deadline slice = *deadline;
	int64_t end =
		slice.clock->now(slice.clock) + (access->answered ? SLICE_MS : SLICE_UNTRIED_MS);

	if (access->config.count > 1 && end < slice.end)
		slice.end = end;
	return slice;
}

/* Sends all that is pending to one endpoint. Returns how many were answered. */
static size_t run_slice(struct kube_connection *connection, struct access *access,
			struct pending *pending, const struct http_request *requests,
			struct http_response *responses, const struct deadline *deadline)
{
	cleanup_err struct err ignored = ERR_INIT; /* each response says its own */
	size_t answered = 0;

	pthread_mutex_lock(&connection->lock);
	size_t used = access->current;
	struct deadline slice = slice_of(deadline, access);
	pthread_mutex_unlock(&connection->lock);
	for (size_t i = 0; i < pending->count; i++) {
		pending->requests[i] = requests[pending->indexes[i]];
		pending->responses[i] = (struct http_response){0};
	}
	(void)http_batch(access->peers[used], pending->requests, pending->responses, pending->count,
			 0, &slice, &ignored);
	for (size_t i = 0; i < pending->count; i++) {
		struct http_response *response = &responses[pending->indexes[i]];
		http_response_done(response);
		*response = pending->responses[i];
		answered += response->status != 0;
		atomic_fetch_add(&connection->requests, (unsigned long)response->tries);
	}
	access_judge(connection, access, used, answered > 0);
	return answered;
}

/* Who we are was not accepted: by the server, or by TLS. */
static bool is_login_refused(const struct http_response *response)
{
	return response->status == 401 ||
	       (response->status == 0 && response->err.code == ERR_DENIED);
}

/* Got no answer, and may be repeated. */
static bool is_lost(const struct http_response *response, const struct http_request *request)
{
	return response->status == 0 && request->retry &&
	       (response->err.code == ERR_UNREACHABLE || response->err.code == ERR_TIMEOUT);
}

static bool any_login_refused(const struct pending *pending, const struct http_response *responses)
{
	for (size_t i = 0; i < pending->count; i++)
		if (is_login_refused(&responses[pending->indexes[i]]))
			return true;
	return false;
}

/* Keeps what a new login, or another endpoint, may answer. */
static void pending_reduce(struct pending *pending, const struct http_response *responses,
			   bool new_login, bool new_endpoint)
{
	size_t kept = 0;

	for (size_t i = 0; i < pending->count; i++) {
		const struct http_response *response = &responses[pending->indexes[i]];
		if ((new_login && is_login_refused(response)) ||
		    (new_endpoint && is_lost(response, &pending->requests[i])))
			pending->indexes[kept++] = pending->indexes[i];
	}
	pending->count = kept;
}

/* 0, or the error of the first request that got no answer. */
static int verdict(const struct http_response *responses, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (responses[i].status != 0)
			continue;
		if (responses[i].err.code == ERR_NONE)
			return err_set(err, ERR_UNREACHABLE, "no answer");
		err_copy(err, &responses[i].err);
		return -(int)err->code;
	}
	return 0;
}

int kube_connection_batch(struct kube_connection *connection, const struct http_request *requests,
			  struct http_response *responses, size_t count,
			  const struct deadline *deadline, struct err *err)
{
	struct pending pending;
	bool logged_in_again = false;
	size_t silent = 0; /* endpoints that gave no answer */

	memset(responses, 0, count * sizeof(*responses));
	pending_init(&pending, count);
	while (pending.count) {
		struct access *access = access_take(connection);
		size_t answered =
			run_slice(connection, access, &pending, requests, responses, deadline);
		silent += answered == 0;
		if (!answered)
			kube_connection_doubt(connection);
		bool new_endpoint = !answered && silent < access->config.count;
		access_drop(connection, access);
		bool new_login = !logged_in_again && any_login_refused(&pending, responses) &&
				 access_is_stale(connection);
		logged_in_again |= new_login;
		pending_reduce(&pending, responses, new_login, new_endpoint);
		if (deadline_passed(deadline) || cancel_raised(deadline->cancel))
			break;
	}
	pending_done(&pending);
	return verdict(responses, count, err);
}

int kube_connection_call(struct kube_connection *connection, const struct http_request *request,
			 struct http_response *ret, const struct deadline *deadline,
			 struct err *err)
{
	return kube_connection_batch(connection, request, ret, 1, deadline, err);
}

/* --- streams --- */

int kube_connection_open(struct kube_connection *connection,
			 const struct http_stream_options *options, struct kube_stream **ret,
			 struct err *err)
{
	struct access *access = access_take(connection);
	struct kube_stream *stream = mem_new(struct kube_stream);

	pthread_mutex_lock(&connection->lock);
	struct http_peer *peer = access->peers[access->current];
	pthread_mutex_unlock(&connection->lock);
	stream->access = access;
	int r = http_stream_open(peer, options, &stream->stream, err);
	if (r < 0) {
		access_drop(connection, access);
		free(stream);
		return r;
	}
	*ret = stream;
	return 0;
}

void kube_connection_close(struct kube_connection *connection, struct kube_stream *stream)
{
	if (!stream)
		return;
	http_stream_close(stream->stream);
	access_drop(connection, stream->access);
	free(stream);
}

int kube_connection_use(struct kube_connection *connection,
			int (*use)(void *context, struct http_peer *peer, struct err *err),
			void *context, struct err *err)
{
	struct access *access = access_take(connection);

	pthread_mutex_lock(&connection->lock);
	struct http_peer *peer = access->peers[access->current];
	pthread_mutex_unlock(&connection->lock);
	int r = use(context, peer, err);
	access_drop(connection, access);
	return r;
}

/* --- the rest --- */

char *kube_connection_server(struct kube_connection *connection)
{
	pthread_mutex_lock(&connection->lock);
	const struct access *access = connection->access;
	char *server = mem_strdup(access->config.endpoints[access->current].server);
	pthread_mutex_unlock(&connection->lock);
	return server;
}

int kube_connection_certificate_days(struct kube_connection *connection, int *ret_days,
				     struct err *err)
{
	struct access *access = access_take(connection);
	int r = kube_certificate_days(access->config.certificate, ret_days, err);

	access_drop(connection, access);
	return r;
}

unsigned long kube_connection_requests(const struct kube_connection *connection)
{
	return atomic_load(&connection->requests);
}

int kube_connection_new(struct http *http, const char *kubeconfig, struct kube_connection **ret,
			struct err *err)
{
	struct access *access;

	int r = access_new(http, kubeconfig, &access, err);
	if (r < 0)
		return r;
	struct kube_connection *connection = mem_new(struct kube_connection);
	connection->http = http;
	connection->path = mem_strdup(kubeconfig);
	connection->access = access;
	pthread_mutex_init(&connection->lock, NULL);
	*ret = connection;
	return 0;
}

void kube_connection_free(struct kube_connection *connection)
{
	if (!connection)
		return;
	access_free(connection->access);
	pthread_mutex_destroy(&connection->lock);
	free(connection->path);
	free(connection);
}

unsigned kube_connection_turn(const struct kube_connection *connection)
{
	return atomic_load(&connection->turn);
}

void kube_connection_doubt(struct kube_connection *connection)
{
	atomic_fetch_add(&connection->turn, 1);
}
