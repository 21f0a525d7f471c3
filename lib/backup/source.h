/*
 * backup/source: what belongs into a backup, unit by unit.
 *
 * An app's unit has the host paths of its pods, its claims on the node's disk, and what its
 * `backup:` names. It is found in the revisions that are in force, and in what the API server says
 * of live pods and volumes (backup/live.h): now, or when it was asked last.
 *
 *	add_app (each)  ->  add_live  ->  add_claims  ->  add_system  ->  find_unprotected
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
	json_t *volume; /* of the claim, as backup/live.h has it; or NULL */
};

struct backup_source {
	char *name;
	char *ns;	    /* that the app's objects are in where they name none */
	int64_t timeout_ms; /* of the app */
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
	char *note;		 /* why live pods and volumes are not as of now; NULL */
};

void backup_sources_done(struct backup_sources *sources);

/* The host paths of an app's pods and its backup.paths. */
void backup_sources_add_app(struct backup_sources *sources, const struct manifest_app *app,
			    int revision);
/* The host paths of live pods: each goes to the app that made the pod. live may be NULL. After all
 * apps. */
void backup_sources_add_live(struct backup_sources *sources, const json_t *live,
			     const struct manifest_app *const *apps, size_t app_count);
/* The claims that live volumes say are on this node, then those found in the storage directory:
 * each goes to the app that names it or made a pod that uses it, the others to BACKUP_CLAIMS. A
 * storage directory that is not there has none. After add_live. */
int backup_sources_add_claims(struct backup_sources *sources, const json_t *live,
			      const char *storage, const struct manifest_app *const *apps,
			      size_t app_count, struct err *err);
/* The configuration, the state directory, and of k3s what is there: its datastore and token; and
 * the paths of desired.yaml. */
void backup_sources_add_system(struct backup_sources *sources, const char *dir, const char *state,
			       const char *k3s, const json_t *paths);
/* What live pods and volumes have and no unit covers. At the end. */
void backup_sources_find_unprotected(struct backup_sources *sources, const json_t *live);

/* ---- For those who add. */

/* The unit of that name, made when there is none. Until the next call. */
struct backup_source *backup_sources_of(struct backup_sources *sources, const char *name);
/* A path that lies in one that a unit has is in an archive already. claim and volume may be NULL.
 */
void backup_sources_add_tree(struct backup_sources *sources, struct backup_source *source,
			     const char *path, const char *claim, const json_t *volume);
/* True when a unit has this claim. */
bool backup_sources_has_claim(const struct backup_sources *sources, const char *claim);
/* The app that has the object (kind, namespace, name), or the HelmChart of that release; NULL. */
const char *backup_sources_owner(const char *kind, const char *ns, const char *name,
				 const char *release, const struct manifest_app *const *apps,
				 size_t app_count);

/* True when the app names the claim ("NAMESPACE/NAME") in a manifest, or has the chart of its Helm
 * release; volume: what a set or backup/live.h says of the claim, may be NULL. */
bool backup_sources_owns_claim(const struct manifest_app *app, const char *claim,
			       const json_t *volume);

/* True when a unit has this path, or one above it. */
bool backup_sources_cover(const struct backup_sources *sources, const char *path);
