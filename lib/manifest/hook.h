/*
 * manifest/hook: Jobs that belong to a change of their app.
 *
 * A Job with the annotation desired.dev/hook runs with every new version of its app: `before` its
 * workloads change (they stay as they are when it fails), or `after` they are ready. What makes it
 * run again is a stamp in its pod template that follows the other objects: the Job changes with
 * them, and a changed Job is replaced.
 */
#pragma once

#include <jansson.h>

#include "manifest/set.h"

#define MANIFEST_HOOK_ANNOTATION "desired.dev/hook"
#define MANIFEST_HOOK_VERSION	 "desired.dev/app-version"

enum manifest_hook {
	MANIFEST_HOOK_NONE,
	MANIFEST_HOOK_BEFORE,
	MANIFEST_HOOK_AFTER,
};

enum manifest_hook manifest_hook_of(const json_t *body);

/* Stamps the hooks of an app with the hashes of its other objects, which must be known. */
void manifest_hook_stamp(struct manifest_app *app);
