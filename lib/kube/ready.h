/*
 * kube/ready: whether an object has become what it says, per kind, as kstatus judges it
 * (sigs.k8s.io/cli-utils/pkg/kstatus), and the reason when not. Two things differ: a Job is ready
 * when it is complete, not when it runs; a claim that no pod uses yet is not waited for, because
 * with WaitForFirstConsumer (k3s' local-path) it may stay unbound for ever.
 */
#pragma once

#include <jansson.h>

#include "kube/client.h"

enum kube_state {
	KUBE_READY,
	KUBE_WAITING, /* may become ready by itself */
	KUBE_FAILED,  /* will not: a failed Job, an exceeded progress deadline */
};

/* Judges a whole object; pure. ret_reason: "1 of 2 replicas are available"; caller frees; NULL
 * when ready. Objects without health are ready once they exist. */
enum kube_state kube_ready(const json_t *object, char **ret_reason);

/* Looks behind a workload that is not ready: its newest pods' scheduling, image pull, probes,
 * exit codes. Returns the most telling sentence ("pod ghost-0: 0/1 nodes are available: 1 node(s)
 * didn't have free ports for the requested pod ports") or NULL; errors are not reported. Caller
 * frees. failed is set when waiting will not help (CrashLoopBackOff, ErrImagePull, ...). */
char *kube_ready_explain(struct kube_client *client, const json_t *object,
			 const struct deadline *deadline, bool *ret_failed);
