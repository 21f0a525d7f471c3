#include "backup/volume.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "tree/path.h"

static const char *text(const json_t *tree, const char *key)
{
	const char *found = json_string_value(json_object_get(tree, key));

	return found ? found : "";
}

/* STORAGE of "STORAGE/pvc-UID_NAMESPACE_NAME"; NULL for a directory that somebody chose. Caller
 * frees. */
static char *storage_of(const char *path, const char *claim)
{
	cleanup_free char *end = mem_strdup(claim);
	const char *base = file_base(path);
	char *slash = strchr(end, '/');

	if (slash)
		*slash = '_';
	size_t n = strlen(end), m = strlen(base);
	if (strncmp(base, "pvc-", 4) != 0 || m < n + 1 || strcmp(base + m - n, end) != 0 ||
	    base[m - n - 1] != '_' || base <= path + 1)
		return NULL;
	return mem_strndup(path, (size_t)(base - path) - 1);
}

/* In the form of a UUID, from the set and the claim. Caller frees. */
static char *name_of(const char *set_id, const char *claim)
{
	cleanup_free char *both = mem_printf("%s %s", set_id, claim);
	cleanup_free char *hex = digest_sha256_hex(both, strlen(both));

	return mem_printf("pvc-%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
			  hex + 18);
}

/* local volumes must be bound to a node; the provisioner's own are hostPath, bound too. */
static json_t *affinity_of(const char *node)
{
	return json_pack("{s:{s:[{s:[{s:s, s:s, s:[s]}]}]}}", "required", "nodeSelectorTerms",
			 "matchExpressions", "key", "kubernetes.io/hostname", "operator", "In",
			 "values", node);
}

static json_t *body_of(const char *name, const char *path, const char *claim, const json_t *known,
		       const char *node)
{
	const char *slash = strchr(claim, '/'), *capacity = text(known, "capacity");
	cleanup_free char *ns = mem_strndup(claim, (size_t)(slash - claim));
	const json_t *class = json_object_get(known, "class");
	json_t *modes = json_object_get(known, "accessModes");
	json_t *spec = json_pack(
		"{s:{s:s}, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:{s:s}}", "capacity", "storage",
		*capacity ? capacity : "1Gi", "volumeMode", "Filesystem", "storageClassName",
		class ? json_string_value(class) : "local-path", "persistentVolumeReclaimPolicy",
		"Retain", "claimRef", "apiVersion", "v1", "kind", "PersistentVolumeClaim",
		"namespace", ns, "name", slash + 1, "local", "path", path);

	json_object_set_new(spec, "accessModes",
			    json_array_size(modes) ? json_incref(modes)
						   : json_pack("[s]", "ReadWriteOnce"));
	json_object_set_new(spec, "nodeAffinity", affinity_of(node));
	return json_pack("{s:s, s:s, s:{s:s}, s:o}", "apiVersion", "v1", "kind", "PersistentVolume",
			 "metadata", "name", name, "spec", spec);
}

char *backup_volume_place(const char *claim, const json_t *known, const json_t *live,
			  const char *set_id, json_t **ret_body)
{
	const char *old = text(known, "path"), *node = text(live, "node");
	const char *now =
		tree_path_string(json_object_get(json_object_get(live, "claims"), claim), "path");
	cleanup_free char *storage = storage_of(old, claim);

	*ret_body = NULL;
	if (now)
		return mem_strdup(now);
	if (!storage || !*node || !strchr(claim, '/'))
		return mem_strdup(old);
	cleanup_free char *name = name_of(set_id, claim), *end = mem_strdup(claim);
	*strchr(end, '/') = '_';
	char *path = mem_printf("%s/%s_%s", storage, name, end);
	*ret_body = body_of(name, path, claim, known, node);
	return path;
}

int backup_volume_make(struct kube_client *client, const json_t *body,
		       const struct deadline *deadline, struct err *err)
{
	const struct kube_apply_options options = {.create = true};
	json_t *const bodies[] = {(json_t *)body};
	struct kube_result result;

	int r = kube_client_apply(client, bodies, 1, &options, deadline, &result, err);
	kube_result_done(&result);
	if (r == -ERR_EXISTS) {
		err_done(err);
		return 0;
	}
	return r;
}
