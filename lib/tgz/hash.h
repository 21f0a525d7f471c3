/* hash: SHA-256 piece by piece. */
#pragma once

#include <stddef.h>

struct tgz_hash;

struct tgz_hash *tgz_hash_new(void);
void tgz_hash_start(struct tgz_hash *hash); /* again, from nothing; new ones are started */
void tgz_hash_add(struct tgz_hash *hash, const void *bytes, size_t length);
void tgz_hash_hex(struct tgz_hash *hash, char ret[65]); /* ends it */
void tgz_hash_free(struct tgz_hash *hash);
