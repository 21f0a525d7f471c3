/*
 * tgz: archives that any `tar xzf` opens, written and read in parallel, with an index beside them.
 *
 * The archive is a pax tar stream cut into pieces of 1 MiB, each a gzip member of its own:
 *compressed and inflated on several cores, and read from the middle. A member carries its
 *compressed length in an extra field ("dS"), so that it can be split without the index. The index
 *is text in gzip members
 * (`zcat x.idx.gz | less`, tgz/index.h): one line for each entry, with SHA-256 and where it lies.
 *
 *	walk  ->  tar blocks  ->  codec, in threads  ->  sink       (tgz/walk.h, tgz/writer.h)
 *	source  ->  codec, in threads  ->  tar entries  ->  directory    (tgz/read.h)
 *
 * Sinks and sources are functions, so that this folder knows neither S3 nor encryption. Memory is
 * constant at any size but for the names of one directory and the hard links that are still to
 *come.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TGZ_BLOCK ((size_t)1 << 20) /* of the tar stream in one member */

/* Takes all bytes, in order. Called on the thread that writes. */
struct tgz_sink {
	int (*write)(void *context, const void *bytes, size_t length, struct err *err);
	void *context;
};

/* Gives exactly these bytes. Called on several threads at once. */
struct tgz_source {
	int (*read)(void *context, uint64_t offset, size_t length, void *bytes, struct err *err);
	void *context;
	uint64_t size;
};

/* How hard to compress. */
enum tgz_effort {
	TGZ_FAST,  /* ISA-L, or the lowest level of what is built in */
	TGZ_SMALL, /* libdeflate or zlib, level 6: a tenth less to store, five times the work */
};

/* "isal libdeflate zlib": what this binary was built with, best first. */
const char *tgz_codecs(void);

/* What the user must hear of an entry. */
enum tgz_note_kind {
	TGZ_CHANGED,	/* its size, time or inode changed while it was read */
	TGZ_GREW,	/* what came after the size in its header was left out */
	TGZ_SHRANK,	/* the rest was filled with zeros */
	TGZ_VANISHED,	/* it was listed and then gone */
	TGZ_UNREADABLE, /* it is not in the archive: the only kind that is an error */
	TGZ_MOUNT,	/* another file system: only the mount point is in the archive */
	TGZ_CACHE,	/* CACHEDIR.TAG: only the directory and its tag are in the archive */
	TGZ_SPECIAL,	/* a socket or a device is left out */
	TGZ_NOT_KEPT,	/* when extracting: an owner, attribute or ACL could not be set */
};

struct tgz_note {
	enum tgz_note_kind kind;
	const char *path; /* in the archive; bytes, not necessarily UTF-8 */
	const char *text; /* "grew from 512 to 600 bytes while it was read" */
};

/* "changed", "grew" ...: stable names for JSON. Static. */
const char *tgz_note_name(enum tgz_note_kind kind);
