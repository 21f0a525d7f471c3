/*
 * store: where the backups of this node are, from `backup:` in desired.yaml, opened for one verb.
 *
 *	backup:
 *	  target: s3://bucket/prefix | file:///directory
 *	  endpoint, region, profile       as in AWS' own files, which are read too
 *	  node: NAME                      the host's name unless it is given
 *	  keep: {last, daily, weekly, monthly, yearly}
 *	  paths: [...]                    more than the apps have
 *	  encrypt, identity               backup/keys.h
 */
#pragma once

#include "backup/backup.h"
#include "http/http.h"
#include "options.h"
#include "source/settings.h"

struct store {
	const struct options *options;
	struct source_settings settings;
	struct http *http;
	struct s3_store *store;
	struct kube_client *client; /* NULL: there is no kubeconfig; asked nothing yet */
	char *node;
	char *storage, *k3s; /* as lib/backup/source.h says, unless the settings say otherwise */
	struct age_recipients recipients; /* who may read what is written */
	struct age_identities identities; /* with which what was written is read */
	struct cancel *cancel;
	struct deadline deadline; /* of the whole verb */
};

#define STORE_INIT    ((struct store){0})
#define cleanup_store __attribute__((cleanup(store_close)))

/* True when desired.yaml names a target. */
bool store_wanted(const struct source_settings *settings);

/* Reads the settings and opens the store; asks it nothing. ERR_NOT_FOUND when no target is named,
 * with what to write. target and node may be NULL: as the settings say. --identity is read. SIGINT
 * and SIGTERM raise cancel from now on. Before any thread is made. */
int store_open(const struct options *options, const char *target, const char *node,
	       struct store *ret, struct err *err);
void store_close(struct store *store);

/* Reads who may read what is written; before anything is. ERR_INVALID: backup/keys.h. */
int store_recipients(struct store *store, struct err *err);

/* What lib/backup wants to know of it. */
struct backup_options store_backup_options(const struct store *store);
