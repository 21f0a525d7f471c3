/* kube/log: what a container wrote. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "kube/client.h"

/* The last `lines` lines of a container of a pod, or of the run before it; NULL when there are none
 * or the node cannot be asked. Caller frees. */
char *kube_log(struct kube_client *client, const json_t *pod, const char *container, bool previous,
	       int lines, const struct deadline *deadline);
