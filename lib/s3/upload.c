#include "s3/upload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "s3/backend.h"

#define ABORT_MS    30000
#define MAX_BUFFERS 9
#define MEGABYTE    ((uint64_t)1 << 20)

enum buffer_state {
	BUFFER_FREE,
	BUFFER_FILLING, /* the writer's */
	BUFFER_FULL,
	BUFFER_SENDING, /* a sender's */
};

struct buffer {
	enum buffer_state state;
	struct s3_part part;
	char *bytes;
	size_t length;
};

struct s3_upload {
	struct s3_store *store;
	char *key; /* whole */
	char *content_type;
	struct s3_upload_options options;
	struct deadline deadline;
	struct cancel *cancel; /* the deadline's own, raised when the senders shall leave */
	size_t part_size;
	uint64_t size;
	time_t begun;
	char *id; /* NULL until a second part is needed */
	bool finished;

	/* Only the writer's. */
	struct buffer *filling;
	int next_number;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct buffer buffers[MAX_BUFFERS];
	int buffer_count;
	pthread_t senders[MAX_BUFFERS];
	int sender_count;
	bool no_more;
	struct err err; /* the first */
	char **etags;	/* by number - 1 */
	size_t etag_cap;
};

/* ---- Sizes. */

/* Nine tenths of the parts hold the bound: it is an estimate. */
static size_t choose_part_size(const struct s3_store *store, uint64_t bound)
{
	uint64_t parts = (uint64_t)store->max_parts * 9 / 10;
	uint64_t size = store->part_size > S3_PART_MIN ? store->part_size : S3_PART_MIN;
	uint64_t needed = parts ? (bound + parts - 1) / parts : bound;

	if (needed > size)
		size = (needed + MEGABYTE - 1) / MEGABYTE * MEGABYTE;
	return size < S3_PART_MAX ? (size_t)size : S3_PART_MAX;
}

static int choose_buffer_count(const struct s3_store *store, size_t part_size)
{
	int count = (int)(S3_UPLOAD_MEMORY / part_size);

	if (count > store->parallel + 1)
		count = store->parallel + 1;
	if (count > MAX_BUFFERS)
		count = MAX_BUFFERS;
	return count < 2 ? 2 : count;
}

uint64_t s3_upload_room(const struct s3_upload *upload)
{
	return (uint64_t)upload->part_size * (uint64_t)upload->store->max_parts - upload->size;
}

/* ---- Senders. */

/* The next full buffer; NULL when there will be none. */
static struct buffer *take_full(struct s3_upload *upload)
{
	for (;;) {
		for (int i = 0; i < upload->buffer_count; i++)
			if (upload->buffers[i].state == BUFFER_FULL)
				return &upload->buffers[i];
		if (upload->no_more)
			return NULL;
		pthread_cond_wait(&upload->changed, &upload->lock);
	}
}

static void keep_etag(struct s3_upload *upload, int number, char *etag)
{
	size_t before = upload->etag_cap;

	mem_grow(upload->etags, &upload->etag_cap, (size_t)number);
	for (size_t i = before; i < upload->etag_cap; i++)
		upload->etags[i] = NULL;
	upload->etags[number - 1] = etag;
}

/* With the lock held. */
static void fail(struct s3_upload *upload, struct err *err)
{
	if (upload->err.code == ERR_NONE)
		err_move(&upload->err, err);
	cancel_raise(upload->cancel);
}

static void *sender_main(void *context)
{
	struct s3_upload *upload = context;
	struct s3_store *store = upload->store;
	struct buffer *buffer;

	pthread_mutex_lock(&upload->lock);
	while ((buffer = take_full(upload))) {
		cleanup_err struct err err = ERR_INIT;
		char *etag = NULL;
		buffer->state = BUFFER_SENDING;
		pthread_mutex_unlock(&upload->lock);
		int r = store->backend->part(store, upload->key, upload->id, &buffer->part,
					     &upload->deadline, &etag, &err);
		pthread_mutex_lock(&upload->lock);
		if (r < 0)
			fail(upload, &err);
		else
			keep_etag(upload, buffer->part.number, etag);
		buffer->state = BUFFER_FREE;
		pthread_cond_broadcast(&upload->changed);
	}
	pthread_mutex_unlock(&upload->lock);
	return NULL;
}

static int start_senders(struct s3_upload *upload, struct err *err)
{
	while (upload->sender_count < upload->buffer_count - 1) {
		int number = pthread_create(&upload->senders[upload->sender_count], NULL,
					    sender_main, upload);
		if (number)
			return err_errno(err, number, "no thread for the upload");
		upload->sender_count++;
	}
	return 0;
}

static void end_senders(struct s3_upload *upload)
{
	pthread_mutex_lock(&upload->lock);
	upload->no_more = true;
	pthread_cond_broadcast(&upload->changed);
	pthread_mutex_unlock(&upload->lock);
	for (int i = 0; i < upload->sender_count; i++)
		pthread_join(upload->senders[i], NULL);
	upload->sender_count = 0;
}

/* ---- The writer. */

static int begin(struct s3_upload *upload, struct err *err)
{
	struct s3_store *store = upload->store;

	if (upload->id)
		return 0;
	int r = store->backend->begin(store, upload->key, upload->content_type, &upload->deadline,
				      &upload->id, err);
	if (r < 0)
		return r;
	if (upload->options.began)
		upload->options.began(upload->options.context, upload->options.key, upload->id);
	return start_senders(upload, err);
}

static void hand_over(struct s3_upload *upload)
{
	struct buffer *buffer = upload->filling;
	int number = upload->next_number++;

	pthread_mutex_lock(&upload->lock);
	buffer->part = (struct s3_part){.number = number,
					.offset = (uint64_t)(number - 1) * upload->part_size,
					.bytes = buffer->bytes,
					.length = buffer->length};
	buffer->state = BUFFER_FULL;
	pthread_cond_broadcast(&upload->changed);
	pthread_mutex_unlock(&upload->lock);
	upload->filling = NULL;
}

static struct buffer *find_free(struct s3_upload *upload)
{
	for (int i = 0; i < upload->buffer_count; i++)
		if (upload->buffers[i].state == BUFFER_FREE)
			return &upload->buffers[i];
	return NULL;
}

/* Waits for a buffer to fill. */
static int take_free(struct s3_upload *upload, struct err *err)
{
	struct buffer *buffer = NULL;

	pthread_mutex_lock(&upload->lock);
	while (upload->err.code == ERR_NONE && !(buffer = find_free(upload)))
		pthread_cond_wait(&upload->changed, &upload->lock);
	if (!buffer)
		err_copy(err, &upload->err);
	else
		buffer->state = BUFFER_FILLING;
	pthread_mutex_unlock(&upload->lock);
	if (!buffer)
		return -(int)err->code;
	if (!buffer->bytes)
		buffer->bytes = mem_alloc(upload->part_size);
	buffer->length = 0;
	upload->filling = buffer;
	return 0;
}

/* A buffer with room: the one that is being filled, or else it goes its way and another is taken.
 */
static int need_room(struct s3_upload *upload, struct err *err)
{
	if (upload->filling && upload->filling->length < upload->part_size)
		return 0;
	if (upload->filling) {
		int r = begin(upload, err);
		if (r < 0)
			return r;
		hand_over(upload);
	}
	return take_free(upload, err);
}

int s3_upload_write(struct s3_upload *upload, const void *bytes, size_t length, struct err *err)
{
	const char *from = bytes;

	if (length > s3_upload_room(upload))
		return err_set(err, ERR_INVALID, "%s: %s would need more than %d parts of %zu MiB",
			       upload->store->name, upload->options.key, upload->store->max_parts,
			       upload->part_size / (size_t)MEGABYTE);
	int r = pace_wait(upload->store->pace, &upload->deadline, err);
	while (r >= 0 && length) {
		r = need_room(upload, err);
		if (r < 0)
			break;
		struct buffer *buffer = upload->filling;
		size_t piece = upload->part_size - buffer->length;
		if (piece > length)
			piece = length;
		memcpy(buffer->bytes + buffer->length, from, piece);
		buffer->length += piece;
		upload->size += piece;
		from += piece;
		length -= piece;
	}
	return r;
}

/* ---- The end. */

static int finish_single(struct s3_upload *upload, struct s3_object *ret, struct err *err)
{
	const struct buffer *buffer = upload->filling;
	const struct s3_put put = {.key = upload->key,
				   .content_type = upload->content_type,
				   .bytes = buffer ? buffer->bytes : "",
				   .length = buffer ? buffer->length : 0};

	return upload->store->backend->put(upload->store, &put, &upload->deadline, ret, err);
}

static int finish_parts(struct s3_upload *upload, struct s3_object *ret, struct err *err)
{
	struct s3_store *store = upload->store;

	if (upload->filling)
		hand_over(upload);
	end_senders(upload);
	if (upload->err.code != ERR_NONE) {
		err_copy(err, &upload->err);
		return -(int)err->code;
	}
	const struct s3_whole whole = {.etags = (const char *const *)upload->etags,
				       .count = upload->next_number - 1,
				       .size = upload->size,
				       .begun = upload->begun};
	return store->backend->complete(store, upload->key, upload->id, &whole, &upload->deadline,
					ret, err);
}

int s3_upload_finish(struct s3_upload *upload, struct s3_object *ret, struct err *err)
{
	cleanup_s3_object struct s3_object object = {0};

	int r = upload->id ? finish_parts(upload, &object, err)
			   : finish_single(upload, &object, err);
	if (r < 0)
		return r;
	upload->finished = true;
	free(object.key);
	object.key = mem_strdup(upload->options.key);
	*ret = object;
	object = (struct s3_object){0};
	return 0;
}

int s3_upload_new(struct s3_store *store, const struct s3_upload_options *options,
		  const struct deadline *deadline, struct s3_upload **ret, struct err *err)
{
	char *key;

	int r = s3_store_key(store, options->key, &key, err);
	if (r < 0)
		return r;
	struct s3_upload *upload = mem_new(struct s3_upload);
	upload->store = store;
	upload->key = key;
	upload->options = *options;
	upload->options.key = mem_strdup(options->key);
	upload->content_type = mem_strdup(options->content_type ? options->content_type
								: "application/octet-stream");
	upload->cancel = cancel_new_under(deadline->cancel);
	upload->deadline = *deadline;
	upload->deadline.cancel = upload->cancel;
	upload->part_size = choose_part_size(store, options->size_bound);
	upload->buffer_count = options->frugal ? 2 : choose_buffer_count(store, upload->part_size);
	upload->next_number = 1;
	upload->begun = time(NULL);
	pthread_mutex_init(&upload->lock, NULL);
	pthread_cond_init(&upload->changed, NULL);
	*ret = upload;
	return 0;
}

static void abort_upload(struct s3_upload *upload)
{
	cleanup_err struct err err = ERR_INIT;
	const struct deadline deadline = deadline_in(upload->deadline.clock, NULL, ABORT_MS);

	(void)upload->store->backend->abort(upload->store, upload->key, upload->id, &deadline,
					    &err);
}

void s3_upload_free(struct s3_upload *upload)
{
	if (!upload)
		return;
	if (!upload->finished)
		cancel_raise(upload->cancel);
	end_senders(upload);
	if (!upload->finished && upload->id)
		abort_upload(upload);
	for (int i = 0; i < upload->buffer_count; i++)
		free(upload->buffers[i].bytes);
	for (size_t i = 0; i < upload->etag_cap; i++)
		free(upload->etags[i]);
	free(upload->etags);
	err_done(&upload->err);
	cancel_free(upload->cancel);
	pthread_cond_destroy(&upload->changed);
	pthread_mutex_destroy(&upload->lock);
	free((char *)upload->options.key);
	free(upload->content_type);
	free(upload->key);
	free(upload->id);
	free(upload);
}
