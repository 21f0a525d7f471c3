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

/* Data-bearing kinds that are kept when they leave the files: PersistentVolumeClaim,
 * PersistentVolume, Namespace, CustomResourceDefinition, HelmChart; design.md promise 3. */
bool manifest_kind_bears_data(const char *group, const char *kind);

/* Kinds whose status is health: Deployment, StatefulSet, DaemonSet, Job, CronJob,
 * PersistentVolumeClaim, Pod, ReplicaSet. */
bool manifest_kind_has_health(const char *group, const char *kind);
