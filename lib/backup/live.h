/*
 * backup/live: what only the API server knows of the data on this node: which pods use which
 * directory, and which directory a claim is. A HelmChart's claims are in no manifest.
 *
 * It is asked once a run, and remembered in STATE/backup/live.json: while the server is away, what
 * it said last is used.
 *
 *	{when, node, pods: [{pod: "NAMESPACE/NAME", kind, name, namespace, release, paths: [..],
 *	 claims: [NAME ..]}], claims: {"NAMESPACE/NAME": {path, volume, class, capacity,
 *	 accessModes, volumeMode, form, release} or {elsewhere: "nfs"}}}
 *
 * kind and name are those of what made the pod (a Deployment, not its ReplicaSet), release is the
 * Helm release. form is "local" or "hostPath".
 */
#pragma once

#include <jansson.h>

#include "base/deadline.h"
#include "kube/client.h"

/* Asks; remembers it unless state_dir is NULL. `node` is the name of this machine, which is looked
 * for among the nodes where there are several. New reference. */
int backup_live_ask(struct kube_client *client, const char *node, const char *state_dir,
		    const struct deadline *deadline, json_t **ret, struct err *err);

/* What was remembered; NULL when nothing was. New reference. */
json_t *backup_live_recall(const char *state_dir);

/* The facts in what the server lists. Pure; new reference. */
json_t *backup_live_facts(const json_t *nodes, const json_t *pods, const json_t *volumes,
			  const json_t *claims, const char *machine);
