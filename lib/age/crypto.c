#include "age/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing but a broken library can fail here. */
static void demand(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "libcrypto cannot do %s\n", what);
	abort();
}

void age_crypto_random(void *ret, size_t length)
{
	demand(RAND_bytes(ret, (int)length) == 1, "random numbers");
}

/* ---- X25519. */

static EVP_PKEY *secret_key(const unsigned char secret[AGE_KEY])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, AGE_KEY);

	demand(key, "X25519");
	return key;
}

void age_crypto_public(const unsigned char secret[AGE_KEY], unsigned char ret[AGE_KEY])
{
	EVP_PKEY *key = secret_key(secret);
	size_t length = AGE_KEY;

	demand(EVP_PKEY_get_raw_public_key(key, ret, &length) == 1, "X25519");
	EVP_PKEY_free(key);
}

bool age_crypto_exchange(const unsigned char secret[AGE_KEY], const unsigned char other[AGE_KEY],
			 unsigned char ret[AGE_KEY])
{
	EVP_PKEY *key = secret_key(secret);
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, other, AGE_KEY);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	size_t length = AGE_KEY;

	demand(peer && context && EVP_PKEY_derive_init(context) == 1 &&
		       EVP_PKEY_derive_set_peer(context, peer) == 1,
	       "X25519");
	/* It refuses when the result is zero (RFC 7748, section 6.1). */
	bool done = EVP_PKEY_derive(context, ret, &length) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	return done;
}

/* ---- Digests. */

void age_crypto_derive(const void *key, size_t length, const void *salt, size_t salt_length,
		       const char *info, unsigned char ret[AGE_KEY])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, length),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};

	if (salt_length)
		parameters[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt,
								  salt_length);
	demand(context && EVP_KDF_derive(context, ret, AGE_KEY, parameters) == 1, "HKDF");
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

void age_crypto_mac(const unsigned char key[AGE_KEY], const void *bytes, size_t length,
		    unsigned char ret[AGE_KEY])
{
	unsigned int size = 0;

	demand(HMAC(EVP_sha256(), key, AGE_KEY, bytes, length, ret, &size), "HMAC");
}

/* ---- ChaCha20-Poly1305. */

void age_crypto_seal(const unsigned char key[AGE_KEY], const unsigned char nonce[AGE_NONCE],
		     const void *bytes, size_t length, void *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int written = 0, rest = 0;

	demand(context &&
		       EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key, nonce) ==
			       1 &&
		       EVP_EncryptUpdate(context, out, &written, bytes, (int)length) == 1 &&
		       EVP_EncryptFinal_ex(context, (unsigned char *)out + written, &rest) == 1 &&
		       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AGE_TAG,
					   (unsigned char *)out + length) == 1,
	       "ChaCha20-Poly1305");
	EVP_CIPHER_CTX_free(context);
}

bool age_crypto_open(const unsigned char key[AGE_KEY], const unsigned char nonce[AGE_NONCE],
		     const void *bytes, size_t length, void *out)
{
	unsigned char tag[AGE_TAG];
	int written = 0, rest = 0;

	if (length < AGE_TAG)
		return false;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	length -= AGE_TAG;
	memcpy(tag, (const unsigned char *)bytes + length, AGE_TAG);
	demand(context &&
		       EVP_DecryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key, nonce) ==
			       1 &&
		       EVP_DecryptUpdate(context, out, &written, bytes, (int)length) == 1 &&
		       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AGE_TAG, tag) == 1,
	       "ChaCha20-Poly1305");
	bool whole = EVP_DecryptFinal_ex(context, (unsigned char *)out + written, &rest) == 1;
	EVP_CIPHER_CTX_free(context);
	return whole;
}
