/*
 * backup/source: what belongs into a backup, unit by unit.
 *
 * An app's unit has the host paths of its pods, its claims on the node's disk, and what its
 * `backup:` names. It is found in the revisions that are in force, so that it needs neither the
 * files nor an API server.
 */
#pragma once

#include <jansson.h>

#include "backup/set.h"
#include "manifest/set.h"

/* k3s' local-path provisioner keeps claims in STORAGE/pvc-UID_NAMESPACE_NAME
 * (github.com/rancher/local-path-provisioner, README). */
#define BACKUP_STORAGE "/var/lib/rancher/k3s/storage"
#define BACKUP_K3S     "/var/lib/rancher/k3s/server"

struct backup_tree {
	char *path;  /* on the node */
	char *name;  /* in the archive: the path without its first slash, _claims/NAMESPACE/NAME */
	char *claim; /* "NAMESPACE/NAME"; or NULL */
};

struct backup_source {
	char *name;
	int revision;
	struct backup_tree *trees;
	size_t count;
	struct list exclude; /* patterns of tgz/walk.h */
	json_t *options;     /* the app's `backup:`; or NULL */
};

struct backup_sources {
	struct backup_source *items;
	size_t count;
	struct list unprotected; /* "/run/x (app web: a system directory)" */
};

void backup_sources_done(struct backup_sources *sources);

/* The host paths of an app's pods and its backup.paths. */
void backup_sources_add_app(struct backup_sources *sources, const struct manifest_app *app,
			    int revision);
/* The claims found in the storage directory: each goes to the app that names it, the others to
 * BACKUP_CLAIMS. A storage directory that is not there has none. After all apps. */
int backup_sources_add_claims(struct backup_sources *sources, const char *storage,
			      const struct manifest_app *const *apps, size_t app_count,
			      struct err *err);
/* The configuration, the state directory, and of k3s what is there: its datastore and token; and
 * the paths of desired.yaml. */
void backup_sources_add_system(struct backup_sources *sources, const char *dir, const char *state,
			       const char *k3s, const json_t *paths);

/* True when a unit has this path, or one above it. */
bool backup_sources_cover(const struct backup_sources *sources, const char *path);
