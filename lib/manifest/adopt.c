#include "manifest/adopt.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "manifest/fields.h"
#include "manifest/manager.h"
#include "manifest/object.h"
#include "tree/path.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* --- managers --- */

/* What a person set beside the manifest stays: a restart, labels and annotations of their own. */
static bool is_remark(const char *manager)
{
	return !strcmp(manager, "kubectl-rollout") || !strcmp(manager, "kubectl-label") ||
	       !strcmp(manager, "kubectl-annotate");
}

static bool is_deployer(const char *manager)
{
	static const char *const names[] = {
		"helm", "Helm", "deploy@", "helm-controller", "kustomize-controller", "argocd-",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (begins(manager, names[i]))
			return true;
	return false;
}

static bool is_taken(const json_t *entry, bool released)
{
	const char *manager = text_of(entry, "manager");

	if (!*manager || *text_of(entry, "subresource") || is_remark(manager))
		return false;
	return !strcmp(manager, MANIFEST_MANAGER) || manifest_manager_is_human(manager) ||
	       (released && is_deployer(manager));
}

static const json_t *managed(const json_t *body)
{
	return tree_path_get(body, "metadata.managedFields");
}

/* The union of the fields of all entries that are taken, or of all that are not. */
static json_t *fields_of(const json_t *body, bool taken, bool released)
{
	json_t *fields = json_object(), *entry;
	size_t i;

	json_array_foreach ((json_t *)managed(body), i, entry)
		if (is_taken(entry, released) == taken)
			manifest_fields_add(fields, json_object_get(entry, "fieldsV1"));
	return fields;
}

json_t *manifest_adopt_entries(const json_t *live, bool released)
{
	json_t *entries = json_array(), *entry;
	size_t i;

	json_array_foreach ((json_t *)managed(live), i, entry)
		if (!is_taken(entry, released))
			json_array_append(entries, entry);
	if (json_array_size(entries) == json_array_size(managed(live))) {
		json_decref(entries);
		return NULL;
	}
	json_array_append_new(entries,
			      json_pack("{s:s, s:s, s:s, s:s, s:o}", "manager", MANIFEST_MANAGER,
					"operation", "Apply", "apiVersion",
					text_of(live, "apiVersion"), "fieldsType", "FieldsV1",
					"fieldsV1", fields_of(live, true, released)));
	return entries;
}

json_t *manifest_adopt_remains(const json_t *body, const json_t *wanted, bool released)
{
	json_auto_t *taken = fields_of(body, true, released);
	json_auto_t *others = fields_of(body, false, released);
	json_t *left = json_deep_copy(body);

	manifest_fields_withdraw(left, taken, others, wanted);
	return left;
}

/* --- marks --- */

static const struct mark {
	const char *place; /* in metadata */
	const char *key;   /* one that ends in / stands for all that begin so */
	const char *value; /* NULL: any */
} marks[] = {
	{"labels", "app.kubernetes.io/managed-by", "Helm"},
	{"annotations", "meta.helm.sh/", NULL},
	{"labels", "objectset.rio.cattle.io/", NULL},
	{"annotations", "objectset.rio.cattle.io/", NULL},
	{"labels", "kustomize.toolkit.fluxcd.io/", NULL},
	{"labels", "helm.toolkit.fluxcd.io/", NULL},
	{"annotations", "argocd.argoproj.io/tracking-id", NULL},
};

static bool is_mark(const struct mark *mark, const char *key, const json_t *value)
{
	size_t n = strlen(mark->key);

	if (mark->key[n - 1] == '/' ? !begins(key, mark->key) : strcmp(key, mark->key) != 0)
		return false;
	return !mark->value ||
	       (json_is_string(value) && !strcmp(json_string_value(value), mark->value));
}

/* RFC 6901: ~ and / of a key are written ~0 and ~1. */
static char *pointer(const char *place, const char *key)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "/metadata/%s/", place);
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_addstr(&text, *key == '~' ? "~0" : "~1");
		else
			buf_addch(&text, *key);
	}
	return buf_steal(&text);
}

static void add_removes(const json_t *live, const struct mark *mark, json_t *patch)
{
	cleanup_free char *place = mem_printf("metadata.%s", mark->place);
	const char *key;
	json_t *value;

	json_object_foreach (tree_path_get(live, place), key, value) {
		if (!is_mark(mark, key, value))
			continue;
		cleanup_free char *path = pointer(mark->place, key);
		json_array_append_new(patch, json_pack("{s:s, s:s}", "op", "remove", "path", path));
	}
}

static void add_replace(json_t *patch, const char *path, json_t *value_stolen)
{
	json_array_append_new(patch, json_pack("{s:s, s:s, s:o}", "op", "replace", "path", path,
					       "value", value_stolen));
}

json_t *manifest_adopt_patch(const json_t *live, bool released)
{
	json_t *patch = json_array(), *entries = manifest_adopt_entries(live, released);
	const json_t *version = tree_path_get(live, "metadata.resourceVersion");

	if (entries)
		add_replace(patch, "/metadata/managedFields", entries);
	for (size_t i = 0; released && i < sizeof(marks) / sizeof(*marks); i++)
		add_removes(live, &marks[i], patch);
	if (!json_array_size(patch)) {
		json_decref(patch);
		return NULL;
	}
	add_replace(patch, "/metadata/resourceVersion", json_incref((json_t *)version));
	return patch;
}

/* --- what is left to do --- */

char *manifest_adopt_note(const json_t *live)
{
	const json_t *labels = tree_path_get(live, "metadata.labels");
	const json_t *annotations = tree_path_get(live, "metadata.annotations");
	const char *release = text_of(annotations, "meta.helm.sh/release-name");
	const char *ns = text_of(annotations, "meta.helm.sh/release-namespace");
	const char *flux = text_of(labels, "kustomize.toolkit.fluxcd.io/name");
	const char *chart = text_of(labels, "helm.toolkit.fluxcd.io/name");
	const char *id = text_of(annotations, "argocd.argoproj.io/tracking-id");

	if (*chart)
		return mem_printf("Flux would install it again: flux suspend helmrelease %s",
				  chart);
	if (*flux)
		return mem_printf("Flux would take it back: take it out of the Kustomization, or "
				  "flux suspend kustomization %s",
				  flux);
	if (*release)
		return mem_printf("Helm still lists it, and `helm uninstall %s` would delete it: "
				  "kubectl delete secret -n %s -l owner=helm,name=%s makes Helm "
				  "forget the release and touches nothing else",
				  release, *ns ? ns : "default", release);
	if (*id)
		return mem_printf("Argo CD would take it back: take it out of application %.*s",
				  (int)strcspn(id, ":"), id);
	return NULL;
}
