/*
 * key: who may read: recipients are public, identities secret.
 *
 * As `age-keygen` writes them: "age1..." and "AGE-SECRET-KEY-1...". An identity file has one a
 * line, and comments that begin with #.
 */
#pragma once

#include "age/crypto.h"
#include "base/err.h"

struct age_recipients {
	unsigned char (*keys)[AGE_KEY];
	size_t n, cap;
};

/* ERR_INVALID names the text when it is no X25519 recipient. One that is there stays alone. */
int age_recipients_add(struct age_recipients *recipients, const char *text, struct err *err);
void age_recipients_done(struct age_recipients *recipients);
#define cleanup_age_recipients __attribute__((cleanup(age_recipients_done)))

/* "age1...". Caller frees. */
char *age_recipient_text(const unsigned char key[AGE_KEY]);

struct age_identity {
	unsigned char secret[AGE_KEY], recipient[AGE_KEY];
};

struct age_identities {
	struct age_identity *items;
	size_t n, cap;
};

/* Adds what the file has, at least one. ERR_NOT_FOUND, ERR_DENIED (others can read it),
 * ERR_INVALID with file and line. */
int age_identities_read(struct age_identities *identities, const char *path, struct err *err);
/* The same from a text; `name` is for messages. */
int age_identities_parse(struct age_identities *identities, const char *text, const char *name,
			 struct err *err);
/* Overwrites the secrets. */
void age_identities_done(struct age_identities *identities);
#define cleanup_age_identities __attribute__((cleanup(age_identities_done)))
