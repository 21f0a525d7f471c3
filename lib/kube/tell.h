/*
 * kube/tell: Events on objects (core/v1 Event, as `kubectl describe` shows them), so that who looks
 * from inside the cluster sees what was done to an object from outside.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/deadline.h"
#include "kube/client.h"

struct kube_notice {
	const struct manifest_id *id;
	const char *uid;     /* of the object; "" when not known */
	const char *reason;  /* "Repaired": one word in CamelCase */
	const char *message; /* without values of fields: anybody may read events */
	bool warning;
};

/* Posts them all at once. A notice that cannot be posted is lost: err tells of the first. */
int kube_client_tell(struct kube_client *client, const struct kube_notice *notices, size_t count,
		     const struct deadline *deadline, struct err *err);
