/* bech32: 32 bytes as text with a prefix and a checksum (BIP 173), as age writes its keys; here
 * without the limit of 90 characters. */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* "age1..." of the prefix "age" and so many bytes; lower case. Caller frees. */
char *age_bech32_encode(const char *prefix, const unsigned char *bytes, size_t length);

/* Fills exactly `length` bytes. The text may be all in lower or all in upper case. ERR_INVALID says
 * what is wrong, without the text: it may be a secret. */
int age_bech32_decode(const char *text, const char *prefix, unsigned char *ret, size_t length,
		      struct err *err);
