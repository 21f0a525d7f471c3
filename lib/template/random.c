#include "template/random.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/python_hash.h"

#define STATE  624
#define MIDDLE 397

static void init_number(struct random *random, uint32_t seed)
{
	uint32_t *s = random->state;

	s[0] = seed;
	for (uint32_t i = 1; i < STATE; i++)
		s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
	random->at = STATE;
}

/* The reference implementation's init_by_array. */
static void init_words(struct random *random, const uint32_t *key, size_t length)
{
	uint32_t *s = random->state, i = 1;
	size_t j = 0;

	init_number(random, 19650218u);
	for (size_t k = length > STATE ? length : STATE; k; k--) {
		s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525u)) + key[j] + (uint32_t)j;
		if (++i >= STATE) {
			s[0] = s[STATE - 1];
			i = 1;
		}
		j = (j + 1) % length;
	}
	for (size_t k = STATE - 1; k; k--) {
		s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941u)) - i;
		if (++i >= STATE) {
			s[0] = s[STATE - 1];
			i = 1;
		}
	}
	s[0] = 0x80000000u;
}

/* A large number, most significant byte first. */
static void init_bytes(struct random *random, const unsigned char *bytes, size_t length)
{
	while (length && !*bytes) {
		bytes++;
		length--;
	}
	size_t n = length ? (length + 3) / 4 : 1;
	cleanup_free uint32_t *words = mem_zalloc(n * sizeof(*words));
	for (size_t i = 0; i < length; i++)
		words[i / 4] |= (uint32_t)bytes[length - 1 - i] << (8 * (i % 4));
	init_words(random, words, n);
}

/* A text counts with its SHA-512 behind it. */
static void init_text(struct random *random, const char *text, size_t length)
{
	cleanup_free unsigned char *bytes = mem_alloc(length + SHA512_DIGEST_LENGTH);

	memcpy(bytes, text, length);
	SHA512((const unsigned char *)text, length, bytes + length);
	init_bytes(random, bytes, length + SHA512_DIGEST_LENGTH);
}

static void init_word(struct random *random, uint64_t number)
{
	const uint32_t words[] = {(uint32_t)number, (uint32_t)(number >> 32)};

	init_words(random, words, words[1] ? 2 : 1);
}

static void init_big(struct random *random, const BIGNUM *big)
{
	size_t length = (size_t)BN_num_bytes(big);
	cleanup_free unsigned char *bytes = mem_alloc(length);

	BN_bn2bin(big, bytes);
	init_bytes(random, bytes, length);
}

/* How often this expression has been asked for in this rendering. */
static int64_t count_use(struct eval *eval, struct value *text_stolen)
{
	int64_t count = 0;

	if (!eval->drawn)
		eval->drawn = value_dict();
	const struct value *before = template_dict_get(&eval->drawn->dict, text_stolen);
	if (before)
		value_as_int(before, &count);
	template_dict_put(&eval->drawn->dict, text_stolen, value_int(count + 1));
	return count;
}

static bool init_from_rendering(struct call *call, const char *remedy, struct random *random)
{
	const struct template_loader *loader = call->eval->loader;
	cleanup_err struct err err = ERR_INIT;
	size_t length;

	if (!loader || !loader->identity) {
		err_set(&err, ERR_INVALID, "%s would give something else each time", call->name);
		err_hint(&err, "%s", remedy);
		return template_eval_fail_err(call->eval, call->node, &err);
	}
	const char *source = template_source(call->eval->template, call->node, &length);
	int64_t use = count_use(call->eval, value_string(source, length));
	cleanup_free char *seed =
		mem_printf("%s\n%.*s\n%" PRId64, loader->identity, (int)length, source, use);
	init_text(random, seed, strlen(seed));
	return true;
}

bool template_random_init(struct call *call, const struct value *seed, const char *remedy,
			  struct random *ret)
{
	int64_t integer;

	if (!seed || seed->kind == VALUE_NONE)
		return init_from_rendering(call, remedy, ret);
	if (seed->kind == VALUE_STRING)
		init_text(ret, seed->string.text, seed->string.length);
	else if (seed->kind == VALUE_BIG)
		init_big(ret, seed->big);
	else if (seed->kind == VALUE_FLOAT)
		init_word(ret, (uint64_t)template_python_hash_float(seed->real));
	else if (value_as_int(seed, &integer))
		init_word(ret, integer < 0 ? -(uint64_t)integer : (uint64_t)integer);
	else
		return template_call_fail(call, "a seed is a string or a number, not a %s",
					  value_type(seed));
	return true;
}

static void refill(uint32_t *s)
{
	for (size_t i = 0; i < STATE; i++) {
		uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % STATE] & 0x7FFFFFFFu);
		s[i] = s[(i + MIDDLE) % STATE] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
	}
}

static uint32_t next_word(struct random *random)
{
	if (random->at >= STATE) {
		refill(random->state);
		random->at = 0;
	}
	uint32_t y = random->state[random->at++];
	y ^= y >> 11;
	y ^= (y << 7) & 0x9D2C5680u;
	y ^= (y << 15) & 0xEFC60000u;
	return y ^ (y >> 18);
}

/* Words of bits, least significant first; what is drawn above n is drawn again. */
uint64_t template_random_below(struct random *random, uint64_t n)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(n);
	uint64_t drawn;

	do {
		drawn = bits <= 32 ? next_word(random) >> (32 - bits) : next_word(random);
		if (bits > 32)
			drawn |= (uint64_t)(next_word(random) >> (64 - bits)) << 32;
	} while (drawn >= n);
	return drawn;
}

struct value *template_random_below_value(struct random *random, const struct value *n)
{
	int64_t small;

	if (value_as_int(n, &small))
		return value_int((int64_t)template_random_below(random, (uint64_t)small));
	size_t bits = (size_t)BN_num_bits(n->big), words = (bits + 31) / 32;
	cleanup_free unsigned char *bytes = mem_zalloc(words * 4);
	BIGNUM *drawn = BN_new();
	do
		for (size_t i = 0; i < words; i++) {
			size_t left = bits - 32 * i;
			uint32_t word = next_word(random) >> (left < 32 ? 32 - left : 0);
			for (size_t j = 0; j < 4; j++)
				bytes[4 * i + j] = (unsigned char)(word >> (8 * j));
		}
	while (!BN_lebin2bn(bytes, (int)(words * 4), drawn) || BN_cmp(drawn, n->big) >= 0);
	return value_big(drawn);
}
