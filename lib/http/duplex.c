#include "http/duplex.h"

#include <poll.h>
#include <stdlib.h>

#include "base/mem.h"
#include "http/failure.h"
#include "http/peer.h"
#include "http/transfer.h"

#define LOOK_MS 100 /* how soon a cancel is felt */

struct http_duplex {
	struct http_transfer transfer;
	const struct deadline *deadline; /* of the call that is under way */
	curl_socket_t socket;
};

/* Called about once a second, and whenever something happens. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct http_duplex *duplex = context;

	(void)a, (void)b, (void)c, (void)d;
	return cancel_raised(duplex->deadline->cancel) || deadline_passed(duplex->deadline);
}

static int ended(const struct deadline *deadline, const char *name, struct err *err)
{
	if (cancel_raised(deadline->cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	if (deadline_passed(deadline))
		return err_set(err, ERR_TIMEOUT, "%s took too long", name);
	return 0;
}

static void prepare(struct http_duplex *duplex, struct http_peer *peer)
{
	http_transfer_init(&duplex->transfer, peer, HTTP_POOL_STREAMS, "/");
	CURL *easy = duplex->transfer.easy;
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, NULL); /* it is in no pool */
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, duplex);
}

int http_duplex_open(struct http_peer *peer, const struct deadline *deadline,
		     struct http_duplex **ret, struct err *err)
{
	struct http_duplex *duplex = mem_new(struct http_duplex);

	duplex->deadline = deadline;
	prepare(duplex, peer);
	duplex->transfer.result = curl_easy_perform(duplex->transfer.easy);
	int r = ended(deadline, peer->name, err);
	if (r >= 0 && duplex->transfer.result != CURLE_OK)
		r = http_failure_explain(&duplex->transfer, err);
	if (r >= 0 && (curl_easy_getinfo(duplex->transfer.easy, CURLINFO_ACTIVESOCKET,
					 &duplex->socket) != CURLE_OK ||
		       duplex->socket == CURL_SOCKET_BAD))
		r = err_set(err, ERR_UNREACHABLE, "%s: the connection was lost", peer->name);
	if (r < 0)
		http_duplex_close(duplex);
	else
		*ret = duplex;
	return r;
}

void http_duplex_close(struct http_duplex *duplex)
{
	if (!duplex)
		return;
	http_transfer_done(&duplex->transfer);
	free(duplex);
}

const char *http_duplex_name(const struct http_duplex *duplex)
{
	return duplex->transfer.peer->name;
}

/* Until the socket is ready, or a moment went by. */
static int wait_for(struct http_duplex *duplex, short events, const struct deadline *deadline,
		    struct err *err)
{
	struct pollfd polled = {.fd = duplex->socket, .events = events};
	int64_t left = deadline_left(deadline);
	int r = ended(deadline, http_duplex_name(duplex), err);

	if (r < 0)
		return r;
	(void)poll(&polled, 1, left < LOOK_MS ? (int)left : LOOK_MS);
	return 0;
}

static int lost(const struct http_duplex *duplex, CURLcode code, struct err *err)
{
	return err_set(err, ERR_UNREACHABLE, "%s: the connection was lost: %s",
		       http_duplex_name(duplex), curl_easy_strerror(code));
}

int http_duplex_send(struct http_duplex *duplex, const void *bytes, size_t length,
		     const struct deadline *deadline, struct err *err)
{
	const char *from = bytes;

	while (length) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(duplex->transfer.easy, from, length, &sent);
		int r = code == CURLE_AGAIN ? wait_for(duplex, POLLOUT, deadline, err)
			: code != CURLE_OK  ? lost(duplex, code, err)
					    : 0;
		if (r < 0)
			return r;
		from += sent;
		length -= sent;
	}
	return 0;
}

int http_duplex_receive(struct http_duplex *duplex, void *bytes, size_t room,
			const struct deadline *deadline, size_t *ret, struct err *err)
{
	for (;;) {
		CURLcode code = curl_easy_recv(duplex->transfer.easy, bytes, room, ret);
		if (code == CURLE_OK)
			return 0;
		int r = code == CURLE_AGAIN ? wait_for(duplex, POLLIN, deadline, err)
					    : lost(duplex, code, err);
		if (r < 0)
			return r;
	}
}
