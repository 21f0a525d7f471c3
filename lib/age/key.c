#include "age/key.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "age/bech32.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

#define RECIPIENT  "age"
#define IDENTITY   "age-secret-key-"
#define FILE_LIMIT ((size_t)1 << 20)

/* ---- Recipients. */

static bool is_there(const struct age_recipients *recipients, const unsigned char key[AGE_KEY])
{
	for (size_t i = 0; i < recipients->n; i++)
		if (!memcmp(recipients->keys[i], key, AGE_KEY))
			return true;
	return false;
}

/* Points to which everybody's secret is the same could be read by everybody. */
static bool is_weak(const unsigned char key[AGE_KEY])
{
	unsigned char secret[AGE_KEY], shared[AGE_KEY];

	age_crypto_random(secret, sizeof(secret));
	return !age_crypto_exchange(secret, key, shared);
}

int age_recipients_add(struct age_recipients *recipients, const char *text, struct err *err)
{
	unsigned char key[AGE_KEY];

	if (!strncasecmp(text, IDENTITY, strlen(IDENTITY)))
		return err_set(err, ERR_INVALID,
			       "this is a secret key; a recipient is the public one, age1...");
	int r = age_bech32_decode(text, RECIPIENT, key, sizeof(key), err);
	if (r < 0) {
		(void)err_wrap(err, "'%s' is no X25519 recipient of age", text);
		return err_hint(err, "age-keygen makes a pair and prints the public key, age1...");
	}
	if (is_weak(key))
		return err_set(err, ERR_INVALID, "'%s' is not safe to encrypt to", text);
	if (is_there(recipients, key))
		return 0;
	mem_grow(recipients->keys, &recipients->cap, recipients->n + 1);
	memcpy(recipients->keys[recipients->n++], key, AGE_KEY);
	return 0;
}

void age_recipients_done(struct age_recipients *recipients)
{
	free(recipients->keys);
	*recipients = (struct age_recipients){0};
}

char *age_recipient_text(const unsigned char key[AGE_KEY])
{
	return age_bech32_encode(RECIPIENT, key, AGE_KEY);
}

/* ---- Identities. */

static int add_identity(struct age_identities *identities, const char *line, struct err *err)
{
	struct age_identity identity;

	int r = age_bech32_decode(line, IDENTITY, identity.secret, AGE_KEY, err);
	if (r < 0)
		return r;
	age_crypto_public(identity.secret, identity.recipient);
	mem_grow(identities->items, &identities->cap, identities->n + 1);
	identities->items[identities->n++] = identity;
	OPENSSL_cleanse(&identity, sizeof(identity));
	return 0;
}

static int refuse_sealed(const char *name, struct err *err)
{
	(void)err_set(err, ERR_INVALID, "%s is protected with a passphrase", name);
	return err_hint(err, "take the protection off for the restore: age -d %s > FILE", name);
}

/* Lines of the file; empty ones count. */
static int parse_line(struct age_identities *identities, char *line, const char *name, int number,
		      struct err *err)
{
	size_t length = strcspn(line, "\r");

	line[length] = '\0';
	if (!*line || *line == '#')
		return 0;
	if (!strncmp(line, "age-encryption.org/", 19) || !strncmp(line, "-----BEGIN AGE", 14))
		return refuse_sealed(name, err);
	int r = add_identity(identities, line, err);
	if (r >= 0)
		return 0;
	(void)err_wrap(err, "this is no X25519 identity of age (AGE-SECRET-KEY-1...)");
	return err_at(err, name, number, 0);
}

int age_identities_parse(struct age_identities *identities, const char *text, const char *name,
			 struct err *err)
{
	cleanup_free char *copy = mem_strdup(text);
	size_t length = strlen(copy), before = identities->n;
	char *line = copy;
	int r = 0;

	for (int number = 1; r >= 0 && line; number++) {
		char *end = strchr(line, '\n');
		if (end)
			*end = '\0';
		r = parse_line(identities, line, name, number, err);
		line = end ? end + 1 : NULL;
	}
	OPENSSL_cleanse(copy, length);
	if (r >= 0 && identities->n == before)
		return err_set(err, ERR_INVALID, "%s has no identity (AGE-SECRET-KEY-1...)", name);
	return r;
}

int age_identities_read(struct age_identities *identities, const char *path, struct err *err)
{
	char *text = NULL;
	size_t length = 0;
	struct stat st;

	int r = file_read(path, FILE_LIMIT, &text, &length, err);
	if (r < 0)
		return r;
	if (stat(path, &st) == 0 && st.st_mode & 0077) {
		r = err_set(err, ERR_DENIED, "%s has a secret key, and others can read it", path);
		(void)err_hint(err, "chmod 600 %s", path);
	}
	if (r >= 0)
		r = age_identities_parse(identities, text, path, err);
	OPENSSL_cleanse(text, length);
	free(text);
	return r;
}

void age_identities_done(struct age_identities *identities)
{
	if (identities->items)
		OPENSSL_cleanse(identities->items, identities->cap * sizeof(*identities->items));
	free(identities->items);
	*identities = (struct age_identities){0};
}
