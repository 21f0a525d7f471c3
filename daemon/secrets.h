/*
 * secrets: the values that `secrets: {generate: ...}` of an app.yaml asked for. Made once, kept in
 * STATE/secrets.json (0600), the same ever after.
 *
 * A value belongs to a key of a Secret in a namespace, so that it outlives the name of the app and
 * of its files; an app that moves to another namespace takes its values with it. Every value that
 * is kept is told to the mask.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mask.h"
#include "source/load.h"

struct secrets;

/* Reads what is kept; mask may be NULL. `make`: values that are missing are made and kept; else
 * they are told as placeholders, for verbs that change nothing. */
int secrets_open(const char *state_dir, bool make, struct mask *mask, struct secrets **ret,
		 struct err *err);

/* For source_options.generated; context is a struct secrets. */
char *secrets_value(void *context, const struct source_generated *wanted);

/* Writes what was made since. */
int secrets_keep(struct secrets *secrets, struct err *err);

void secrets_free(struct secrets *secrets);
