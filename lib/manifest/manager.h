/*
 * manifest/manager: who owns a field of a live object, read from its managedFields (KEP-555; the
 * format of fieldsV1 is that of sigs.k8s.io/structured-merge-diff/fieldpath).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/list.h"

/* Borrowed from the object's managedFields. */
struct manifest_manager {
	const char *name;	 /* "kubectl-edit" */
	const char *subresource; /* "scale"; "" for the object itself */
	const char *time;	 /* RFC 3339; "" where the server keeps none */
	bool owns;		 /* false: nobody owns the field, this one wrote the object last */
};

/* A tool in the hand of a person (or of a script in its stead): kubectl, k9s, Ansible, a
 * dashboard. What such a tool sets is overwritten; what others set may be their business. */
bool manifest_manager_is_human(const char *name);

/* True when these fields (fieldsV1) hold what stands at `place` (tree/path.h) of the object, or a
 * list or map above it as one value. */
bool manifest_manager_owns(const json_t *fields, const json_t *body, const char *place);

/* The manager other than ours that owns what stands at `place` (tree/path.h) of the object; where
 * several do, the one that wrote last. Of a field that nobody owns (somebody took it out), the one
 * that wrote the object last. False when only we ever wrote it. */
bool manifest_manager_of(const json_t *body, const char *place, struct manifest_manager *ret);

/* Places of `wanted` that a controller owns in `live` by its trade, not by quarrel: the replicas
 * that an autoscaler sets through the scale subresource, the certificates that an injector keeps
 * in webhooks, CRDs and APIServices, the resources that a VerticalPodAutoscaler sets. */
void manifest_manager_yields(const json_t *live, const json_t *wanted, struct list *ret_places);
