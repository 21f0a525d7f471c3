/*
 * source/upgrade: how the files would have to be written for APIs that are served (`desired
 * upgrade-manifests`).
 *
 *	read everything -> what each object needs (manifest/migrate.h) -> edits, file by file
 *	  -> read everything again with the new texts -> the same, but for what was to change
 *
 * Nothing is written. An object whose change cannot be shown to be right by that second reading
 * stays as it is, with what else is made by the same lines, and is named with what a person must
 * do.
 */
#pragma once

#include "base/diag.h"
#include "source/load.h"

struct source_upgrade_file {
	char *path; /* relative to the directory */
	char *before, *after;
	size_t before_length, after_length;
};

struct source_upgrade {
	struct source_upgrade_file *files; /* by path */
	size_t count;
	size_t objects;		   /* that are rewritten */
	struct diag_list findings; /* errors: left as they are; warnings: left to a person */
};

/* `wanted`: files (relative to the directory) and apps to look at; none: all. ERR_NOT_FOUND for one
 * that is neither, ERR_INVALID when nothing of the directory can be read. */
int source_upgrade(const struct source_options *options, const struct list *wanted,
		   struct source_upgrade *ret, struct err *err);
void source_upgrade_done(struct source_upgrade *upgrade);
