/* backup/unit: one unit of a set, from the node's disk into the store. */
#pragma once

#include "backup/archive.h"
#include "backup/source.h"
#include "base/event.h"
#include "kube/client.h"

struct backup_unit_options {
	struct s3_store *store;
	struct kube_client *client; /* for dumps in pods and cold copies; may be NULL */
	const char *state_dir;
	struct event_sink *sink; /* may be NULL */
	const char *node, *id;
	const char *scratch; /* a directory for copies of databases and for dumps */
	enum tgz_effort effort;
	const struct age_recipients *recipients; /* none: not encrypted */
	const struct deadline *deadline;
	struct cancel *cancel;
	/* A multipart upload began: for a note that outlives a crash. */
	void (*began)(void *context, const char *key, const char *upload_id);
	void *context;
};

/* What a unit looks like now: a digest of names, sizes, times and inodes of all that would be
 * archived, and its size. Trees that are not there are left out and noted. */
struct backup_look {
	char *fingerprint;
	uint64_t bytes, files;
	bool has_programs; /* what a program prints, or does before, is never known to be unchanged
			    */
	struct list missing;
};
int backup_unit_look(const struct backup_source *source, struct backup_look *ret, struct err *err);
void backup_look_done(struct backup_look *look);

/* Hooks, dumps, archive, index; an app that is `cold` stands still while its files are read. Fills
 * state, objects, counts and notes of `unit`; an error means that the unit failed, and that nothing
 * of it is in the store. */
int backup_unit_write(const struct backup_unit_options *options, const struct backup_source *source,
		      const struct backup_look *look, struct backup_unit *unit, struct err *err);
