/*
 * kube/discovery: which kinds a server serves, as aggregated discovery tells it (KEP-3352).
 *
 * The two documents, /api and /apis, become a *part* each: an immutable tree that is also what the
 * cache file holds.
 *
 *	{"etag": "\"9A..\"", "incomplete": ["metrics.k8s.io"],
 *	 "kinds": {"apps/Deployment": {"plural": "deployments", "namespaced": true,
 *				       "versions": ["v1"]}}}
 *
 * A group whose server was not there is incomplete: its kinds are kept as they were known before,
 * and what is not among them is unknown, never absent.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define KUBE_DISCOVERY_ACCEPT                                                   \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"

/* Reads a document; `previous` is the part it replaces, or NULL. ERR_INVALID when the server is
 * too old to tell it this way. New reference. */
int kube_discovery_parse(const char *text, size_t length, const char *etag, const json_t *previous,
			 json_t **ret_part, struct err *err);

/* What a part knows of a kind, or NULL. Borrowed. */
const json_t *kube_discovery_find(const json_t *part, const char *group, const char *kind);

/* True when a miss in that group proves nothing. */
bool kube_discovery_incomplete(const json_t *part, const char *group);

/* "core/ConfigMap", "apps/Deployment"; caller frees. */
char *kube_discovery_key(const char *group, const char *kind);
