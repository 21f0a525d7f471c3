#include "s3/client.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "s3/answer.h"
#include "s3/credentials.h"
#include "s3/sign.h"

#define TRIES		   10
#define CONNECT_MS	   15000
#define SILENCE_MS	   60000
#define XML_SILENCE_MS	   600000 /* a server may think for minutes before it completes an upload */
#define XML_LIMIT	   ((size_t)16 << 20)
#define FIND_MS		   90000 /* for credentials when a client is made */
#define RENEW_S		   300	 /* before credentials expire */
#define SKEW_WORTH_SAYING  5	 /* seconds */
#define MAX_SIGNED_HEADERS 8

struct s3_client {
	struct http_peer *peer;
	struct http_limit *send_limit, *receive_limit; /* NULL: none */
	struct s3_settings settings;
	char *bucket;
	char *profile_name; /* or NULL */
	char *host;	    /* as it is signed */
	char *base_path;    /* before the key: "/bucket", "" */

	pthread_mutex_t lock; /* guards what follows */
	struct s3_credentials credentials;
	time_t clock_offset; /* what to add to our clock to get the server's */
	struct list notices;

	_Atomic uint64_t requests, retries, bytes_sent, bytes_received;
};

/* ---- Start and end. */

/* "host:port" of a URL; the port left out where it is the scheme's own. Caller frees. */
static char *authority_of(const char *url)
{
	bool tls = !strncmp(url, "https:", 6);
	const char *host = strstr(url, "://") + 3;
	size_t length = strcspn(host, "/");
	const char *port = tls ? ":443" : ":80";
	size_t port_length = strlen(port);

	if (length > port_length && !strncmp(host + length - port_length, port, port_length))
		length -= port_length;
	return mem_strndup(host, length);
}

static int make_peer(struct s3_client *client, struct http *http, struct err *err)
{
	const struct s3_settings *settings = &client->settings;
	const char *url = settings->endpoint;
	const char *host = strstr(url, "://") + 3;
	const char *path = host + strcspn(host, "/");
	cleanup_free char *authority = authority_of(url);
	bool virtual_host = settings->virtual_host;

	client->host = virtual_host ? mem_printf("%s.%s", client->bucket, authority)
				    : mem_strdup(authority);
	client->base_path =
		virtual_host ? mem_strdup(path) : mem_printf("%s/%s", path, client->bucket);
	cleanup_free char *base_url = mem_printf("%.*s%s", (int)(host - url), url, client->host);
	const struct http_peer_options options = {.base_url = base_url,
						  .ca = settings->ca,
						  .http1_only = true,
						  .connect_ms = CONNECT_MS};
	return http_peer_new(http, &options, &client->peer, err);
}

static int read_profile(struct s3_client *client, const struct s3_client_options *options,
			struct err *err)
{
	cleanup_s3_profile struct s3_profile profile = {0};
	struct deadline deadline = deadline_in(&clock_real, NULL, FIND_MS);

	int r = s3_profile_load(options->profile, &profile, err);
	if (r < 0)
		return r;
	list_copy(&client->notices, &profile.notices);
	r = s3_settings_read(&profile, options->bucket, options->endpoint, options->region,
			     &client->settings, err);
	if (r < 0)
		return r;
	return s3_credentials_find(&profile, &deadline, &client->credentials, err);
}

static void set_limits(struct s3_client *client, uint64_t bandwidth)
{
	if (!bandwidth)
		bandwidth = client->settings.bandwidth;
	if (!bandwidth)
		return;
	client->send_limit = http_limit_new(bandwidth);
	client->receive_limit = http_limit_new(bandwidth);
}

int s3_client_new(const struct s3_client_options *options, struct s3_client **ret, struct err *err)
{
	struct s3_client *client = mem_new(struct s3_client);

	pthread_mutex_init(&client->lock, NULL);
	client->bucket = mem_strdup(options->bucket);
	client->profile_name = mem_strdup(options->profile);
	int r = read_profile(client, options, err);
	if (r >= 0)
		r = make_peer(client, options->http, err);
	if (r < 0) {
		s3_client_free(client);
		return r;
	}
	set_limits(client, options->bandwidth);
	*ret = client;
	return 0;
}

void s3_client_free(struct s3_client *client)
{
	if (!client)
		return;
	http_peer_free(client->peer);
	http_limit_free(client->send_limit);
	http_limit_free(client->receive_limit);
	s3_settings_done(&client->settings);
	s3_credentials_done(&client->credentials);
	list_done(&client->notices);
	pthread_mutex_destroy(&client->lock);
	free(client->bucket);
	free(client->profile_name);
	free(client->host);
	free(client->base_path);
	free(client);
}

const struct s3_settings *s3_client_settings(const struct s3_client *client)
{
	return &client->settings;
}

const char *s3_client_bucket(const struct s3_client *client)
{
	return client->bucket;
}

struct list s3_client_notices(struct s3_client *client)
{
	pthread_mutex_lock(&client->lock);
	struct list notices = client->notices;
	client->notices = LIST_INIT;
	pthread_mutex_unlock(&client->lock);
	return notices;
}

struct s3_traffic s3_client_traffic(const struct s3_client *client)
{
	return (struct s3_traffic){.requests = client->requests,
				   .retries = client->retries,
				   .bytes_sent = client->bytes_sent,
				   .bytes_received = client->bytes_received};
}

/* ---- Who we are, and when. */

static int find_again(struct s3_client *client, const struct deadline *deadline,
		      struct s3_credentials *ret, struct err *err)
{
	cleanup_s3_profile struct s3_profile profile = {0};

	int r = s3_profile_load(client->profile_name, &profile, err);
	return r < 0 ? r : s3_credentials_find(&profile, deadline, ret, err);
}

static int renew(struct s3_client *client, const struct deadline *deadline, struct err *err)
{
	struct s3_credentials found;

	int r = find_again(client, deadline, &found, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&client->lock);
	s3_credentials_done(&client->credentials);
	client->credentials = found;
	pthread_mutex_unlock(&client->lock);
	return 0;
}

static bool expires_soon(struct s3_client *client)
{
	pthread_mutex_lock(&client->lock);
	time_t end = client->credentials.expires;
	pthread_mutex_unlock(&client->lock);
	return end && time(NULL) > end - RENEW_S;
}

static time_t server_now(struct s3_client *client)
{
	pthread_mutex_lock(&client->lock);
	time_t offset = client->clock_offset;
	pthread_mutex_unlock(&client->lock);
	return time(NULL) + offset;
}

static void learn_clock(struct s3_client *client, time_t server_time)
{
	time_t offset = server_time - time(NULL);

	pthread_mutex_lock(&client->lock);
	bool news = labs(offset - client->clock_offset) > SKEW_WORTH_SAYING;
	client->clock_offset = offset;
	if (news) {
		cleanup_free char *by = timespan_text(labs(offset) * 1000);
		list_printf(&client->notices,
			    "the clock of this machine is %s %s that of %s; signed with the "
			    "server's time",
			    by, offset < 0 ? "ahead of" : "behind", client->settings.endpoint);
	}
	pthread_mutex_unlock(&client->lock);
}

/* ---- One try. */

/* What of a request is the same in every try. */
struct call {
	struct s3_client *client;
	const struct s3_request *request;
	char *path;	    /* encoded */
	char *query;	    /* encoded, sorted */
	char *sha256, *md5; /* of the body; md5 NULL without one */
};

static void call_done(struct call *call)
{
	free(call->path);
	free(call->query);
	free(call->sha256);
	free(call->md5);
}

static char *encode_path(const struct s3_client *client, const char *key)
{
	struct buf path = BUF_INIT;

	buf_addstr(&path, client->base_path);
	if (key || !path.len)
		buf_addch(&path, '/');
	if (key)
		s3_sign_encode(&path, key, true);
	return buf_steal(&path);
}

static char *encode_query(const struct s3_request *request)
{
	struct buf query = BUF_INIT;

	for (size_t i = 0; i < request->query_count; i++) {
		if (i)
			buf_addch(&query, '&');
		s3_sign_encode(&query, request->query[i].name, false);
		buf_addch(&query, '=');
		s3_sign_encode(&query, request->query[i].value, false);
	}
	return buf_steal(&query);
}

static char *md5_of(const void *bytes, size_t length)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	EVP_Digest(bytes, length, value, &size, EVP_md5(), NULL);
	return digest_base64(value, size);
}

static struct call prepare(struct s3_client *client, const struct s3_request *request)
{
	bool has_body = request->body != NULL;

	return (struct call){
		.client = client,
		.request = request,
		.path = encode_path(client, request->key),
		.query = encode_query(request),
		.sha256 = has_body ? digest_sha256_hex(request->body, request->body_length)
				   : mem_strdup(S3_EMPTY_SHA256),
		.md5 = has_body ? md5_of(request->body, request->body_length) : NULL,
	};
}

/* The headers that are signed; those without a value are left out. */
static size_t signed_headers(const struct call *call, const char *date, const char *token,
			     struct http_header ret[MAX_SIGNED_HEADERS])
{
	const struct http_header all[] = {
		{"content-md5", call->md5},
		{"content-type", call->request->content_type},
		{"x-amz-content-sha256", call->sha256},
		{"x-amz-date", date},
		{"x-amz-security-token", token},
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].value)
			ret[n++] = all[i];
	return n;
}

/* Headers with our signature and those of the request that are not signed. Caller frees the array
 * and *ret_authorization. */
static struct http_header *sign(const struct call *call, const char *date, time_t now,
				const struct s3_credentials *credentials, size_t *ret_count,
				char **ret_authorization)
{
	const struct s3_request *request = call->request;
	struct http_header *headers =
		mem_alloc((MAX_SIGNED_HEADERS + 1 + request->header_count) * sizeof(*headers));
	size_t n = signed_headers(call, date, credentials->session_token, headers);
	const struct s3_sign_input input = {
		.method = request->method,
		.host = call->client->host,
		.path = call->path,
		.query = call->query,
		.headers = headers,
		.header_count = n,
		.payload_sha256 = call->sha256,
		.region = call->client->settings.region,
		.service = "s3",
		.when = now,
	};

	*ret_authorization = s3_sign(&input, credentials);
	headers[n++] = (struct http_header){"Authorization", *ret_authorization};
	for (size_t i = 0; i < request->header_count; i++)
		headers[n++] = request->headers[i];
	*ret_count = n;
	return headers;
}

static int send(const struct call *call, const struct http_header *headers, size_t count,
		struct http_response *ret, const struct deadline *deadline, struct err *err)
{
	const struct s3_request *request = call->request;
	struct s3_client *client = call->client;
	cleanup_free char *path =
		mem_printf("%s%s%s", call->path, *call->query ? "?" : "", call->query);
	const struct http_request http = {
		.method = request->method,
		.path = path,
		.accept = "*/*",
		.headers = headers,
		.header_count = count,
		.body = request->body,
		.body_length = request->body_length,
		.response_limit = XML_LIMIT,
		.silence_ms = request->xml ? XML_SILENCE_MS : SILENCE_MS,
		.send_limit = client->send_limit,
		.receive_limit = client->receive_limit,
		.keep_headers = true,
		.into = request->into,
		.into_room = request->into_room,
	};

	client->requests++;
	int r = http_call(client->peer, &http, ret, deadline, err);
	client->bytes_sent += request->body_length;
	client->bytes_received += ret->body.len + ret->into_length;
	return r;
}

/* A copy: it may be renewed while this try is under way. */
static struct s3_credentials copy_credentials(struct s3_client *client)
{
	pthread_mutex_lock(&client->lock);
	const struct s3_credentials *ours = &client->credentials;
	struct s3_credentials copy = {
		.access_key = mem_strdup(ours->access_key),
		.secret_key = mem_strdup(ours->secret_key),
		.session_token = mem_strdup(ours->session_token),
		.source = mem_strdup(ours->source),
	};
	pthread_mutex_unlock(&client->lock);
	return copy;
}

static int try_once(const struct call *call, struct http_response *ret,
		    const struct deadline *deadline, struct err *err)
{
	cleanup_s3_credentials struct s3_credentials credentials = copy_credentials(call->client);
	cleanup_free char *authorization = NULL;
	time_t now = server_now(call->client);
	char date[17];
	size_t count;

	s3_sign_date(now, date);
	struct http_header *headers = sign(call, date, now, &credentials, &count, &authorization);
	int r = send(call, headers, count, ret, deadline, err);
	free(headers);
	return r;
}

/* ---- All tries. */

static int explain(const struct call *call, const struct s3_answer *answer, int tries,
		   struct err *err)
{
	struct s3_client *client = call->client;
	const char *key = call->request->key;
	cleanup_free char *object =
		mem_printf("s3://%s%s%s", client->bucket, key ? "/" : "", key ? key : "");
	pthread_mutex_lock(&client->lock);
	cleanup_free char *source = mem_strdup(client->credentials.source);
	pthread_mutex_unlock(&client->lock);
	const struct s3_subject subject = {.object = object,
					   .is_object = key != NULL,
					   .bucket = client->bucket,
					   .endpoint = client->settings.endpoint,
					   .region = client->settings.region,
					   .keys_source = source,
					   .tries = tries,
					   .now = time(NULL)};

	return s3_answer_explain(answer, &subject, err);
}

static bool may_pass(int r)
{
	return r == -ERR_UNREACHABLE || r == -ERR_TIMEOUT;
}

/* How long until the next try; -1 when there is none. */
static int64_t pause_before(int64_t retry_after, int tries, struct deadline *deadline)
{
	int64_t pause = deadline->pause - deadline->pause / 4 + random() % (deadline->pause / 2);

	deadline->pause = deadline->pause * 2 < deadline->pause_max ? deadline->pause * 2
								    : deadline->pause_max;
	if (retry_after > pause)
		pause = retry_after;
	return tries >= TRIES || pause >= deadline_left(deadline) ? -1 : pause;
}

/* What was tried for this call that is worth trying once only. */
struct remedies {
	bool clock, keys;
};

/* Does what the answer asks for before the next try: 1: try again, 0: the answer stands. */
static int follow_advice(struct s3_client *client, const struct s3_answer *answer,
			 struct remedies *tried, const struct deadline *deadline, struct err *err)
{
	switch (s3_answer_advice(answer)) {
	case S3_AGAIN:
		return 1;
	case S3_AGAIN_CLOCK:
		if (tried->clock || !answer->server_time)
			return 0;
		tried->clock = true;
		learn_clock(client, answer->server_time);
		return 1;
	case S3_AGAIN_KEYS:
		if (tried->keys)
			return 0;
		tried->keys = true;
		int r = renew(client, deadline, err);
		return r < 0 ? r : 1;
	default:
		return 0;
	}
}

/* One try and what follows from it. 0: done; 1: worth another, which err then speaks against. */
static int try_and_judge(const struct call *call, struct s3_response *response,
			 struct remedies *tried, int64_t *ret_retry_after,
			 const struct deadline *deadline, struct err *err)
{
	cleanup_s3_answer struct s3_answer answer = {0};

	*ret_retry_after = -1;
	http_response_done(&response->http);
	response->tries++;
	int r = try_once(call, &response->http, deadline, err);
	if (r < 0)
		return may_pass(r) ? 1 : r;
	s3_answer_read(&response->http, call->request->xml, &answer);
	response->server_time = answer.server_time;
	if (s3_answer_advice(&answer) == S3_FINE)
		return 0;
	int next = follow_advice(call->client, &answer, tried, deadline, err);
	if (next < 0)
		return next;
	*ret_retry_after = answer.retry_after_ms;
	r = explain(call, &answer, response->tries, err);
	return next ? 1 : r;
}

static int try_until_done(const struct call *call, struct s3_response *response,
			  struct deadline *deadline, struct err *err)
{
	struct remedies tried = {0};
	int64_t retry_after;
	int r;

	while ((r = try_and_judge(call, response, &tried, &retry_after, deadline, err)) > 0) {
		int64_t pause = pause_before(retry_after, response->tries, deadline);
		if (pause < 0)
			return -(int)err->code;
		call->client->retries++;
		r = deadline_pause(deadline, pause, err);
		if (r < 0)
			return r;
		err_done(err);
	}
	return r;
}

int s3_client_call(struct s3_client *client, const struct s3_request *request,
		   struct s3_response *ret, const struct deadline *deadline, struct err *err)
{
	__attribute__((cleanup(call_done))) struct call call = prepare(client, request);
	struct deadline wait = *deadline;

	*ret = (struct s3_response){0};
	wait.pause = 200;
	wait.pause_max = 5000;
	if (expires_soon(client)) {
		int r = renew(client, deadline, err);
		if (r < 0)
			return r;
	}
	return try_until_done(&call, ret, &wait, err);
}

void s3_response_done(struct s3_response *response)
{
	http_response_done(&response->http);
}
