/*
 * manifest/generate: ConfigMaps and Secrets made from files.
 *
 *	json_t *body = manifest_generate("ConfigMap", "proxysql-configmap", ns);
 *	manifest_generate_file(body, "proxysql.cnf", bytes, length, err);
 *	manifest_generate_stamp(pod_body, digests);
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/map.h"

/* The annotation on pod templates that changes with what the pods read. */
#define MANIFEST_ROLL_ANNOTATION "desired.dev/config-hash"
/* On a ConfigMap or Secret, "false": the pods that use it are not rolled when it changes, because
 * they read it again by themselves. On a workload, "false": it is never rolled for that. */
#define MANIFEST_ROLL_WISH "desired.dev/roll"

/* On a Secret: the keys, "a,b", whose values were made up. They never change by themselves. */
#define MANIFEST_GENERATED "desired.dev/generated"

/* Stands for such a value until it is made, at the first apply. */
#define MANIFEST_UNMADE "(made at the first apply)"

/* An empty ConfigMap or Secret; ns may be NULL. New reference. */
json_t *manifest_generate(const char *kind, const char *name, const char *ns);

/* Adds a key: data, or binaryData where a ConfigMap's bytes are no text. ERR_INVALID for a key that
 * Kubernetes does not take, and for one that is there. */
int manifest_generate_file(json_t *body, const char *key, const char *bytes, size_t length,
			   struct err *err);

/* Adds the KEY=VALUE lines of an env file, as kubectl reads them: '#' comments and empty lines are
 * skipped, quotes are part of the value. ERR_INVALID with file and line. */
int manifest_generate_env(json_t *body, const char *file, const char *text, struct err *err);

/* A digest of what the pods would read: data, binaryData, stringData. Caller frees. */
char *manifest_generate_digest(const json_t *body);

/* Stamps the pod template of a workload with the digests ("ConfigMap/name" -> char *) of those
 * that its pods use. True when there was one. */
bool manifest_generate_stamp(json_t *body, const struct map *digests);
