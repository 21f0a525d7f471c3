/*
 * backup: a run, from the node's disk to a set in the store.
 *
 *	sources (revisions in force, claims on disk) -> look -> unchanged? name the old objects
 *	                                             -> archive -> marker, read back -> retention
 *
 * The sibling of reconcile. It needs no API server, and runs in a process of its own.
 */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"
#include "backup/retain.h"
#include "backup/unit.h"
#include "base/event.h"
#include "kube/client.h"

struct backup_options {
	struct s3_store *store;
	struct kube_client *client; /* NULL: live pods and volumes are not asked for */
	const char *node;
	const char *version, *cluster; /* for the marker; cluster may be NULL */
	const char *state_dir;
	const char *dir;     /* /etc/desired */
	const char *storage; /* BACKUP_STORAGE */
	const char *k3s;     /* BACKUP_K3S */
	const json_t *paths; /* backup.paths of desired.yaml; may be NULL */
	const char *only;    /* one app or instance; NULL: everything */
	bool full;	     /* send unchanged units too */
	bool dry_run;	     /* look only */
	enum tgz_effort effort;
	const struct age_recipients *recipients; /* who may read it; none: it is not encrypted */
	struct backup_retain keep;
	const struct deadline *deadline;
	struct cancel *cancel;
	struct event_sink *sink; /* what happens, unit by unit; may be NULL */
};

struct backup_report {
	struct backup_set *set; /* as its marker has it; of a dry run: as it would be */
	size_t sent, unchanged;
	uint64_t bytes_sent;
	char *retention;     /* why nothing was deleted though it should; NULL */
	size_t deleted;	     /* sets */
	struct list orphans; /* notes about uploads that were ended */
};

/* ERR_BUSY when another run is under way. Success means that the marker is there: look at its
 * state. An error means that there is no set of this run. */
int backup_run(const struct backup_options *options, struct backup_report *ret, struct err *err);
void backup_report_done(struct backup_report *report);

/* What would be in a backup now. */
int backup_find_sources(const struct backup_options *options, struct backup_sources *ret,
			struct err *err);

/* Deletes the sets that the rules do not keep, markers first, then the objects that no other set
 * names. ret_deleted: ids. dry_run: only says which. ERR_INVALID as backup_retain(). */
int backup_forget(const struct backup_options *options, struct list *ret_deleted, struct err *err);
