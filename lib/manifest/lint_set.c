/* What can be told of objects beside one another. */
#include <string.h>

#include "base/mem.h"
#include "manifest/coexist.h"
#include "manifest/lint.h"
#include "manifest/pod.h"
#include "tree/path.h"

struct claim {
	const struct manifest_app *app;
	const struct manifest_object *object;
	struct manifest_port port;
};

struct claims {
	struct claim *items;
	size_t n, cap;
};

/* Without pods there is no port; a Job or a suspended app may well take turns with another. */
static bool claims_ports(const struct manifest_app *app, const struct manifest_object *object)
{
	return !app->broken && !app->options.suspend && !object->suspend &&
	       strcmp(object->id.kind, "Job") != 0 && strcmp(object->id.kind, "CronJob") != 0 &&
	       tree_path_integer(object->body, "spec.replicas", 1) > 0;
}

static void gather(struct claims *claims, const struct manifest_app *app,
		   const struct manifest_object *object)
{
	struct manifest_holdings held;

	manifest_holdings(object->body, NULL, &held);
	for (size_t i = 0; i < held.port_count; i++) {
		mem_grow(claims->items, &claims->cap, claims->n + 1);
		claims->items[claims->n++] = (struct claim){app, object, held.ports[i]};
	}
	manifest_holdings_done(&held);
}

static void report_clash(const struct claim *one, const struct claim *other,
			 struct diag_list *findings)
{
	cleanup_free char *path = manifest_pod_port_path(one->object->body, one->port.port);
	cleanup_free char *there = manifest_pod_port_path(other->object->body, other->port.port);
	const char *file;
	int line, column;

	manifest_object_place(other->object, there, &file, &line, &column);
	cleanup_free char *text = manifest_id_text(&other->object->id);
	manifest_lint_error(&(struct manifest_lint){one->object, one->app->name, findings}, path,
			    "one node has each port once; give one of them another port",
			    "host port %d/%s is also claimed by %s (app %s, %s:%d)", one->port.port,
			    one->port.protocol, text, other->app->name, file, line);
}

static void lint_ports(const struct manifest_set *set, struct diag_list *findings)
{
	struct claims claims = {0};

	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++)
			if (claims_ports(set->apps[i], set->apps[i]->objects[j]))
				gather(&claims, set->apps[i], set->apps[i]->objects[j]);
	for (size_t i = 0; i < claims.n; i++)
		for (size_t j = i + 1; j < claims.n; j++) {
			const struct claim *a = &claims.items[i], *b = &claims.items[j];
			if (a->object == b->object || !manifest_ports_clash(&a->port, &b->port))
				continue;
			report_clash(a, b, findings);
			report_clash(b, a, findings);
		}
	mem_cleanup(&claims.items);
}

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
	lint_ports(set, findings);
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			if (!strcmp(object->id.kind, "Service") && !*object->id.group)
				lint_service(set, set->apps[i], object, findings);
		}
}
