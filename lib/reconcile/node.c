/* Facts that plans ask for: what the node has and holds (PLAN_ASK_NODE), and which Service has
 * which address (PLAN_ASK_SERVICES). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "host/port.h"
#include "manifest/coexist.h"
#include "reconcile/internal.h"
#include "tree/path.h"

/* --- nodes --- */

static void add_images(json_t *images, const json_t *node)
{
	size_t i, j;
	json_t *image, *name;

	json_array_foreach (tree_path_get(node, "status.images"), i, image)
		json_array_foreach (json_object_get(image, "names"), j, name)
			if (json_is_string(name))
				json_array_append(images, name);
}

static bool is_here(const json_t *node)
{
	size_t i;
	json_t *address;

	if (host_is_machine("/etc", tree_path_string(node, "status.nodeInfo.machineID")))
		return true;
	json_array_foreach (tree_path_get(node, "status.addresses"), i, address) {
		const char *type = tree_path_string(address, "type");
		const char *text = tree_path_string(address, "address");
		if (type &&
		    (!strcmp(type, "Hostname") ? host_is_named(text) : host_has_address(text)))
			return true;
	}
	return false;
}

/* --- who has which port --- */

/* It has ended, or was never placed: it holds nothing. */
static bool holds_nothing(const json_t *pod)
{
	const char *phase = tree_path_string(pod, "status.phase");

	return !tree_path_string(pod, "spec.nodeName") ||
	       (phase && (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed")));
}

static json_t *held_by_pod(const struct manifest_port *port, const json_t *pod)
{
	json_t *labels = tree_path_get(pod, "metadata.labels");

	return json_pack("{s:i, s:s, s:s, s:s?, s:s?, s:O*}", "port", port->port, "protocol",
			 port->protocol, "ip", port->host_ip, "pod",
			 tree_path_string(pod, "metadata.name"), "namespace",
			 tree_path_string(pod, "metadata.namespace"), "labels", labels);
}

static void add_pods(json_t *listeners, const json_t *pods)
{
	size_t i;
	json_t *pod;

	json_array_foreach (pods, i, pod) {
		struct manifest_holdings held;
		if (holds_nothing(pod))
			continue;
		/* An item of a list does not say what it is. */
		json_auto_t *body = json_copy(pod);
		json_object_set_new(body, "kind", json_string("Pod"));
		manifest_holdings(body, NULL, &held);
		for (size_t j = 0; j < held.port_count; j++)
			json_array_append_new(listeners, held_by_pod(&held.ports[j], pod));
		manifest_holdings_done(&held);
	}
}

static const json_t *pod_of(const json_t *pods, const char *uid)
{
	size_t i;
	json_t *pod;

	json_array_foreach (pods, i, pod) {
		const char *own = tree_path_string(pod, "metadata.uid");
		if (uid && own && !strcmp(own, uid))
			return pod;
	}
	return NULL;
}

/* Of a pod with hostNetwork also ports that its manifest does not name. */
static void add_process(json_t *listeners, const struct host_listener *listener, const json_t *pods)
{
	const json_t *pod = pod_of(pods, listener->pod);
	struct manifest_port port = {.port = listener->port};

	(void)snprintf(port.protocol, sizeof(port.protocol), "%s", listener->protocol);
	(void)snprintf(port.host_ip, sizeof(port.host_ip), "%s", listener->ip);
	if (pod)
		json_array_append_new(listeners, held_by_pod(&port, pod));
	else
		json_array_append_new(listeners,
				      json_pack("{s:i, s:s, s:s, s:s?, s:I}", "port", port.port,
						"protocol", port.protocol, "ip", port.host_ip,
						"process", listener->process, "pid",
						(json_int_t)listener->pid));
}

static int add_processes(json_t *listeners, const json_t *pods, struct err *err)
{
	struct host_listener *found = NULL;
	size_t count = 0;
	int r = host_listeners("/proc", &found, &count, err);

	for (size_t i = 0; r >= 0 && i < count; i++)
		add_process(listeners, &found[i], pods);
	host_listeners_free(found, count);
	return r;
}

/* With several nodes a pod finds a port on another one: nothing is concluded then. */
static int add_listeners(const struct reconcile_world *world, const json_t *nodes,
			 const struct deadline *deadline, json_t *listeners, struct err *err)
{
	json_auto_t *pods = NULL;

	if (json_array_size(nodes) != 1)
		return 0;
	int r = kube_client_select(world->client, "", "Pod", NULL, NULL, NULL, deadline, &pods,
				   err);
	if (r < 0)
		return r;
	add_pods(listeners, pods);
	return is_here(json_array_get(nodes, 0)) ? add_processes(listeners, pods, err) : 0;
}

int reconcile_ask_node(const struct reconcile_world *world, const struct deadline *deadline,
		       json_t **ret, struct err *err)
{
	json_auto_t *nodes = NULL;
	size_t i;
	json_t *node;

	int r = kube_client_select(world->client, "", "Node", NULL, NULL, NULL, deadline, &nodes,
				   err);
	if (r < 0)
		return r;
	json_auto_t *answer = json_pack("{s:[], s:[], s:[]}", "nodes", "images", "listeners");
	json_array_foreach (nodes, i, node) {
		json_t *name = tree_path_get(node, "metadata.name");
		if (name)
			json_array_append(json_object_get(answer, "nodes"), name);
		add_images(json_object_get(answer, "images"), node);
	}
	r = add_listeners(world, nodes, deadline, json_object_get(answer, "listeners"), err);
	if (r < 0)
		return r;
	*ret = steal(&answer);
	return 0;
}

int reconcile_ask_services(const struct reconcile_world *world, const struct deadline *deadline,
			   json_t **ret, struct err *err)
{
	json_auto_t *services = NULL;
	size_t i, j;
	json_t *service, *address;

	int r = kube_client_select(world->client, "", "Service", NULL, NULL, NULL, deadline,
				   &services, err);
	if (r < 0)
		return r;
	*ret = json_object();
	json_array_foreach (services, i, service) {
		cleanup_free char *name =
			mem_printf("%s/%s", tree_path_string(service, "metadata.namespace"),
				   tree_path_string(service, "metadata.name"));
		json_array_foreach (tree_path_get(service, "spec.clusterIPs"), j, address)
			if (json_is_string(address))
				json_object_set_new(*ret, json_string_value(address),
						    json_string(name));
	}
	return 0;
}
