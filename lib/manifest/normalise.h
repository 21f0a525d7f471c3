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
#include "manifest/api.h"

/* Changes body in place, for a server of which so much is known. Warnings
 * ("rbac.authorization.k8s.io/v1beta1 was removed ...; read as v1") are added to warnings.
 * ERR_INVALID names the field. */
int manifest_normalise(json_t *body, const struct manifest_served *served, struct list *warnings,
		       struct err *err);
