/*
 * writer: trees and single files into an archive and its index.
 *
 *	tgz_writer_new(&options, &writer);
 *	tgz_writer_add_tree(writer, &walk, err);	as often as wanted
 *	tgz_writer_finish(writer, &summary, err);
 *	tgz_writer_free(writer);
 *
 * Owners are numbers (names differ between hosts and containers). A file that changes while it is
 *read is archived as far as possible and noted; the archive stays valid. Sinks are called on the
 * caller's thread.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "base/deadline.h"
#include "base/err.h"
#include "tgz/tgz.h"
#include "tgz/walk.h"

struct tgz_writer;

struct tgz_writer_options {
	struct tgz_sink archive;
	struct tgz_sink index;
	enum tgz_effort effort;
	int threads;		     /* that compress; 0: as many as there are CPUs, at most 4 */
	const struct cancel *cancel; /* ends it with ERR_CANCELED; may be NULL */
	void (*note)(void *context, const struct tgz_note *note); /* may be NULL */
	void *context;
};

struct tgz_summary {
	uint64_t files, directories, links; /* links: symbolic and hard ones */
	uint64_t bytes;			    /* of content, without holes */
	uint64_t archive_size, index_size;
	char archive_sha256[65], index_sha256[65];
	uint64_t notes;	 /* of any kind but the next */
	uint64_t errors; /* entries that are not in the archive: TGZ_UNREADABLE */
};

struct tgz_writer *tgz_writer_new(const struct tgz_writer_options *options);

/* Archives what tgz_walk() finds; walk->visit may choose and substitute (it is called before the
 * entry is read), walk->note may be NULL. A negative result of a sink ends everything. */
int tgz_writer_add_tree(struct tgz_writer *writer, const struct tgz_walk_options *walk,
			struct err *err);

/* One regular file that has no place on disk, such as a database dump: the content of fd from its
 * start. */
struct tgz_file {
	const char *path; /* "_dumps/ghost.sql" */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	time_t modified;
};
int tgz_writer_add_file(struct tgz_writer *writer, const struct tgz_file *file, int fd,
			struct err *err);

/* Writes the end of both. */
int tgz_writer_finish(struct tgz_writer *writer, struct tgz_summary *ret, struct err *err);

void tgz_writer_free(struct tgz_writer *writer); /* NULL is fine */
