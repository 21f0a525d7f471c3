#include "manifest/pod.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/path.h"

static const struct {
	const char *kind, *template, *spec;
} places[] = {
	{"Deployment", "spec.template", "spec.template.spec"},
	{"StatefulSet", "spec.template", "spec.template.spec"},
	{"DaemonSet", "spec.template", "spec.template.spec"},
	{"ReplicaSet", "spec.template", "spec.template.spec"},
	{"ReplicationController", "spec.template", "spec.template.spec"},
	{"Job", "spec.template", "spec.template.spec"},
	{"CronJob", "spec.jobTemplate.spec.template", "spec.jobTemplate.spec.template.spec"},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

json_t *manifest_pod_template(const json_t *body, const char **ret_path)
{
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (kind && !strcmp(kind, "Pod")) {
		if (ret_path)
			*ret_path = "";
		return (json_t *)body;
	}
	for (size_t i = 0; kind && i < PLACES; i++)
		if (!strcmp(places[i].kind, kind)) {
			if (ret_path)
				*ret_path = places[i].template;
			return tree_path_get(body, places[i].template);
		}
	return NULL;
}

json_t *manifest_pod_spec(const json_t *body, const char **ret_path)
{
	json_t *template = manifest_pod_template(body, ret_path);

	for (size_t i = 0; ret_path && template && i < PLACES; i++)
		if (!strcmp(places[i].template, *ret_path)) {
			*ret_path = places[i].spec;
			break;
		}
	if (ret_path && template && !**ret_path)
		*ret_path = "spec";
	return json_object_get(template, "spec");
}

void manifest_pod_containers(const json_t *body,
			     void (*each)(void *context, json_t *container, const char *list,
					  const char *path),
			     void *context)
{
	static const char *const lists[] = {"initContainers", "containers"};
	const char *where = "";
	json_t *spec = manifest_pod_spec(body, &where), *container;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		size_t j;
		json_array_foreach (json_object_get(spec, lists[i]), j, container) {
			cleanup_buf struct buf path = BUF_INIT;
			buf_printf(&path, "%s.%s[%zu]", where, lists[i], j);
			each(context, container, lists[i], buf_str(&path));
		}
	}
}

struct references {
	void (*each)(void *context, const struct manifest_reference *reference);
	void *context;
};

/* `source` names one by `name_key`; what it picks out of it stands in `key` or in items[].key. */
static void report(const struct references *to, const char *kind, const json_t *source,
		   const char *name_key)
{
	struct manifest_reference reference = {
		.kind = kind,
		.name = json_string_value(json_object_get(source, name_key)),
		.key = json_string_value(json_object_get(source, "key")),
		.optional = tree_path_true(source, "optional"),
	};
	size_t i;
	json_t *item;

	if (!reference.name)
		return;
	to->each(to->context, &reference);
	json_array_foreach (json_object_get(source, "items"), i, item) {
		reference.key = json_string_value(json_object_get(item, "key"));
		to->each(to->context, &reference);
	}
}

static void container_references(void *context, json_t *container, const char *list,
				 const char *path)
{
	const struct references *to = context;
	size_t i;
	json_t *item;

	(void)list;
	(void)path;
	json_array_foreach (json_object_get(container, "env"), i, item) {
		const json_t *from = json_object_get(item, "valueFrom");
		report(to, "ConfigMap", json_object_get(from, "configMapKeyRef"), "name");
		report(to, "Secret", json_object_get(from, "secretKeyRef"), "name");
	}
	json_array_foreach (json_object_get(container, "envFrom"), i, item) {
		report(to, "ConfigMap", json_object_get(item, "configMapRef"), "name");
		report(to, "Secret", json_object_get(item, "secretRef"), "name");
	}
}

static void volume_references(const struct references *to, const json_t *volume)
{
	size_t i;
	json_t *source;

	report(to, "ConfigMap", json_object_get(volume, "configMap"), "name");
	report(to, "Secret", json_object_get(volume, "secret"), "secretName");
	json_array_foreach (tree_path_get(volume, "projected.sources"), i, source) {
		report(to, "ConfigMap", json_object_get(source, "configMap"), "name");
		report(to, "Secret", json_object_get(source, "secret"), "name");
	}
}

void manifest_pod_references(const json_t *body,
			     void (*each)(void *context,
					  const struct manifest_reference *reference),
			     void *context)
{
	struct references to = {each, context};
	size_t i;
	json_t *volume;

	manifest_pod_containers(body, container_references, &to);
	json_array_foreach (json_object_get(manifest_pod_spec(body, NULL), "volumes"), i, volume) {
		volume_references(&to, volume);
	}
}

struct port_search {
	int port;
	char *found;
};

static void search_port(void *context, json_t *container, const char *list, const char *path)
{
	struct port_search *search = context;
	size_t i;
	json_t *port;

	(void)list;
	json_array_foreach (json_object_get(container, "ports"), i, port) {
		json_int_t own = tree_path_integer(port, "hostPort", 0);
		if (!own)
			own = tree_path_integer(port, "containerPort", 0);
		if (own == search->port && !search->found)
			search->found = mem_printf("%s.ports[%zu]", path, i);
	}
}

char *manifest_pod_port_path(const json_t *body, int port)
{
	struct port_search search = {.port = port};
	const char *spec = "spec";

	(void)manifest_pod_spec(body, &spec);
	manifest_pod_containers(body, search_port, &search);
	return search.found ? search.found : mem_strdup(spec);
}
