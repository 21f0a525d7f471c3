/*
 * Who else holds the host ports that new pods want: another pod, or a process of the node. The
 * replaced object's own pods give theirs back.
 */
#include <string.h>

#include "base/mem.h"
#include "manifest/pod.h"
#include "manifest/selector.h"
#include "plan/internal.h"
#include "tree/path.h"

/* Pods of the replaced object, by its selector (a Pod is its own). */
static bool is_of(const json_t *listener, const json_t *old)
{
	const char *ns = tree_path_string(listener, "namespace");

	if (!plan_same(ns, tree_path_string(old, "metadata.namespace")))
		return false;
	if (plan_same(tree_path_string(old, "kind"), "Pod"))
		return plan_same(tree_path_string(listener, "pod"),
				 tree_path_string(old, "metadata.name"));
	return manifest_selector_matches(old, json_object_get(listener, "labels"));
}

static bool holds(const json_t *listener, const struct manifest_port *wanted)
{
	struct manifest_port held = {.port = (int)tree_path_integer(listener, "port", 0)};
	const char *protocol = tree_path_string(listener, "protocol");
	const char *ip = tree_path_string(listener, "ip");

	strncpy(held.protocol, protocol ? protocol : "TCP", sizeof(held.protocol) - 1);
	strncpy(held.host_ip, ip ? ip : "", sizeof(held.host_ip) - 1);
	return manifest_ports_clash(&held, wanted);
}

/* k3s runs a pod of these names for each Service of type LoadBalancer, and one Traefik. */
static const char *advice(const json_t *listener)
{
	const char *pod = tree_path_string(listener, "pod");
	const char *ns = tree_path_string(listener, "namespace");

	if (pod && plan_same(ns, "kube-system") &&
	    (!strncmp(pod, "svclb-", strlen("svclb-")) ||
	     !strncmp(pod, "traefik-", strlen("traefik-"))))
		return ", which k3s brings: put 'disable: [traefik, servicelb]' into "
		       "/etc/rancher/k3s/config.yaml and restart k3s (or start it with --disable "
		       "traefik --disable servicelb)";
	return "";
}

static char *describe(const json_t *listener, const struct manifest_port *port)
{
	const char *pod = tree_path_string(listener, "pod");

	if (pod)
		return mem_printf("host port %d/%s is held by pod %s/%s%s", port->port,
				  port->protocol, tree_path_string(listener, "namespace"), pod,
				  advice(listener));
	const char *process = tree_path_string(listener, "process");
	return mem_printf("host port %d/%s is held by %s (pid %lld) on the node", port->port,
			  port->protocol, process ? process : "a process",
			  (long long)tree_path_integer(listener, "pid", 0));
}

/* A hostPort is not bound but forwarded, from other machines: a resolver on 127.0.0.53 is no
 * obstacle to it. A pod in the host's network binds. */
static bool is_beside(const json_t *listener, bool host_network)
{
	const char *ip = tree_path_string(listener, "ip");

	return !host_network && !tree_path_string(listener, "pod") && ip &&
	       (!strncmp(ip, "127.", strlen("127.")) || !strcmp(ip, "::1"));
}

static char *holder_of(const json_t *node, const struct manifest_port *port, bool host_network,
		       const json_t *old)
{
	size_t i;
	json_t *listener;

	json_array_foreach (json_object_get(node, "listeners"), i, listener)
		if (holds(listener, port) && !is_of(listener, old) &&
		    !is_beside(listener, host_network))
			return describe(listener, port);
	return NULL;
}

char *plan_prove_ports(struct plan_run *run, const struct plan_step *step, const json_t *old,
		       bool *complete, char **ret_field)
{
	struct manifest_holdings wanted;
	char *problem = NULL;

	bool host_network = tree_path_true(manifest_pod_spec(step->body, NULL), "hostNetwork");

	manifest_holdings(step->body, NULL, &wanted);
	const json_t *node = wanted.port_count ? plan_know_node(run) : NULL;
	if (wanted.port_count && !node)
		*complete = false;
	for (size_t i = 0; node && !problem && i < wanted.port_count; i++) {
		problem = holder_of(node, &wanted.ports[i], host_network, old);
		if (problem)
			*ret_field = manifest_pod_port_path(step->body, wanted.ports[i].port);
	}
	manifest_holdings_done(&wanted);
	return problem;
}
