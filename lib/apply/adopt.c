/*
 * Adoption: what kubectl or Ansible applied belongs to their managers, and server-side apply
 * removes only fields that the applying manager owns alone. So their entries of managedFields are
 * merged into one of ours before the first apply, as `kubectl apply --server-side` does with
 * its own old entries (k8s.io/client-go/util/csaupgrade).
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"

/* Managers that stand for a person with a tool. kubectl-rollout is not among them: its restart
 * stamp stays (design.md promise 6). */
static bool is_human_tool(const char *manager)
{
	static const char *const names[] = {
		"kubectl",	     "kubectl-client-side-apply",
		"kubectl-create",    "kubectl-edit",
		"kubectl-patch",     "kubectl-replace",
		"kubectl-label",     "kubectl-annotate",
		"kubectl-set",	     "before-first-apply",
		"OpenAPI-Generator", "ansible",
		"python-requests",   MANIFEST_MANAGER,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(manager, names[i]))
			return true;
	return false;
}

static bool is_theirs(const json_t *entry)
{
	const char *manager = json_string_value(json_object_get(entry, "manager"));

	return manager && !json_object_get(entry, "subresource") && is_human_tool(manager);
}

/* The union of two fieldsV1 sets: nested objects, nothing else. */
static void merge_fields(json_t *to, json_t *from)
{
	const char *key;
	json_t *value;

	json_object_foreach (from, key, value) {
		json_t *there = json_object_get(to, key);
		if (there)
			merge_fields(there, value);
		else
			json_object_set_new(to, key, json_deep_copy(value));
	}
}

/* managedFields with their entries replaced by one of ours; NULL when there is none of theirs. */
static json_t *migrated(const json_t *managed, const char *api_version)
{
	json_t *entries = json_array(), *fields = json_object(), *entry;
	size_t i;

	json_array_foreach (managed, i, entry) {
		if (is_theirs(entry))
			merge_fields(fields, json_object_get(entry, "fieldsV1"));
		else
			json_array_append(entries, entry);
	}
	if (json_array_size(entries) == json_array_size(managed)) {
		json_decref(entries);
		json_decref(fields);
		return NULL;
	}
	json_array_append_new(entries,
			      json_pack("{s:s, s:s, s:s, s:s, s:o}", "manager", MANIFEST_MANAGER,
					"operation", "Apply", "apiVersion", api_version,
					"fieldsType", "FieldsV1", "fieldsV1", fields));
	return entries;
}

int apply_adopt(struct apply_run *run, const struct plan_step *step, struct err *err)
{
	json_auto_t *live = NULL;
	struct deadline deadline = apply_deadline(run);
	int r = kube_client_get(run->context->client, &step->id, &deadline, &live, err);

	if (r < 0)
		return r;
	const json_t *metadata = json_object_get(live, "metadata");
	json_t *entries = migrated(json_object_get(metadata, "managedFields"),
				   json_string_value(json_object_get(live, "apiVersion")));
	if (!entries)
		return 0;
	json_auto_t *patch = json_pack("[{s:s, s:s, s:o}, {s:s, s:s, s:O}]", "op", "replace",
				       "path", "/metadata/managedFields", "value", entries, "op",
				       "replace", "path", "/metadata/resourceVersion", "value",
				       json_object_get(metadata, "resourceVersion"));
	return kube_client_patch(run->context->client, &step->id, patch, &deadline, NULL, err);
}
