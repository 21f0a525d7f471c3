/*
 * disk: entries into a directory, through libarchive, and never outside of it.
 *
 * Paths are those in the archive or what the caller made of them; each is checked here. Owners are
 * set when we are root. Directories get their mode and time at the end.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

#include "base/err.h"
#include "tgz/index.h"
#include "tgz/tgz.h"

struct tgz_disk;

struct tgz_disk_options {
	const char *into;				  /* must exist */
	char *(*rename)(void *context, const char *path); /* NULL: as they are */
	void (*note)(void *context, const struct tgz_note *note);
	void *context;
};

int tgz_disk_open(const struct tgz_disk_options *options, struct tgz_disk **ret, struct err *err);
void tgz_disk_free(struct tgz_disk *disk); /* NULL is fine */

/* ERR_INVALID unless the path stays below where it starts: not absolute, no "..", not empty. */
int tgz_disk_check_path(const char *path, struct err *err);

/* Begins an entry from the archive's header, or (NULL) from what the index knows. `path` is where
 * it goes instead of entry->path; NULL: there. */
int tgz_disk_begin(struct tgz_disk *disk, const struct tgz_index_entry *entry,
		   struct archive_entry *header, const char *path, struct err *err);
/* A piece of its content; what lies between pieces becomes a hole. */
int tgz_disk_write(struct tgz_disk *disk, const void *bytes, size_t length, int64_t offset,
		   struct err *err);
int tgz_disk_end(struct tgz_disk *disk, struct err *err);

/* Whether the file there is this one, attributes aside: to be left as it is. */
bool tgz_disk_has(struct tgz_disk *disk, const struct tgz_index_entry *entry);

/* The modes and times of directories; then all of it to the disk. */
int tgz_disk_finish(struct tgz_disk *disk, struct err *err);
