/*
 * backup/bootstrap: a blank machine takes the place of one that is gone.
 *
 *	the node -> its newest good set -> state directory -> data of all apps -> configuration
 *
 * The configuration comes last: once it is there, everything is. What was done is noted in the
 * state directory, so that an interrupted call goes on where it was, with the same set. Data that
 * stands at a place already is never touched, it is told. Claims are left to the caller: their
 * volumes need an API server.
 */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"

struct backup_bootstrap_options {
	struct s3_store *store;
	const struct age_identities *identities; /* may be NULL */
	const char *node;			 /* whose place; NULL: ours, or the only one */
	const char *host;			 /* the name that we have */
	const char *dir, *state_dir, *k3s;
	bool datastore; /* k3s' own datastore and token, too: the same cluster, not a new one */
	time_t now;
	const struct deadline *deadline;
	struct cancel *cancel;
	void (*say)(void *context, const char *text);
	void *context;
};

struct backup_bootstrap_report {
	char *node, *set;
	time_t taken;
	size_t trees;	      /* that came back, now or by an earlier call */
	struct list in_way;   /* paths that hold something else */
	struct list claims;   /* paths of claims, as they were on the node */
	struct list warnings; /* sentences */
};

/* ERR_NOT_FOUND: no backups, or whose place is taken must be said; ERR_EXISTS: this machine has a
 * configuration of its own; ERR_DENIED: it is encrypted for others. */
int backup_bootstrap(const struct backup_bootstrap_options *options,
		     struct backup_bootstrap_report *ret, struct err *err);
void backup_bootstrap_report_done(struct backup_bootstrap_report *report);
