/* What Traefik 3 refuses or ignores although the API server takes it. */
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "manifest/lint.h"
#include "manifest/pod.h"
#include "tree/path.h"

struct fields {
	const char *const *names;
	size_t count;
};

#define FIELDS(...)                                                                       \
	{                                                                                 \
		(const char *const[]){__VA_ARGS__},                                       \
			sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *) \
	}

static const struct fields route_spec =
	FIELDS("entryPoints", "ingressClassName", "parentRefs", "routes", "tls");
static const struct fields route_fields =
	FIELDS("kind", "match", "middlewares", "observability", "priority", "services", "syntax");
static const struct fields service_fields =
	FIELDS("healthCheck", "kind", "middlewares", "name", "namespace", "nativeLB", "nodePortLB",
	       "passHostHeader", "passiveHealthCheck", "port", "responseForwarding", "scheme",
	       "serversTransport", "sticky", "strategy", "weight");
static const struct fields tls_fields =
	FIELDS("certResolver", "domains", "options", "secretName", "store");
static const struct fields middleware_spec =
	FIELDS("addPrefix", "basicAuth", "buffering", "chain", "circuitBreaker", "compress",
	       "contentType", "digestAuth", "encodedCharacters", "errors", "forwardAuth", "grpcWeb",
	       "headers", "inFlightReq", "ipAllowList", "ipWhiteList", "passTLSClientCert",
	       "plugin", "rateLimit", "redirectRegex", "redirectScheme", "replacePath",
	       "replacePathRegex", "retry", "stripPrefix", "stripPrefixRegex");

/* Names a field that is nearly one we know: a typing mistake. One that resembles nothing may be
 * newer than this table; the server knows its schema. */
static void check_fields(const struct manifest_lint *lint, const json_t *object, const char *path,
			 const struct fields *known)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		bool found = false;
		for (size_t i = 0; i < known->count && !found; i++)
			found = !strcmp(known->names[i], key);
		const char *nearest = found ? NULL : name_nearest(key, known->names, known->count);
		if (!nearest)
			continue;
		cleanup_free char *hint =
			!strcmp(nearest, "healthCheck")
				? mem_strdup("delete it (healthCheck is for ExternalName only)")
				: mem_printf("did you mean '%s'?", nearest);
		manifest_lint_unknown(lint, path, key, hint);
	}
}

/* Matchers of Traefik 2 that 3 does not have, and what to write. */
static const struct {
	const char *old, *now;
} matchers[] = {
	{"HostHeader", "Host"},
	{"Headers", "Header"},
	{"HeadersRegexp", "HeaderRegexp"},
};

/* A matcher begins where a word begins. */
static bool calls(const char *match, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = strstr(match, name); at; at = strstr(at + 1, name)) {
		bool begins = at == match || strchr(" (!&|\t\n", at[-1]);
		if (begins && at[length + strspn(at + length, " ")] == '(')
			return true;
	}
	return false;
}

static void check_match(const struct manifest_lint *lint, const json_t *route, const char *path)
{
	const char *match = tree_path_string(route, "match");
	const char *syntax = tree_path_string(route, "syntax");

	if (!match || (syntax && !strcmp(syntax, "v2")))
		return;
	for (size_t i = 0; i < sizeof(matchers) / sizeof(matchers[0]); i++) {
		if (!calls(match, matchers[i].old))
			continue;
		cleanup_free char *at = mem_printf("%s.match", path);
		manifest_lint_word(lint, at, matchers[i].old, NULL,
				   "%s() was removed in Traefik 3; write %s()", matchers[i].old,
				   matchers[i].now);
	}
}

static void check_services(const struct manifest_lint *lint, const json_t *route, const char *path)
{
	size_t i;
	json_t *service;

	json_array_foreach (json_object_get(route, "services"), i, service) {
		cleanup_free char *at = mem_printf("%s.services[%zu]", path, i);
		cleanup_free char *strategy_at = mem_printf("%s.strategy", at);
		const char *strategy = tree_path_string(service, "strategy");
		check_fields(lint, service, at, &service_fields);
		if (strategy && !strcmp(strategy, "RoundRobin"))
			manifest_lint_warning(lint, strategy_at, NULL,
					      "strategy RoundRobin is deprecated; write wrr");
	}
}

static void check_ingress_route(const struct manifest_lint *lint)
{
	const json_t *body = lint->object->body;
	size_t i;
	json_t *route;

	check_fields(lint, json_object_get(body, "spec"), "spec", &route_spec);
	check_fields(lint, tree_path_get(body, "spec.tls"), "spec.tls", &tls_fields);
	json_array_foreach (tree_path_get(body, "spec.routes"), i, route) {
		cleanup_free char *at = mem_printf("spec.routes[%zu]", i);
		check_fields(lint, route, at, &route_fields);
		check_match(lint, route, at);
		check_services(lint, route, at);
	}
}

static void check_middleware(const struct manifest_lint *lint)
{
	static const char *const without_effect[] = {"sslRedirect", "sslTemporaryRedirect",
						     "sslHost", "sslForceHost", "featurePolicy"};
	const json_t *body = lint->object->body;

	check_fields(lint, json_object_get(body, "spec"), "spec", &middleware_spec);
	for (size_t i = 0; i < sizeof(without_effect) / sizeof(without_effect[0]); i++) {
		cleanup_free char *at = mem_printf("spec.headers.%s", without_effect[i]);
		if (tree_path_get(body, at))
			manifest_lint_warning(lint, at,
					      strncmp(without_effect[i], "ssl", 3)
						      ? "write permissionsPolicy"
						      : "use a redirectScheme middleware",
					      "%s has no effect since Traefik 3",
					      without_effect[i]);
	}
	if (tree_path_get(body, "spec.ipWhiteList"))
		manifest_lint_warning(lint, "spec.ipWhiteList", NULL,
				      "ipWhiteList is deprecated; write ipAllowList");
}

static void check_tls_option(const struct manifest_lint *lint)
{
	if (tree_path_get(lint->object->body, "spec.preferServerCipherSuites"))
		manifest_lint_warning(lint, "spec.preferServerCipherSuites", "delete it",
				      "preferServerCipherSuites has no effect since Traefik 3");
}

/* "traefik:v3.7", "docker.io/library/traefik:3.6.2"; an image without a version is today's. */
static bool is_traefik_3(const char *image)
{
	const char *slash = image ? strrchr(image, '/') : NULL;
	const char *name = slash ? slash + 1 : image;

	if (!name || strncmp(name, "traefik", strlen("traefik")) != 0)
		return false;
	name += strlen("traefik");
	if (*name && *name != ':' && *name != '@')
		return false;
	const char *tag = *name == ':' ? name + 1 : "";
	tag += *tag == 'v';
	return *tag != '1' && *tag != '2';
}

static void check_container(void *context, json_t *container, const char *list, const char *path)
{
	static const char *const lists[] = {"args", "command"};
	const struct manifest_lint *lint = context;

	(void)list;
	if (!is_traefik_3(tree_path_string(container, "image")))
		return;
	for (int l = 0; l < 2; l++) {
		size_t i;
		json_t *arg;
		json_array_foreach (json_object_get(container, lists[l]), i, arg) {
			const char *text = json_string_value(arg);
			if (!text || strncasecmp(text, "--pilot", strlen("--pilot")) != 0)
				continue;
			cleanup_free char *at = mem_printf("%s.%s[%zu]", path, lists[l], i);
			manifest_lint_error(lint, at, "delete it; Traefik would not start",
					    "the Pilot options were removed in Traefik 3");
		}
	}
}

void manifest_lint_traefik(const struct manifest_object *object, const char *app,
			   struct diag_list *findings)
{
	struct manifest_lint lint = {object, app, findings};
	const char *kind = object->id.kind;

	if (strcmp(object->id.group, "traefik.io") != 0) {
		manifest_pod_containers(object->body, check_container, &lint);
		return;
	}
	if (!strcmp(kind, "IngressRoute"))
		check_ingress_route(&lint);
	else if (!strcmp(kind, "Middleware"))
		check_middleware(&lint);
	else if (!strcmp(kind, "TLSOption"))
		check_tls_option(&lint);
}
