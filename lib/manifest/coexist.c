#include "manifest/coexist.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tree/path.h"

struct gathering {
	const json_t *body, *spec, *shared_claims;
	bool host_network;
	struct manifest_holdings *holdings;
	struct list writers;
};

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

static void add_port(struct manifest_holdings *holdings, const json_t *port, int number)
{
	struct manifest_port add = {.port = number};
	const char *ip = text_of(port, "hostIP", "");

	strncpy(add.protocol, text_of(port, "protocol", "TCP"), sizeof(add.protocol) - 1);
	strncpy(add.host_ip, strcmp(ip, "0.0.0.0") && strcmp(ip, "::") ? ip : "",
		sizeof(add.host_ip) - 1);
	for (size_t i = 0; i < holdings->port_count; i++)
		if (!memcmp(&holdings->ports[i], &add, sizeof(add)))
			return;
	holdings->ports = mem_realloc(holdings->ports,
				      (holdings->port_count + 1) * sizeof(struct manifest_port));
	holdings->ports[holdings->port_count++] = add;
}

/* Init containers hold no port while the pod runs, unless they are side-cars. */
static void gather_ports(struct gathering *all, const json_t *container, const char *list)
{
	size_t i;
	json_t *port;

	if (!strcmp(list, "initContainers") &&
	    strcmp(text_of(container, "restartPolicy", ""), "Always") != 0)
		return;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		json_int_t number = tree_path_integer(port, "hostPort", 0);
		if (!number && all->host_network)
			number = tree_path_integer(port, "containerPort", 0);
		if (number > 0 && number < 65536)
			add_port(all->holdings, port, (int)number);
	}
}

static bool below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	while (length && folder[length - 1] == '/')
		length--;
	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

/* Sockets, devices and what the kernel makes are not data. */
static bool holds_no_data(const char *path, const char *type)
{
	static const char *const folders[] = {"/dev", "/proc", "/sys", "/run", "/var/run"};

	if (!strcmp(type, "Socket") || !strcmp(type, "CharDevice") || !strcmp(type, "BlockDevice"))
		return true;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (below(path, folders[i]))
			return true;
	return false;
}

static bool is_shared(const json_t *claims, const char *ns, const char *name)
{
	cleanup_free char *full = mem_printf("%s/%s", ns, name);
	size_t i;
	json_t *claim;

	if (json_object_get(claims, name) || json_object_get(claims, full))
		return true;
	json_array_foreach ((json_t *)claims, i, claim) {
		const char *text = json_string_value(claim);
		if (text && (!strcmp(text, name) || !strcmp(text, full)))
			return true;
	}
	return false;
}

static const json_t *volume_named(const json_t *spec, const char *name)
{
	size_t i;
	json_t *volume;

	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		if (!strcmp(text_of(volume, "name", ""), name))
			return volume;
	}
	return NULL;
}

static void gather_host_path(struct gathering *all, const json_t *source, const json_t *mount)
{
	const char *sub = text_of(mount, "subPath", "");
	cleanup_free char *path = mem_strdup(text_of(source, "path", ""));
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
	if (*path != '/' || holds_no_data(path, text_of(source, "type", "")))
		return;
	cleanup_free char *full =
		*sub ? mem_printf("%s/%s", length > 1 ? path : "", sub) : steal(&path);
	list_add_new(&all->writers, full);
}

static void gather_mount(struct gathering *all, const json_t *mount)
{
	const json_t *volume = volume_named(all->spec, text_of(mount, "name", ""));
	const json_t *host_path = json_object_get(volume, "hostPath");
	const json_t *claim = json_object_get(volume, "persistentVolumeClaim");

	if (tree_path_true(mount, "readOnly"))
		return;
	if (host_path)
		gather_host_path(all, host_path, mount);
	if (!claim || tree_path_true(claim, "readOnly"))
		return;
	const char *ns = tree_path_string(all->body, "metadata.namespace");
	const char *name = text_of(claim, "claimName", "");
	if (is_shared(all->shared_claims, ns ? ns : "default", name))
		return;
	cleanup_free char *writer = mem_printf("claim %s/%s", ns ? ns : "default", name);
	list_add_new(&all->writers, writer);
}

static void gather_container(void *context, json_t *container, const char *list, const char *path)
{
	struct gathering *all = context;
	size_t i;
	json_t *mount;

	(void)path;
	gather_ports(all, container, list);
	json_array_foreach (json_object_get(container, "volumeMounts"), i, mount) {
		gather_mount(all, mount);
	}
}

void manifest_holdings(const json_t *body, const json_t *shared_claims,
		       struct manifest_holdings *ret)
{
	const json_t *spec = manifest_pod_spec(body, NULL);
	struct gathering all = {.body = body,
				.spec = spec,
				.shared_claims = shared_claims,
				.host_network = tree_path_true(spec, "hostNetwork"),
				.holdings = ret};

	*ret = (struct manifest_holdings){0};
	manifest_pod_containers(body, gather_container, &all);
	ret->writers = all.writers.items;
	ret->writer_count = all.writers.n;
}

void manifest_holdings_done(struct manifest_holdings *holdings)
{
	for (size_t i = 0; i < holdings->writer_count; i++)
		free(holdings->writers[i]);
	free(holdings->writers);
	free(holdings->ports);
	*holdings = (struct manifest_holdings){0};
}

bool manifest_claim_is_shared(const json_t *claim)
{
	size_t i;
	json_t *mode;

	json_array_foreach (tree_path_get(claim, "spec.accessModes"), i, mode) {
		if (json_is_string(mode) && !strcmp(json_string_value(mode), "ReadWriteMany"))
			return true;
	}
	return false;
}

bool manifest_ports_clash(const struct manifest_port *a, const struct manifest_port *b)
{
	return a->port == b->port && !strcmp(a->protocol, b->protocol) &&
	       (!*a->host_ip || !*b->host_ip || !strcmp(a->host_ip, b->host_ip));
}

bool manifest_writers_clash(const char *a, const char *b)
{
	return below(a, b) || below(b, a);
}

static bool zero(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? !strcmp(text, "0%") || !strcmp(text, "0")
		    : json_is_integer(value) && json_integer_value(value) == 0;
}

/* Does a rolling update of the new body start new pods before the old ones are told to go? */
static bool surges(const json_t *body)
{
	const char *kind = text_of(body, "kind", "");

	if (!strcmp(kind, "DaemonSet")) {
		const json_t *surge =
			tree_path_get(body, "spec.updateStrategy.rollingUpdate.maxSurge");
		return surge && !zero(surge);
	}
	if (strcmp(kind, "Deployment") != 0)
		return false;
	return !zero(tree_path_get(body, "spec.strategy.rollingUpdate.maxSurge"));
}

/* Without surge the old pod is told to go first, but a Deployment does not wait until it has gone:
 * two writers still meet. */
static bool overlaps(const json_t *body)
{
	return surges(body) || !strcmp(text_of(body, "kind", ""), "Deployment");
}

/* Recreate waits; an app without pods has nothing to clash. */
static bool never_rolls(const json_t *body)
{
	const char *strategy = tree_path_string(body, "spec.strategy.type");
	const char *update = tree_path_string(body, "spec.updateStrategy.type");

	return (strategy && !strcmp(strategy, "Recreate")) ||
	       (update && !strcmp(update, "OnDelete")) ||
	       tree_path_integer(body, "spec.replicas", 1) == 0;
}

static void name_ports(const struct manifest_holdings *before,
		       const struct manifest_holdings *after, struct list *names)
{
	for (size_t i = 0; i < after->port_count; i++)
		for (size_t j = 0; j < before->port_count; j++)
			if (manifest_ports_clash(&after->ports[i], &before->ports[j])) {
				cleanup_free char *name = mem_printf("%d", after->ports[i].port);
				list_add_new(names, name);
			}
}

static void name_writers(const struct manifest_holdings *before,
			 const struct manifest_holdings *after, struct list *names)
{
	for (size_t i = 0; i < after->writer_count; i++)
		for (size_t j = 0; j < before->writer_count; j++)
			if (manifest_writers_clash(after->writers[i], before->writers[j]))
				list_add_new(names, after->writers[i]);
}

enum manifest_coexist manifest_coexists(const json_t *old_body, const json_t *new_body,
					const json_t *shared_claims, char **ret_why)
{
	struct manifest_holdings before, after;
	cleanup_list struct list ports = LIST_INIT, writers = LIST_INIT;

	*ret_why = NULL;
	if (never_rolls(new_body) || !overlaps(new_body))
		return MANIFEST_COEXIST;
	manifest_holdings(old_body ? old_body : new_body, shared_claims, &before);
	manifest_holdings(new_body, shared_claims, &after);
	if (surges(new_body))
		name_ports(&before, &after, &ports);
	/* Several replicas share the path on purpose. */
	if (tree_path_integer(new_body, "spec.replicas", 1) < 2)
		name_writers(&before, &after, &writers);
	manifest_holdings_done(&before);
	manifest_holdings_done(&after);

	if (ports.n) {
		cleanup_free char *names = list_join(&ports, " ");
		*ret_why = mem_printf("host port%s %s", ports.n > 1 ? "s" : "", names);
	} else if (writers.n) {
		cleanup_free char *names = list_join(&writers, " and ");
		*ret_why = mem_printf("two pods would write %s", names);
	}
	return ports.n	   ? MANIFEST_CLASH_PORTS
	       : writers.n ? MANIFEST_CLASH_WRITERS
			   : MANIFEST_COEXIST;
}
