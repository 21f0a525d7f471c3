#include "template/python_hash.h"

#include <math.h>

/* All numbers that are equal have the same remainder by this prime, whatever their types. */
#define BITS  61
#define PRIME ((UINT64_C(1) << BITS) - 1)

/* -1 says that something failed. */
static int64_t signed_hash(uint64_t remainder, bool negative)
{
	int64_t hash = negative ? -(int64_t)remainder : (int64_t)remainder;

	return hash == -1 ? -2 : hash;
}

static uint64_t rotate(uint64_t x, int by)
{
	return ((x << by) & PRIME) | x >> (BITS - by);
}

int64_t template_python_hash_float(double number)
{
	uint64_t remainder = 0;
	int exponent;

	if (isinf(number))
		return number < 0 ? -314159 : 314159;
	double rest = frexp(fabs(number), &exponent);
	while (rest != 0) {
		remainder = rotate(remainder, 28);
		rest *= 268435456.0; /* 28 bits more */
		exponent -= 28;
		uint64_t digit = (uint64_t)rest;
		rest -= (double)digit;
		remainder += digit;
		if (remainder >= PRIME)
			remainder -= PRIME;
	}
	exponent = exponent >= 0 ? exponent % BITS : BITS - 1 - (-1 - exponent) % BITS;
	return signed_hash(rotate(remainder, exponent), number < 0);
}

static int64_t hash_big(const BIGNUM *big)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *prime = BN_new(), *remainder = BN_new();

	BN_set_word(prime, PRIME);
	BN_nnmod(remainder, big, prime, context);
	uint64_t word = BN_get_word(remainder);
	if (BN_is_negative(big) && word) /* of the absolute value */
		word = PRIME - word;
	BN_free(prime);
	BN_free(remainder);
	BN_CTX_free(context);
	return signed_hash(word, BN_is_negative(big));
}

int64_t template_python_hash(const struct value *number)
{
	int64_t integer;

	if (number->kind == VALUE_FLOAT)
		return template_python_hash_float(number->real);
	if (number->kind == VALUE_BIG)
		return hash_big(number->big);
	value_as_int(number, &integer);
	uint64_t size = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
	return signed_hash(size % PRIME, integer < 0);
}
