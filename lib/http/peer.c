#include "http/peer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/credential.h"
#include "http/thread.h"

#define USER_AGENT	    "desired/" DESIRED_VERSION
#define HTTP2_FAILURES	    3
#define STREAM_BUFFER_BYTES 8192L

/* The parts of base_url that matter here. */
struct url_parts {
	char *scheme, *host, *port, *path;
};

static void url_parts_done(struct url_parts *parts)
{
	curl_free(parts->scheme);
	curl_free(parts->host);
	curl_free(parts->port);
	curl_free(parts->path);
}

static int url_split(const char *url, struct url_parts *ret, struct err *err)
{
	CURLU *parsed = curl_url();
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);

	if (code == CURLUE_OK) {
		curl_url_get(parsed, CURLUPART_SCHEME, &ret->scheme, 0);
		curl_url_get(parsed, CURLUPART_HOST, &ret->host, 0);
		curl_url_get(parsed, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT);
		curl_url_get(parsed, CURLUPART_PATH, &ret->path, 0);
	}
	curl_url_cleanup(parsed);
	if (code != CURLUE_OK)
		return err_set(err, ERR_INVALID, "%s is not a URL: %s", url,
			       curl_url_strerror(code));
	if (strcasecmp(ret->scheme, "http") && strcasecmp(ret->scheme, "https"))
		return err_set(err, ERR_INVALID, "%s is neither http:// nor https://", url);
	return 0;
}

static bool is_loopback(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "[::1]") ||
	       !strcasecmp(host, "localhost");
}

/* Where the certificate bears another name than the host, the URL says that name, so that libcurl
 * checks it, and the connection is redirected to the host. */
static void use_server_name(struct http_peer *peer, const struct url_parts *parts, const char *name)
{
	peer->url = mem_printf("%s://%s:%s%s", parts->scheme, name, parts->port, parts->path);
	peer->host = mem_printf("%s:%s", parts->host, parts->port);
	peer->redirect = mem_printf("%s:%s:%s:%s", name, parts->port, parts->host, parts->port);
}

static void cut_slashes(char *url)
{
	size_t length = strlen(url);

	while (length && url[length - 1] == '/')
		url[--length] = '\0';
}

static void set_address(struct http_peer *peer, const struct http_peer_options *options,
			const struct url_parts *parts)
{
	peer->tls = !strcasecmp(parts->scheme, "https");
	peer->loopback = is_loopback(parts->host);
	peer->unix_socket = mem_strdup(options->unix_socket);
	if (peer->tls && options->server_name && strcasecmp(options->server_name, parts->host))
		use_server_name(peer, parts, options->server_name);
	else
		peer->url = mem_strdup(options->base_url);
	cut_slashes(peer->url);
	peer->name = mem_strdup(options->unix_socket ? options->unix_socket : options->base_url);
	cut_slashes(peer->name);
}

static void set_credentials(struct http_peer *peer, const struct http_peer_options *options)
{
	peer->ca = mem_strdup(options->ca);
	peer->certificate = mem_strdup(options->certificate);
	peer->key = mem_strdup(options->key);
	if (options->bearer_token)
		peer->authorization = mem_printf("Bearer %s", options->bearer_token);
	peer->user = mem_strdup(options->basic_user);
	peer->password = mem_strdup(options->basic_password);
	peer->insecure = options->insecure;
	peer->http1_only = options->http1_only;
	peer->connect_ms = options->connect_ms;
}

int http_peer_new(struct http *http, const struct http_peer_options *options,
		  struct http_peer **ret, struct err *err)
{
	__attribute__((cleanup(url_parts_done))) struct url_parts parts = {0};
	time_t certificate_end = 0;

	int r = url_split(options->base_url, &parts, err);
	if (r < 0)
		return r;
	r = http_credential_check(options, &certificate_end, err);
	if (r < 0)
		return err_wrap(err, "%s", options->base_url);

	struct http_peer *peer = mem_new(struct http_peer);
	peer->http = http;
	peer->certificate_end = certificate_end;
	set_address(peer, options, &parts);
	set_credentials(peer, options);
	*ret = peer;
	return 0;
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void http_peer_free(struct http_peer *peer)
{
	if (peer)
		http_close_peer(peer->http, peer);
}

void http_peer_destroy(struct http_peer *peer)
{
	for (int i = 0; i < HTTP_POOL_KINDS; i++)
		if (peer->pools[i])
			http_pool_free(peer->pools[i]);
	free(peer->name);
	free(peer->url);
	free(peer->host);
	free(peer->redirect);
	free(peer->unix_socket);
	free(peer->ca);
	free(peer->certificate);
	free_secret(peer->key);
	free_secret(peer->authorization);
	free(peer->user);
	free_secret(peer->password);
	free(peer);
}

time_t http_peer_certificate_end(const struct http_peer *peer)
{
	return peer->certificate_end;
}

/* Borrowed: the peer outlives its transfers, and connections keep copies. */
static void set_blob(CURL *easy, CURLoption option, char *text)
{
	struct curl_blob blob = {.data = text, .len = strlen(text), .flags = CURL_BLOB_NOCOPY};

	curl_easy_setopt(easy, option, &blob);
}

static void configure_tls(const struct http_peer *peer, CURL *easy)
{
	if (peer->ca) {
		set_blob(easy, CURLOPT_CAINFO_BLOB, peer->ca);
		/* Else libcurl would also trust the folder of the system's. */
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (peer->certificate) {
		set_blob(easy, CURLOPT_SSLCERT_BLOB, peer->certificate);
		set_blob(easy, CURLOPT_SSLKEY_BLOB, peer->key);
	}
	if (peer->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void configure_route(const struct http_peer *peer, struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	if (peer->unix_socket)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, peer->unix_socket);
	if (peer->loopback)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (peer->redirect) {
		transfer->redirect = curl_slist_append(NULL, peer->redirect);
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, transfer->redirect);
	}
	http_transfer_header(transfer, "Host", peer->host);
}

static void configure_login(const struct http_peer *peer, struct http_transfer *transfer)
{
	http_transfer_header(transfer, "Authorization", peer->authorization);
	if (peer->user) {
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, peer->user);
		curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, peer->password);
	}
}

void http_peer_configure(struct http_peer *peer, struct http_transfer *transfer, const char *path)
{
	cleanup_free char *url = mem_printf("%s%s", peer->url, path);
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
	if (transfer->kind == HTTP_POOL_STREAMS)
		curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, STREAM_BUFFER_BYTES);
	configure_route(peer, transfer);
	configure_login(peer, transfer);
	if (peer->tls)
		configure_tls(peer, easy);
}

bool http_peer_multiplexes(const struct http_peer *peer)
{
	return peer->tls && !peer->http1_only && peer->http2_failures < HTTP2_FAILURES;
}

struct http_pool *http_peer_pool(struct http_peer *peer, enum http_pool_kind kind)
{
	if (!peer->pools[kind])
		peer->pools[kind] = http_pool_new();
	return peer->pools[kind];
}

static bool is_http2_failure(CURLcode code)
{
	return code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM;
}

void http_peer_learn(struct http_peer *peer, struct http_pool *pool,
		     const struct http_transfer *transfer)
{
	long version = 0;

	if (transfer->result == CURLE_OK) {
		curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
		if (version == CURL_HTTP_VERSION_2_0)
			peer->http2_failures = 0;
	} else if (!pool->retired) {
		/* Once for a connection, however many transfers it takes down. */
		if (is_http2_failure(transfer->result))
			peer->http2_failures++;
		pool->retired = true;
		peer->pools[transfer->kind] = NULL;
	}
}
