/* What workloads want of the one node: ports that are claimed twice, rolling updates that cannot
 * work, what k3s itself brings, who listens already. */
#include <stdlib.h>
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
	bool balanced; /* a Service of type LoadBalancer: k3s' ServiceLB opens it */
};

struct claims {
	struct claim *items;
	size_t n, cap;
};

/* --- who claims which port --- */

static bool is_in_force(const struct manifest_app *app, const struct manifest_object *object)
{
	return !app->broken && !app->options.suspend && !object->suspend;
}

/* Without pods there is no port; a Job may well take turns with another. */
static bool claims_ports(const struct manifest_object *object)
{
	return strcmp(object->id.kind, "Job") != 0 && strcmp(object->id.kind, "CronJob") != 0 &&
	       tree_path_integer(object->body, "spec.replicas", 1) > 0;
}

static void add(struct claims *claims, const struct claim *claim)
{
	mem_grow(claims->items, &claims->cap, claims->n + 1);
	claims->items[claims->n++] = *claim;
}

static void add_pods(struct claims *claims, const struct manifest_app *app,
		     const struct manifest_object *object)
{
	struct manifest_holdings held;

	manifest_holdings(object->body, NULL, &held);
	for (size_t i = 0; claims_ports(object) && i < held.port_count; i++)
		add(claims, &(struct claim){.app = app, .object = object, .port = held.ports[i]});
	manifest_holdings_done(&held);
}

/* Another class means another balancer. */
static bool is_balanced(const struct manifest_object *object)
{
	const char *type = tree_path_string(object->body, "spec.type");
	const char *class = tree_path_string(object->body, "spec.loadBalancerClass");

	return !strcmp(object->id.kind, "Service") && !*object->id.group && type && !class &&
	       !strcmp(type, "LoadBalancer");
}

static void add_balanced(struct claims *claims, const struct manifest_app *app,
			 const struct manifest_object *object)
{
	size_t i;
	json_t *port;

	json_array_foreach (tree_path_get(object->body, "spec.ports"), i, port) {
		const char *protocol = tree_path_string(port, "protocol");
		struct claim claim = {
			.app = app,
			.object = object,
			.port = {.port = (int)tree_path_integer(port, "port", 0)},
			.balanced = true,
		};
		strncpy(claim.port.protocol, protocol ? protocol : "TCP",
			sizeof(claim.port.protocol) - 1);
		add(claims, &claim);
	}
}

static void gather(const struct manifest_set *set, struct claims *claims)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_app *app = set->apps[i];
			const struct manifest_object *object = app->objects[j];
			if (!is_in_force(app, object))
				continue;
			add_pods(claims, app, object);
			if (is_balanced(object))
				add_balanced(claims, app, object);
		}
}

static char *path_of(const struct claim *claim)
{
	return claim->balanced ? mem_strdup("spec.ports")
			       : manifest_pod_port_path(claim->object->body, claim->port.port);
}

static struct manifest_lint about(const struct claim *claim, struct diag_list *findings)
{
	return (struct manifest_lint){claim->object, claim->app->name, findings};
}

/* --- claimed twice --- */

static void report_clash(const struct claim *one, const struct claim *other,
			 struct diag_list *findings)
{
	const struct manifest_lint lint = about(one, findings);
	cleanup_free char *path = path_of(one), *there = path_of(other);
	const char *file;
	int line, column;

	manifest_object_place(other->object, there, &file, &line, &column);
	cleanup_free char *text = manifest_id_text(&other->object->id);
	if (one->balanced || other->balanced)
		manifest_lint_warning(
			&lint, path,
			"k3s' ServiceLB opens the ports of a LoadBalancer on the node; make it a "
			"ClusterIP, or put 'disable: [servicelb]' into "
			"/etc/rancher/k3s/config.yaml",
			"port %d/%s of the node is also claimed by %s (app %s, %s:%d)",
			one->port.port, one->port.protocol, text, other->app->name, file, line);
	else
		manifest_lint_error(
			&lint, path, "one node has each port once; give one of them another port",
			"host port %d/%s is also claimed by %s (app %s, %s:%d)", one->port.port,
			one->port.protocol, text, other->app->name, file, line);
}

void manifest_lint_ports(const struct manifest_set *set, struct diag_list *findings)
{
	struct claims claims = {0};

	gather(set, &claims);
	for (size_t i = 0; i < claims.n; i++)
		for (size_t j = i + 1; j < claims.n; j++) {
			const struct claim *a = &claims.items[i], *b = &claims.items[j];
			if (a->object == b->object || !manifest_ports_clash(&a->port, &b->port))
				continue;
			report_clash(a, b, findings);
			report_clash(b, a, findings);
		}
	free(claims.items);
}

/* --- one node --- */

/* "ns/name" of the set's claims that many pods may write. */
static json_t *shared_claims(const struct manifest_set *set)
{
	json_t *shared = json_object();

	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			if (strcmp(object->id.kind, "PersistentVolumeClaim") != 0 ||
			    !manifest_claim_is_shared(object->body))
				continue;
			cleanup_free char *name =
				mem_printf("%s/%s", object->id.ns, object->id.name);
			json_object_set_new(shared, name, json_true());
		}
	return shared;
}

/* Where the strategy is written; else where the cause of the clash is. */
static char *rolling_path(const struct manifest_object *object, enum manifest_coexist clash)
{
	const char *written =
		!strcmp(object->id.kind, "DaemonSet") ? "spec.updateStrategy" : "spec.strategy";
	struct manifest_holdings held;
	char *path;

	if (tree_path_get(object->body, written))
		return mem_strdup(written);
	if (clash == MANIFEST_CLASH_WRITERS)
		return mem_strdup("spec.template.spec.volumes");
	manifest_holdings(object->body, NULL, &held);
	path = manifest_pod_port_path(object->body, held.ports[0].port);
	manifest_holdings_done(&held);
	return path;
}

static void check_rolling(const struct manifest_lint *lint, const json_t *shared)
{
	cleanup_free char *why = NULL;
	const struct manifest_object *object = lint->object;
	const char *hint =
		!strcmp(object->id.kind, "DaemonSet")
			? "leave out maxSurge; until then desired deletes the old one "
			  "before it creates the new one"
			: "add strategy: {type: Recreate}; until then desired deletes the "
			  "old one before it creates the new one";

	if (object->redeploy != MANIFEST_REDEPLOY_AUTO)
		return;
	enum manifest_coexist clash = manifest_coexists(NULL, object->body, shared, &why);
	if (clash == MANIFEST_COEXIST)
		return;
	cleanup_free char *path = rolling_path(object, clash);
	if (clash == MANIFEST_CLASH_PORTS)
		manifest_lint_warning(lint, path, hint,
				      "a rolling update cannot work on one node: old and new pod "
				      "want %s",
				      why);
	else
		manifest_lint_warning(lint, path, hint, "in a rolling update %s at once", why);
}

static void check_replicas(const struct manifest_lint *lint)
{
	json_int_t replicas = tree_path_integer(lint->object->body, "spec.replicas", 1);
	struct manifest_holdings held;

	if (replicas < 2)
		return;
	manifest_holdings(lint->object->body, NULL, &held);
	if (held.port_count)
		manifest_lint_warning(lint, "spec.replicas",
				      "one node has each port once: write replicas: 1",
				      "only one of its %lld replicas can have host port %d",
				      (long long)replicas, held.ports[0].port);
	manifest_holdings_done(&held);
}

static bool rolls(const struct manifest_object *object)
{
	return !strcmp(object->id.group, "apps");
}

void manifest_lint_rolling(const struct manifest_set *set, struct diag_list *findings)
{
	json_auto_t *shared = shared_claims(set);

	for (size_t i = 0; i < set->count; i++)
		for (size_t j = 0; j < set->apps[i]->count; j++) {
			const struct manifest_object *object = set->apps[i]->objects[j];
			const struct manifest_lint lint = {object, set->apps[i]->name, findings};
			if (!rolls(object))
				continue;
			check_rolling(&lint, shared);
			check_replicas(&lint);
		}
}

/* --- what is on this node already --- */

static bool is_of_traefik(const struct claim *claim)
{
	return !strcmp(claim->port.protocol, "TCP") &&
	       (claim->port.port == 80 || claim->port.port == 443);
}

static void check_packaged(const struct claim *claim, const struct manifest_node *node,
			   struct diag_list *findings)
{
	const struct manifest_lint lint = about(claim, findings);
	cleanup_free char *path = path_of(claim);

	if (node->traefik && node->servicelb && is_of_traefik(claim))
		manifest_lint_warning(&lint, path,
				      "put 'disable: [traefik, servicelb]' into "
				      "/etc/rancher/k3s/config.yaml, or start k3s with --disable "
				      "traefik --disable servicelb",
				      "port %d is also claimed by k3s' svclb-traefik",
				      claim->port.port);
}

static void check_listeners(const struct claim *claim, const struct manifest_node *node,
			    struct diag_list *findings)
{
	const struct manifest_lint lint = about(claim, findings);
	bool host_network =
		tree_path_true(manifest_pod_spec(claim->object->body, NULL), "hostNetwork");

	for (size_t i = 0; i < node->count; i++) {
		const struct manifest_listener *listener = &node->listeners[i];
		/* What only this machine can reach is no obstacle to a port that is forwarded. */
		bool beside = !host_network && (!strncmp(listener->port.host_ip, "127.", 4) ||
						!strcmp(listener->port.host_ip, "::1"));
		if (beside || !manifest_ports_clash(&claim->port, &listener->port))
			continue;
		cleanup_free char *path = path_of(claim);
		manifest_lint_warning(&lint, path, "stop it, or give one of them another port",
				      "host port %d/%s is held by %s on this machine",
				      claim->port.port, claim->port.protocol, listener->holder);
		return;
	}
}

void manifest_lint_on_node(const struct manifest_set *set, const struct manifest_node *node,
			   struct diag_list *findings)
{
	struct claims claims = {0};

	gather(set, &claims);
	for (size_t i = 0; i < claims.n; i++) {
		check_packaged(&claims.items[i], node, findings);
		check_listeners(&claims.items[i], node, findings);
	}
	free(claims.items);
}
