/*
 * command: the verbs, by table.
 *
 * A verb is a name, a function, what it takes and what its help says. Each verb_*.c defines its
 * commands beside their functions; command.c only lists them.
 */
#pragma once

#include <stddef.h>

#include "options.h"

/* The exit codes of every verb; design.md section 2. */
enum command_exit {
	COMMAND_FINE = 0,
	COMMAND_FAILED = 1,
	COMMAND_PENDING = 2,  /* plan: changes are pending */
	COMMAND_WARNINGS = 3, /* done, with warnings */
	COMMAND_BUSY = 4,
	COMMAND_USAGE = 64,
};

struct command {
	const char *name;
	enum command_exit (*run)(const struct options *options);
	const char *arguments; /* "APP"; "" when it takes none */
	const char *summary;   /* one line of `desired help` */
	const char *text;      /* the rest of `desired VERB --help`: what, when, exit codes */
	const struct option_spec *options; /* its own; ended by a NULL name */
	size_t min, max;		   /* how many arguments */
};

/* For verbs without options of their own. */
extern const struct option_spec command_no_options[];

/* Reads the command line and runs the verb (or prints help, the version, or what was wrong). */
enum command_exit command_main(int argc, char **argv);
