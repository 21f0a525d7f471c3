#include "harness/vault.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"

static const char salt[] = "a salt for tests of 32 bytes....";

static void add_hex(struct buf *out, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++)
		buf_printf(out, "%02x", byte[i]);
}

static void encrypt(const char *text, const char *password, struct buf *ret,
		    unsigned char *ret_hmac)
{
	unsigned char keys[80];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length, rest;

	PKCS5_PBKDF2_HMAC(password, -1, (const unsigned char *)salt, strlen(salt), 10000,
			  EVP_sha256(), sizeof(keys), keys);
	EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, keys, keys + 64);
	cleanup_buf struct buf padded = BUF_INIT;
	buf_addstr(&padded, text);
	size_t padding = 16 - padded.len % 16;
	buf_fill(&padded, (char)padding, padding);
	buf_reserve(ret, padded.len);
	EVP_EncryptUpdate(context, (unsigned char *)ret->data, &length,
			  (const unsigned char *)padded.data, (int)padded.len);
	EVP_EncryptFinal_ex(context, (unsigned char *)ret->data + length, &rest);
	ret->len = (size_t)(length + rest);
	EVP_CIPHER_CTX_free(context);
	HMAC(EVP_sha256(), keys + 32, 32, (const unsigned char *)ret->data, ret->len, ret_hmac,
	     NULL);
}

char *vault_encrypt(const char *text, const char *password, const char *label)
{
	cleanup_buf struct buf cipher = BUF_INIT, fields = BUF_INIT, body = BUF_INIT;
	struct buf out = BUF_INIT;
	unsigned char hmac[32];

	encrypt(text, password, &cipher, hmac);
	add_hex(&fields, salt, strlen(salt));
	buf_addch(&fields, '\n');
	add_hex(&fields, hmac, sizeof(hmac));
	buf_addch(&fields, '\n');
	add_hex(&fields, cipher.data, cipher.len);
	add_hex(&body, fields.data, fields.len);
	buf_printf(&out, "$ANSIBLE_VAULT;%s;AES256%s%s\n", label ? "1.2" : "1.1", label ? ";" : "",
		   label ? label : "");
	for (size_t i = 0; i < body.len; i += 80)
		buf_printf(&out, "%.80s\n", body.data + i);
	return buf_steal(&out);
}

char *vault_inline(const char *text, const char *password)
{
	cleanup_free char *whole = vault_encrypt(text, password, NULL);
	cleanup_list struct list lines = LIST_INIT;
	struct buf out = BUF_INIT;

	list_split(&lines, whole, "\n");
	buf_addstr(&out, "!vault |\n");
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(&out, "          %s\n", lines.items[i]);
	return buf_steal(&out);
}
