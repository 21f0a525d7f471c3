/* kube/pod: what a pod says about why it does not run. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* "container web: ErrImagePull: not found" from scheduling, waiting and terminated containers;
 * NULL when it says nothing. ret_hopeless: waiting will not help. Caller frees. Pure. */
char *kube_pod_trouble(const json_t *pod, bool *ret_hopeless);

/* The container whose last end ("exited with code 1") kube_pod_trouble() tells of, or the first
 * that is not ready: whose log says more. NULL when none. Borrowed. */
const char *kube_pod_suspect(const json_t *pod);

/* How often that container was started again. */
long long kube_pod_restarts(const json_t *pod, const char *container);
