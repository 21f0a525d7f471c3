#include "tgz/codec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#ifdef HAVE_ISAL
#include <isa-l.h>
#endif
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "base/mem.h"

#define TRAILER	    8	  /* CRC and size */
#define STORED_MAX  65535 /* bytes of one stored block */
#define STORED_HEAD 5
#define FAST_LEVEL  1
#define SMALL_LEVEL 6

/* ISA-L is three times faster than the lowest level of libdeflate and, on text, a tenth worse:
 * pieces of the block are tried, and what shrinks well goes the slower way. Measured in
 * test/bench/backup. */
#define SAMPLES	     4
#define SAMPLE_BYTES 16384
#define SAMPLE_RATIO 2.4

struct tgz_codec {
	enum tgz_effort effort;
	z_stream deflate, inflate;
#ifdef HAVE_ISAL
	struct isal_zstream isal;
	uint8_t isal_buffer[ISAL_DEF_LVL2_EXTRA_LARGE];
	struct inflate_state isal_inflate;
#endif
#ifdef HAVE_LIBDEFLATE
	struct libdeflate_compressor *compressor;
	struct libdeflate_decompressor *decompressor;
#endif
};

const char *tgz_codecs(void)
{
	return ""
#ifdef HAVE_ISAL
	       "isal "
#endif
#ifdef HAVE_LIBDEFLATE
	       "libdeflate "
#endif
	       "zlib";
}

static void out_of_memory(bool yes)
{
	if (yes)
		abort();
}

struct tgz_codec *tgz_codec_new(enum tgz_effort effort)
{
	struct tgz_codec *codec = mem_new(struct tgz_codec);
	int level = effort == TGZ_SMALL ? SMALL_LEVEL : FAST_LEVEL;

	codec->effort = effort;
#ifdef HAVE_LIBDEFLATE
	codec->compressor = libdeflate_alloc_compressor(level);
	codec->decompressor = libdeflate_alloc_decompressor();
	out_of_memory(!codec->compressor || !codec->decompressor);
#else
	out_of_memory(deflateInit2(&codec->deflate, level, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
				   Z_DEFAULT_STRATEGY) != Z_OK ||
		      inflateInit2(&codec->inflate, -MAX_WBITS) != Z_OK);
#endif
	return codec;
}

void tgz_codec_free(struct tgz_codec *codec)
{
	if (!codec)
		return;
#ifdef HAVE_LIBDEFLATE
	libdeflate_free_compressor(codec->compressor);
	libdeflate_free_decompressor(codec->decompressor);
#else
	deflateEnd(&codec->deflate);
	inflateEnd(&codec->inflate);
#endif
	free(codec);
}

/* ---- The deflate stream, by the best library there is. Lengths; 0 when there is no room. */

#ifdef HAVE_ISAL
static size_t deflate_isal(struct tgz_codec *codec, const uint8_t *bytes, size_t length,
			   uint8_t *out, size_t room)
{
	struct isal_zstream *stream = &codec->isal;

	isal_deflate_stateless_init(stream);
	stream->level = 2;
	stream->level_buf = codec->isal_buffer;
	stream->level_buf_size = sizeof(codec->isal_buffer);
	stream->end_of_stream = 1;
	stream->flush = NO_FLUSH;
	stream->gzip_flag = IGZIP_DEFLATE;
	stream->next_in = (uint8_t *)(uintptr_t)bytes;
	stream->avail_in = (uint32_t)length;
	stream->next_out = out;
	stream->avail_out = (uint32_t)room;
	return isal_deflate_stateless(stream) == COMP_OK ? stream->total_out : 0;
}

/* Whether pieces from all over the block shrink so well that more effort is worth it. */
static bool is_text(struct tgz_codec *codec, const uint8_t *bytes, size_t length, uint8_t *out,
		    size_t room)
{
	size_t step = length / SAMPLES, size = 0;

	if (step < SAMPLE_BYTES)
		return true;
	for (size_t i = 0; i < SAMPLES; i++)
		size += deflate_isal(codec, bytes + i * step, SAMPLE_BYTES, out, room);
	return (double)size * SAMPLE_RATIO < SAMPLES * SAMPLE_BYTES;
}
#endif

#ifdef HAVE_LIBDEFLATE
static size_t deflate_best(struct tgz_codec *codec, const uint8_t *bytes, size_t length,
			   uint8_t *out, size_t room)
{
	return libdeflate_deflate_compress(codec->compressor, bytes, length, out, room);
}
#else
static size_t deflate_best(struct tgz_codec *codec, const uint8_t *bytes, size_t length,
			   uint8_t *out, size_t room)
{
	z_stream *stream = &codec->deflate;

	deflateReset(stream);
	stream->next_in = (Bytef *)(uintptr_t)bytes;
	stream->avail_in = (uInt)length;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	return deflate(stream, Z_FINISH) == Z_STREAM_END ? room - stream->avail_out : 0;
}
#endif

static size_t deflate_any(struct tgz_codec *codec, const uint8_t *bytes, size_t length,
			  uint8_t *out, size_t room)
{
#ifdef HAVE_ISAL
	bool fast = codec->effort == TGZ_FAST;
#ifdef HAVE_LIBDEFLATE
	fast = fast && !is_text(codec, bytes, length, out, room);
#endif
	if (fast)
		return deflate_isal(codec, bytes, length, out, room);
#endif
	return deflate_best(codec, bytes, length, out, room);
}

static size_t store(const uint8_t *bytes, size_t length, uint8_t *out)
{
	uint8_t *at = out;

	do {
		size_t piece = length < STORED_MAX ? length : STORED_MAX;
		length -= piece;
		*at++ = length == 0;
		*at++ = piece & 255;
		*at++ = (uint8_t)(piece >> 8);
		*at++ = ~piece & 255;
		*at++ = (uint8_t)(~piece >> 8);
		memcpy(at, bytes, piece);
		at += piece;
		bytes += piece;
	} while (length);
	return (size_t)(at - out);
}

/* Inflates; false when the stream is damaged, does not end with its bytes, or needs more room. */
#ifdef HAVE_LIBDEFLATE
static bool inflate_any(struct tgz_codec *codec, const uint8_t *bytes, size_t length, uint8_t *out,
			size_t room, size_t *ret_length)
{
	size_t used;

	return libdeflate_deflate_decompress_ex(codec->decompressor, bytes, length, out, room,
						&used, ret_length) == LIBDEFLATE_SUCCESS &&
	       used == length;
}
#elif defined(HAVE_ISAL)
static bool inflate_any(struct tgz_codec *codec, const uint8_t *bytes, size_t length, uint8_t *out,
			size_t room, size_t *ret_length)
{
	struct inflate_state *state = &codec->isal_inflate;

	isal_inflate_init(state);
	state->crc_flag = ISAL_DEFLATE;
	state->next_in = (uint8_t *)(uintptr_t)bytes;
	state->avail_in = (uint32_t)length;
	state->next_out = out;
	state->avail_out = (uint32_t)room;
	*ret_length = 0;
	if (isal_inflate_stateless(state) != ISAL_DECOMP_OK || state->avail_in)
		return false;
	*ret_length = state->total_out;
	return true;
}
#else
static bool inflate_any(struct tgz_codec *codec, const uint8_t *bytes, size_t length, uint8_t *out,
			size_t room, size_t *ret_length)
{
	z_stream *stream = &codec->inflate;

	inflateReset(stream);
	stream->next_in = (Bytef *)(uintptr_t)bytes;
	stream->avail_in = (uInt)length;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	if (inflate(stream, Z_FINISH) != Z_STREAM_END || stream->avail_in)
		return false;
	*ret_length = room - stream->avail_out;
	return true;
}
#endif

static uint32_t crc_of(const uint8_t *bytes, size_t length)
{
#ifdef HAVE_ISAL
	return crc32_gzip_refl(0, bytes, length);
#elif defined(HAVE_LIBDEFLATE)
	return libdeflate_crc32(0, bytes, length);
#else
	return (uint32_t)crc32_z(0, bytes, length);
#endif
}

/* ---- The member around it (RFC 1952). */

static void put32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = value >> 8 * i & 255;
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* Gzip, deflate, an extra field; no time, from Unix; "dS" of four bytes. */
static const uint8_t head[] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 8, 0, 'd', 'S', 4, 0};

size_t tgz_codec_bound(size_t length)
{
	return TGZ_MEMBER_HEADER + length + (length / STORED_MAX + 1) * STORED_HEAD + TRAILER;
}

static size_t wrap(const void *bytes, size_t length, uint8_t *member, size_t stream_length)
{
	size_t total = TGZ_MEMBER_HEADER + stream_length + TRAILER;

	memcpy(member, head, sizeof(head));
	put32(member + sizeof(head), (uint32_t)total);
	put32(member + total - TRAILER, crc_of(bytes, length));
	put32(member + total - TRAILER + 4, (uint32_t)length);
	return total;
}

size_t tgz_codec_compress(struct tgz_codec *codec, const void *bytes, size_t length, void *out)
{
	uint8_t *stream = (uint8_t *)out + TGZ_MEMBER_HEADER;
	size_t room = tgz_codec_bound(length) - TGZ_MEMBER_HEADER - TRAILER;
	size_t stream_length = deflate_any(codec, bytes, length, stream, room);

	if (!stream_length || stream_length >= room)
		return tgz_codec_store(bytes, length, out);
	return wrap(bytes, length, out, stream_length);
}

size_t tgz_codec_store(const void *bytes, size_t length, void *out)
{
	size_t stream_length = store(bytes, length, (uint8_t *)out + TGZ_MEMBER_HEADER);

	return wrap(bytes, length, out, stream_length);
}

size_t tgz_codec_member_length(const void *bytes)
{
	if (memcmp(bytes, head, sizeof(head)) != 0)
		return 0;
	size_t length = get32((const uint8_t *)bytes + sizeof(head));
	return length > TGZ_MEMBER_HEADER + TRAILER ? length : 0;
}

int tgz_codec_inflate(struct tgz_codec *codec, const void *member, size_t length, void *out,
		      size_t room, size_t *ret_length, struct err *err)
{
	const uint8_t *bytes = member;
	size_t inflated = 0;

	if (length < TGZ_MEMBER_HEADER || tgz_codec_member_length(member) != length)
		return err_set(err, ERR_INVALID, "no gzip member of %zu bytes begins here", length);
	const uint8_t *trailer = bytes + length - TRAILER;
	if (!inflate_any(codec, bytes + TGZ_MEMBER_HEADER, length - TGZ_MEMBER_HEADER - TRAILER,
			 out, room, &inflated) ||
	    inflated != get32(trailer + 4))
		return err_set(err, ERR_INVALID, "the compressed data is damaged");
	if (crc_of(out, inflated) != get32(trailer))
		return err_set(err, ERR_INVALID, "the compressed data is damaged: wrong CRC");
	*ret_length = inflated;
	return 0;
}
