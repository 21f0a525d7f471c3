/*
 * archive: an archive in a store, with its index beside it.
 *
 * KEY.tgz holds the archive; what exceeds one object goes on in KEY.tgz.001 and so on, cut between
 * gzip members, so that `cat KEY.tgz* | tar xz` unpacks it. KEY.idx.gz is its index (tgz/index.h).
 * For recipients both are age files, KEY.tgz.age (.001 ...) and KEY.idx.gz.age: `cat KEY.tgz.age* |
 * age -d -i FILE | tar xz`. Nothing of it is a backup until a set's marker names it.
 *
 *	backup_archive_begin(store, &options, &deadline, &writer, err);
 *	tgz_writer_add_tree(backup_archive_tgz(writer), &walk, err);
 *	backup_archive_finish(writer, &archive, err);
 *	backup_archive_end(writer);
 */
#pragma once

#include <stdint.h>

#include "age/age.h"
#include "base/deadline.h"
#include "base/err.h"
#include "s3/store.h"
#include "tgz/tgz.h"
#include "tgz/writer.h"

struct backup_archive_options {
	const char *key;     /* "kube1/ghost/20261123T020004Z-1a2b3c4d" */
	uint64_t size_bound; /* of what will be archived, as stat says; 0: not known */
	enum tgz_effort effort;
	int threads;				 /* that compress; 0: as many as there are CPUs */
	const struct age_recipients *recipients; /* who may read it; NULL or none: not encrypted */
	/* An upload was begun, for a note that outlives a crash; both may be NULL. */
	void (*began)(void *context, const char *key, const char *upload_id);
	void (*note)(void *context, const struct tgz_note *note);
	void *context;
};

/* What was stored: all that a set's marker has to say of it. */
struct backup_archive {
	struct s3_object *volumes; /* KEY.tgz, KEY.tgz.001 ... */
	size_t volume_count, volume_cap;
	struct s3_object index;
	char sha256[65], index_sha256[65]; /* of what is stored, all volumes together */
	struct tgz_summary summary;	   /* of what is in it */
};

void backup_archive_done(struct backup_archive *archive);
#define cleanup_backup_archive __attribute__((cleanup(backup_archive_done)))

struct backup_archive_writer;

int backup_archive_begin(struct s3_store *store, const struct backup_archive_options *options,
			 const struct deadline *deadline, struct backup_archive_writer **ret,
			 struct err *err);

/* What takes trees and files. Borrowed. */
struct tgz_writer *backup_archive_tgz(struct backup_archive_writer *writer);

int backup_archive_finish(struct backup_archive_writer *writer, struct backup_archive *ret,
			  struct err *err);

/* Frees it; what was not finished is aborted and its volumes are deleted. NULL is fine. */
void backup_archive_end(struct backup_archive_writer *writer);

/* ---- Reading. */

/* The bytes of objects, one behind the other: volumes, or an index, as they are stored. */
struct backup_stored {
	struct s3_store *store;
	const struct s3_object *objects; /* keys and sizes; borrowed */
	size_t count;
	const struct deadline *deadline;
};

/* A struct tgz_source and age_source is this with a struct backup_stored. */
int backup_stored_read(void *stored, uint64_t offset, size_t length, void *bytes, struct err *err);
uint64_t backup_stored_size(const struct backup_stored *stored);

/* What was not encrypted. stored is borrowed as long as the result is used. */
struct tgz_source backup_archive_source(struct backup_stored *stored);
