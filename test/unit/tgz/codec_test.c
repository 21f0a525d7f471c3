#include "tgz/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

#define SIZE TGZ_BLOCK

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Text, noise, or one byte. */
static char *content(int kind)
{
	static const char *const words[] = {"the ", "quick ", "daemon ", "keeps ", "what ", "is "};
	char *bytes = mem_alloc(SIZE + 8);
	unsigned int state = 7;

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = kind == 1 ? (char)next_random(&state) : 'a';
	for (size_t i = 0; kind == 0 && i < SIZE;) {
		const char *word = words[next_random(&state) % 6];
		memcpy(bytes + i, word, strlen(word) < SIZE - i ? strlen(word) : SIZE - i);
		i += strlen(word);
	}
	return bytes;
}

static const size_t lengths[] = {0, 1, 34, 70000, SIZE - 1, SIZE};

static void round_trip(enum tgz_effort effort, int kind, size_t length)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_codec *codec = tgz_codec_new(effort);
	cleanup_free char *bytes = content(kind), *back = mem_alloc(SIZE);
	cleanup_free char *member = mem_alloc(tgz_codec_bound(length));
	size_t found = 0;

	size_t size = tgz_codec_compress(codec, bytes, length, member);
	ck_assert_uint_le(size, tgz_codec_bound(length));
	ck_assert_uint_eq(tgz_codec_member_length(member), size);
	must(tgz_codec_inflate(codec, member, size, back, SIZE, &found, &err), &err);
	ck_assert_uint_eq(found, length);
	ck_assert(!memcmp(bytes, back, length));
	tgz_codec_free(codec);
}

START_TEST(test_codec__round_trip)
{
	for (int kind = 0; kind < 3; kind++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
			round_trip((enum tgz_effort)_i, kind, lengths[i]);
}
END_TEST

/* Noise grows by what its frame takes, and no more. */
START_TEST(test_codec__noise_is_stored)
{
	struct tgz_codec *codec = tgz_codec_new(TGZ_FAST);
	cleanup_free char *bytes = content(1), *member = mem_alloc(tgz_codec_bound(SIZE));

	ck_assert_uint_le(tgz_codec_compress(codec, bytes, SIZE, member), SIZE + SIZE / 1000);
	ck_assert_uint_eq(tgz_codec_store(bytes, 34, member), 67);
	tgz_codec_free(codec);
}
END_TEST

/* Every flipped bit that matters is noticed: header, stream, CRC, size. */
START_TEST(test_codec__damage_is_noticed)
{
	struct tgz_codec *codec = tgz_codec_new(TGZ_FAST);
	cleanup_free char *bytes = content(0), *back = mem_alloc(SIZE);
	cleanup_free char *member = mem_alloc(tgz_codec_bound(4000));
	size_t size = tgz_codec_compress(codec, bytes, 4000, member), found;

	for (size_t i = 0; i < size; i++) {
		cleanup_err struct err err = ERR_INIT;
		member[i] ^= 1;
		int r = tgz_codec_inflate(codec, member, size, back, SIZE, &found, &err);
		ck_assert_msg(r == -ERR_INVALID || !memcmp(bytes, back, 4000),
			      "byte %zu of %zu was not noticed", i, size);
		member[i] ^= 1;
	}
	cleanup_err struct err err = ERR_INIT;
	ck_assert_int_eq(tgz_codec_inflate(codec, member, size - 1, back, SIZE, &found, &err),
			 -ERR_INVALID);
	ck_assert_int_eq(tgz_codec_inflate(codec, member, size, back, 3999, &found, &err),
			 -ERR_INVALID);
	tgz_codec_free(codec);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/codec");
	TCase *tcase = tcase_create("codec");

	tcase_add_loop_test(tcase, test_codec__round_trip, TGZ_FAST, TGZ_SMALL + 1);
	tcase_add_test(tcase, test_codec__noise_is_stored);
	tcase_add_test(tcase, test_codec__damage_is_noticed);
	suite_add_tcase(suite, tcase);
	return suite;
}
