/*
 * manifest/upgrade: apiVersions that Kubernetes removed.
 *
 * Where only the version changed, the body is rewritten with a warning; where the schema changed
 * too, the error names the replacement.
 */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "base/list.h"

/* Rewrites apiVersion in place. ERR_INVALID for what a person must change, for a kind that the
 * group does not have, and for a kind that stands under a wrong group. A body without apiVersion or
 * kind is left to manifest_id_of(). A body that is refused may have been put right all the same, so
 * that a second look finds what else is wrong with it. */
int manifest_upgrade(json_t *body, struct list *warnings, struct err *err);
