/*
 * kube/catalog: from a kind to the path of its objects.
 *
 * Knows the built-in kinds without asking (manifest/scope.h), so that a pass over them needs no
 * discovery; fetches discovery (kube/discovery.h) for all others, and when a built-in kind turned
 * out to be missing. What was fetched is kept in a file: after a restart a kind that is in it is
 * taken for served, as a built-in one is, and confirmed by the ETag as soon as there is any doubt.
 * Safe for use by many threads.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/deadline.h"
#include "base/err.h"
#include "base/list.h"
#include "kube/connection.h"

struct kube_catalog;

/* Where the objects of a kind are. */
struct kube_resource {
	char *group, *version, *kind, *plural;
	bool namespaced;
};

enum kube_catalog_find {
	KUBE_FIND_SIMPLY = 0,
	KUBE_FIND_CONFIRM = 1, /* ask the server (again, after 5 s) even for a built-in kind */
	KUBE_FIND_PATIENT = 2, /* after kube_catalog_forget() give a new kind time to be listed */
	KUBE_FIND_VERSION = 4, /* in exactly that version: a body is about to be sent */
	KUBE_FIND_CURRENT = 8, /* not from what an earlier process was told */
};

/* cache_file may be NULL; one that is missing or damaged is like none. */
struct kube_catalog *kube_catalog_new(struct kube_connection *connection, const char *cache_file);
void kube_catalog_free(struct kube_catalog *catalog);

/* Version "" (or one that is not served) means the one the server prefers. ERR_NOT_FOUND: the
 * server does not serve it; ERR_INVALID: not in that version; else it cannot tell. */
int kube_catalog_find(struct kube_catalog *catalog, const char *group, const char *version,
		      const char *kind, int flags, const struct deadline *deadline,
		      struct kube_resource *ret, struct err *err);
void kube_resource_done(struct kube_resource *resource);

/* A kind came or went: ask before the next answer about one that is not built in. */
void kube_catalog_forget(struct kube_catalog *catalog);

/* Asks for everything the server serves now; kube_catalog_kinds() has it then. */
int kube_catalog_ask(struct kube_catalog *catalog, const struct deadline *deadline,
		     struct err *err);
/* See kube_client_kinds(). */
json_t *kube_catalog_kinds(struct kube_catalog *catalog);

/* "/apis/apps/v1/namespaces/ns/deployments/name"; ns and name may be NULL or "". Caller frees. */
char *kube_resource_path(const struct kube_resource *resource, const char *ns, const char *name);
