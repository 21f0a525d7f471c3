/*
 * backup/restore: units of a set back to the disk.
 *
 *	set -> trees -> archive to DIR.restoring-ID, verified against the index
 *	    -> pods that use DIR stopped (backup/halt.h) -> swapped with DIR -> started again
 *
 * What stands at the place is never written over: an empty directory is replaced, anything else
 * only with `replace`, and is kept as DIR.before-ID. A mount point stays; what is in it is swapped.
 * Interrupted, the same call goes on where it was: files that are there already are not fetched
 * again.
 */
#pragma once

#include "age/age.h"
#include "backup/archive.h"
#include "backup/catalog.h"
#include "base/event.h"
#include "kube/client.h"
#include "tgz/tgz.h"

struct backup_restore_options {
	struct s3_store *store;
	const struct age_identities *identities; /* for what is encrypted; may be NULL */
	struct kube_client *client;		 /* NULL: no pods are stopped, no volumes made */
	const char *state_dir; /* where a stop is noted; NULL: nothing is stopped */
	const char *machine;   /* this node's name; may be NULL */
	struct event_sink *sink;
	const struct backup_set *set;
	const char *unit; /* an app or instance; NULL: all but BACKUP_SYSTEM */
	bool system;	  /* BACKUP_SYSTEM too */
	const char *path; /* only this file or directory, as it was on the node; NULL: all */
	const char *into; /* below this directory instead of at the old places; NULL */
	bool replace, dry_run;
	const struct deadline *deadline;
	struct cancel *cancel;
	/* A line about each tree that is done: "/home/kube/blog: 512 files, 31.2 MB". */
	void (*say)(void *context, const char *text);
	void *context;
};

struct backup_restore_report {
	size_t trees;
	uint64_t files, bytes, fetched;
	struct list kept_before; /* directories that hold what was there */
	struct list notes;	 /* owners that could not be set ... */
};

/* ERR_BUSY, ERR_TIMEOUT and ERR_INVALID as backup_halt_begin() has them: nothing was swapped.
 * ERR_EXISTS names what is in the way, before anything is fetched; ERR_NOT_FOUND: no unit has the
 * path; ERR_INVALID: the archive does not match its index. */
int backup_restore(const struct backup_restore_options *options, struct backup_restore_report *ret,
		   struct err *err);
void backup_restore_report_done(struct backup_restore_report *report);
