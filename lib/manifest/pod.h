/* manifest/pod: where the pods of a workload are described. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The object with the metadata and spec of the pods (spec.template of a Deployment, the body of
 * a Pod), or NULL for what has no pods. ret_path, unless NULL, says where it stands
 * ("spec.template",
 * "" for a Pod); static. Borrowed. */
json_t *manifest_pod_template(const json_t *body, const char **ret_path);

/* Its spec. ret_path as above ("spec.template.spec"). Borrowed. */
json_t *manifest_pod_spec(const json_t *body, const char **ret_path);

/* Calls for every container and init container; path is where it stands in the body. */
void manifest_pod_containers(const json_t *body,
			     void (*each)(void *context, json_t *container, const char *list,
					  const char *path),
			     void *context);

/* A ConfigMap or Secret that pods name. */
struct manifest_reference {
	const char *kind; /* "ConfigMap" or "Secret" */
	const char *name;
	const char *key; /* that must be in it; NULL: the whole of it */
	bool optional;	 /* the pods start without it */
};

/* Calls for every ConfigMap and Secret that the pods name (volumes, env, envFrom); the same one
 * may come several times. */
void manifest_pod_references(const json_t *body,
			     void (*each)(void *context,
					  const struct manifest_reference *reference),
			     void *context);

/* Where the pods ask for a host port, "spec.template.spec.containers[0].ports[1]"; the pod's spec
 * when no container says so. Caller frees. */
char *manifest_pod_port_path(const json_t *body, int port);
