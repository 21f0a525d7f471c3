#include "http/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/deadline.h"
#include "http/peer.h"

#define CONNECT_MS 5000

static size_t on_data(char *bytes, size_t size, size_t count, void *context)
{
	struct http_transfer *transfer = context;

	transfer->last_byte = clock_real.now(&clock_real);
	if (!transfer->data(transfer, bytes, size * count))
		return 0;
	return size * count;
}

/* The connection stands and knows its protocol; others may join it. */
static int on_connected(void *context, char *remote, char *local, int remote_port, int local_port)
{
	struct http_transfer *transfer = context;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	transfer->pool->ready = true;
	return CURL_PREREQFUNC_OK;
}

void http_transfer_init(struct http_transfer *transfer, struct http_peer *peer,
			enum http_pool_kind kind, const char *path)
{
	memset(transfer, 0, sizeof(*transfer));
	transfer->peer = peer;
	transfer->kind = kind;
	peer->transfers++;
	transfer->easy = curl_easy_init();
	CURL *easy = transfer->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	http_peer_configure(peer, transfer, path);
}

void http_transfer_header(struct http_transfer *transfer, const char *name, const char *value)
{
	if (!value)
		return;
	cleanup_free char *line = mem_printf("%s: %s", name, value);
	transfer->headers = curl_slist_append(transfer->headers, line);
}

void http_transfer_method(struct http_transfer *transfer, const char *method, const char *body,
			  size_t length)
{
	CURL *easy = transfer->easy;
	bool writes = !strcmp(method, "POST") || !strcmp(method, "PUT") || !strcmp(method, "PATCH");

	if (body || writes) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body ? body : "");
		transfer->headers = curl_slist_append(transfer->headers, "Expect:");
	}
	if (!strcmp(method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

void http_transfer_seal(struct http_transfer *transfer)
{
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

int http_transfer_status(const struct http_transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

void http_transfer_done(struct http_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	curl_slist_free_all(transfer->redirect);
	transfer->easy = NULL;
	transfer->headers = transfer->redirect = NULL;
	transfer->peer->transfers--;
}
