/* What Kubernetes removed: the apiVersion, and what changed along with it. */
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"
#include "manifest/upgrade.h"

static void refuse(const struct migrate_rule *rule, const struct tree_yaml_node *at,
		   const struct manifest_api *api, const char *kind)
{
	migrate_rule_refuse(rule, at, api->hint, "%s %s was removed in Kubernetes 1.%d%s%s",
			    api->api_version, kind, api->removed, api->now ? "; use " : "",
			    api->now ? api->now : "");
}

/* The server may be too old for what took the place of a version that it still serves. */
static bool is_served(const struct migrate_rule *rule, const struct tree_yaml_node *at,
		      const struct manifest_api *api, const char *kind)
{
	const char *slash = strchr(api->now, '/');
	cleanup_free char *group = mem_strndup(api->now, (size_t)(slash - api->now));
	cleanup_free char *others =
		manifest_api_other_versions(rule->served, group, slash + 1, kind);

	if (others)
		migrate_rule_refuse(rule, at, "upgrade the server first",
				    "the server does not serve %s %s yet, only %s", api->now, kind,
				    others);
	return !others;
}

/* "{app: blog}" as it is written, when no expression is in it; else NULL. Caller frees. */
static char *flow_text(const struct migrate_rule *rule, const struct tree_yaml_node *labels)
{
	size_t begin, end;

	migrate_rule_extent(rule, labels->items[2 * labels->count - 1], &begin, &end);
	const char *close = memchr(rule->bytes + begin, '}', end - begin);
	begin = migrate_rule_offset(rule, labels);
	end = close ? (size_t)(close - rule->bytes) + 1 : begin;
	if (!close || memchr(rule->bytes + begin, '\n', end - begin) ||
	    !migrate_rule_is_literal(rule, begin, end))
		return NULL;
	return mem_strndup(rule->bytes + begin, end - begin);
}

static void put_selector(const struct migrate_rule *rule, const struct tree_yaml_node *key,
			 const struct tree_yaml_node *labels)
{
	cleanup_free char *flow =
		migrate_rule_is_flow(rule, labels) ? flow_text(rule, labels) : NULL;
	cleanup_free char *lines =
		flow ? mem_printf("selector:\n%*smatchLabels: %s", key->column + 1, "", flow)
		     : mem_printf("selector:\n%*smatchLabels:\n" MANIFEST_EDIT_COPY,
				  key->column + 1, "");

	migrate_rule_put_before(rule, key, lines, flow ? NULL : labels, key->column + 3);
}

/* The old versions selected what the template's labels say. */
static void add_selector(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *spec = migrate_rule_at(rule->object, "spec");
	const struct tree_yaml_node *labels = migrate_rule_at(spec, "template.metadata.labels");
	size_t template;

	if (migrate_rule_at(spec, "selector"))
		return;
	if (!labels || labels->kind != TREE_YAML_MAPPING || !labels->count ||
	    !migrate_rule_pair(spec, "template", &template) || migrate_rule_is_flow(rule, spec)) {
		migrate_rule_refuse(rule, spec ? spec : rule->object,
				    "add selector: {matchLabels: ...} with labels of the template",
				    "spec.selector must be written");
		return;
	}
	put_selector(rule, spec->items[2 * template], labels);
	migrate_rule_touch(rule, "spec.selector");
}

static void drop_field(const struct migrate_rule *rule, const char *field)
{
	const struct tree_yaml_node *spec = migrate_rule_at(rule->object, "spec");
	size_t pair;

	if (!migrate_rule_pair(spec, field, &pair))
		return;
	migrate_rule_drop(rule, spec, pair);
	migrate_rule_touch_at(rule, "spec.%s", field);
}

/* Before apps/v1 pods of these were only replaced when somebody deleted them. */
static void note_strategy(const struct migrate_rule *rule, const char *api_version,
			  const char *kind)
{
	bool on_delete = !strcmp(kind, "DaemonSet") ? !strcmp(api_version, "extensions/v1beta1")
						    : !strcmp(api_version, "apps/v1beta1");

	if (strcmp(kind, "DaemonSet") != 0 && strcmp(kind, "StatefulSet") != 0)
		return;
	if (on_delete && !migrate_rule_at(rule->object, "spec.updateStrategy"))
		migrate_rule_note(rule, rule->object,
				  "from now on a change rolls the pods of %s %s; "
				  "updateStrategy: {type: OnDelete} keeps it as it was",
				  api_version, kind);
}

static void migrate_workload(const struct migrate_rule *rule, const char *api_version,
			     const char *kind)
{
	drop_field(rule, "rollbackTo");
	drop_field(rule, "templateGeneration");
	add_selector(rule);
	note_strategy(rule, api_version, kind);
}

static bool is_empty(const struct tree_yaml_node *node)
{
	return node && node->kind == TREE_YAML_MAPPING && !node->count;
}

/* manifest/upgrade.c says the same of bodies. */
static bool means_another_thing(const struct migrate_rule *rule, const char *kind)
{
	const struct tree_yaml_node *selector = migrate_rule_at(rule->object, "spec.selector");

	if (strcmp(kind, "PodDisruptionBudget") != 0 || !is_empty(selector))
		return false;
	migrate_rule_refuse(rule, selector, "say which pods are meant",
			    "an empty selector selected no pod and now selects every one");
	return true;
}

/* "RoleList" of typed lists says the version for its items; only that can be changed here. */
static void migrate_list(const struct migrate_rule *rule, const char *api_version, const char *kind)
{
	size_t length = strlen(kind), suffix = strlen("List");
	bool list = length > suffix && !strcmp(kind + length - suffix, "List");
	cleanup_free char *item = mem_strndup(kind, list ? length - suffix : 0);
	const struct manifest_api *api = list ? manifest_api_find(api_version, item) : NULL;
	const struct tree_yaml_node *version = tree_yaml_get(rule->object, "apiVersion");

	if (!api || !tree_yaml_get(rule->object, "items"))
		return;
	if (!api->now || api->hint) {
		refuse(rule, version, api, item);
		return;
	}
	migrate_rule_replace(rule, version, api->now);
	migrate_rule_touch(rule, "apiVersion");
}

void migrate_kube(const struct migrate_rule *rule, const char *api_version, const char *kind)
{
	const struct manifest_api *api = manifest_api_find(api_version, kind);
	const struct tree_yaml_node *version = tree_yaml_get(rule->object, "apiVersion");

	if (tree_yaml_get(rule->object, "items")) {
		migrate_list(rule, api_version, kind);
		return;
	}
	if (!api || means_another_thing(rule, kind))
		return;
	if (!api->now || !api->migrates) {
		refuse(rule, version, api, kind);
		return;
	}
	if (!is_served(rule, version, api, kind))
		return;
	migrate_rule_replace(rule, version, api->now);
	migrate_rule_touch(rule, "apiVersion");
	if (!strncmp(api->now, "apps/", strlen("apps/")))
		migrate_workload(rule, api_version, kind);
	else if (!strcmp(kind, "Ingress"))
		migrate_ingress(rule);
	else if (!strcmp(kind, "HorizontalPodAutoscaler") && api->hint)
		migrate_autoscaler(rule);
}
