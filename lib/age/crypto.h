/*
 * crypto: the primitives of age, all of them libcrypto's: X25519 (RFC 7748), HKDF-SHA-256 (RFC
 * 5869), HMAC-SHA-256 and ChaCha20-Poly1305 (RFC 8439). A libcrypto that cannot do them ends the
 * process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define AGE_KEY	  32 /* bytes of every key, public, secret or symmetric */
#define AGE_TAG	  16 /* that a sealed text is longer */
#define AGE_NONCE 12

void age_crypto_random(void *ret, size_t length);

void age_crypto_public(const unsigned char secret[AGE_KEY], unsigned char ret[AGE_KEY]);

/* False when the other's key is one of the few with which any secret gives the same. */
bool age_crypto_exchange(const unsigned char secret[AGE_KEY], const unsigned char other[AGE_KEY],
			 unsigned char ret[AGE_KEY]);

void age_crypto_derive(const void *key, size_t length, const void *salt, size_t salt_length,
		       const char *info, unsigned char ret[AGE_KEY]);

void age_crypto_mac(const unsigned char key[AGE_KEY], const void *bytes, size_t length,
		    unsigned char ret[AGE_KEY]);

/* Writes length + AGE_TAG bytes. */
void age_crypto_seal(const unsigned char key[AGE_KEY], const unsigned char nonce[AGE_NONCE],
		     const void *bytes, size_t length, void *out);

/* Writes length - AGE_TAG bytes; false when it was not sealed with this key and nonce, or is not
 * what was sealed. out may be bytes. */
bool age_crypto_open(const unsigned char key[AGE_KEY], const unsigned char nonce[AGE_NONCE],
		     const void *bytes, size_t length, void *out);
