#include "kube/discovery.h"

#include <string.h>

#include "base/mem.h"
#include "tree/json.h"

char *kube_discovery_key(const char *group, const char *kind)
{
	return mem_printf("%s/%s", *group ? group : "core", kind);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Versions come in the server's order of preference, so the first mention of a kind decides its
 * plural and scope. */
static void add_resource(json_t *kinds, const char *group, const char *version,
			 const json_t *resource)
{
	const char *kind = text_of(json_object_get(resource, "responseKind"), "kind");
	const char *plural = text_of(resource, "resource");

	if (!*kind || !*plural)
		return;
	cleanup_free char *key = kube_discovery_key(group, kind);
	json_t *known = json_object_get(kinds, key);
	if (!known) {
		known = json_pack("{s:s, s:b, s:[]}", "plural", plural, "namespaced",
				  !strcmp(text_of(resource, "scope"), "Namespaced"), "versions");
		json_object_set_new(kinds, key, known);
	}
	if (!strcmp(text_of(known, "plural"), plural))
		json_array_append_new(json_object_get(known, "versions"), json_string(version));
}

static bool is_of_group(const char *key, const char *group)
{
	const char *name = *group ? group : "core";
	size_t length = strlen(name);

	return !strncmp(key, name, length) && key[length] == '/';
}

static void keep_previous(json_t *kinds, const char *group, const json_t *previous)
{
	const char *key;
	json_t *known;

	json_object_foreach (json_object_get(previous, "kinds"), key, known)
		if (is_of_group(key, group) && !json_object_get(kinds, key))
			json_object_set(kinds, key, known);
}

static void add_group(json_t *part, const json_t *item, const json_t *previous)
{
	const char *group = text_of(json_object_get(item, "metadata"), "name");
	json_t *kinds = json_object_get(part, "kinds"), *version, *resource;
	bool incomplete = false;
	size_t i, j;

	json_array_foreach (json_object_get(item, "versions"), i, version) {
		incomplete |= !strcmp(text_of(version, "freshness"), "Stale");
		json_array_foreach (json_object_get(version, "resources"), j, resource)
			add_resource(kinds, group, text_of(version, "version"), resource);
	}
	if (!incomplete)
		return;
	json_array_append_new(json_object_get(part, "incomplete"), json_string(group));
	keep_previous(kinds, group, previous);
}

int kube_discovery_parse(const char *text, size_t length, const char *etag, const json_t *previous,
			 json_t **ret_part, struct err *err)
{
	json_auto_t *document = NULL;
	json_t *item;
	size_t i;

	int r = tree_json_parse(text, length, "discovery", false, &document, err);
	if (r < 0)
		return r;
	if (strcmp(text_of(document, "kind"), "APIGroupDiscoveryList")) {
		(void)err_set(err, ERR_INVALID,
			      "the API server does not serve aggregated discovery");
		return err_hint(err, "Kubernetes 1.27 or newer is needed");
	}
	json_t *part =
		json_pack("{s:s, s:[], s:{}}", "etag", etag ? etag : "", "incomplete", "kinds");
	json_array_foreach (json_object_get(document, "items"), i, item)
		add_group(part, item, previous);
	*ret_part = part;
	return 0;
}

const json_t *kube_discovery_find(const json_t *part, const char *group, const char *kind)
{
	cleanup_free char *key = kube_discovery_key(group, kind);

	return json_object_get(json_object_get(part, "kinds"), key);
}

bool kube_discovery_incomplete(const json_t *part, const char *group)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(part, "incomplete"), i, name)
		if (!strcmp(json_string_value(name), group))
			return true;
	return false;
}
