/* What can be told of objects beside one another. */
#include <string.h>

#include "base/mem.h"
#include "manifest/coexist.h"
#include "manifest/lint.h"
#include "manifest/pod.h"
#include "tree/path.h"

static bool selects(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)selector, key, value) {
		if (!json_equal(value, json_object_get(labels, key)))
			return false;
	}
	return true;
}

static bool same_namespace(const struct manifest_object *a, const struct manifest_object *b)
{
	return !strcmp(a->id.ns, b->id.ns);
}

/* Says so only when the app itself has pods in that namespace: others may be made by hand. */
static void lint_service(const struct manifest_set *set, const struct manifest_app *app,
			 const struct manifest_object *service, struct diag_list *findings)
{
	const json_t *selector = tree_path_get(service->body, "spec.selector");
	bool own_pods = false;

	if (!json_object_size(selector))
		return;
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			const json_t *template = manifest_pod_template(object->body, NULL);
			if (!template || !same_namespace(object, service))
				continue;
			if (selects(selector, tree_path_get(template, "metadata.labels")))
				return;
			own_pods = own_pods || set->apps[i] == app;
		}
	if (own_pods)
		manifest_lint_warning(
			&(struct manifest_lint){service, app->name, findings}, "spec.selector",
			"its labels must all be in the pod template's metadata.labels",
			"Service %s selects no pod of these files", service->id.name);
}

void manifest_lint_set(const struct manifest_set *set, struct diag_list *findings)
{
	manifest_lint_ports(set, findings);
	manifest_lint_rolling(set, findings);
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			if (!strcmp(object->id.kind, "Service") && !*object->id.group)
				lint_service(set, set->apps[i], object, findings);
		}
}
