/* What the delete of a Namespace or of a CRD takes along. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reconcile/purge_internal.h"
#include "tree/path.h"

#define NAMED 5 /* so many are told by name */

/* What stands in every namespace, or comes by itself. */
static bool comes_by_itself(const char *key, const json_t *object)
{
	static const char *const kinds[] = {
		"core/Event/",
		"events.k8s.io/Event/",
		"core/Endpoints/",
		"discovery.k8s.io/EndpointSlice/",
		"coordination.k8s.io/Lease/",
		"metrics.k8s.io/",
	};
	const char *name = tree_path_string(object, "metadata.name");

	if (json_array_size(tree_path_get(object, "metadata.ownerReferences")))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(key, kinds[i], strlen(kinds[i])))
			return true;
	if (!strncmp(key, "core/ConfigMap/", 15) && name && !strcmp(name, "kube-root-ca.crt"))
		return true;
	return !strncmp(key, "core/ServiceAccount/", 20) && name && !strcmp(name, "default");
}

static void name_foreign(const struct manifest_live *live, const struct map *entries,
			 struct list *ret)
{
	const char *key;
	const struct manifest_live_object *object;

	map_foreach (&live->objects, key, object) {
		struct manifest_id id;
		if (map_has(entries, key) || comes_by_itself(key, object->body) ||
		    !manifest_id_of_key(key, &id))
			continue;
		list_take(ret, manifest_id_text(&id));
		manifest_id_done(&id);
	}
}

static char *foreign_text(const struct reconcile_purge *purge, const struct list *foreign)
{
	struct list some = {.items = foreign->items, .n = foreign->n < NAMED ? foreign->n : NAMED};

	if (!foreign->n)
		return NULL;
	cleanup_free char *names = list_join(&some, ", ");
	return mem_printf("%zu object%s not of %s: %s%s", foreign->n,
			  foreign->n == 1 ? " that is" : "s that are", purge->app, names,
			  foreign->n > NAMED ? ", ..." : "");
}

/* "apps/Deployment" as an identity of which only group and kind count. */
static struct manifest_id id_of(const char *kind)
{
	size_t group = strcspn(kind, "/");

	return (struct manifest_id){
		.group = !strncmp(kind, "core/", 5) ? mem_strdup("") : mem_strndup(kind, group),
		.version = mem_strdup(""),
		.kind = mem_strdup(kind + group + 1),
		.ns = mem_strdup(""),
		.name = mem_strdup(""),
	};
}

static int list_kind(const struct reconcile_purge *purge, const char *kind, const char *ns,
		     const struct deadline *deadline, struct manifest_live *live, struct err *err)
{
	struct manifest_id id = id_of(kind);
	int r = kube_client_list(purge->world->client, &id, false, ns, NULL, deadline, live, err);

	manifest_id_done(&id);
	return r;
}

/* A kind that cannot be listed holds nothing (reviews, bindings). */
static bool is_harmless(int r)
{
	return r == -ERR_INVALID || r == -ERR_NOT_FOUND;
}

static int list_namespace(const struct reconcile_purge *purge, const char *ns,
			  const struct deadline *deadline, struct manifest_live *live,
			  struct err *err)
{
	json_auto_t *kinds = NULL;
	const char *kind;
	json_t *known;
	int r = kube_client_ask_kinds(purge->world->client, deadline, &kinds, err);

	if (r < 0)
		return r;
	json_object_foreach (kinds, kind, known) {
		if (!tree_path_true(known, "namespaced"))
			continue;
		cleanup_err struct err own = ERR_INIT;
		r = list_kind(purge, kind, ns, deadline, live, &own);
		if (r < 0 && !is_harmless(r))
			return err_move(err, &own);
	}
	return 0;
}

static int list_resources(const struct reconcile_purge *purge, const struct manifest_id *crd,
			  const struct deadline *deadline, struct manifest_live *live,
			  struct err *err)
{
	json_auto_t *object = NULL;
	int r = kube_client_get(purge->world->client, crd, deadline, &object, err);

	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	if (r < 0)
		return r;
	const char *group = tree_path_string(object, "spec.group");
	const char *kind = tree_path_string(object, "spec.names.kind");
	cleanup_free char *what = mem_printf("%s/%s", group ? group : "", kind ? kind : "");
	return list_kind(purge, what, NULL, deadline, live, err);
}

int reconcile_purge_inside(const struct reconcile_purge *purge, const struct manifest_id *id,
			   const struct map *entries, const struct deadline *deadline,
			   char **ret_what, struct err *err)
{
	cleanup_list struct list foreign = LIST_INIT;
	struct manifest_live live;
	int r = 0;

	manifest_live_init(&live);
	if (!*id->group && !strcmp(id->kind, "Namespace"))
		r = list_namespace(purge, id->name, deadline, &live, err);
	else if (!strcmp(id->kind, "CustomResourceDefinition"))
		r = list_resources(purge, id, deadline, &live, err);
	if (r >= 0) {
		name_foreign(&live, entries, &foreign);
		*ret_what = foreign_text(purge, &foreign);
	}
	manifest_live_done(&live);
	return r;
}
