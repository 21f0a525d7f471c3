/*
 * read: entries of an archive back to a directory, or only looked at, verified against its index.
 *
 * Nothing is ever written outside of the directory: an absolute name, "..", a name that leads
 * through a symbolic link or a device node ends it with ERR_INVALID, since no archive of ours has
 * any. Each file's size and SHA-256 is compared with the index; the first difference ends it,
 * named.
 */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/list.h"
#include "tgz/index.h"
#include "tgz/tgz.h"

struct tgz_read_options {
	struct tgz_source archive;
	struct tgz_source index;
	const char *name; /* of the archive, for messages */
	/* An existing directory; NULL: verify only. Owners are kept when we are root, else ours. */
	const char *into;
	/* Which entries; NULL: all. Called in their order. A hard link whose target is not chosen
	 * becomes a file. */
	bool (*choose)(void *context, const struct tgz_index_entry *entry);
	/* The path below `into`; NULL: as in the archive. Returns one that the caller frees. */
	char *(*rename)(void *context, const char *path);
	/* Files that are there with the size and SHA-256 of the index are not fetched again. */
	bool resume;
	/* After each entry, for progress. May be NULL. */
	void (*done)(void *context, const struct tgz_index_entry *entry);
	void (*note)(void *context, const struct tgz_note *note); /* TGZ_NOT_KEPT; may be NULL */
	void *context;
	int threads; /* that fetch and inflate; 0: 4 */
	const struct cancel *cancel;
};

struct tgz_read_summary {
	uint64_t entries, bytes; /* that were extracted or verified */
	uint64_t kept;		 /* files that were already there (resume) */
	uint64_t fetched;	 /* bytes read from the archive */
};

/* ERR_INVALID when archive and index disagree or one is damaged; ERR_IO, ERR_NOT_FOUND, ERR_EXISTS
 * for the directory; errors of the sources. With `into`, all is on disk when it returns. */
int tgz_read(const struct tgz_read_options *options, struct tgz_read_summary *ret, struct err *err);
