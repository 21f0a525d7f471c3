#include "source/vault.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEADER "$ANSIBLE_VAULT"
#define ROUNDS 10000
#define KEY    32
#define BLOCK  16
#define DIGEST 32

/* What PBKDF2 gives, in this order. */
struct keys {
	unsigned char cipher[KEY], hmac[KEY], counter[BLOCK];
};

static size_t skip_space(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && isspace((unsigned char)text[at]))
		at++;
	return at;
}

bool source_vault_is(const char *text, size_t length)
{
	size_t at = skip_space(text, length), n = strlen(HEADER);

	return length - at >= n && !memcmp(text + at, HEADER, n);
}

/* --- the envelope --- */

/* The text without the white space around it. Caller frees. */
static char *stripped(const char *text, size_t length)
{
	size_t begin = skip_space(text, length);

	while (length > begin && isspace((unsigned char)text[length - 1]))
		length--;
	return mem_strndup(text + begin, length - begin);
}

/* The n-th part (from 0) of "a;b;c"; NULL when there are fewer. Caller frees. */
static char *part_of(const char *header, size_t length, size_t n)
{
	const char *end = header + length, *semicolon;

	for (; n; n--) {
		semicolon = memchr(header, ';', (size_t)(end - header));
		if (!semicolon)
			return NULL;
		header = semicolon + 1;
	}
	semicolon = memchr(header, ';', (size_t)(end - header));
	return stripped(header, (size_t)((semicolon ? semicolon : end) - header));
}

static int parse_header(const char *line, size_t length, char **ret_label, struct err *err)
{
	cleanup_free char *magic = part_of(line, length, 0), *version = part_of(line, length, 1);
	cleanup_free char *cipher = part_of(line, length, 2), *label = part_of(line, length, 3);

	if (!magic || strcmp(magic, HEADER) != 0 || !version || !cipher ||
	    memchr(line, '\0', length))
		return err_set(err, ERR_INVALID,
			       "the header of an ansible-vault text is damaged; it reads " HEADER
			       ";1.1;AES256");
	if (strcmp(version, "1.1") != 0 && strcmp(version, "1.2") != 0)
		return err_set(err, ERR_INVALID,
			       "ansible-vault format %.16s is not known; 1.1 and 1.2 are", version);
	if (strcmp(cipher, "AES256") != 0)
		return err_set(err, ERR_INVALID,
			       "ansible-vault cipher %.16s is not known; AES256 is", cipher);
	*ret_label = label && *label ? steal(&label) : mem_strdup(SOURCE_VAULT_DEFAULT);
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of hexadecimal digits, in as many lines as there are. */
static int unhex_lines(const char *text, size_t length, const char *file, int line, struct buf *ret,
		       struct err *err)
{
	int high = -1;

	for (size_t i = 0; i < length; i++) {
		int value = digit(text[i]);
		if (isspace((unsigned char)text[i])) {
			line += text[i] == '\n';
			continue;
		}
		if (value < 0) {
			(void)err_set(err, ERR_INVALID,
				      "damaged ansible-vault text: not a hexadecimal digit");
			return err_at(err, file, line, 0);
		}
		if (high < 0) {
			high = value;
			continue;
		}
		buf_addch(ret, (char)(high << 4 | value));
		high = -1;
	}
	if (high < 0)
		return 0;
	(void)err_set(err, ERR_INVALID, "damaged ansible-vault text: its end is missing");
	return err_at(err, file, line, 0);
}

static int damaged(struct err *err, const char *what)
{
	(void)err_set(err, ERR_INVALID, "damaged ansible-vault text: %s", what);
	return err_hint(err, "take it from a backup, or encrypt the value again");
}

/* One of the three inner fields, up to a newline. */
static bool unhex_field(const char **at, const char *end, struct buf *ret)
{
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = newline ? newline : end;

	if ((stop - *at) % 2)
		return false;
	for (const char *c = *at; c < stop; c += 2) {
		if (digit(c[0]) < 0 || digit(c[1]) < 0)
			return false;
		buf_addch(ret, (char)(digit(c[0]) << 4 | digit(c[1])));
	}
	*at = newline ? newline + 1 : end;
	return true;
}

static int parse_body(const struct buf *body, struct source_vault_envelope *ret, struct err *err)
{
	const char *at = buf_str(body), *end = at + body->len;

	if (!unhex_field(&at, end, &ret->salt) || !unhex_field(&at, end, &ret->hmac) ||
	    !unhex_field(&at, end, &ret->ciphertext) || at != end)
		return damaged(err, "it is not of salt, HMAC and ciphertext");
	if (!ret->salt.len || ret->hmac.len != DIGEST)
		return damaged(err, "its end is missing");
	if (!ret->ciphertext.len || ret->ciphertext.len % BLOCK)
		return damaged(err, "its end is missing");
	return 0;
}

static int count_lines(const char *text, size_t length)
{
	int lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

int source_vault_parse(const char *text, size_t length, const char *file, int line,
		       struct source_vault_envelope *ret, struct err *err)
{
	struct source_vault_envelope envelope = {0};
	cleanup_buf struct buf body = BUF_INIT;
	size_t begin = skip_space(text, length), header = begin;

	while (header < length && text[header] != '\n' && text[header] != '\r')
		header++;
	int r = parse_header(text + begin, header - begin, &envelope.label, err);
	if (r >= 0) {
		header += header < length;
		r = unhex_lines(text + header, length - header, file,
				line + count_lines(text, header), &body, err);
	}
	if (r >= 0)
		r = parse_body(&body, &envelope, err);
	if (r < 0)
		source_vault_envelope_done(&envelope);
	else
		*ret = envelope;
	return r < 0 ? err_at(err, file, line, 0) : 0;
}

void source_vault_envelope_done(struct source_vault_envelope *envelope)
{
	free(envelope->label);
	buf_done(&envelope->salt);
	buf_done(&envelope->hmac);
	buf_done(&envelope->ciphertext);
	*envelope = (struct source_vault_envelope){0};
}

/* --- opening it --- */

/* True when the password made this HMAC; keys are filled then. */
static bool fits(const struct source_vault_envelope *envelope,
		 const struct source_vault_password *password, struct keys *keys)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (PKCS5_PBKDF2_HMAC(password->text, (int)password->length,
			      (const unsigned char *)envelope->salt.data, (int)envelope->salt.len,
			      ROUNDS, EVP_sha256(), sizeof(*keys), (unsigned char *)keys) != 1 ||
	    !HMAC(EVP_sha256(), keys->hmac, KEY, (const unsigned char *)envelope->ciphertext.data,
		  envelope->ciphertext.len, digest, &size))
		abort(); /* SHA-256 is always there */
	return size == envelope->hmac.len && !CRYPTO_memcmp(digest, envelope->hmac.data, size);
}

static bool try_labelled(const struct source_vault_envelope *envelope,
			 const struct source_vault_passwords *passwords, bool same,
			 struct keys *keys)
{
	for (size_t i = 0; i < passwords->n; i++)
		if (!strcmp(passwords->items[i].label, envelope->label) == same &&
		    fits(envelope, &passwords->items[i], keys))
			return true;
	return false;
}

static void decipher(const struct buf *ciphertext, const struct keys *keys, struct buf *ret)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0;

	buf_reserve(ret, ciphertext->len);
	if (!context ||
	    EVP_DecryptInit_ex(context, EVP_aes_256_ctr(), NULL, keys->cipher, keys->counter) !=
		    1 ||
	    EVP_DecryptUpdate(context, (unsigned char *)ret->data, &length,
			      (const unsigned char *)ciphertext->data, (int)ciphertext->len) != 1)
		abort();
	EVP_CIPHER_CTX_free(context);
	ret->len = (size_t)length;
	ret->data[ret->len] = '\0';
}

/* PKCS#7: the last byte counts the bytes of padding, which are all the same. */
static bool unpad(struct buf *text)
{
	unsigned char count = (unsigned char)text->data[text->len - 1];

	if (!count || count > BLOCK)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((unsigned char)text->data[text->len - 1 - i] != count)
			return false;
	buf_truncate(text, text->len - count);
	return true;
}

int source_vault_open(const struct source_vault_envelope *envelope,
		      const struct source_vault_passwords *passwords, struct buf *ret,
		      struct err *err)
{
	struct keys keys;

	if (!passwords->n)
		return err_set(err, ERR_NOT_FOUND,
			       "encrypted by ansible-vault, and there is no password");
	bool found = try_labelled(envelope, passwords, true, &keys) ||
		     try_labelled(envelope, passwords, false, &keys);
	if (found)
		decipher(&envelope->ciphertext, &keys, ret);
	OPENSSL_cleanse(&keys, sizeof(keys));
	if (!found && passwords->n == 1)
		return err_set(err, ERR_DENIED, "the vault password does not fit this text");
	if (!found)
		return err_set(err, ERR_DENIED,
			       "none of the %zu vault passwords fits this text (its label is '%s')",
			       passwords->n, envelope->label);
	return unpad(ret) ? 0 : damaged(err, "its padding is wrong");
}

/* --- passwords --- */

void source_vault_passwords_add(struct source_vault_passwords *passwords, const char *label,
				const char *text, size_t length)
{
	passwords->items =
		mem_realloc(passwords->items, (passwords->n + 1) * sizeof(*passwords->items));
	passwords->items[passwords->n++] = (struct source_vault_password){
		.label = mem_strdup(label),
		.text = mem_dup(text, length + 1),
		.length = length,
	};
}

void source_vault_passwords_done(struct source_vault_passwords *passwords)
{
	for (size_t i = 0; i < passwords->n; i++) {
		OPENSSL_cleanse(passwords->items[i].text, passwords->items[i].length);
		free(passwords->items[i].text);
		free(passwords->items[i].label);
	}
	free(passwords->items);
	*passwords = (struct source_vault_passwords){0};
}
