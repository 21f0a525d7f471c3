#include "age/header.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

#define MAGIC	"age-encryption.org/v1\n"
#define WRAP	"age-encryption.org/v1/X25519"
#define WRAPPED (AGE_FILE_KEY + AGE_TAG)
#define COLUMNS 64 /* of base64 in a line of a body */
#define END	"---"

/* Each wrapping key seals one thing only. */
static const unsigned char zero_nonce[AGE_NONCE];

/* ---- Base64 without padding. */

static void add_base64(struct buf *to, const void *bytes, size_t length)
{
	cleanup_free char *text = digest_base64(bytes, length);

	buf_add(to, text, strcspn(text, "="));
}

/* Exactly `length` bytes in their only spelling. */
static bool read_base64(const char *text, size_t text_length, unsigned char *ret, size_t length)
{
	unsigned char bytes[AGE_KEY + 3];
	char padded[64];
	struct buf again = BUF_INIT;

	if (text_length != (length * 4 + 2) / 3 || length > AGE_KEY)
		return false;
	memset(padded, '=', sizeof(padded));
	memcpy(padded, text, text_length);
	int groups = (int)(text_length + 3) / 4;
	if (EVP_DecodeBlock(bytes, (unsigned char *)padded, groups * 4) < (int)length)
		return false;
	add_base64(&again, bytes, length);
	bool same = again.len == text_length && !memcmp(again.data, text, text_length);
	buf_done(&again);
	memcpy(ret, bytes, length);
	return same;
}

/* ---- Keys. */

/* What both sides of an exchange derive (salt: the share, then the recipient). */
static void wrapping_key(const unsigned char shared[AGE_KEY], const unsigned char share[AGE_KEY],
			 const unsigned char recipient[AGE_KEY], unsigned char ret[AGE_KEY])
{
	unsigned char salt[2 * AGE_KEY];

	memcpy(salt, share, AGE_KEY);
	memcpy(salt + AGE_KEY, recipient, AGE_KEY);
	age_crypto_derive(shared, AGE_KEY, salt, sizeof(salt), WRAP, ret);
}

/* Over everything up to and with the three dashes. */
static void mac_of(const unsigned char file_key[AGE_FILE_KEY], const char *header, size_t length,
		   unsigned char ret[AGE_KEY])
{
	unsigned char key[AGE_KEY];

	age_crypto_derive(file_key, AGE_FILE_KEY, NULL, 0, "header", key);
	age_crypto_mac(key, header, length, ret);
	OPENSSL_cleanse(key, sizeof(key));
}

/* ---- Writing. */

static void write_stanza(const unsigned char recipient[AGE_KEY],
			 const unsigned char file_key[AGE_FILE_KEY], struct buf *ret)
{
	unsigned char secret[AGE_KEY], share[AGE_KEY], shared[AGE_KEY], key[AGE_KEY];
	unsigned char wrapped[WRAPPED];

	age_crypto_random(secret, sizeof(secret));
	age_crypto_public(secret, share);
	/* Recipients with which this fails were refused when they were read. */
	if (!age_crypto_exchange(secret, recipient, shared))
		abort();
	wrapping_key(shared, share, recipient, key);
	age_crypto_seal(key, zero_nonce, file_key, AGE_FILE_KEY, wrapped);
	buf_addstr(ret, "-> X25519 ");
	add_base64(ret, share, sizeof(share));
	buf_addch(ret, '\n');
	add_base64(ret, wrapped, sizeof(wrapped));
	buf_addch(ret, '\n');
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(key, sizeof(key));
}

void age_header_write(const struct age_recipients *recipients,
		      const unsigned char file_key[AGE_FILE_KEY], struct buf *ret)
{
	unsigned char mac[AGE_KEY];
	size_t start = ret->len;

	buf_addstr(ret, MAGIC);
	for (size_t i = 0; i < recipients->n; i++)
		write_stanza(recipients->keys[i], file_key, ret);
	buf_addstr(ret, END);
	mac_of(file_key, ret->data + start, ret->len - start, mac);
	buf_addch(ret, ' ');
	add_base64(ret, mac, sizeof(mac));
	buf_addch(ret, '\n');
}

/* ---- Reading. */

struct line {
	const char *text;
	size_t length;
};

/* What is being read, line by line. */
struct reading {
	const char *bytes;
	size_t length, at;
	const struct age_identities *identities;
	unsigned char *key; /* of the file */
	bool found, passphrase;
	size_t readers;
};

static int damaged(const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "its age header is damaged: %s", what);
}

/* False when the line does not end within the bytes. */
static bool take_line(struct reading *reading, struct line *ret)
{
	const char *start = reading->bytes + reading->at;
	const char *end = memchr(start, '\n', reading->length - reading->at);

	if (!end)
		return false;
	*ret = (struct line){start, (size_t)(end - start)};
	reading->at += ret->length + 1;
	return true;
}

static bool begins(const struct line *line, const char *text)
{
	size_t n = strlen(text);

	return line->length >= n && !memcmp(line->text, text, n);
}

static bool unwrap(const struct age_identity *identity, const unsigned char share[AGE_KEY],
		   const unsigned char wrapped[WRAPPED], unsigned char ret[AGE_FILE_KEY])
{
	unsigned char shared[AGE_KEY], key[AGE_KEY];

	if (!age_crypto_exchange(identity->secret, share, shared))
		return false;
	wrapping_key(shared, share, identity->recipient, key);
	bool done = age_crypto_open(key, zero_nonce, wrapped, WRAPPED, ret);
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(key, sizeof(key));
	return done;
}

static int take_x25519(struct reading *reading, const struct line *share, const struct line *body,
		       struct err *err)
{
	unsigned char ours[AGE_KEY], wrapped[WRAPPED];

	if (!read_base64(share->text, share->length, ours, sizeof(ours)) ||
	    !read_base64(body->text, body->length, wrapped, sizeof(wrapped)))
		return damaged("a wrapped key", err);
	reading->readers++;
	for (size_t i = 0; i < reading->identities->n && !reading->found; i++)
		reading->found =
			unwrap(&reading->identities->items[i], ours, wrapped, reading->key);
	return 0;
}

/* The body of a stanza: lines of 64 characters, and a shorter one. Of ours the only line is kept.
 * 0 when it goes on behind the bytes. */
static int take_body(struct reading *reading, struct line *ret, size_t *ret_lines, struct err *err)
{
	for (*ret_lines = 1; take_line(reading, ret); ++*ret_lines) {
		if (ret->length > COLUMNS)
			return damaged("a line is too long", err);
		if (ret->length < COLUMNS)
			return 1;
	}
	return 0;
}

static int take_stanza(struct reading *reading, const struct line *first, struct err *err)
{
	static const char x25519[] = "-> X25519 ";
	struct line body;
	size_t lines;

	int r = take_body(reading, &body, &lines, err);
	if (r <= 0)
		return r;
	reading->passphrase |= begins(first, "-> scrypt ");
	if (!begins(first, x25519))
		return 1;
	const struct line share = {first->text + strlen(x25519), first->length - strlen(x25519)};
	r = lines > 1 ? damaged("a wrapped key", err) : take_x25519(reading, &share, &body, err);
	return r < 0 ? r : 1;
}

static int not_for_us(const struct reading *reading, struct err *err)
{
	if (reading->passphrase)
		return err_set(err, ERR_DENIED, "it is encrypted with a passphrase, not for a key");
	if (!reading->identities->n)
		return err_set(err, ERR_DENIED, "it is encrypted, and no identity was given");
	return err_set(err, ERR_DENIED,
		       "it is encrypted for %zu recipient%s, and %s is the identity that was given",
		       reading->readers, reading->readers == 1 ? "" : "s",
		       reading->readers == 1 ? "that" : "none of them");
}

/* The last line. */
static int take_mac(struct reading *reading, const struct line *line, struct err *err)
{
	unsigned char told[AGE_KEY], mac[AGE_KEY];

	if (!begins(line, END " ") ||
	    !read_base64(line->text + 4, line->length - 4, told, sizeof(told)))
		return damaged("its last line", err);
	if (!reading->found)
		return not_for_us(reading, err);
	mac_of(reading->key, reading->bytes, (size_t)(line->text + 3 - reading->bytes), mac);
	if (CRYPTO_memcmp(mac, told, sizeof(mac)) != 0)
		return damaged("its MAC does not fit", err);
	return (int)reading->at;
}

static int take_magic(struct reading *reading, struct err *err)
{
	size_t n = strlen(MAGIC), there = reading->length < n ? reading->length : n;

	if (memcmp(reading->bytes, MAGIC, there) != 0) {
		(void)err_set(err, ERR_INVALID, "it is no age file");
		if (there > 10 && !memcmp(reading->bytes, "-----BEGIN", 10))
			(void)err_hint(err, "it is in ASCII armor; take that off: age -d");
		return -ERR_INVALID;
	}
	reading->at = n;
	return there == n;
}

int age_header_read(const char *bytes, size_t length, const struct age_identities *identities,
		    unsigned char ret_key[AGE_FILE_KEY], struct err *err)
{
	struct reading reading = {
		.bytes = bytes, .length = length, .identities = identities, .key = ret_key};
	struct line line;

	int r = take_magic(&reading, err);
	while (r > 0 && take_line(&reading, &line)) {
		if (begins(&line, END))
			return take_mac(&reading, &line, err);
		r = begins(&line, "-> ") ? take_stanza(&reading, &line, err)
					 : damaged("an unknown line", err);
	}
	return r < 0 ? r : 0;
}
