/* backup/verify: whether a set could be restored from. */
#pragma once

#include "backup/catalog.h"

struct backup_verify_options {
	struct s3_store *store;
	const struct backup_set *set;
	bool deep;  /* fetch, inflate and hash every file; else only that every object is there,
		       whole */
	int sample; /* of the files, in percent, chosen anew each time; 0: none */
	const struct deadline *deadline;
	struct cancel *cancel;
};

struct backup_verify_report {
	uint64_t files, bytes; /* that were hashed */
	struct list problems;  /* "ghost: archive is 5 bytes short" */
};

/* Problems are in the report; an error means that it could not be looked at. */
int backup_verify(const struct backup_verify_options *options, struct backup_verify_report *ret,
		  struct err *err);
void backup_verify_report_done(struct backup_verify_report *report);
