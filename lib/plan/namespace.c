/* Namespaces that the app lives in and does not declare, and what is simulated while they (or a
 * CRD) are missing. */
#include <string.h>

#include "base/mem.h"
#include "plan/internal.h"
#include "tree/path.h"

static char *namespace_key(const char *name)
{
	return mem_printf("core/Namespace//%s", name);
}

/* Looked up, and not there or on its way out. */
static bool is_missing(const struct plan_run *run, const char *key)
{
	const struct manifest_live_object *live = manifest_live_get(run->input->live, key);

	if (!manifest_live_looked(run->input->live, key))
		return false;
	return !live || plan_is_leaving(live->body);
}

/* Made bare, without our label: never owned, so never deleted. One that another app declares is
 * made too: the apps need not come in any order, and that app then completes it. */
static void create(struct plan_run *run, const char *name, char *key_stolen)
{
	struct plan_step step = {
		.action = PLAN_CREATE,
		.key = key_stolen,
		.id = {mem_strdup(""), mem_strdup("v1"), mem_strdup("Namespace"), mem_strdup(""),
		       mem_strdup(name)},
		.body = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", "Namespace",
				  "metadata", "name", name),
	};

	plan_say(&step, mem_strdup(manifest_live_get(run->input->live, key_stolen)
					   ? "it is being deleted; waits until it is gone"
					   : "it does not exist yet; it is never deleted"));
	(void)plan_add(run, &step);
}

static void need(struct plan_run *run, struct list *seen, const char *name)
{
	cleanup_free char *key = namespace_key(name);

	if (list_has(seen, name))
		return;
	list_add(seen, name);
	if (is_missing(run, key) && !map_has(&run->wanted, key))
		create(run, name, steal(&key));
}

void plan_namespaces(struct plan_run *run)
{
	const struct manifest_app *app = run->input->app;
	cleanup_list struct list seen = LIST_INIT;

	if (!app->count || app->options.suspend)
		return;
	if (app->options.ns && !run->input->only_key)
		need(run, &seen, app->options.ns);
	for (size_t i = 0; i < app->count; i++) {
		const struct manifest_object *object = app->objects[i];
		if (*object->id.ns && !object->suspend && !plan_only_other(run, object->key))
			need(run, &seen, object->id.ns);
	}
}

static bool defines(const struct manifest_object *crd, const struct manifest_id *id)
{
	return plan_kind_is(&crd->id, "apiextensions.k8s.io", "CustomResourceDefinition") &&
	       plan_same(tree_path_string(crd->body, "spec.group"), id->group) &&
	       plan_same(tree_path_string(crd->body, "spec.names.kind"), id->kind);
}

bool plan_is_simulated(const struct plan_run *run, const struct manifest_object *object)
{
	const struct manifest_app *app = run->input->app;
	cleanup_free char *ns = namespace_key(object->id.ns);

	if (*object->id.ns && is_missing(run, ns))
		return true;
	for (size_t i = 0; i < app->count; i++)
		if (defines(app->objects[i], &object->id))
			return is_missing(run, app->objects[i]->key);
	return false;
}
