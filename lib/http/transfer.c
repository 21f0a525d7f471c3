#include "http/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/deadline.h"
#include "http/limit.h"
#include "http/peer.h"

#define CONNECT_MS   5000
#define LARGE_BUFFER 262144L /* bytes for one read or write of a large body */

static size_t on_data(char *bytes, size_t size, size_t count, void *context)
{
	struct http_transfer *transfer = context;

	transfer->last_byte = clock_real.now(&clock_real);
	if (http_limit_wait_ms(transfer->receive_limit) > 0) {
		transfer->receive_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	http_limit_take(transfer->receive_limit, size * count);
	if (!transfer->data(transfer, bytes, size * count))
		return 0;
	return size * count;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *context)
{
	struct http_transfer *transfer = context;
	size_t left = transfer->body_length - transfer->body_sent, piece = size * count;

	transfer->last_byte = clock_real.now(&clock_real);
	if (left && http_limit_wait_ms(transfer->send_limit) > 0) {
		transfer->send_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	if (piece > left)
		piece = left;
	memcpy(buffer, transfer->body + transfer->body_sent, piece);
	transfer->body_sent += piece;
	http_limit_take(transfer->send_limit, piece);
	return piece;
}

/* libcurl sends a body again when a connection that it wanted to use again was dead. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	struct http_transfer *transfer = context;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->body_length)
		return CURL_SEEKFUNC_FAIL;
	transfer->body_sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* A peer that vanished in the middle of a body is noticed by the kernel first. */
static int on_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
	struct http_transfer *transfer = context;
	unsigned int timeout = (unsigned int)transfer->silence_ms;

	(void)purpose;
	(void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	return CURL_SOCKOPT_OK;
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
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(peer->connect_ms ? peer->connect_ms : CONNECT_MS));
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

static void set_body(struct http_transfer *transfer, const struct http_request *request)
{
	CURL *easy = transfer->easy;

	transfer->body = request->body;
	transfer->body_length = request->body_length;
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_length);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	transfer->headers = curl_slist_append(transfer->headers, "Expect:");
}

void http_transfer_large(struct http_transfer *transfer, const struct http_request *request)
{
	CURL *easy = transfer->easy;

	transfer->silence_ms = request->silence_ms;
	transfer->send_limit = request->send_limit;
	transfer->receive_limit = request->receive_limit;
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, LARGE_BUFFER);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, LARGE_BUFFER);
	if (request->body && request->body_length)
		set_body(transfer, request);
	else
		http_transfer_method(transfer, request->method, request->body, 0);
}

int64_t http_transfer_pause_ms(const struct http_transfer *transfer)
{
	int64_t send = transfer->send_paused ? http_limit_wait_ms(transfer->send_limit) : -1;
	int64_t receive =
		transfer->receive_paused ? http_limit_wait_ms(transfer->receive_limit) : -1;

	if (send < 0 || (receive >= 0 && receive < send))
		return receive;
	return send;
}

void http_transfer_resume(struct http_transfer *transfer)
{
	transfer->send_paused = transfer->receive_paused = false;
	transfer->last_byte = clock_real.now(&clock_real);
	curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
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
