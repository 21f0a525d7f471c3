/*
 * backup/workload: something that makes pods, stopped and started again.
 *
 * Deployments, StatefulSets, ReplicaSets and ReplicationControllers are scaled to zero, CronJobs
 * and Jobs suspended, a DaemonSet is bound to nodes that there are none of. What is needed to go
 * back is in a JSON tree that its owner keeps on disk *before* anything is stopped:
 *
 *	{kind, namespace, name, uid, before: REPLICAS | true | false | null, managed: [..]}
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "kube/client.h"

/* What it is like now. ERR_INVALID when such a thing cannot be stopped, with what to do instead.
 * New reference. */
int backup_workload_read(struct kube_client *client, const char *kind, const char *ns,
			 const char *name, const struct deadline *deadline, json_t **ret,
			 struct err *err);

/* "Deployment blog/ghost": for messages. Caller frees. */
char *backup_workload_text(const json_t *workload);

/* May be repeated. One that is gone is fine. */
int backup_workload_stop(struct kube_client *client, const json_t *workload,
			 const struct deadline *deadline, struct err *err);

/* As it was before, and owned by whoever owned it then, so that no drift is seen. 1; 0 when it is
 * gone, is another one by now, or was started by somebody else meanwhile: it is left alone. */
int backup_workload_start(struct kube_client *client, const json_t *workload,
			  const struct deadline *deadline, struct err *err);

/* What metadata.managedFields has to be after the start: that of before, with what others wrote
 * meanwhile. Pure; new reference. */
json_t *backup_workload_managed(const json_t *before, const json_t *now);
