/*
 * backup/rehearse: a restore that nobody needs yet: unit by unit to a scratch directory, so that it
 * is known to work on the day when it must.
 *
 * Each file is compared with its SHA-256 twice: as it comes, and as it lies on the disk. SQLite
 * databases pass an integrity check, dumps are listed. A unit is gone again before the next comes,
 * so that the scratch place needs room for the largest only. Of what is encrypted for others, the
 * bytes in the store are fetched and compared.
 */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"

struct backup_rehearse_options {
	struct s3_store *store;
	const struct backup_set *set;
	const struct age_identities *identities; /* may be NULL */
	const char *scratch; /* a directory; it is made, and what is in it goes before and after */
	const struct deadline *deadline;
	struct cancel *cancel;
	/* A line about each unit that is done. */
	void (*say)(void *context, const char *text);
	void *context;
};

struct backup_rehearse_report {
	uint64_t files, bytes;
	size_t databases;
	size_t sealed;	      /* units that no identity can read */
	struct list dumps;    /* "blog: blog.sql: 12 tables ..." */
	struct list problems; /* "blog: /srv/blog/ghost.db: ..." */
};

/* What is wrong with the set is a problem; an error means that it could not be tried: no room, no
 * store. */
int backup_rehearse(const struct backup_rehearse_options *options,
		    struct backup_rehearse_report *ret, struct err *err);
void backup_rehearse_report_done(struct backup_rehearse_report *report);
