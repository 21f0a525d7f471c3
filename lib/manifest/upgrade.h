/*
 * manifest/upgrade: apiVersions that Kubernetes removed.
 *
 * Where only the version changed, the body is rewritten with a warning; where the schema changed
 * too, the error names the replacement, and the verb that rewrites the file (manifest/migrate.h).
 */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/list.h"
#include "manifest/api.h"

#define MANIFEST_OLD_TRAEFIK "traefik.containo.us"

/* Rewrites apiVersion in place. ERR_INVALID for what a person must change, for a kind that the
 * group does not have, and for a kind that stands under a wrong group. A body without apiVersion or
 * kind is left to manifest_id_of(). A body that is refused may have been put right all the same, so
 * that a second look finds what else is wrong with it. */
int manifest_upgrade(json_t *body, const struct manifest_served *served, struct list *warnings,
		     struct err *err);

/* True when writing api->now into the body is all there is to do. */
bool manifest_upgrade_is_plain(const json_t *body, const struct manifest_api *api);
