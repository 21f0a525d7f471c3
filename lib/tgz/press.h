/*
 * press: a stream of bytes into gzip members, compressed by several threads, handed on in order.
 *
 * One thread writes, and on that thread members come out: there is one slot more than threads that
 * compress, and before a slot is filled again its member goes out. That is all the buffering there
 * is.
 */
#pragma once

#include "base/err.h"
#include "tgz/tgz.h"

struct tgz_press;

struct tgz_member {
	uint64_t offset, length;	 /* in the archive */
	uint64_t tar_offset, tar_length; /* in the stream */
};

struct tgz_press_options {
	enum tgz_effort effort;
	int threads; /* 0: as many as there are CPUs, at most 4 */
	int (*member)(void *context, const struct tgz_member *member, const void *bytes,
		      struct err *err);
	void *context;
};

struct tgz_press *tgz_press_new(const struct tgz_press_options *options);

/* Errors are those of member(). */
int tgz_press_write(struct tgz_press *press, const void *bytes, size_t length, struct err *err);

/* What was written but is not a whole block yet, and all that is under way. */
int tgz_press_finish(struct tgz_press *press, struct err *err);

/* How much was written so far. */
uint64_t tgz_press_offset(const struct tgz_press *press);

void tgz_press_free(struct tgz_press *press); /* NULL is fine */
