/*
 * upload: one object of unknown length, written as it comes into being, in constant memory.
 *
 * Up to one part it is a single PUT; beyond, a multipart upload of equal parts (R2 wants them
 * equal), sent on several connections while the next part is filled. The size of a part is fixed
 * before the first byte, so that `size_bound` fits into the parts that the server takes (1,000 at
 * Scaleway); memory is at most S3_UPLOAD_MEMORY. What exceeds that is for another object:
 * s3_upload_room().
 *
 * One thread writes. Nothing is visible under the key until s3_upload_finish() has returned.
 */
#pragma once

#include "s3/store.h"

#define S3_UPLOAD_MEMORY ((size_t)28 << 20)
#define S3_PART_MIN	 ((size_t)5 << 20)  /* no server takes less */
#define S3_PART_MAX	 ((size_t)16 << 20) /* two of them are one filling and one in flight */

struct s3_upload;

struct s3_upload_options {
	const char *key;
	uint64_t size_bound;	  /* it will hardly be larger; 0: not known */
	bool frugal;		  /* no more than two parts in memory */
	const char *content_type; /* NULL: application/octet-stream */
	/* The server began a multipart upload: for a note that outlives a crash. May be NULL. */
	void (*began)(void *context, const char *key, const char *upload_id);
	void *context;
};

/* deadline is copied and holds for the whole upload. */
int s3_upload_new(struct s3_store *store, const struct s3_upload_options *options,
		  const struct deadline *deadline, struct s3_upload **ret, struct err *err);

/* How many bytes can still be written. */
uint64_t s3_upload_room(const struct s3_upload *upload);

/* Takes a copy; waits while all parts are full. The first error of any part is the error of all
 * that follows. */
int s3_upload_write(struct s3_upload *upload, const void *bytes, size_t length, struct err *err);

/* Sends the rest, completes, and asks the server for size and ETag. */
int s3_upload_finish(struct s3_upload *upload, struct s3_object *ret, struct err *err);

/* Aborts what was not finished (with a deadline of its own of 30 s). NULL is fine. */
void s3_upload_free(struct s3_upload *upload);
