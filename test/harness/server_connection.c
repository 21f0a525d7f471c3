#include "harness/server_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"

/* Appends what comes next to in; false at the end. */
static bool read_more(struct server_connection *connection)
{
	char bytes[16384];
	ssize_t n;

	if (connection->ssl)
		n = SSL_read(connection->ssl, bytes, sizeof(bytes));
	else
		while ((n = recv(connection->fd, bytes, sizeof(bytes), 0)) < 0 && errno == EINTR)
			;
	if (n <= 0)
		return false;
	buf_add(&connection->in, bytes, (size_t)n);
	return true;
}

static char *take(struct server_connection *connection, size_t length)
{
	struct buf *in = &connection->in;
	char *text = mem_alloc(length + 1);

	if (length)
		memcpy(text, in->data, length);
	text[length] = '\0';
	if (in->len > length)
		memmove(in->data, in->data + length, in->len - length);
	buf_truncate(in, in->len - length);
	return text;
}

static size_t content_length(const char *headers)
{
	const char *at = strcasestr(headers, "\r\nContent-Length:");

	return at ? strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* A client that wants TLS gets what other servers say too. */
static bool begins_as_http(struct server_connection *connection)
{
	static const char refusal[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	if (*connection->in.data >= 'A' && *connection->in.data <= 'Z')
		return true;
	(void)server_connection_write(connection, refusal, strlen(refusal));
	return false;
}

bool server_connection_read(struct server_connection *connection, struct server_request *ret)
{
	struct buf *in = &connection->in;
	char *end;

	while (!(end = strstr(buf_str(in), "\r\n\r\n")))
		if (!read_more(connection) || !begins_as_http(connection))
			return false;
	cleanup_free char *head = take(connection, (size_t)(end - in->data) + 4);
	size_t length = content_length(head);
	while (in->len < length)
		if (!read_more(connection))
			return false;

	char *headers = strstr(head, "\r\n") + 2;
	char *version = memmem(head, (size_t)(headers - head), " HTTP/1.", 8);
	*(version ? version : headers - 2) = '\0';
	headers[strlen(headers) - 2] = '\0'; /* the empty line */
	ret->line = mem_strdup(head);
	ret->headers = mem_strdup(headers);
	ret->body = take(connection, length);
	ret->body_length = length;
	ret->connection = connection->number;
	return true;
}

bool server_connection_write(struct server_connection *connection, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = connection->ssl ? SSL_write(connection->ssl, at, (int)length)
					    : send(connection->fd, at, length, MSG_NOSIGNAL);
		if (n < 0 && !connection->ssl && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		length -= (size_t)n;
	}
	return true;
}

bool server_connection_write_chunk(struct server_connection *connection, const void *bytes,
				   size_t length)
{
	cleanup_buf struct buf chunk = BUF_INIT;

	buf_printf(&chunk, "%zx\r\n", length);
	buf_add(&chunk, bytes, length);
	buf_addstr(&chunk, "\r\n");
	return server_connection_write(connection, chunk.data, chunk.len);
}

bool server_connection_left(const struct server_connection *connection)
{
	struct pollfd poll_fd = {.fd = connection->fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0;
}

void server_connection_arm_reset(struct server_connection *connection)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void server_connection_drain(struct server_connection *connection)
{
	char bytes[4096];

	shutdown(connection->fd, SHUT_WR);
	while (recv(connection->fd, bytes, sizeof(bytes), 0) > 0)
		;
}
