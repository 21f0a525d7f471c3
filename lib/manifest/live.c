#include "manifest/live.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/list.h"
#include "base/mem.h"
#include "manifest/object.h"
#include "tree/json.h"
#include "tree/path.h"

static void live_object_free(struct manifest_live_object *object)
{
	json_decref(object->body);
	free(object->owned);
	free(object);
}

void manifest_live_init(struct manifest_live *live)
{
	live->objects = MAP_INIT(live_object_free);
	live->looked = MAP_INIT(NULL);
}

void manifest_live_put(struct manifest_live *live, const char *key, json_t *body, bool full)
{
	map_put(&live->looked, key, (void *)1);
	if (!body) {
		map_remove(&live->objects, key);
		return;
	}
	struct manifest_live_object *object = mem_new(struct manifest_live_object);
	object->body = json_incref(body);
	object->full = full;
	object->owned = manifest_live_owned(body);
	map_put(&live->objects, key, object);
}

void manifest_live_put_settled(struct manifest_live *live, const char *key, const char *uid,
			       const char *owned)
{
	struct manifest_live_object *object = mem_new(struct manifest_live_object);

	object->body = json_pack("{s:{s:s, s:{s:s}}}", "metadata", "uid", uid, "labels",
				 MANIFEST_LABEL, manifest_set_id());
	object->owned = mem_strdup(owned);
	map_put(&live->looked, key, (void *)1);
	map_put(&live->objects, key, object);
}

const struct manifest_live_object *manifest_live_get(const struct manifest_live *live,
						     const char *key)
{
	return map_get(&live->objects, key);
}

bool manifest_live_looked(const struct manifest_live *live, const char *key)
{
	return map_has(&live->looked, key);
}

void manifest_live_done(struct manifest_live *live)
{
	map_done(&live->objects);
	map_done(&live->looked);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_ours(const json_t *entry)
{
	return !strcmp(text_of(entry, "manager"), MANIFEST_MANAGER) &&
	       !strcmp(text_of(entry, "operation"), "Apply") && !*text_of(entry, "subresource");
}

char *manifest_live_owned(const json_t *body)
{
	json_t *entries = tree_path_get(body, "metadata.managedFields"), *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (!is_ours(entry))
			continue;
		json_t *fields = json_object_get(entry, "fieldsV1");
		cleanup_free char *canonical = tree_json_canonical(fields ? fields : json_null());
		cleanup_free char *all = mem_printf("%s\n%s", text_of(entry, "time"), canonical);
		return digest_sha256_hex(all, strlen(all));
	}
	return NULL;
}

char *manifest_live_managers(const json_t *body)
{
	json_t *entries = tree_path_get(body, "metadata.managedFields"), *entry;
	cleanup_list struct list managers = LIST_INIT;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (!is_ours(entry) && !*text_of(entry, "subresource"))
			list_add_new(&managers, text_of(entry, "manager"));
	}
	return managers.n ? list_join(&managers, ", ") : NULL;
}

static char *helm_owner(const json_t *labels, const json_t *annotations)
{
	if (strcmp(text_of(labels, "app.kubernetes.io/managed-by"), "Helm") != 0)
		return NULL;
	const char *release = text_of(annotations, "meta.helm.sh/release-name");
	return *release ? mem_printf("Helm release %s", release) : NULL;
}

static char *k3s_owner(const json_t *annotations)
{
	const char *kind = text_of(annotations, "objectset.rio.cattle.io/owner-gvk");
	const char *name = text_of(annotations, "objectset.rio.cattle.io/owner-name");

	if (!*name)
		return NULL;
	const char *what = strstr(kind, "Kind=");
	return mem_printf("k3s %s %s", what ? what + strlen("Kind=") : "Addon", name);
}

static char *flux_owner(const json_t *labels)
{
	const char *name = text_of(labels, "kustomize.toolkit.fluxcd.io/name");

	if (*name)
		return mem_printf("Flux kustomization %s", name);
	name = text_of(labels, "helm.toolkit.fluxcd.io/name");
	return *name ? mem_printf("Flux helmrelease %s", name) : NULL;
}

static char *argo_owner(const json_t *annotations)
{
	const char *id = text_of(annotations, "argocd.argoproj.io/tracking-id");

	return *id ? mem_printf("Argo CD application %.*s", (int)strcspn(id, ":"), id) : NULL;
}

static char *applyset_owner(const json_t *labels)
{
	const char *id = text_of(labels, MANIFEST_LABEL);

	return *id && strcmp(id, manifest_set_id()) != 0 ? mem_printf("ApplySet %s", id) : NULL;
}

char *manifest_live_owner(const json_t *body)
{
	const json_t *labels = tree_path_get(body, "metadata.labels");
	const json_t *annotations = tree_path_get(body, "metadata.annotations");
	char *owner = helm_owner(labels, annotations);

	if (!owner)
		owner = k3s_owner(annotations);
	if (!owner)
		owner = flux_owner(labels);
	if (!owner)
		owner = argo_owner(annotations);
	if (!owner)
		owner = applyset_owner(labels);
	return owner;
}
