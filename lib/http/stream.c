#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/failure.h"
#include "http/http.h"
#include "http/peer.h"
#include "http/thread.h"

#define DEFAULT_SILENCE_MS 150000
#define LINE_LIMIT	   ((size_t)16 << 20)
#define ERROR_BODY_LIMIT   ((size_t)64 << 10)
#define KEEP_BYTES	   ((size_t)64 << 10) /* of an empty buffer */

struct http_stream {
	struct http_transfer transfer; /* first: the I/O thread knows only this */
	struct http *http;
	struct http_stream_options options;
	struct buf text; /* what is not a whole line yet; all of it when it is no stream */
	bool line_too_long;

	_Atomic bool closing; /* nothing more is told */
	/* Under the lock of http. */
	bool over;   /* the I/O thread is through with it */
	bool orphan; /* nobody waits: the I/O thread frees it */
	pthread_cond_t changed;
};

static void stream_free(struct http_stream *stream)
{
	http_transfer_done(&stream->transfer);
	pthread_cond_destroy(&stream->changed);
	buf_done(&stream->text);
	free(stream);
}

/* ---- On the I/O thread. */

static void drop_front(struct buf *buf, size_t length)
{
	if (length == 0)
		return;
	memmove(buf->data, buf->data + length, buf->len - length);
	buf_truncate(buf, buf->len - length);
	if (buf->len == 0 && buf->cap > KEEP_BYTES)
		buf_done(buf);
}

static void tell_line(struct http_stream *stream, char *line, size_t length)
{
	if (length && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	if (length && !stream->closing)
		stream->options.frame(stream->options.context, line, length);
}

/* Tells every whole line; what was there before has none, so only what is new is searched. */
static void tell_lines(struct http_stream *stream, size_t searched)
{
	struct buf *text = &stream->text;
	char *start = text->data, *end = text->data + text->len, *newline;

	for (char *from = start + searched; (newline = memchr(from, '\n', (size_t)(end - from)));
	     from = start) {
		tell_line(stream, start, (size_t)(newline - start));
		start = newline + 1;
	}
	drop_front(text, (size_t)(start - text->data));
}

static bool is_stream(const struct http_stream *stream)
{
	return http_transfer_status(&stream->transfer) / 100 == 2;
}

static bool take_bytes(struct http_transfer *transfer, const char *bytes, size_t length)
{
	struct http_stream *stream = (struct http_stream *)transfer;
	struct buf *text = &stream->text;
	size_t before = text->len;

	if (!is_stream(stream)) {
		if (before + length <= ERROR_BODY_LIMIT)
			buf_add(text, bytes, length);
		return !stream->closing;
	}
	buf_add(text, bytes, length);
	tell_lines(stream, before);
	stream->line_too_long = text->len > LINE_LIMIT;
	return !stream->closing && !stream->line_too_long;
}

static void explain(const struct http_stream *stream, struct err *err)
{
	if (stream->line_too_long)
		err_set(err, ERR_INVALID, "%s sent a line of more than %zu bytes",
			stream->transfer.peer->name, LINE_LIMIT);
	else if (stream->transfer.result != CURLE_OK)
		http_failure_explain(&stream->transfer, err);
}

static void tell_end(struct http_stream *stream)
{
	cleanup_err struct err err = ERR_INIT;
	struct buf *text = &stream->text;
	const char *body = NULL;
	int status = http_transfer_status(&stream->transfer);

	if (status && !is_stream(stream))
		body = buf_str(text);
	else if (stream->transfer.result == CURLE_OK && text->len)
		tell_line(stream, text->data, text->len);
	explain(stream, &err);
	if (!stream->closing)
		stream->options.ended(stream->options.context, status, body, &err);
}

static void finish_stream(struct http_transfer *transfer)
{
	struct http_stream *stream = (struct http_stream *)transfer;
	struct http *http = stream->http;

	if (!stream->closing)
		tell_end(stream);
	/* Whoever closes may free it as soon as the lock is released. */
	pthread_mutex_lock(&http->lock);
	stream->over = true;
	bool orphan = stream->orphan;
	pthread_cond_broadcast(&stream->changed);
	pthread_mutex_unlock(&http->lock);
	if (orphan)
		stream_free(stream);
}

/* ---- From any thread. */

int http_stream_open(struct http_peer *peer, const struct http_stream_options *options,
		     struct http_stream **ret, struct err *err)
{
	struct http_stream *stream;

	if (*options->path != '/')
		return err_set(err, ERR_INVALID, "the path %s does not begin with a slash",
			       options->path);
	stream = mem_new(struct http_stream);
	stream->http = peer->http;
	stream->options = *options;
	pthread_cond_init(&stream->changed, NULL);
	http_transfer_init(&stream->transfer, peer, HTTP_POOL_STREAMS, options->path);
	http_transfer_header(&stream->transfer, "Accept",
			     options->accept ? options->accept : "application/json");
	http_transfer_seal(&stream->transfer);
	stream->transfer.silence_ms =
		options->silence_ms ? options->silence_ms : DEFAULT_SILENCE_MS;
	stream->transfer.data = take_bytes;
	stream->transfer.done = finish_stream;
	*ret = stream;
	http_start(peer->http, &stream->transfer);
	return 0;
}

/* From a callback nothing can be waited for: the I/O thread frees the stream when it is through. */
static bool leave_to_thread(struct http_stream *stream)
{
	pthread_mutex_lock(&stream->http->lock);
	stream->orphan = !stream->over;
	bool left = stream->orphan;
	pthread_mutex_unlock(&stream->http->lock);
	return left;
}

static void wait_until_over(struct http_stream *stream)
{
	pthread_mutex_lock(&stream->http->lock);
	while (!stream->over)
		pthread_cond_wait(&stream->changed, &stream->http->lock);
	pthread_mutex_unlock(&stream->http->lock);
}

void http_stream_close(struct http_stream *stream)
{
	if (!stream)
		return;
	stream->closing = true;
	http_stop(stream->http, &stream->transfer);
	if (!http_on_thread(stream->http))
		wait_until_over(stream);
	else if (leave_to_thread(stream))
		return;
	stream_free(stream);
}
