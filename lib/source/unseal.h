/*
 * source/unseal: encrypted texts and values on their way into a reading, with the passwords that
 * settings and systemd name. These are read when the first text asks for them.
 *
 * Where files are only checked (lint) and there is no password, a placeholder stands in for what
 * cannot be opened. Everywhere else that is an error.
 */
#pragma once

#include "base/mask.h"
#include "source/settings.h"
#include "source/vault_cache.h"
#include "tree/yaml.h"

/* What stands for a text that cannot be opened; it is base64 too, of text. */
#define SOURCE_UNSEAL_PLACEHOLDER "VAULTVAL"

struct source_unseal {
	const struct source_settings *settings; /* may be NULL, as the next two */
	struct mask *mask;
	struct source_vault_cache *cache;
	bool lint;

	struct source_vault_passwords passwords;
	bool passwords_read;
	struct err passwords_err; /* what could not be read of them */
	size_t sealed;		  /* texts that a placeholder stands for */
	struct err sealed_err;	  /* where the first of them is */
};
void source_unseal_done(struct source_unseal *unseal);

enum source_unseal_result {
	SOURCE_UNSEAL_PLAIN, /* it was not encrypted; text is as it was */
	SOURCE_UNSEAL_OPENED,
	SOURCE_UNSEAL_SEALED, /* a placeholder stands in */
};

/* Makes of the text (owned by the caller) what it holds. Negative: ERR_INVALID, with file and line.
 */
int source_unseal_text(struct source_unseal *unseal, const char *file, char **text, size_t *length,
		       struct err *err);

/* The same for the values of a file of variables that are tagged !vault: they become texts and are
 * no templates. Of a file that was encrypted, all values are secret. The mask is told. */
int source_unseal_values(struct source_unseal *unseal, const char *file, bool encrypted,
			 struct tree_yaml_documents *documents, struct err *err);
