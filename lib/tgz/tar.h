/*
 * tar: entries as a pax stream, through libarchive.
 *
 * The stream is written piece by piece through a function. After tgz_tar_begin() exactly the size
 * of the entry is to be written (holes included, as zeros), then tgz_tar_end().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "tgz/tgz.h"

struct tgz_tar;

/* What goes into a header beside what stat tells. */
struct tgz_tar_entry {
	const char *path;
	struct stat st;
	const char *symlink;  /* where it leads; or NULL */
	const char *hardlink; /* the path in the archive of what it is the same as; or NULL */
	int fd;		      /* of a file or directory, for attributes, ACLs and holes; -1: none */
	const char *host;     /* a path that leads to a symlink, for its attributes; or NULL */
	bool sparse;	      /* look for holes in fd */
	bool extended;	      /* it has attributes or an ACL: tgz_tar_is_extended() */
};

struct tgz_tar *tgz_tar_new(const struct tgz_sink *sink);
void tgz_tar_free(struct tgz_tar *tar); /* NULL is fine */

/* Whether fd or host has attributes or an ACL. Few things have any. */
bool tgz_tar_is_extended(const struct tgz_tar_entry *entry);

/* Errors are those of the sink, and ERR_INVALID for what no header can hold. */
int tgz_tar_begin(struct tgz_tar *tar, const struct tgz_tar_entry *entry, struct err *err);
int tgz_tar_write(struct tgz_tar *tar, const void *bytes, size_t length, struct err *err);
int tgz_tar_end(struct tgz_tar *tar, struct err *err);

/* The end of the stream. */
int tgz_tar_finish(struct tgz_tar *tar, struct err *err);
