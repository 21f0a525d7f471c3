/* Ingress in networking.k8s.io/v1: backends name a service: in a block of its own, and each path
 * says how it is to be matched. */
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"

/* "80" with quotes would be the name of a port. */
static const char *port_field(const struct migrate_rule *rule, const struct tree_yaml_node *port)
{
	bool digits = *port->text && !port->text[strspn(port->text, "0123456789")];

	if (digits && !port->plain)
		migrate_rule_refuse(rule, port, "write the number without quotes",
				    "servicePort '%s' is a text, and no port can have that name",
				    port->text);
	return digits ? "number" : "name";
}

/* Each key takes its block with it: the two stand one below the other, in any order. */
static void nest_block(const struct migrate_rule *rule, const struct tree_yaml_node *backend,
		       const char *field)
{
	for (size_t i = 0; i < 2; i++) {
		const struct tree_yaml_node *key = backend->items[2 * i];
		bool name = migrate_rule_says(key, "serviceName");
		cleanup_free char *inner =
			name ? mem_strdup("name")
			     : mem_printf("port:\n%*s%s", key->column + 3, "", field);
		cleanup_free char *now =
			i ? mem_printf("  %s", inner)
			  : mem_printf("service:\n%*s%s", key->column + 1, "", inner);
		migrate_rule_replace(rule, key, now);
	}
}

static void nest_flow(const struct migrate_rule *rule, const struct tree_yaml_node *backend,
		      const char *field)
{
	cleanup_free char *port = mem_printf("port: {%s", field);

	if (!migrate_rule_says(backend->items[0], "serviceName")) {
		migrate_rule_refuse(rule, backend, "write serviceName first",
				    "this backend cannot be rewritten by itself");
		return;
	}
	migrate_rule_replace(rule, backend->items[0], "service: {name");
	migrate_rule_replace(rule, backend->items[2], port);
	migrate_rule_append(rule, backend->items[3], "}}");
}

static void nest_backend(const struct migrate_rule *rule, const struct tree_yaml_node *backend)
{
	const struct tree_yaml_node *name = migrate_rule_at(backend, "serviceName");
	const struct tree_yaml_node *port = migrate_rule_at(backend, "servicePort");

	if (!name && !port)
		return; /* a resource, or as it should be */
	if (!name || !port || backend->count != 2 || backend->own != 2 ||
	    port->kind != TREE_YAML_SCALAR) {
		migrate_rule_refuse(rule, backend,
				    "write service: {name: ..., port: {number: ...}}",
				    "this backend cannot be rewritten by itself");
		return;
	}
	const char *field = port_field(rule, port);
	if (migrate_rule_is_flow(rule, backend))
		nest_flow(rule, backend, field);
	else
		nest_block(rule, backend, field);
}

/* What the old versions meant by leaving it out. */
static void add_path_type(const struct migrate_rule *rule, const struct tree_yaml_node *path)
{
	static const char type[] = "pathType: ImplementationSpecific";
	size_t backend;

	if (tree_yaml_get(path, "pathType") || !migrate_rule_pair(path, "backend", &backend))
		return;
	const struct tree_yaml_node *key = path->items[2 * backend];
	if (!migrate_rule_is_flow(rule, path)) {
		migrate_rule_put_before(rule, key, type, NULL, 0);
		return;
	}
	cleanup_free char *now = mem_printf("%s, backend", type);
	migrate_rule_replace(rule, key, now);
}

static void migrate_paths(const struct migrate_rule *rule, const struct tree_yaml_node *paths,
			  size_t number)
{
	for (size_t i = 0; i < migrate_rule_items(paths); i++) {
		const struct tree_yaml_node *path = paths->items[i];
		if (path->kind != TREE_YAML_MAPPING)
			continue;
		add_path_type(rule, path);
		nest_backend(rule, tree_yaml_get(path, "backend"));
		migrate_rule_touch_at(rule, "spec.rules[%zu].http.paths[%zu].pathType", number, i);
		migrate_rule_touch_at(rule, "spec.rules[%zu].http.paths[%zu].backend", number, i);
	}
}

void migrate_ingress(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *spec = migrate_rule_at(rule->object, "spec");
	const struct tree_yaml_node *rules = migrate_rule_at(spec, "rules");
	size_t pair;

	if (migrate_rule_pair(spec, "backend", &pair)) {
		migrate_rule_replace(rule, spec->items[2 * pair], "defaultBackend");
		nest_backend(rule, spec->items[2 * pair + 1]);
		migrate_rule_touch(rule, "spec.backend");
		migrate_rule_touch(rule, "spec.defaultBackend");
	}
	for (size_t i = 0; i < migrate_rule_items(rules); i++)
		migrate_paths(rule, migrate_rule_at(rules->items[i], "http.paths"), i);
}
