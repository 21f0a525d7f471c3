/* Traefik's own kinds in version 3. */
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"
#include "manifest/upgrade.h"

#define NEW_TRAEFIK "traefik.io"

static void rename_key(const struct migrate_rule *rule, const struct tree_yaml_node *spec,
		       const char *old, const char *now)
{
	size_t pair;

	if (!migrate_rule_pair(spec, old, &pair))
		return;
	migrate_rule_replace(rule, spec->items[2 * pair], now);
	migrate_rule_touch_at(rule, "spec.%s", old);
	migrate_rule_touch_at(rule, "spec.%s", now);
}

static void migrate_service(const struct migrate_rule *rule, const struct tree_yaml_node *service,
			    size_t route, size_t number)
{
	const struct tree_yaml_node *strategy = tree_yaml_get(service, "strategy");
	size_t pair;

	if (migrate_rule_pair(service, "helthcheck", &pair)) {
		/* Mistyped, it was ignored; since version 3 it is for ExternalName only. */
		migrate_rule_drop(rule, service, pair);
		migrate_rule_touch_at(rule, "spec.routes[%zu].services[%zu].helthcheck", route,
				      number);
	}
	if (migrate_rule_says(strategy, "RoundRobin")) {
		migrate_rule_replace(rule, strategy, "wrr");
		migrate_rule_touch_at(rule, "spec.routes[%zu].services[%zu].strategy", route,
				      number);
	}
}

static void migrate_route(const struct migrate_rule *rule, const struct tree_yaml_node *route,
			  size_t number)
{
	const struct tree_yaml_node *match = migrate_rule_at(route, "match");
	const struct tree_yaml_node *services = migrate_rule_at(route, "services");

	/* A loop may give one host here and two there: the text is the same. */
	migrate_rule_touch_at(rule, "spec.routes[%zu].match", number);
	if (match && match->kind == TREE_YAML_SCALAR &&
	    !migrate_rule_says(migrate_rule_at(route, "syntax"), "v2"))
		migrate_matchers(rule, match);
	for (size_t i = 0; i < migrate_rule_items(services); i++)
		if (services->items[i]->kind == TREE_YAML_MAPPING)
			migrate_service(rule, services->items[i], number, i);
}

static void migrate_routes(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *routes = migrate_rule_at(rule->object, "spec.routes");

	for (size_t i = 0; i < migrate_rule_items(routes); i++)
		migrate_route(rule, routes->items[i], i);
}

static const char *const without_effect[] = {"sslRedirect", "sslTemporaryRedirect", "sslHost",
					     "sslForceHost"};

static bool has_no_effect(const char *option)
{
	for (size_t i = 0; i < sizeof(without_effect) / sizeof(*without_effect); i++)
		if (!strcmp(option, without_effect[i]))
			return true;
	return false;
}

static bool does_nothing(const struct tree_yaml_node *headers)
{
	for (size_t i = 0; i < headers->count; i++)
		if (!has_no_effect(headers->items[2 * i]->text))
			return false;
	return true;
}

/* Options that went: whoever wants the redirect says so in another middleware. */
static void migrate_headers(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *headers = migrate_rule_at(rule->object, "spec.headers");
	size_t pair;

	if (!headers || headers->kind != TREE_YAML_MAPPING || !headers->count)
		return;
	if (does_nothing(headers)) {
		migrate_rule_refuse(rule, headers,
				    "write redirectScheme: {scheme: https} instead of headers",
				    "headers no longer redirects since Traefik 3");
		return;
	}
	for (size_t i = 0; i < sizeof(without_effect) / sizeof(*without_effect); i++) {
		if (!migrate_rule_pair(headers, without_effect[i], &pair))
			continue;
		migrate_rule_note(rule, headers->items[2 * pair],
				  "%s goes; to redirect, use a middleware with redirectScheme: "
				  "{scheme: https}",
				  without_effect[i]);
		migrate_rule_drop(rule, headers, pair);
		migrate_rule_touch_at(rule, "spec.headers.%s", without_effect[i]);
	}
	if (migrate_rule_pair(headers, "featurePolicy", &pair))
		migrate_rule_note(rule, headers->items[2 * pair],
				  "featurePolicy has no effect since Traefik 3; write "
				  "permissionsPolicy, whose values look otherwise");
}

static void migrate_middleware(const struct migrate_rule *rule)
{
	rename_key(rule, migrate_rule_at(rule->object, "spec"), "ipWhiteList", "ipAllowList");
	migrate_headers(rule);
}

static void migrate_tls_option(const struct migrate_rule *rule)
{
	const struct tree_yaml_node *spec = migrate_rule_at(rule->object, "spec");
	size_t pair;

	if (!migrate_rule_pair(spec, "preferServerCipherSuites", &pair))
		return;
	migrate_rule_drop(rule, spec, pair);
	migrate_rule_touch(rule, "spec.preferServerCipherSuites");
}

static bool is_of(const char *api_version, const char *group)
{
	size_t n = strlen(group);

	return !strncmp(api_version, group, n) && api_version[n] == '/';
}

void migrate_traefik(const struct migrate_rule *rule, const char *api_version, const char *kind)
{
	bool old = is_of(api_version, MANIFEST_OLD_TRAEFIK);

	if (!old && !is_of(api_version, NEW_TRAEFIK))
		return;
	if (old) {
		migrate_rule_replace(rule, tree_yaml_get(rule->object, "apiVersion"),
				     NEW_TRAEFIK "/v1alpha1");
		migrate_rule_touch(rule, "apiVersion");
		rule->change->traefik = true;
	}
	if (!strcmp(kind, "IngressRoute") || !strcmp(kind, "IngressRouteTCP"))
		migrate_routes(rule);
	else if (!strcmp(kind, "Middleware") || !strcmp(kind, "MiddlewareTCP"))
		migrate_middleware(rule);
	else if (!strcmp(kind, "TLSOption"))
		migrate_tls_option(rule);
}
