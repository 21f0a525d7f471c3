/*
 * secrets: the values that `secrets: {generate: ...}` of an app.yaml asked for. Made once, kept in
 * STATE/secrets.json (0600), the same ever after.
 *
 * A value belongs to a key of a Secret in a namespace, so that it outlives the name of the app and
 * of its files; an app that moves to another namespace takes its values with it. One that is not
 * kept although the Secret is in the cluster was lost with the state directory: it is taken from
 * there, and that is told. Every value is told to the mask.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/list.h"
#include "base/mask.h"
#include "source/load.h"

struct secrets;

struct secrets_options {
	const char *state_dir;
	bool make; /* what is missing is made and kept; else it is told as a placeholder, for verbs
		    * that change nothing */
	struct mask *mask; /* may be NULL */
	/* The `data` of a Secret in the cluster, a new reference; NULL: it is not there, or
	 * (*ret_answered is false) nobody answers. May be NULL. */
	json_t *(*ask)(void *context, const char *ns, const char *name, bool *ret_answered);
	void *context;
};

/* Reads what is kept. */
int secrets_open(const struct secrets_options *options, struct secrets **ret, struct err *err);

/* For source_options.generated; context is a struct secrets. */
char *secrets_value(void *context, const struct source_generated *wanted);

/* Writes what was made since. */
int secrets_keep(struct secrets *secrets, struct err *err);

/* What was taken from the cluster, a sentence each. Borrowed. */
const struct list *secrets_taken(const struct secrets *secrets);

void secrets_free(struct secrets *secrets);
