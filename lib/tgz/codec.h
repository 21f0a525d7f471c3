/*
 * codec: one gzip member for one block of bytes, and back. One codec for each thread.
 *
 * A member has its own length in an extra field, "dS" and four bytes (RFC 1952 2.3.1.1), so that
 * who reads an archive can find the next one without inflating it.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "tgz/tgz.h"

#define TGZ_MEMBER_HEADER 20 /* bytes before the deflate stream */

struct tgz_codec;

struct tgz_codec *tgz_codec_new(enum tgz_effort effort);
void tgz_codec_free(struct tgz_codec *codec); /* NULL is fine */

/* Room that any block of that length needs as a member. */
size_t tgz_codec_bound(size_t length);

/* Writes the member to out, which has the room, and returns its length. What does not shrink is
 * stored. */
size_t tgz_codec_compress(struct tgz_codec *codec, const void *bytes, size_t length, void *out);

/* The same, stored: its length depends on nothing but that of the bytes. */
size_t tgz_codec_store(const void *bytes, size_t length, void *out);

/* Inflates one whole member into at most `room` bytes; length, CRC and size are checked.
 * ERR_INVALID. */
int tgz_codec_inflate(struct tgz_codec *codec, const void *member, size_t length, void *out,
		      size_t room, size_t *ret_length, struct err *err);

/* The length of the member that begins with these bytes (at least TGZ_MEMBER_HEADER); 0 when none
 * of ours does. */
size_t tgz_codec_member_length(const void *bytes);
