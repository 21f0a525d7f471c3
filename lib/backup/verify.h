/* backup/verify: whether a set could be restored from. */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"

struct backup_verify_options {
	struct s3_store *store;
	const struct backup_set *set;
	const struct age_identities *identities; /* may be NULL */
	bool deep;  /* fetch, inflate and hash every file; else only that every object is there,
		       whole. What none of the identities can read is fetched, and its bytes as
		       they are stored compared with their SHA-256 */
	int sample; /* of the files, in percent, chosen anew each time; 0: none */
	const struct deadline *deadline;
	struct cancel *cancel;
};

struct backup_verify_report {
	uint64_t files, bytes; /* that were hashed */
	size_t sealed;	       /* units that no identity can read */
	struct list problems;  /* "ghost: archive is 5 bytes short" */
};

/* Problems are in the report; an error means that it could not be looked at. */
int backup_verify(const struct backup_verify_options *options, struct backup_verify_report *ret,
		  struct err *err);
void backup_verify_report_done(struct backup_verify_report *report);
