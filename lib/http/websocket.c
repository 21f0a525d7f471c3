#include "http/websocket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "http/duplex.h"
#include "http/handshake.h"

#define LIMIT	   ((size_t)16 << 20)
#define PIECE	   ((size_t)32 << 10)
#define GOODBYE_MS 1000
#define CONTROL	   125 /* bytes at most of a ping or a close */

enum opcode {
	CONTINUATION = 0x0,
	TEXT = 0x1,
	BINARY = 0x2,
	CLOSE = 0x8,
	PING = 0x9,
	PONG = 0xa,
};

struct http_websocket {
	struct http_duplex *duplex;
	char *protocol;
	size_t limit;
	struct buf in; /* received, not looked at */
	size_t taken;  /* bytes of `in` that were */
	struct buf message;
	bool began;  /* a message, of which more fragments come */
	bool closed; /* by the server */
};

/* One frame's head. */
struct frame {
	bool last;
	enum opcode opcode;
	size_t length;
};

int http_websocket_open(struct http_peer *peer, const struct http_websocket_options *options,
			const struct deadline *deadline, struct http_websocket **ret,
			struct http_response *ret_response, struct err *err)
{
	struct http_websocket *websocket = mem_new(struct http_websocket);

	websocket->limit = options->limit ? options->limit : LIMIT;
	int r = http_duplex_open(peer, deadline, &websocket->duplex, err);
	if (r >= 0)
		r = http_handshake(websocket->duplex, peer, options, deadline, &websocket->protocol,
				   &websocket->in, ret_response, err);
	if (r == 0) {
		*ret = websocket;
		return 0;
	}
	websocket->closed = true; /* it was never open */
	http_websocket_close(websocket);
	return r;
}

const char *http_websocket_protocol(const struct http_websocket *websocket)
{
	return websocket->protocol;
}

/* --- sending --- */

static void add_length(struct buf *frame, size_t length)
{
	if (length < 126) {
		buf_addch(frame, (char)(0x80 | length));
		return;
	}
	int bytes = length < 65536 ? 2 : 8;
	buf_addch(frame, (char)(0x80 | (bytes == 2 ? 126 : 127)));
	while (bytes--)
		buf_addch(frame, (char)((uint64_t)length >> (8 * bytes)));
}

static int send_frame(struct http_websocket *websocket, enum opcode opcode, const void *bytes,
		      size_t length, const struct deadline *deadline, struct err *err)
{
	cleanup_buf struct buf frame = BUF_INIT;
	const char *from = bytes;
	char mask[4];

	if (getrandom(mask, sizeof(mask), 0) != (ssize_t)sizeof(mask))
		return err_set(err, ERR_INTERNAL, "getrandom failed");
	buf_addch(&frame, (char)(0x80 | opcode));
	add_length(&frame, length);
	buf_add(&frame, mask, sizeof(mask));
	for (size_t i = 0; i < length; i++)
		buf_addch(&frame, (char)(from[i] ^ mask[i % sizeof(mask)]));
	return http_duplex_send(websocket->duplex, frame.data, frame.len, deadline, err);
}

int http_websocket_send(struct http_websocket *websocket, const void *bytes, size_t length,
			const struct deadline *deadline, struct err *err)
{
	return send_frame(websocket, BINARY, bytes, length, deadline, err);
}

/* --- receiving --- */

static int broken(const struct http_websocket *websocket, const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s sent %s", http_duplex_name(websocket->duplex), what);
}

/* At least so many bytes in `in` that nobody looked at. */
static int need(struct http_websocket *websocket, size_t length, const struct deadline *deadline,
		struct err *err)
{
	struct buf *in = &websocket->in;
	char piece[PIECE];
	size_t n;

	if (websocket->taken) {
		memmove(in->data, in->data + websocket->taken, in->len - websocket->taken);
		buf_truncate(in, in->len - websocket->taken);
		websocket->taken = 0;
	}
	while (in->len < length) {
		int r = http_duplex_receive(websocket->duplex, piece, sizeof(piece), deadline, &n,
					    err);
		if (r < 0)
			return r;
		if (!n)
			return err_set(err, ERR_UNREACHABLE,
				       "%s ended the connection in the middle",
				       http_duplex_name(websocket->duplex));
		buf_add(in, piece, n);
	}
	return 0;
}

static uint64_t number(const char *bytes, int count)
{
	uint64_t value = 0;

	for (int i = 0; i < count; i++)
		value = value << 8 | (unsigned char)bytes[i];
	return value;
}

static int read_head(struct http_websocket *websocket, struct frame *ret,
		     const struct deadline *deadline, struct err *err)
{
	int r = need(websocket, 2, deadline, err);

	if (r < 0)
		return r;
	unsigned char first = (unsigned char)websocket->in.data[0];
	unsigned char second = (unsigned char)websocket->in.data[1];
	int more = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
	if (first & 0x70 || second & 0x80)
		return broken(websocket, "a frame that no server may send", err);
	if ((r = need(websocket, 2 + (size_t)more, deadline, err)) < 0)
		return r;
	uint64_t length = more ? number(websocket->in.data + 2, more) : second;
	ret->last = first & 0x80;
	ret->opcode = first & 0x0f;
	if (length > websocket->limit || (ret->opcode >= CLOSE && (length > CONTROL || !ret->last)))
		return broken(websocket, "a frame that is too long", err);
	ret->length = (size_t)length;
	websocket->taken = 2 + (size_t)more;
	return need(websocket, ret->length, deadline, err);
}

/* A ping is answered; 1: the server says goodbye. */
static int take_control(struct http_websocket *websocket, const struct frame *frame,
			const struct deadline *deadline, struct err *err)
{
	const char *bytes = websocket->in.data;

	websocket->taken = frame->length;
	if (frame->opcode == PING)
		return send_frame(websocket, PONG, bytes, frame->length, deadline, err);
	websocket->closed = frame->opcode == CLOSE;
	return websocket->closed;
}

static int take_data(struct http_websocket *websocket, const struct frame *frame, struct err *err)
{
	bool continues = frame->opcode == CONTINUATION;

	if (continues != websocket->began || (!continues && frame->opcode > BINARY))
		return broken(websocket, "frames in a wrong order", err);
	if (websocket->message.len + frame->length > websocket->limit)
		return broken(websocket, "a message that is too long", err);
	if (frame->length)
		buf_add(&websocket->message, websocket->in.data, frame->length);
	websocket->taken = frame->length;
	websocket->began = !frame->last;
	return frame->last;
}

int http_websocket_receive(struct http_websocket *websocket, const struct buf **ret,
			   const struct deadline *deadline, struct err *err)
{
	struct frame frame = {0};

	buf_truncate(&websocket->message, 0);
	while (!websocket->closed) {
		int r = read_head(websocket, &frame, deadline, err);
		if (r >= 0 && frame.opcode >= CLOSE) {
			if ((r = take_control(websocket, &frame, deadline, err)) < 0)
				return r;
			continue;
		}
		if (r >= 0)
			r = take_data(websocket, &frame, err);
		if (r < 0)
			return r;
		if (r > 0) {
			*ret = &websocket->message;
			return 1;
		}
	}
	return 0;
}

/* --- the end --- */

void http_websocket_close(struct http_websocket *websocket)
{
	if (!websocket)
		return;
	const struct deadline deadline = deadline_in(&clock_real, NULL, GOODBYE_MS);
	cleanup_err struct err ignored = ERR_INIT;
	if (!websocket->closed)
		(void)send_frame(websocket, CLOSE, "\x03\xe8", 2, &deadline, &ignored);
	http_duplex_close(websocket->duplex);
	buf_done(&websocket->in);
	buf_done(&websocket->message);
	free(websocket->protocol);
	free(websocket);
}
