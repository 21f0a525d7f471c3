#include <string.h>

#include "harness/server_private.h"

static bool write_head(struct server_connection *connection, const struct server_reply *reply,
		       bool chunked, size_t length)
{
	cleanup_buf struct buf head = BUF_INIT;
	int status = reply->status ? reply->status : 200;

	buf_printf(&head, "HTTP/1.1 %d Scripted\r\n", status);
	buf_printf(&head, "Content-Type: %s\r\n",
		   reply->content_type ? reply->content_type : "application/json");
	if (reply->headers)
		buf_addstr(&head, reply->headers);
	if (chunked)
		buf_addstr(&head, "Transfer-Encoding: chunked\r\n");
	else if (status != 204 && status != 304)
		buf_printf(&head, "Content-Length: %zu\r\n", length);
	buf_addstr(&head, "\r\n");
	return server_connection_write(connection, head.data, head.len);
}

static void stay_silent(struct server_connection *connection)
{
	struct server *server = connection->server;

	pthread_mutex_lock(&server->lock);
	while (!server->stopping && !server_connection_left(connection)) {
		struct timespec glance = server_wait_end(SERVER_GLANCE_MS);
		(void)server_wait_until(server, &glance);
	}
	pthread_mutex_unlock(&server->lock);
}

/* Writes what server_push() brings until the answer is ended; false when the connection is. */
static bool hold(struct server_connection *connection, const char *line)
{
	struct server *server = connection->server;
	bool alive = true;

	pthread_mutex_lock(&server->lock);
	connection->held_line = line;
	connection->ended = connection->dropped = false;
	pthread_cond_broadcast(&server->changed);
	while (alive && !server->stopping && !server_connection_left(connection)) {
		cleanup_buf struct buf text = connection->pushed;
		connection->pushed = BUF_INIT;
		if (text.len) {
			pthread_mutex_unlock(&server->lock);
			alive = server_connection_write_chunk(connection, text.data, text.len);
			pthread_mutex_lock(&server->lock);
			continue;
		}
		if (connection->ended)
			break;
		struct timespec glance = server_wait_end(SERVER_GLANCE_MS);
		(void)server_wait_until(server, &glance);
	}
	alive = alive && connection->ended && !connection->dropped;
	connection->held_line = NULL;
	pthread_mutex_unlock(&server->lock);
	return alive;
}

static bool write_pieces(struct server_connection *connection, const char *line,
			 const struct server_reply *reply)
{
	if (!write_head(connection, reply, true, 0))
		return false;
	for (const char *const *chunk = reply->chunks; chunk && *chunk; chunk++) {
		if (chunk != reply->chunks)
			server_wait_pause(connection->server, reply->chunk_delay_ms);
		if (!server_connection_write_chunk(connection, *chunk, strlen(*chunk)))
			return false;
	}
	if (reply->hold && !hold(connection, line))
		return false;
	return server_connection_write_chunk(connection, "", 0);
}

static bool write_endless(struct server_connection *connection, const struct server_reply *reply)
{
	bool alive = write_head(connection, reply, true, 0);

	while (alive)
		alive = server_connection_write_chunk(connection, reply->body, strlen(reply->body));
	return false;
}

static bool write_whole(struct server_connection *connection, const char *line,
			const struct server_reply *reply)
{
	const char *body = reply->body ? reply->body : "";
	size_t length = reply->body_length ? reply->body_length : strlen(body);
	bool bodiless = !strncmp(line, "HEAD ", 5) || reply->status == 204 || reply->status == 304;

	if (!write_head(connection, reply, false, length))
		return false;
	if (reply->fault == SERVER_TRUNCATE) {
		(void)server_connection_write(connection, body, length / 2);
		return false;
	}
	return bodiless || server_connection_write(connection, body, length);
}

bool server_answer(struct server_connection *connection, const char *line,
		   const struct server_reply *reply)
{
	server_wait_pause(connection->server, reply->delay_ms);
	switch (reply->fault) {
	case SERVER_SILENT:
		stay_silent(connection);
		return false;
	case SERVER_RESET:
		server_connection_arm_reset(connection);
		return false;
	case SERVER_CLOSE:
		return false;
	case SERVER_ENDLESS:
		return write_endless(connection, reply);
	case SERVER_FINE:
	case SERVER_TRUNCATE:
		break;
	}
	if (reply->chunks || reply->hold)
		return write_pieces(connection, line, reply);
	return write_whole(connection, line, reply);
}
