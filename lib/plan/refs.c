/* Which objects the pods of a workload name. */
#include <string.h>

#include "manifest/pod.h"
#include "plan/internal.h"
#include "tree/path.h"

struct search {
	const struct manifest_id *id;
	bool found;
};

static void compare(void *context, const char *kind, const char *name)
{
	struct search *search = context;

	search->found |= !strcmp(kind, search->id->kind) && !strcmp(name, search->id->name);
}

static bool names_claim(const json_t *spec, const char *name)
{
	json_t *volume;
	size_t i;

	json_array_foreach (json_object_get(spec, "volumes"), i, volume)
		if (plan_same(tree_path_string(volume, "persistentVolumeClaim.claimName"), name))
			return true;
	return false;
}

static bool names_pull_secret(const json_t *spec, const char *name)
{
	json_t *secret;
	size_t i;

	json_array_foreach (json_object_get(spec, "imagePullSecrets"), i, secret)
		if (plan_same(tree_path_string(secret, "name"), name))
			return true;
	return false;
}

bool plan_pods_name(const json_t *workload, const struct manifest_id *id)
{
	const char *ns = tree_path_string(workload, "metadata.namespace");
	const json_t *spec = manifest_pod_spec(workload, NULL);
	struct search search = {.id = id};

	if (*id->group || strcmp(id->ns, ns ? ns : "default") != 0)
		return false;
	if (!strcmp(id->kind, "ServiceAccount"))
		return plan_same(tree_path_string(spec, "serviceAccountName"), id->name);
	if (!strcmp(id->kind, "PersistentVolumeClaim"))
		return names_claim(spec, id->name);
	if (!strcmp(id->kind, "Secret") && names_pull_secret(spec, id->name))
		return true;
	manifest_pod_references(workload, compare, &search);
	return search.found;
}
