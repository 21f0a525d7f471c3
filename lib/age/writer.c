#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/chunk.h"
#include "age/header.h"
#include "base/buf.h"
#include "base/mem.h"

struct age_writer {
	struct age_sink sink;
	struct buf header; /* with the salt; empty once it was written */
	unsigned char key[AGE_KEY];
	uint64_t number;
	size_t fill;
	unsigned char plain[AGE_CHUNK], sealed[AGE_SEALED];
};

struct age_writer *age_writer_new(const struct age_recipients *recipients,
				  const struct age_sink *sink)
{
	struct age_writer *writer = mem_new(struct age_writer);
	unsigned char file_key[AGE_FILE_KEY], salt[AGE_SALT];

	writer->sink = *sink;
	age_crypto_random(file_key, sizeof(file_key));
	age_crypto_random(salt, sizeof(salt));
	age_header_write(recipients, file_key, &writer->header);
	buf_add(&writer->header, salt, sizeof(salt));
	age_chunk_key(file_key, salt, writer->key);
	OPENSSL_cleanse(file_key, sizeof(file_key));
	return writer;
}

static int send_header(struct age_writer *writer, struct err *err)
{
	const struct age_sink *sink = &writer->sink;

	if (!writer->header.len)
		return 0;
	int r = sink->write(sink->context, writer->header.data, writer->header.len, err);
	buf_truncate(&writer->header, 0);
	return r;
}

static int send_chunk(struct age_writer *writer, bool last, struct err *err)
{
	const struct age_sink *sink = &writer->sink;
	unsigned char nonce[AGE_NONCE];

	int r = send_header(writer, err);
	if (r < 0)
		return r;
	age_chunk_nonce(writer->number++, last, nonce);
	age_crypto_seal(writer->key, nonce, writer->plain, writer->fill, writer->sealed);
	r = sink->write(sink->context, writer->sealed, writer->fill + AGE_TAG, err);
	writer->fill = 0;
	return r;
}

/* A full chunk waits: it may be the last, and only an empty content has an empty one. */
int age_writer_write(struct age_writer *writer, const void *bytes, size_t length, struct err *err)
{
	const unsigned char *from = bytes;

	while (length) {
		int r = writer->fill == AGE_CHUNK ? send_chunk(writer, false, err) : 0;
		if (r < 0)
			return r;
		size_t piece = AGE_CHUNK - writer->fill;
		if (piece > length)
			piece = length;
		memcpy(writer->plain + writer->fill, from, piece);
		writer->fill += piece;
		from += piece;
		length -= piece;
	}
	return 0;
}

int age_writer_finish(struct age_writer *writer, struct err *err)
{
	return send_chunk(writer, true, err);
}

void age_writer_free(struct age_writer *writer)
{
	if (!writer)
		return;
	buf_done(&writer->header);
	OPENSSL_cleanse(writer, sizeof(*writer));
	free(writer);
}

uint64_t age_writer_size(size_t recipients, uint64_t length)
{
	uint64_t chunks = length ? (length + AGE_CHUNK - 1) / AGE_CHUNK : 1;
	/* "age-encryption.org/v1", for each "-> X25519 " and twice 43 characters, "--- " and 43. */
	uint64_t header = 22 + recipients * (10 + 43 + 1 + 43 + 1) + 4 + 43 + 1;

	return header + AGE_SALT + length + chunks * AGE_TAG;
}
