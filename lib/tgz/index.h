/*
 * index: what an archive holds and where, as text.
 *
 * Gzip members of about 128 KiB of text each, so that one entry is found by reading the end and one
 * block. Fields are separated by tabs; in a path, tab, newline, backslash and what is not UTF-8 are
 * \t \n \\ \xHH. The lines:
 *
 *	desired-index 1
 *
 *	M offset length tar-offset tar-length
 *		a member of the archive
 *
 *	E type mode uid gid size mtime sha256 offset length skip path [target]
 *		an entry: type is f d l h p (file, directory, symbolic link, hard link, fifo); mode
 *		has a plus behind it when there are attributes or an ACL, which only the archive
 *		holds; mtime is seconds.nanoseconds; sha256 is - but for files; offset and length
 *		say which bytes of the archive hold the members with this entry, skip how far into
 *		them it begins. An entry stands behind the last of its members.
 *
 *	N kind path text
 *		a note
 *
 *	B offset length first-path archive-offset
 *		a block of the index; all of them stand in the root, the last member but one
 *
 *	S archive-size archive-sha256 entries sorted
 *		the last line of the root
 *
 *	R offset length
 *		where the root is: alone in the last member, which has 67 bytes
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "tgz/tgz.h"

enum tgz_type {
	TGZ_FILE = 'f',
	TGZ_DIRECTORY = 'd',
	TGZ_SYMLINK = 'l',
	TGZ_HARDLINK = 'h',
	TGZ_FIFO = 'p',
};

struct tgz_index_entry {
	enum tgz_type type;
	unsigned int mode, uid, gid; /* mode without the type */
	bool extended;		     /* has attributes or an ACL */
	uint64_t size;
	int64_t mtime;
	int mtime_ns;
	char sha256[65];	 /* "" but for files */
	uint64_t offset, length; /* in the archive */
	uint64_t skip;		 /* from the start of the first member, in the tar stream */
	const char *path;
	const char *target; /* of links; or NULL */
};

/* An entry, its strings borrowed for the call. A result other than 0 ends the reading and is
 * returned. */
struct tgz_index_visitor {
	int (*entry)(void *context, const struct tgz_index_entry *entry, struct err *err);
	void (*note)(void *context, const struct tgz_note *note); /* may be NULL */
	void *context;
};

struct tgz_index_summary {
	uint64_t archive_size, entries;
	char archive_sha256[65];
};

/* Reads all of it, in constant memory. ERR_INVALID when it is damaged, cut short or none. */
int tgz_index_read(const struct tgz_source *source, const struct tgz_index_visitor *visitor,
		   struct tgz_index_summary *ret, struct err *err);

/* Visits the entry of that path (slashes before it do not count), and when it is a directory all
 * below it, reading only the blocks that can hold them. ERR_NOT_FOUND when there is none. */
int tgz_index_find(const struct tgz_source *source, const char *path,
		   const struct tgz_index_visitor *visitor, struct err *err);
