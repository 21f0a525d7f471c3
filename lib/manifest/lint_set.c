/* What can be told of objects beside one another. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
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

/* The pods of the files, so that thousands of Services find theirs quickly. */
struct pods {
	struct map labels; /* "namespace key=value" -> struct group of templates that bear it */
	struct map apps;   /* "namespace app" -> itself: it has pods there */
};

struct group {
	const json_t **labels; /* of each template */
	size_t n, cap;
};

static void group_free(struct group *group)
{
	free(group->labels);
	free(group);
}

static char *label_key(const char *ns, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);

	return mem_printf("%s %s=%s", ns, key, text ? text : "");
}

static void add_template(struct pods *pods, const struct manifest_object *object,
			 const json_t *labels)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)labels, name, value) {
		cleanup_free char *key = label_key(object->id.ns, name, value);
		struct group *group = map_get(&pods->labels, key);
		if (!group)
			map_put(&pods->labels, key, group = mem_new(struct group));
		mem_grow(group->labels, &group->cap, group->n + 1);
		group->labels[group->n++] = labels;
	}
}

static void collect_pods(const struct manifest_set *set, struct pods *pods)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			const json_t *template = manifest_pod_template(object->body, NULL);
			if (!template)
				continue;
			cleanup_free char *key =
				mem_printf("%s %s", object->id.ns, set->apps[i]->name);
			map_put(&pods->apps, key, set->apps[i]);
			add_template(pods, object, tree_path_get(template, "metadata.labels"));
		}
}

static bool selects_any(const struct pods *pods, const char *ns, const json_t *selector)
{
	void *first = json_object_iter((json_t *)selector);
	cleanup_free char *key =
		label_key(ns, json_object_iter_key(first), json_object_iter_value(first));
	const struct group *group = map_get(&pods->labels, key);

	for (size_t i = 0; group && i < group->n; i++)
		if (selects(selector, group->labels[i]))
			return true;
	return false;
}

/* Says so only when the app itself has pods in that namespace: others may be made by hand. */
static void lint_service(const struct pods *pods, const struct manifest_app *app,
			 const struct manifest_object *service, struct diag_list *findings)
{
	const json_t *selector = tree_path_get(service->body, "spec.selector");
	cleanup_free char *key = mem_printf("%s %s", service->id.ns, app->name);

	if (!json_object_size(selector) || !map_has(&pods->apps, key) ||
	    selects_any(pods, service->id.ns, selector))
		return;
	manifest_lint_warning(&(struct manifest_lint){service, app->name, findings},
			      "spec.selector",
			      "its labels must all be in the pod template's metadata.labels",
			      "Service %s selects no pod of these files", service->id.name);
}

void manifest_lint_set(const struct manifest_set *set, struct diag_list *findings)
{
	struct pods pods = {.labels = MAP_INIT(group_free), .apps = MAP_INIT(NULL)};

	manifest_lint_ports(set, findings);
	manifest_lint_rolling(set, findings);
	collect_pods(set, &pods);
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			if (!strcmp(object->id.kind, "Service") && !*object->id.group)
				lint_service(&pods, set->apps[i], object, findings);
		}
	map_done(&pods.labels);
	map_done(&pods.apps);
}
