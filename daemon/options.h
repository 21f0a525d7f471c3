/*
 * options: the command line, as one struct.
 *
 * The global options may stand before or after the verb, a verb's own only after it. Both are
 * tables, so that parsing, the help and the nearest-name hint read the same lines.
 *
 * Texts that were given on the command line are borrowed from argv.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"
#include "base/map.h"

struct masking;

struct option_spec {
	const char *name;     /* "for", without dashes; NULL ends a table */
	const char *argument; /* "TIME"; NULL for a switch */
	const char *help;     /* one line */
};

struct options {
	const char *dir, *state, *runtime;
	char *config;		/* DIR/desired.yaml unless --config was given; owned */
	const char *kubeconfig; /* NULL: as desired.yaml says */
	const char *app;	/* NULL: all */
	struct list tags, skip_tags;
	bool json;
	struct masking *masking; /* of this process; borrowed, NULL in tests of less */

	bool help, version;
	const char *verb;      /* NULL: none was written */
	struct map values;     /* of the verb's own options; "" for a switch */
	struct list arguments; /* what is neither an option nor the verb */
};

#define cleanup_options __attribute__((cleanup(options_done)))

/* Those of every verb. Static, ended by a NULL name. */
const struct option_spec *options_global(void);

/* Reads argv. `specs_of` returns the table of a verb, or NULL with err filled when there is no such
 * verb. ERR_INVALID for everything that is wrong usage; ret may be released either way. */
int options_parse(int argc, char **argv,
		  const struct option_spec *(*specs_of)(const char *verb, struct err *err),
		  struct options *ret, struct err *err);

/* The value of a verb's own option, or NULL when it was not given. Borrowed. */
const char *options_value(const struct options *options, const char *name);
bool options_given(const struct options *options, const char *name);

void options_done(struct options *options);
