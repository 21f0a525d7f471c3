/*
 * secrets: the values that `secrets: {generate: ...}` of an app.yaml asked for. Made once, kept in
 * STATE/secrets.json (0600), the same ever after.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct secrets;

/* Reads what is kept. `make`: values that are missing are made and kept; else they are told as
 * placeholders, for verbs that change nothing. */
int secrets_open(const char *state_dir, bool make, struct secrets **ret, struct err *err);

/* For source_options.generated: the value of app/secret/key; caller frees. Context is a struct
 * secrets. */
char *secrets_value(void *context, const char *app, const char *secret, const char *key,
		    int length);

/* Writes what was made since. */
int secrets_keep(struct secrets *secrets, struct err *err);

void secrets_free(struct secrets *secrets);
