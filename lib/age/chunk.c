#include "age/chunk.h"

#include <string.h>

#include "age/header.h"

void age_chunk_key(const unsigned char *file_key, const unsigned char salt[AGE_SALT],
		   unsigned char ret[AGE_KEY])
{
	age_crypto_derive(file_key, AGE_FILE_KEY, salt, AGE_SALT, "payload", ret);
}

void age_chunk_nonce(uint64_t number, bool last, unsigned char ret[AGE_NONCE])
{
	memset(ret, 0, AGE_NONCE);
	for (int i = AGE_NONCE - 2; number; i--, number >>= 8)
		ret[i] = (unsigned char)number;
	ret[AGE_NONCE - 1] = last;
}
