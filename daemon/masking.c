#include "masking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tree/json.h"
#include "tree/mask.h"

/* What stdio hands over at once: as much as one verb prints, usually. */
#define ROOM (1 << 20)

/* A stream and where it leads. */
struct outlet {
	struct masking *masking;
	int fd;
	bool revealed;
	FILE *before, *now;
	char *room;	 /* stdio's, NULL when it has none */
	struct buf rest; /* the beginning of a line that was cut for size */
};

struct masking {
	struct event_sink sink; /* first: a sink is its masking */
	struct event_sink *behind;
	struct mask *mask;
	struct outlet out, err;
};

struct mask *masking_mask(struct masking *masking)
{
	return masking ? masking->mask : NULL;
}

void masking_reveal(struct masking *masking)
{
	masking->out.revealed = true;
}

/* --- streams --- */

/* JSON stays JSON: its texts are masked one by one. NULL when it is none. Caller frees. */
static char *masked_json(struct mask *mask, const char *text, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree;

	if (!length || (*text != '{' && *text != '[') ||
	    tree_json_parse(text, length, "output", false, &tree, &err) < 0)
		return NULL;
	json_auto_t *masked = tree_mask(mask, tree);
	return tree_json_pretty(masked);
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno != EINTR)
			return -1;
		bytes += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int put(const struct outlet *outlet, const char *bytes, size_t length)
{
	cleanup_buf struct buf masked = BUF_INIT;

	if (outlet->revealed || !mask_bytes(outlet->masking->mask, bytes, length, &masked))
		return write_all(outlet->fd, bytes, length);
	cleanup_free char *json = masked_json(outlet->masking->mask, bytes, length);
	return json ? write_all(outlet->fd, json, strlen(json))
		    : write_all(outlet->fd, masked.data, masked.len);
}

/* Text comes as it was flushed, and is printed so. Only where stdio had to cut it for its size,
 * the last line waits for the rest. */
static ssize_t on_write(void *cookie, const char *bytes, size_t length)
{
	struct outlet *outlet = cookie;
	const char *newline = length >= ROOM ? memrchr(bytes, '\n', length) : NULL;
	size_t now = newline ? (size_t)(newline - bytes) + 1 : length;
	int r;

	if (outlet->rest.len) {
		buf_add(&outlet->rest, bytes, now);
		r = put(outlet, outlet->rest.data, outlet->rest.len);
		buf_truncate(&outlet->rest, 0);
	} else {
		r = put(outlet, bytes, now);
	}
	buf_add(&outlet->rest, bytes + now, length - now);
	return r < 0 ? 0 : (ssize_t)length;
}

/* room NULL: every call is a write of its own, as stderr has it. */
static void cover(struct masking *masking, struct outlet *outlet, FILE **stream, int fd, char *room)
{
	const cookie_io_functions_t functions = {.write = on_write};

	*outlet = (struct outlet){.masking = masking, .fd = fd, .before = *stream, .room = room};
	fflush(*stream);
	outlet->now = fopencookie(outlet, "w", functions);
	if (!outlet->now)
		abort(); /* rather silent than open */
	setvbuf(outlet->now, room, room ? _IOFBF : _IONBF, room ? ROOM : 0);
	*stream = outlet->now;
}

static void uncover(struct outlet *outlet, FILE **stream)
{
	fflush(outlet->now);
	if (outlet->rest.len)
		(void)put(outlet, outlet->rest.data, outlet->rest.len);
	*stream = outlet->before;
	fclose(outlet->now);
	buf_done(&outlet->rest);
	free(outlet->room);
}

/* --- events --- */

/* The text, or what is to be shown of it in *ret_masked, which the caller frees. */
static const char *shown(struct mask *mask, const char *text, char **ret_masked)
{
	*ret_masked = text ? mask_text(mask, text, strlen(text)) : NULL;
	return *ret_masked ? *ret_masked : text;
}

static void emit(struct event_sink *sink, const struct event *event)
{
	const struct masking *masking = (const struct masking *)sink;
	struct event copy = *event;
	const char **const texts[] = {&copy.message, &copy.app,		&copy.object_kind,
				      &copy.step,    &copy.object_name, &copy.object_namespace};
	char *masked[sizeof(texts) / sizeof(*texts)];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		*texts[i] = shown(masking->mask, *texts[i], &masked[i]);
	masking->behind->emit(masking->behind, &copy);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(masked[i]);
}

struct event_sink *masking_sink(struct masking *masking, struct event_sink *behind)
{
	masking->sink.emit = emit;
	masking->behind = behind;
	return &masking->sink;
}

/* --- */

struct masking *masking_new(void)
{
	struct masking *masking = mem_new(struct masking);

	masking->mask = mask_new();
	cover(masking, &masking->out, &stdout, STDOUT_FILENO, mem_alloc(ROOM));
	cover(masking, &masking->err, &stderr, STDERR_FILENO, NULL);
	return masking;
}

void masking_free(struct masking *masking)
{
	if (!masking)
		return;
	uncover(&masking->out, &stdout);
	uncover(&masking->err, &stderr);
	mask_free(masking->mask);
	free(masking);
}
