#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/chunk.h"
#include "age/header.h"
#include "base/mem.h"

#define HEADER_FIRST ((size_t)2 << 10) /* holds a header for some twenty recipients */

struct age_reader {
	struct age_source source;
	unsigned char key[AGE_KEY];
	uint64_t start; /* of the first chunk */
	uint64_t chunks, size;
};

static int cut_short(struct err *err)
{
	return err_set(err, ERR_INVALID, "it is cut short");
}

/* ---- Opening. */

/* The header from the first `room` bytes. 0: it is longer. */
static int read_header(struct age_reader *reader, const struct age_identities *identities,
		       size_t room, unsigned char file_key[AGE_FILE_KEY], struct err *err)
{
	const struct age_source *source = &reader->source;
	size_t length = source->size < room ? (size_t)source->size : room;
	cleanup_free char *bytes = mem_alloc(length + 1);

	int r = source->read(source->context, 0, length, bytes, err);
	if (r >= 0)
		r = age_header_read(bytes, length, identities, file_key, err);
	if (r <= 0)
		return r;
	if ((size_t)r + AGE_SALT > length)
		return 0;
	age_chunk_key(file_key, (unsigned char *)bytes + r, reader->key);
	reader->start = (uint64_t)r + AGE_SALT;
	return 1;
}

static int measure(struct age_reader *reader, struct err *err)
{
	uint64_t sealed = reader->source.size - reader->start;

	reader->chunks = (sealed + AGE_SEALED - 1) / AGE_SEALED;
	uint64_t last = sealed % AGE_SEALED;
	/* Only an empty content has an empty chunk, and each has its tag. */
	if (!reader->chunks || (last && last < AGE_TAG) || (last == AGE_TAG && reader->chunks > 1))
		return cut_short(err);
	reader->size = sealed - reader->chunks * AGE_TAG;
	return 0;
}

int age_reader_open(const struct age_source *source, const struct age_identities *identities,
		    struct age_reader **ret, struct err *err)
{
	struct age_reader *reader = mem_new(struct age_reader);
	unsigned char file_key[AGE_FILE_KEY];

	reader->source = *source;
	int r = source->size ? read_header(reader, identities, HEADER_FIRST, file_key, err) : 0;
	if (r == 0 && source->size > HEADER_FIRST)
		r = read_header(reader, identities, AGE_HEADER_MAX, file_key, err);
	if (r == 0)
		r = cut_short(err);
	if (r > 0)
		r = measure(reader, err);
	OPENSSL_cleanse(file_key, sizeof(file_key));
	if (r < 0)
		age_reader_free(reader);
	else
		*ret = reader;
	return r < 0 ? r : 0;
}

uint64_t age_reader_size(const struct age_reader *reader)
{
	return reader->size;
}

void age_reader_free(struct age_reader *reader)
{
	if (!reader)
		return;
	OPENSSL_cleanse(reader->key, sizeof(reader->key));
	free(reader);
}

/* ---- Reading. */

static bool open_chunk(const struct age_reader *reader, uint64_t number, bool last,
		       const unsigned char *sealed, size_t length, unsigned char *ret)
{
	unsigned char nonce[AGE_NONCE];

	age_chunk_nonce(number, last, nonce);
	return age_crypto_open(reader->key, nonce, sealed, length, ret);
}

/* A chunk that was sealed as another than its place says tells what became of the file. */
static int explain(const struct age_reader *reader, uint64_t number, const unsigned char *sealed,
		   size_t length, unsigned char *scratch, struct err *err)
{
	bool last = number == reader->chunks - 1;

	if (!open_chunk(reader, number, !last, sealed, length, scratch))
		return err_set(err, ERR_INVALID, "it is damaged after byte %llu",
			       (unsigned long long)(reader->start + number * AGE_SEALED));
	if (last)
		return cut_short(err);
	return err_set(err, ERR_INVALID, "it is longer than it was: something follows its end");
}

static uint64_t end_of(const struct age_reader *reader, uint64_t number)
{
	uint64_t end = reader->start + (number + 1) * AGE_SEALED;

	return end < reader->source.size ? end : reader->source.size;
}

/* The part of a chunk's content that lies in [from, from + room): how much that is. */
static int take_chunk(const struct age_reader *reader, uint64_t number, const unsigned char *sealed,
		      uint64_t from, size_t room, unsigned char *to, size_t *ret_length,
		      struct err *err)
{
	size_t length = (size_t)(end_of(reader, number) - reader->start - number * AGE_SEALED);
	size_t skip = (size_t)(from - number * AGE_CHUNK), there = length - AGE_TAG;
	unsigned char plain[AGE_CHUNK];
	bool whole = !skip && there <= room;

	*ret_length = there - skip < room ? there - skip : room;
	if (!open_chunk(reader, number, number == reader->chunks - 1, sealed, length,
			whole ? to : plain))
		return explain(reader, number, sealed, length, plain, err);
	if (!whole)
		memcpy(to, plain + skip, *ret_length);
	return 0;
}

int age_reader_read(struct age_reader *reader, uint64_t offset, size_t length, void *bytes,
		    struct err *err)
{
	unsigned char *to = bytes;

	if (!length)
		return 0;
	if (offset > reader->size || length > reader->size - offset)
		return cut_short(err);
	uint64_t first = offset / AGE_CHUNK, last = (offset + length - 1) / AGE_CHUNK;
	uint64_t start = reader->start + first * AGE_SEALED;
	cleanup_free unsigned char *sealed = mem_alloc((size_t)(end_of(reader, last) - start));
	int r = reader->source.read(reader->source.context, start,
				    (size_t)(end_of(reader, last) - start), sealed, err);
	for (uint64_t i = first; r >= 0 && i <= last; i++) {
		size_t taken = 0;
		r = take_chunk(reader, i, sealed + (i - first) * AGE_SEALED, offset, length, to,
			       &taken, err);
		offset += taken;
		to += taken;
		length -= taken;
	}
	return r;
}
