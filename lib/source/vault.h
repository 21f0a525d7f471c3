/*
 * source/vault: text that ansible-vault encrypted, and how it is opened.
 *
 * The format is ansible-core's (lib/ansible/parsing/vault): a header line
 *"$ANSIBLE_VAULT;1.1;AES256" or "$ANSIBLE_VAULT;1.2;AES256;LABEL", then hexadecimal digits in lines
 *of 80. They spell three lines that are hexadecimal again: salt, HMAC, ciphertext.
 *PBKDF2-HMAC-SHA256 (10,000 rounds) makes the AES key, the HMAC key and the first counter of the
 *password and the salt; the HMAC covers the ciphertext; the plaintext has PKCS#7 padding below
 *AES-256-CTR.
 *
 * Reading the envelope costs nothing; trying a password costs milliseconds, and is done for the
 * passwords of the text's label first, then for all others, as Ansible does.
 *
 *	struct source_vault_envelope envelope;
 *	r = source_vault_parse(text, length, "ghost/vars.yaml", 1, &envelope, err);
 *	r = source_vault_open(&envelope, &passwords, &plain, err);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define SOURCE_VAULT_TAG     "!vault"  /* of a YAML scalar that holds such a text */
#define SOURCE_VAULT_DEFAULT "default" /* the label of a text that names none */

struct source_vault_envelope {
	char *label; /* "default" when it names none */
	struct buf salt, hmac, ciphertext;
};

struct source_vault_password {
	char *label;
	char *text; /* without the white space around it */
	size_t length;
};

struct source_vault_passwords {
	struct source_vault_password *items;
	size_t n;
};

/* True when text begins as such a text does; white space may stand before it. */
bool source_vault_is(const char *text, size_t length);

/* ERR_INVALID for a text that is damaged or of a kind that is not known. It begins in that line of
 * file. */
int source_vault_parse(const char *text, size_t length, const char *file, int line,
		       struct source_vault_envelope *ret, struct err *err);
void source_vault_envelope_done(struct source_vault_envelope *envelope);

/* The plaintext. ERR_NOT_FOUND: there are no passwords. ERR_DENIED: none of them fits. ERR_INVALID:
 * one fits, but what it opens is damaged. */
int source_vault_open(const struct source_vault_envelope *envelope,
		      const struct source_vault_passwords *passwords, struct buf *ret,
		      struct err *err);

/* Copies both; text[length] is NUL. */
void source_vault_passwords_add(struct source_vault_passwords *passwords, const char *label,
				const char *text, size_t length);
/* Wipes them. */
void source_vault_passwords_done(struct source_vault_passwords *passwords);
