#include "base/digest.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *hex(const unsigned char *bytes, size_t length)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < length; i++) {
		buf_addch(&text, "0123456789abcdef"[bytes[i] >> 4]);
		buf_addch(&text, "0123456789abcdef"[bytes[i] & 15]);
	}
	return buf_steal(&text);
}

char *digest_hex(const char *algorithm, const void *bytes, size_t length)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size;
	const EVP_MD *md = EVP_get_digestbyname(algorithm);

	if (!md || !EVP_Digest(bytes, length, value, &size, md, NULL))
		return NULL;
	return hex(value, size);
}

char *digest_sha256_hex(const void *bytes, size_t length)
{
	return digest_hex("sha256", bytes, length);
}

char *digest_base64(const void *bytes, size_t length)
{
	const unsigned char *in = bytes;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < length; i += 3) {
		size_t have = length - i;
		unsigned int three = (unsigned int)in[i] << 16 |
				     (have > 1 ? (unsigned int)in[i + 1] << 8 : 0) |
				     (have > 2 ? in[i + 2] : 0);
		buf_addch(&text, alphabet[three >> 18]);
		buf_addch(&text, alphabet[three >> 12 & 63]);
		buf_addch(&text, have > 1 ? alphabet[three >> 6 & 63] : '=');
		buf_addch(&text, have > 2 ? alphabet[three & 63] : '=');
	}
	return buf_steal(&text);
}

char *digest_base64url_sha256(const void *bytes, size_t length)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned int size;

	EVP_Digest(bytes, length, value, &size, EVP_sha256(), NULL);
	char *text = digest_base64(value, size);
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	text[strcspn(text, "=")] = '\0';
	return text;
}

int digest_base64_decode(const char *text, size_t length, char **ret_bytes, size_t *ret_length,
			 struct err *err)
{
	cleanup_buf struct buf bytes = BUF_INIT;
	unsigned int bits = 0, have = 0, digits = 0, padding = 0;

	for (size_t i = 0; i < length; i++) {
		if (isspace((unsigned char)text[i]))
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		const char *digit = text[i] ? strchr(alphabet, text[i]) : NULL;
		if (!digit || padding)
			return err_set(err, ERR_INVALID, "not base64: byte %zu", i + 1);
		digits++;
		bits = bits << 6 | (unsigned int)(digit - alphabet);
		if ((have += 6) < 8)
			continue;
		have -= 8;
		buf_addch(&bytes, (char)(bits >> have & 255));
	}
	if ((digits + padding) % 4 || padding > 2)
		return err_set(err, ERR_INVALID, "not base64: it ends in the middle of a group");
	*ret_length = bytes.len;
	*ret_bytes = buf_steal(&bytes);
	return 0;
}
