/*
 * manifest/ignore: fields that belong to somebody else.
 *
 * They are taken out of the body before it is hashed and sent, from the first apply on: a field
 * that was never applied is never owned, and never reset.
 */
#pragma once

#include <jansson.h>

#include "manifest/set.h"

/* "spec.replicas, spec.template.spec.containers[name=web].image" on one object. */
#define MANIFEST_IGNORE_ANNOTATION "desired.dev/ignore"

/* Takes out what the app's `ignore` rules ({kind, name?, fields}; may be NULL) and the object's
 * own annotation name. */
void manifest_ignore_wishes(json_t *body, const json_t *rules);

/* Takes out the caBundle of what asks cert-manager to fill it in (its annotations
 * cert-manager.io/inject-*). */
void manifest_ignore_injected(json_t *body);

/* Takes out the replicas of workloads that a HorizontalPodAutoscaler of the app scales. Namespaces
 * must be settled. */
void manifest_ignore_scaled(struct manifest_app *app);
