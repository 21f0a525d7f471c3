/* chunk: one chunk of the content of an age file. */
#pragma once

#include "age/age.h"

#define AGE_SALT   16 /* random bytes before the first chunk */
#define AGE_SEALED (AGE_CHUNK + AGE_TAG)

/* The key of the chunks, from that of the file and the salt. */
void age_chunk_key(const unsigned char *file_key, const unsigned char salt[AGE_SALT],
		   unsigned char ret[AGE_KEY]);

/* Its nonce: the number, and whether it is the last. */
void age_chunk_nonce(uint64_t number, bool last, unsigned char ret[AGE_NONCE]);
