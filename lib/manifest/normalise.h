/*
 * manifest/normalise: a body as it is hashed and sent (design.md section 6).
 *
 * stringData becomes data; status, uid, resourceVersion, creationTimestamp, generation, selfLink
 * and managedFields go; port protocol is filled in (it is a list key of server-side apply);
 * apiVersions that only changed their version are rewritten; generateName is refused by name.
 */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/list.h"

/* Changes body in place. Warnings ("rbac.authorization.k8s.io/v1beta1 was removed ...; read as
 * v1") are added to warnings. ERR_INVALID names the field. */
int manifest_normalise(json_t *body, struct list *warnings, struct err *err);
