/* manifest/scope: which kinds live in a namespace, and the resource names of the kinds that every
 * API server has; offline knowledge, so that check and a first plan need no server. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct manifest_kind {
	const char *group;
	const char *kind;
	const char *plural;
	bool namespaced;
};

/* The built-in kind, or NULL. Static. */
const struct manifest_kind *manifest_kind_find(const char *group, const char *kind);

/* The built-in kind of that name in whatever group, or NULL: what a wrong apiVersion meant. */
const struct manifest_kind *manifest_kind_elsewhere(const char *kind);
/* True when the group is one of the API server's own: a kind it lacks is a mistake. */
bool manifest_kind_group_known(const char *group);
/* The names of all built-in kinds, for name_nearest(); returns how many (at most room). */
size_t manifest_kind_names(const char **ret, size_t room);

/* What is known of kinds of well-known add-ons (Traefik, cert-manager ...) whose CRDs need not be
 * in the files. False when nothing is. */
bool manifest_kind_add_on(const char *group, const char *kind, bool *ret_namespaced);

/* Data-bearing kinds that are kept when they leave the files: PersistentVolumeClaim,
 * PersistentVolume, Namespace, CustomResourceDefinition, HelmChart; design.md promise 3. */
bool manifest_kind_bears_data(const char *group, const char *kind);

/* Kinds whose status is health: Deployment, StatefulSet, DaemonSet, Job, CronJob,
 * PersistentVolumeClaim, Pod, ReplicaSet. */
bool manifest_kind_has_health(const char *group, const char *kind);
