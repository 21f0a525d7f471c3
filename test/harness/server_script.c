#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "harness/server_private.h"
#include "harness/suite.h"

bool server_script_matches(const char *pattern, const char *line)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '*')
		return !strncmp(pattern, line, length - 1);
	return !strcmp(pattern, line);
}

static bool take_expectation(struct server *server, const char *line, struct server_reply *ret)
{
	for (size_t i = 0; i < server->expectation_count; i++) {
		struct expectation *expectation = &server->expectations[i];
		if (!expectation->left || !server_script_matches(expectation->line, line))
			continue;
		if (expectation->left > 0)
			expectation->left--;
		*ret = expectation->reply;
		return true;
	}
	return false;
}

static void record(struct server *server, struct server_request *request)
{
	pthread_mutex_lock(&server->lock);
	mem_grow(server->requests, &server->request_cap, server->request_count + 1);
	server->requests[server->request_count++] = request;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

static bool ask_handler(struct server *server, const struct server_request *request,
			struct server_reply *ret)
{
	pthread_mutex_lock(&server->handling);
	bool known = server->handler && server->handler(server->handler_context, request, ret);
	pthread_mutex_unlock(&server->handling);
	return known;
}

static void choose(struct server *server, const struct server_request *request,
		   struct server_reply *ret)
{
	if (ask_handler(server, request, ret))
		return;
	pthread_mutex_lock(&server->lock);
	if (!take_expectation(server, request->line, ret)) {
		list_add(&server->surprises, request->line);
		*ret = (struct server_reply){.status = 501, .body = "\"not in the script\""};
	}
	pthread_mutex_unlock(&server->lock);
}

void server_script_ask(struct server *server, struct server_request *request,
		       struct server_reply *ret)
{
	choose(server, request, ret);
	record(server, request);
}

static const char *const *copy_chunks(const char *const *chunks)
{
	size_t count = 0;

	if (!chunks)
		return NULL;
	while (chunks[count])
		count++;
	char **copy = mem_zalloc((count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = mem_strdup(chunks[i]);
	return (const char *const *)copy;
}

/* NUL-terminated; a length of 0 stands for that of the text. */
static char *copy_bytes(const char *bytes, size_t length)
{
	struct buf copy = BUF_INIT;

	if (!bytes)
		return NULL;
	buf_add(&copy, bytes, length ? length : strlen(bytes));
	return buf_steal(&copy);
}

static struct server_reply copy_reply(const struct server_reply *reply)
{
	struct server_reply copy = *reply;

	copy.body = copy_bytes(reply->body, reply->body_length);
	copy.content_type = mem_strdup(reply->content_type);
	copy.headers = mem_strdup(reply->headers);
	copy.chunks = copy_chunks(reply->chunks);
	return copy;
}

static void free_reply(const struct server_reply *reply)
{
	for (const char *const *chunk = reply->chunks; chunk && *chunk; chunk++)
		free((void *)*chunk);
	free((void *)reply->chunks);
	free((void *)reply->body);
	free((void *)reply->content_type);
	free((void *)reply->headers);
}

static void free_request(struct server_request *request)
{
	free(request->line);
	free(request->headers);
	free(request->body);
	free(request);
}

void server_script_done(struct server *server)
{
	for (size_t i = 0; i < server->expectation_count; i++) {
		free(server->expectations[i].line);
		free_reply(&server->expectations[i].reply);
	}
	free(server->expectations);
	for (size_t i = 0; i < server->request_count; i++)
		free_request(server->requests[i]);
	free(server->requests);
	list_done(&server->surprises);
}

void server_expect(struct server *server, const char *line, const struct server_reply *reply)
{
	pthread_mutex_lock(&server->lock);
	mem_grow(server->expectations, &server->expectation_cap, server->expectation_count + 1);
	server->expectations[server->expectation_count++] = (struct expectation){
		.line = mem_strdup(line),
		.reply = copy_reply(reply),
		.left = reply->times ? reply->times : 1,
	};
	pthread_mutex_unlock(&server->lock);
}

void server_handle(struct server *server,
		   bool (*handler)(void *context, const struct server_request *request,
				   struct server_reply *ret_reply),
		   void *context)
{
	pthread_mutex_lock(&server->handling);
	server->handler = handler;
	server->handler_context = context;
	pthread_mutex_unlock(&server->handling);
}

static bool is_held(const struct server_connection *connection, const char *line)
{
	return connection->held_line && !connection->ended &&
	       server_script_matches(line, connection->held_line);
}

static struct server_connection *next_held(struct server_connection *from, const char *line)
{
	while (from && !is_held(from, line))
		from = from->next;
	return from;
}

/* The first held answer to that line; waits for it, with the lock held. */
static struct server_connection *await_held(struct server *server, const char *line)
{
	struct timespec end = server_wait_end(SERVER_PATIENCE_MS);
	struct server_connection *held;

	while (!(held = next_held(server->connections, line)) && server_wait_until(server, &end))
		;
	return held;
}

/* Does one thing to each held answer to that line; how many there were. */
static int each_held(struct server *server, const char *line, const char *text, bool ended,
		     bool dropped)
{
	int count = 0;

	pthread_mutex_lock(&server->lock);
	struct server_connection *held = await_held(server, line);
	for (; held; held = next_held(held->next, line)) {
		buf_addstr(&held->pushed, text);
		held->ended = ended;
		held->dropped = dropped;
		count++;
	}
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	return count;
}

void server_push(struct server *server, const char *line, const char *text)
{
	if (!each_held(server, line, text, false, false))
		ck_abort_msg("nobody holds an answer to %s", line);
}

void server_end(struct server *server, const char *line, bool dropped)
{
	if (!each_held(server, line, "", true, dropped))
		ck_abort_msg("nobody holds an answer to %s", line);
}

int server_request_count(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	int count = (int)server->request_count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

const struct server_request *server_request(struct server *server, int index)
{
	const struct server_request *request = NULL;

	pthread_mutex_lock(&server->lock);
	if (index >= 0 && (size_t)index < server->request_count)
		request = server->requests[index];
	pthread_mutex_unlock(&server->lock);
	if (!request)
		ck_abort_msg("request %d never came", index);
	return request;
}

int server_connection_count(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	int count = server->connection_count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

void server_await(struct server *server, int count)
{
	struct timespec end = server_wait_end(SERVER_PATIENCE_MS);
	bool in_time = true;

	pthread_mutex_lock(&server->lock);
	while (in_time && server->request_count < (size_t)count)
		in_time = server_wait_until(server, &end);
	size_t seen = server->request_count;
	pthread_mutex_unlock(&server->lock);
	if (seen < (size_t)count)
		ck_abort_msg("%zu requests came, not %d", seen, count);
}

char *server_header(const struct server_request *request, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = request->headers; *at; at = strstr(at, "\r\n") + 2)
		if (!strncasecmp(at, name, length) && at[length] == ':') {
			at += length + 1;
			at += strspn(at, " ");
			return mem_strndup(at, strcspn(at, "\r"));
		}
	return NULL;
}

/* Adds the lines that were expected and never asked. */
static void list_missing(const struct server *server, struct list *missing)
{
	for (size_t i = 0; i < server->expectation_count; i++)
		if (server->expectations[i].left > 0)
			list_add(missing, server->expectations[i].line);
}

void server_check(struct server *server)
{
	cleanup_list struct list missing = LIST_INIT;

	pthread_mutex_lock(&server->lock);
	cleanup_free char *surprises = list_join(&server->surprises, ", ");
	list_missing(server, &missing);
	pthread_mutex_unlock(&server->lock);
	cleanup_free char *missed = list_join(&missing, ", ");
	if (*surprises)
		ck_abort_msg("asked, not expected: %s", surprises);
	if (*missed)
		ck_abort_msg("expected, not asked: %s", missed);
}
