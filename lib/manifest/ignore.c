#include "manifest/ignore.h"

#include <string.h>

#include "base/list.h"
#include "tree/path.h"

static bool says(const json_t *rule, const char *key, const char *value)
{
	const char *wanted = tree_path_string(rule, key);

	return !wanted || (value && !strcmp(wanted, value));
}

static void apply_rule(json_t *body, const json_t *rule)
{
	json_t *fields = json_object_get(rule, "fields"), *field;
	size_t i;

	if (!says(rule, "kind", tree_path_string(body, "kind")) ||
	    !says(rule, "name", tree_path_string(body, "metadata.name")))
		return;
	if (json_is_string(fields))
		(void)tree_path_remove(body, json_string_value(fields));
	json_array_foreach (fields, i, field) {
		if (json_is_string(field))
			(void)tree_path_remove(body, json_string_value(field));
	}
}

void manifest_ignore_wishes(json_t *body, const json_t *rules)
{
	const char *own =
		tree_path_string(body, "metadata.annotations[\"" MANIFEST_IGNORE_ANNOTATION "\"]");
	cleanup_list struct list paths = LIST_INIT;
	size_t i;
	json_t *rule;

	json_array_foreach ((json_t *)rules, i, rule) {
		apply_rule(body, rule);
	}
	if (own)
		list_split(&paths, own, ", \n");
	for (size_t j = 0; j < paths.n; j++)
		(void)tree_path_remove(body, paths.items[j]);
}

static bool asks_for_injection(const json_t *body)
{
	static const char prefix[] = "cert-manager.io/inject-";
	const char *key;
	json_t *value;

	json_object_foreach (tree_path_get(body, "metadata.annotations"), key, value)
		if (!strncmp(key, prefix, sizeof(prefix) - 1))
			return true;
	return false;
}

void manifest_ignore_injected(json_t *body)
{
	json_t *webhook;
	size_t i;

	if (!asks_for_injection(body))
		return;
	json_array_foreach (tree_path_get(body, "webhooks"), i, webhook)
		(void)tree_path_remove(webhook, "clientConfig.caBundle");
	(void)tree_path_remove(body, "spec.conversion.webhook.clientConfig.caBundle");
	(void)tree_path_remove(body, "spec.caBundle");
}

static bool is_scaler(const struct manifest_object *object)
{
	return !strcmp(object->id.kind, "HorizontalPodAutoscaler");
}

static bool scales(const struct manifest_object *scaler, const struct manifest_object *workload)
{
	const json_t *target = tree_path_get(scaler->body, "spec.scaleTargetRef");

	return target && !strcmp(scaler->id.ns, workload->id.ns) &&
	       says(target, "kind", workload->id.kind) && says(target, "name", workload->id.name);
}

void manifest_ignore_scaled(struct manifest_app *app)
{
	for (size_t i = 0; i < app->count; i++)
		for (size_t j = 0; is_scaler(app->objects[i]) && j < app->count; j++)
			if (tree_path_get(app->objects[j]->body, "spec.replicas") &&
			    scales(app->objects[i], app->objects[j]))
				(void)tree_path_remove(app->objects[j]->body, "spec.replicas");
}
