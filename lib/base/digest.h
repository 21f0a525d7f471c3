/* digest: SHA-256, SHA-1, MD5 and base64. Results are NUL-terminated text that the caller frees. */
#pragma once

#include <stddef.h>

#include "base/err.h"

char *digest_sha256_hex(const void *bytes, size_t length);

/* By OpenSSL's name ("sha1", "md5", "sha512"); NULL for a name it does not know. */
char *digest_hex(const char *algorithm, const void *bytes, size_t length);

char *digest_base64(const void *bytes, size_t length);
/* RFC 4648 section 5, without padding: as ApplySet ids want it. */
char *digest_base64url_sha256(const void *bytes, size_t length);

/* White space is skipped. ERR_INVALID when it is not base64. */
int digest_base64_decode(const char *text, size_t length, char **ret_bytes, size_t *ret_length,
			 struct err *err);
