/* Reading objects: gets and lists of kube/client.h. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/path.h"
#include "kube/private.h"
#include "tree/path.h"

#define PAGE	       "500"
#define LIST_RESTARTS  3
#define ACCEPT_PARTIAL "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

/* --- paths --- */

char *kube_private_path(const struct kube_resource *resource, const struct manifest_id *id)
{
	return kube_resource_path(resource, id->ns && *id->ns ? id->ns : "default", id->name);
}

int kube_private_missing(struct kube_client *client, const struct manifest_id *id, int flags,
			 const struct deadline *deadline, struct kube_resource *used,
			 struct err *err)
{
	struct kube_resource confirmed;

	int r = kube_catalog_find(client->catalog, id->group, id->version ? id->version : "",
				  id->kind, flags | KUBE_FIND_CONFIRM, deadline, &confirmed, err);
	if (r == -ERR_NOT_FOUND)
		return 1;
	if (r < 0)
		return r;
	bool same = !strcmp(confirmed.version, used->version) &&
		    !strcmp(confirmed.plural, used->plural);
	kube_resource_done(used);
	*used = confirmed;
	if (!same)
		return 2;
	return err_set(err, ERR_UNREACHABLE, "the API server does not answer for %s yet", id->kind);
}

void kube_private_name_kind(const struct kube_resource *resource, json_t *object)
{
	cleanup_free char *api_version = mem_printf("%s%s%s", resource->group,
						    *resource->group ? "/" : "", resource->version);

	json_object_set_new(object, "apiVersion", json_string(api_version));
	json_object_set_new(object, "kind", json_string(resource->kind));
}

/* --- one page after the other --- */

static char *list_path(const struct kube_resource *resource, const struct kube_list_query *query,
		       const char *token)
{
	cleanup_free char *base = kube_resource_path(resource, query->ns, NULL);
	struct buf path = BUF_INIT;

	buf_addstr(&path, base);
	kube_path_query(&path, "limit", PAGE);
	if (query->label_selector)
		kube_path_query(&path, "labelSelector", query->label_selector);
	if (query->field_selector)
		kube_path_query(&path, "fieldSelector", query->field_selector);
	if (token)
		kube_path_query(&path, "continue", token);
	return buf_steal(&path);
}

static void add_items(const struct kube_resource *resource, const json_t *page, json_t *items)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(page, "items"), i, item) {
		kube_private_name_kind(resource, item);
		json_array_append(items, item);
	}
}

static int get_page(struct kube_client *client, const struct kube_resource *resource,
		    const struct kube_list_query *query, const char *token,
		    const struct deadline *deadline, json_t **ret, struct err *err)
{
	cleanup_free char *path = list_path(resource, query, token);
	cleanup_free char *what = mem_printf("list of %s", resource->plural);
	cleanup_response struct http_response response = {0};
	const struct http_request request = {
		.method = "GET",
		.path = path,
		.accept = query->metadata ? ACCEPT_PARTIAL : NULL,
		.retry = true,
	};

	int r = kube_connection_call(client->connection, &request, &response, deadline, err);
	if (r < 0)
		return err_wrap(err, "%s", what);
	if (response.status == 410)
		return 1;
	r = kube_answer_json(&response, what, NULL, NULL, ret, err);
	/* An empty list of metadata has null for its items. */
	const json_t *items = r >= 0 ? json_object_get(*ret, "items") : NULL;
	if (r >= 0 && !json_is_array(items) && !json_is_null(items)) {
		json_decref(steal(ret));
		return err_set(err, ERR_UNREACHABLE, "%s: the answer is no list", what);
	}
	return r;
}

/* 1 when the snapshot grew too old between two pages. */
static int get_pages(struct kube_client *client, const struct kube_resource *resource,
		     const struct kube_list_query *query, const struct deadline *deadline,
		     json_t *items, char **ret_version, struct err *err)
{
	cleanup_free char *token = NULL, *version = NULL;

	do {
		json_auto_t *page = NULL;
		int r = get_page(client, resource, query, token, deadline, &page, err);
		if (r != 0)
			return r;
		add_items(resource, page, items);
		free(token);
		token = mem_strdup(tree_path_string(page, "metadata.continue"));
		if (!version)
			version = mem_strdup(tree_path_string(page, "metadata.resourceVersion"));
	} while (token && *token);
	if (ret_version)
		*ret_version = version ? steal(&version) : mem_strdup("");
	return 0;
}

int kube_private_list(struct kube_client *client, const struct kube_resource *resource,
		      const struct kube_list_query *query, const struct deadline *deadline,
		      json_t **ret_items, char **ret_version, struct err *err)
{
	for (int i = 0; i <= LIST_RESTARTS; i++) {
		json_auto_t *items = json_array();
		int r = get_pages(client, resource, query, deadline, items, ret_version, err);
		if (r < 0)
			return r;
		if (r == 0) {
			*ret_items = steal(&items);
			return 0;
		}
	}
	return err_set(err, ERR_CONFLICT, "list of %s: it grew too old while it was read",
		       resource->plural);
}

/* --- lists --- */

/* Finds the resource and lists; ERR_NOT_FOUND when the server does not serve the kind. */
static int list_kind(struct kube_client *client, const struct manifest_id *kind,
		     const struct kube_list_query *query, const struct deadline *deadline,
		     json_t **ret_items, struct err *err)
{
	cleanup_resource struct kube_resource resource = {0};

	int r = kube_catalog_find(client->catalog, kind->group, kind->version ? kind->version : "",
				  kind->kind, KUBE_FIND_SIMPLY, deadline, &resource, err);
	if (r < 0)
		return r;
	r = kube_private_list(client, &resource, query, deadline, ret_items, NULL, err);
	if (r != -ERR_NOT_FOUND)
		return r;
	r = kube_private_missing(client, kind, 0, deadline, &resource, err);
	if (r == 1)
		return err_set(err, ERR_NOT_FOUND, "the API server does not serve %s", kind->kind);
	if (r < 0)
		return r;
	return kube_private_list(client, &resource, query, deadline, ret_items, NULL, err);
}

/* The key of a listed object, as the ledger writes it. */
static char *key_of(const json_t *object, const struct manifest_id *kind)
{
	const char *ns = tree_path_string(object, "metadata.namespace");
	const char *name = tree_path_string(object, "metadata.name");
	const struct manifest_id id = {
		.group = kind->group,
		.version = (char *)"",
		.kind = kind->kind,
		.ns = (char *)(ns ? ns : ""),
		.name = (char *)(name ? name : ""),
	};

	return manifest_id_key(&id);
}

static void mark_missing(const struct manifest_id *kind, const char *ns, const struct list *mark,
			 const struct map *came, struct manifest_live *live)
{
	for (size_t i = 0; mark && i < mark->n; i++) {
		cleanup_id struct manifest_id id = {0};
		if (!manifest_id_of_key(mark->items[i], &id) || map_has(came, mark->items[i]))
			continue;
		if (!strcmp(id.group, kind->group) && !strcmp(id.kind, kind->kind) &&
		    (!ns || !strcmp(id.ns, ns)))
			manifest_live_put(live, mark->items[i], NULL, false);
	}
}

int kube_client_list(struct kube_client *client, const struct manifest_id *kind, bool ours_only,
		     const char *ns, const struct list *mark, const struct deadline *deadline,
		     struct manifest_live *live, struct err *err)
{
	cleanup_free char *ours = mem_printf("%s=%s", MANIFEST_LABEL, manifest_set_id());
	const struct kube_list_query query = {
		.ns = ns,
		.label_selector = ours_only ? ours : NULL,
		.metadata = true,
	};
	cleanup_map struct map came = MAP_INIT(NULL), wanted = MAP_INIT(NULL);
	json_auto_t *items = NULL;
	json_t *item;
	size_t i;

	int r = list_kind(client, kind, &query, deadline, &items, err);
	if (r < 0 && r != -ERR_NOT_FOUND)
		return r;
	for (size_t j = 0; mark && j < mark->n; j++)
		map_put(&wanted, mark->items[j], mark->items[j]);
	json_array_foreach (items, i, item) {
		cleanup_free char *key = key_of(item, kind);
		map_put(&came, key, item);
		if (ours_only || !mark || map_has(&wanted, key))
			manifest_live_put(live, key, item, false);
	}
	mark_missing(kind, ns, mark, &came, live);
	err_done(err);
	return 0;
}

int kube_client_select(struct kube_client *client, const char *group, const char *kind,
		       const char *ns, const char *label_selector, const char *field_selector,
		       const struct deadline *deadline, json_t **ret_items, struct err *err)
{
	const struct manifest_id id = {
		.group = (char *)group,
		.version = (char *)"",
		.kind = (char *)kind,
	};
	const struct kube_list_query query = {
		.ns = ns,
		.label_selector = label_selector,
		.field_selector = field_selector,
	};

	return list_kind(client, &id, &query, deadline, ret_items, err);
}

/* --- gets --- */

struct get {
	const struct manifest_id *id;
	struct kube_resource resource;
	char *path;
	bool absent;
};

static void gets_free(struct get *gets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		kube_resource_done(&gets[i].resource);
		free(gets[i].path);
	}
	free(gets);
}

static int get_prepare(struct kube_client *client, const struct manifest_id *id,
		       const struct deadline *deadline, struct get *get, struct err *err)
{
	get->id = id;
	int r = kube_catalog_find(client->catalog, id->group, id->version ? id->version : "",
				  id->kind, KUBE_FIND_SIMPLY, deadline, &get->resource, err);
	if (r == -ERR_NOT_FOUND) {
		get->absent = true;
		err_done(err);
		return 0;
	}
	if (r >= 0)
		get->path = kube_private_path(&get->resource, id);
	return r;
}

/* 0 with the object, or NULL when it does not exist; 1 to ask again at another path. */
static int get_take(struct kube_client *client, struct get *get,
		    const struct http_response *response, const struct deadline *deadline,
		    json_t **ret, struct err *err)
{
	cleanup_free char *what = manifest_id_text(get->id);

	if (kube_answer_no_kind(response)) {
		int r = kube_private_missing(client, get->id, 0, deadline, &get->resource, err);
		if (r == 2) {
			free(get->path);
			get->path = kube_private_path(&get->resource, get->id);
			return 1;
		}
		if (r < 0)
			return err_wrap(err, "%s", what);
		get->absent = true;
	}
	if (response->status == 404) {
		err_done(err);
		*ret = NULL;
		return 0;
	}
	return kube_answer_json(response, what, NULL, NULL, ret, err);
}

/* One round of all gets that are still open; returns how many must be asked again. */
static int get_round(struct kube_client *client, struct get **open, size_t count,
		     const struct deadline *deadline, struct manifest_live *live, struct err *err)
{
	cleanup_free struct http_request *requests = mem_zalloc((count + 1) * sizeof(*requests));
	cleanup_free struct http_response *responses = mem_alloc((count + 1) * sizeof(*responses));
	int again = 0;

	for (size_t i = 0; i < count; i++)
		requests[i] = (struct http_request){
			.method = "GET", .path = open[i]->path, .retry = true};
	int r = kube_connection_batch(client->connection, requests, responses, count, deadline,
				      err);
	for (size_t i = 0; i < count; i++) {
		json_auto_t *object = NULL;
		if (r >= 0)
			r = get_take(client, open[i], &responses[i], deadline, &object, err);
		http_response_done(&responses[i]);
		if (r == 0) {
			cleanup_free char *key = manifest_id_key(open[i]->id);
			manifest_live_put(live, key, object, true);
		}
		if (r == 1)
			open[again++] = open[i];
	}
	return r < 0 ? r : again;
}

int kube_client_get_all(struct kube_client *client, const struct manifest_id *const *ids,
			size_t count, const struct deadline *deadline, struct manifest_live *live,
			struct err *err)
{
	struct get *gets = mem_zalloc((count + 1) * sizeof(*gets));
	cleanup_free struct get **open = mem_alloc((count + 1) * sizeof(struct get *));
	size_t asked = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = get_prepare(client, ids[i], deadline, &gets[i], err);
		if (r >= 0 && gets[i].absent) {
			cleanup_free char *key = manifest_id_key(ids[i]);
			manifest_live_put(live, key, NULL, true);
		} else if (r >= 0) {
			open[asked++] = &gets[i];
		}
	}
	if (r >= 0 && asked)
		r = get_round(client, open, asked, deadline, live, err);
	if (r > 0)
		r = get_round(client, open, (size_t)r, deadline, live, err);
	gets_free(gets, count);
	return r < 0 ? r : 0;
}

int kube_client_get(struct kube_client *client, const struct manifest_id *id,
		    const struct deadline *deadline, json_t **ret, struct err *err)
{
	cleanup_free char *key = manifest_id_key(id), *what = manifest_id_text(id);
	struct manifest_live live;

	manifest_live_init(&live);
	int r = kube_client_get_all(client, &id, 1, deadline, &live, err);
	const struct manifest_live_object *found = manifest_live_get(&live, key);
	if (r >= 0 && found)
		*ret = json_incref(found->body);
	else if (r >= 0)
		r = err_set(err, ERR_NOT_FOUND, "%s does not exist", what);
	manifest_live_done(&live);
	return r;
}
