/* Reading objects by kind: the lists of kube/client.h, several of them side by side. */
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
#define RESTARTS       3
#define ACCEPT_PARTIAL "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

/* One list on its way, page by page. */
struct listing {
	const struct kube_list_query *query;
	struct kube_resource resource;
	json_t *items;
	char *token; /* of the next page */
	char *version;
	int restarts;
	bool complete;
	bool missing;  /* the server does not know the path */
	bool unserved; /* nor the kind: it has no items */
	bool away;     /* nobody can tell now: who serves the kind is away */
};

static void listing_done(struct listing *listing)
{
	kube_resource_done(&listing->resource);
	json_decref(listing->items);
	free(listing->token);
	free(listing->version);
}

static void listing_restart(struct listing *listing)
{
	json_decref(listing->items);
	listing->items = json_array();
	free(steal(&listing->token));
	free(steal(&listing->version));
	listing->complete = listing->missing = false;
}

/* --- pages --- */

void kube_private_name_kind(const struct kube_resource *resource, json_t *object)
{
	cleanup_free char *api_version = mem_printf("%s%s%s", resource->group,
						    *resource->group ? "/" : "", resource->version);

	json_object_set_new(object, "apiVersion", json_string(api_version));
	json_object_set_new(object, "kind", json_string(resource->kind));
}

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

/* An empty list of metadata has null for its items. */
static bool is_list(const json_t *page)
{
	const json_t *items = json_object_get(page, "items");

	return json_is_array(items) || json_is_null(items);
}

/* The snapshot grew too old between two pages. */
static int take_expired(struct listing *listing, struct err *err)
{
	if (++listing->restarts > RESTARTS)
		return err_set(err, ERR_CONFLICT, "list of %s: it grew too old while it was read",
			       listing->resource.plural);
	listing_restart(listing);
	return 0;
}

static int take_page(struct listing *listing, const struct http_response *response, struct err *err)
{
	cleanup_free char *what = mem_printf("list of %s", listing->resource.plural);
	json_auto_t *page = NULL;

	if (response->status == 410)
		return take_expired(listing, err);
	if (kube_private_is_away(&listing->resource, response)) {
		listing_restart(listing);
		listing->complete = listing->away = true;
		return 0;
	}
	int r = kube_answer_json(response, what, NULL, NULL, &page, err);
	if (r == -ERR_NOT_FOUND) {
		listing->missing = true;
		return 0;
	}
	if (r < 0)
		return r;
	if (!is_list(page))
		return err_set(err, ERR_UNREACHABLE, "%s: the answer is no list", what);
	add_items(&listing->resource, page, listing->items);
	free(listing->token);
	listing->token = mem_strdup(tree_path_string(page, "metadata.continue"));
	if (!listing->version)
		listing->version = mem_strdup(tree_path_string(page, "metadata.resourceVersion"));
	listing->complete = !listing->token || !*listing->token;
	return 0;
}

/* The next page of each that has one. Returns how many were asked for. */
static int next_pages(struct kube_client *client, struct listing *listings, size_t count,
		      const struct deadline *deadline, struct err *err)
{
	cleanup_free struct http_request *requests = mem_zalloc((count + 1) * sizeof(*requests));
	cleanup_free struct http_response *responses = mem_alloc((count + 1) * sizeof(*responses));
	cleanup_free struct listing **open = mem_alloc((count + 1) * sizeof(struct listing *));
	cleanup_list struct list paths = LIST_INIT;
	size_t asked = 0;

	for (size_t i = 0; i < count; i++) {
		struct listing *listing = &listings[i];
		if (listing->complete || listing->missing)
			continue;
		list_take(&paths, list_path(&listing->resource, listing->query, listing->token));
		requests[asked] = (struct http_request){
			.method = "GET",
			.path = paths.items[asked],
			.accept = listing->query->metadata ? ACCEPT_PARTIAL : NULL,
			.retry = true,
			.tries = kube_private_tries(&listing->resource),
		};
		open[asked++] = listing;
	}
	if (!asked)
		return 0;
	int r = kube_connection_batch(client->connection, requests, responses, asked, deadline,
				      err);
	for (size_t i = 0; i < asked; i++) {
		if (r >= 0)
			r = take_page(open[i], &responses[i], err);
		http_response_done(&responses[i]);
	}
	return r < 0 ? r : (int)asked;
}

static int read_all(struct kube_client *client, struct listing *listings, size_t count,
		    const struct deadline *deadline, struct err *err)
{
	int r = 1;

	while (r > 0)
		r = next_pages(client, listings, count, deadline, err);
	return r;
}

int kube_private_list(struct kube_client *client, const struct kube_resource *resource,
		      const struct kube_list_query *query, const struct deadline *deadline,
		      json_t **ret_items, char **ret_version, struct err *err)
{
	struct listing listing = {.query = query, .resource = *resource, .items = json_array()};

	int r = read_all(client, &listing, 1, deadline, err);
	if (r >= 0 && listing.away)
		r = err_set(err, ERR_BUSY, "list of %s: who serves it does not answer",
			    resource->plural);
	if (r >= 0 && listing.missing)
		r = err_set(err, ERR_NOT_FOUND, "list of %s: the API server does not serve it",
			    resource->plural);
	if (r >= 0) {
		*ret_items = steal(&listing.items);
		*ret_version = listing.version ? steal(&listing.version) : mem_strdup("");
	}
	listing.resource = (struct kube_resource){0};
	listing_done(&listing);
	return r;
}

/* --- kinds --- */

static int find(struct kube_client *client, const struct manifest_id *kind,
		const struct deadline *deadline, struct listing *listing, struct err *err)
{
	int r = kube_catalog_find(client->catalog, kind->group, kind->version ? kind->version : "",
				  kind->kind, KUBE_FIND_SIMPLY, deadline, &listing->resource, err);

	listing->items = json_array();
	if (r != -ERR_NOT_FOUND && r != -ERR_BUSY)
		return r;
	err_done(err);
	listing->complete = true;
	listing->unserved = r == -ERR_NOT_FOUND;
	listing->away = r == -ERR_BUSY;
	return 0;
}

/* Its path was unknown to the server: elsewhere, or nowhere. */
static int find_again(struct kube_client *client, const struct manifest_id *kind,
		      const struct deadline *deadline, struct listing *listing, struct err *err)
{
	int r = kube_private_missing(client, kind, 0, deadline, &listing->resource, err);

	if (r < 0 && r != -ERR_BUSY)
		return r;
	if (r != 2)
		err_done(err);
	listing_restart(listing);
	listing->unserved = r == 1;
	listing->away = r == -ERR_BUSY;
	listing->complete = r != 2;
	return 0;
}

/* Lists all of these kinds at once. */
static int list_kinds(struct kube_client *client, const struct manifest_id *kinds,
		      struct listing *listings, size_t count, const struct deadline *deadline,
		      struct err *err)
{
	bool again = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = find(client, &kinds[i], deadline, &listings[i], err);
	if (r >= 0)
		r = read_all(client, listings, count, deadline, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		if (!listings[i].missing)
			continue;
		again = true;
		r = find_again(client, &kinds[i], deadline, &listings[i], err);
	}
	if (r >= 0 && again)
		r = read_all(client, listings, count, deadline, err);
	for (size_t i = 0; r >= 0 && i < count; i++)
		if (listings[i].missing)
			r = err_set(err, ERR_UNREACHABLE,
				    "the API server does not answer for %s yet", kinds[i].kind);
	return r < 0 ? r : 0;
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

static void take_listing(const struct listing *listing, const struct manifest_id *kind,
			 const struct list *mark, struct manifest_live *live)
{
	const struct kube_list_query *query = listing->query;
	cleanup_map struct map came = MAP_INIT(NULL), wanted = MAP_INIT(NULL);
	bool all = query->label_selector || !mark;
	json_t *item;
	size_t i;

	if (listing->away)
		return;
	for (size_t j = 0; mark && j < mark->n; j++)
		map_put(&wanted, mark->items[j], mark->items[j]);
	json_array_foreach (listing->items, i, item) {
		cleanup_free char *key = key_of(item, kind);
		map_put(&came, key, item);
		if (all || map_has(&wanted, key))
			manifest_live_put(live, key, item, !query->metadata);
	}
	mark_missing(kind, query->ns, mark, &came, live);
}

static int list_into(struct kube_client *client, const struct manifest_id *kinds,
		     const struct list *marks, size_t count, const struct kube_list_query *query,
		     const struct deadline *deadline, struct manifest_live *live, struct err *err)
{
	cleanup_free struct listing *listings = mem_zalloc((count + 1) * sizeof(*listings));

	for (size_t i = 0; i < count; i++)
		listings[i].query = query;
	int r = list_kinds(client, kinds, listings, count, deadline, err);
	for (size_t i = 0; i < count; i++) {
		if (r >= 0)
			take_listing(&listings[i], &kinds[i], marks ? &marks[i] : NULL, live);
		listing_done(&listings[i]);
	}
	return r;
}

int kube_client_list_ours(struct kube_client *client, const struct manifest_id *kinds,
			  const struct list *marks, size_t count, bool whole,
			  const struct deadline *deadline, struct manifest_live *live,
			  struct err *err)
{
	cleanup_free char *ours = mem_printf("%s=%s", MANIFEST_LABEL, manifest_set_id());
	const struct kube_list_query query = {.label_selector = ours, .metadata = !whole};

	return list_into(client, kinds, marks, count, &query, deadline, live, err);
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

	return list_into(client, kind, mark, 1, &query, deadline, live, err);
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
	struct listing listing = {.query = &query};

	int r = list_kinds(client, &id, &listing, 1, deadline, err);
	if (r >= 0 && listing.unserved)
		r = err_set(err, ERR_NOT_FOUND, "the API server does not serve %s", kind);
	if (r >= 0 && listing.away)
		r = err_set(err, ERR_BUSY, "what serves %s does not answer", kind);
	if (r >= 0)
		*ret_items = steal(&listing.items);
	listing_done(&listing);
	return r;
}
