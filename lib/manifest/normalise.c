#include "manifest/normalise.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "manifest/upgrade.h"
#include "tree/path.h"

/* What the server writes; people paste exported YAML. */
static void drop_what_the_server_writes(json_t *body)
{
	static const char *const metadata[] = {
		"uid",	    "resourceVersion", "creationTimestamp", "generation",
		"selfLink", "managedFields",   "deletionTimestamp", "deletionGracePeriodSeconds",
	};
	static const char *const annotations[] = {
		"kubectl.kubernetes.io/last-applied-configuration",
		"deployment.kubernetes.io/revision",
	};
	json_t *meta = json_object_get(body, "metadata");

	json_object_del(body, "status");
	for (size_t i = 0; i < sizeof(metadata) / sizeof(metadata[0]); i++)
		json_object_del(meta, metadata[i]);
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++)
		json_object_del(json_object_get(meta, "annotations"), annotations[i]);

	json_t *template = manifest_pod_template(body, NULL);
	json_object_del(json_object_get(template, "metadata"), "creationTimestamp");
	json_object_del(tree_path_get(body, "spec.jobTemplate.metadata"), "creationTimestamp");
}

static int string_data_to_data(json_t *body, struct err *err)
{
	json_t *plain = json_object_get(body, "stringData"), *value;
	const char *kind = json_string_value(json_object_get(body, "kind")), *key;

	if (!plain || !kind || strcmp(kind, "Secret") != 0)
		return 0;
	json_t *data = json_object_get(body, "data");
	if (!json_is_object(data) && json_object_size(plain)) {
		data = json_object();
		json_object_set_new(body, "data", data);
	}
	json_object_foreach (plain, key, value) {
		if (!json_is_string(value)) {
			(void)err_set(err, ERR_INVALID, "stringData.%s is not a text", key);
			return err_hint(err, "put quotes around it");
		}
		cleanup_free char *encoded =
			digest_base64(json_string_value(value), json_string_length(value));
		json_object_set_new(data, key, json_string(encoded));
	}
	json_object_del(body, "stringData");
	return 0;
}

static void fill_protocol(json_t *ports)
{
	size_t i;
	json_t *port;

	json_array_foreach (ports, i, port) {
		if (json_is_object(port) && !json_object_get(port, "protocol"))
			json_object_set_new(port, "protocol", json_string("TCP"));
	}
}

static void fill_container_protocol(void *context, json_t *container, const char *list,
				    const char *path)
{
	(void)context;
	(void)list;
	(void)path;
	fill_protocol(json_object_get(container, "ports"));
}

int manifest_normalise(json_t *body, const struct manifest_served *served, struct list *warnings,
		       struct err *err)
{
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (tree_path_get(body, "metadata.generateName")) {
		(void)err_set(err, ERR_INVALID,
			      "metadata.generateName cannot be kept in a desired state");
		return err_hint(err, "give the object a metadata.name");
	}
	int r = manifest_upgrade(body, served, warnings, err);
	if (r < 0)
		return r;
	drop_what_the_server_writes(body);
	r = string_data_to_data(body, err);
	if (r < 0)
		return r;
	manifest_pod_containers(body, fill_container_protocol, NULL);
	if (kind && !strcmp(kind, "Service"))
		fill_protocol(tree_path_get(body, "spec.ports"));
	return 0;
}
