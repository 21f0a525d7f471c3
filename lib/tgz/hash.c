#include "tgz/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/mem.h"

struct tgz_hash {
	EVP_MD_CTX *context;
	EVP_MD *algorithm;
};

struct tgz_hash *tgz_hash_new(void)
{
	struct tgz_hash *hash = mem_new(struct tgz_hash);

	hash->context = EVP_MD_CTX_new();
	hash->algorithm = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	if (!hash->context || !hash->algorithm)
		abort();
	tgz_hash_start(hash);
	return hash;
}

void tgz_hash_start(struct tgz_hash *hash)
{
	EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL);
}

void tgz_hash_add(struct tgz_hash *hash, const void *bytes, size_t length)
{
	EVP_DigestUpdate(hash->context, bytes, length);
}

void tgz_hash_hex(struct tgz_hash *hash, char ret[65])
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	EVP_DigestFinal_ex(hash->context, value, &size);
	for (unsigned int i = 0; i < size; i++) {
		ret[2 * i] = "0123456789abcdef"[value[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[value[i] & 15];
	}
	ret[64] = '\0';
}

void tgz_hash_free(struct tgz_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->algorithm);
	free(hash);
}
