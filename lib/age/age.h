/*
 * age: files that only some can read, in the format of age-encryption.org/v1, which the `age` tool
 * reads and writes.
 *
 * Who writes holds public keys only (age/key.h). Behind the header (age/header.h) stand 16 random
 * bytes and the content in chunks of 64 KiB, each sealed by itself with its number and whether it
 * is the last (STREAM): what is cut, swapped, repeated or changed is noticed, and a chunk in the
 * middle is read without those before it.
 *
 *	struct age_writer *writer = age_writer_new(&recipients, &sink);
 *	age_writer_write(writer, bytes, length, err);		as often as wanted
 *	age_writer_finish(writer, err);
 *
 *	age_reader_open(&source, &identities, &reader, err);
 *	age_reader_read(reader, offset, length, bytes, err);	on several threads at once
 *
 * No cryptography is invented here: the primitives are libcrypto's (age/crypto.h).
 */
#pragma once

#include <stdint.h>

#include "age/key.h"

#define AGE_CHUNK ((size_t)64 << 10)

/* Takes all bytes, in order: header, then whole chunks. */
struct age_sink {
	int (*write)(void *context, const void *bytes, size_t length, struct err *err);
	void *context;
};

/* Gives exactly these bytes. Called on several threads at once. */
struct age_source {
	int (*read)(void *context, uint64_t offset, size_t length, void *bytes, struct err *err);
	void *context;
	uint64_t size;
};

struct age_writer;

/* At least one recipient. Nothing is written before the first content. */
struct age_writer *age_writer_new(const struct age_recipients *recipients,
				  const struct age_sink *sink);
int age_writer_write(struct age_writer *writer, const void *bytes, size_t length, struct err *err);
int age_writer_finish(struct age_writer *writer, struct err *err);
void age_writer_free(struct age_writer *writer); /* NULL is fine */

/* How large so many bytes become, for so many recipients. */
uint64_t age_writer_size(size_t recipients, uint64_t length);

struct age_reader;

/* Reads the header. ERR_DENIED: none of the identities may read it; ERR_INVALID: it is no age file,
 * damaged, or cut short. source is copied, identities are not needed afterwards. */
int age_reader_open(const struct age_source *source, const struct age_identities *identities,
		    struct age_reader **ret, struct err *err);
/* Of the content. */
uint64_t age_reader_size(const struct age_reader *reader);
/* ERR_INVALID says whether it is damaged, cut short or longer than it was. */
int age_reader_read(struct age_reader *reader, uint64_t offset, size_t length, void *bytes,
		    struct err *err);
void age_reader_free(struct age_reader *reader); /* NULL is fine */
