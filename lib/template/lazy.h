/*
 * template/lazy: strings of variable files that hold markup and wait for their use (rule R6).
 */
#pragma once

#include "template/types.h"

struct template;

struct lazy {
	char *text;
	size_t length;
	char *file;
	int line, column;
	char *path;		   /* "ghosts.url", for messages */
	struct template *template; /* compiled at the first use */
	struct err problem;	   /* why it does not compile */
	bool known;		   /* template or problem is filled */
	bool secret; /* stood in an encrypted file: what it gives is told to the loader */
};

/* A value of kind VALUE_TEMPLATE. */
struct value *template_lazy_new(const char *text, size_t length, const char *file, int line,
				int column, const char *path);
void template_lazy_free(struct lazy *lazy);
/* The compiled template; NULL when it does not compile, then lazy->problem says why. */
const struct template *template_lazy_compile(struct lazy *lazy);
