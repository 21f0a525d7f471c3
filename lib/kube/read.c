/* Reading objects by name: the gets of kube/client.h. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/path.h"
#include "kube/private.h"
#include "manifest/scope.h"
#include "tree/path.h"

#define AWAY_TRIES 4 /* 1.4 s */

/* --- paths --- */

char *kube_private_path(const struct kube_resource *resource, const struct manifest_id *id)
{
	return kube_resource_path(resource, id->ns && *id->ns ? id->ns : "default", id->name);
}

bool kube_private_is_away(const struct kube_resource *resource,
			  const struct http_response *response)
{
	return response->status >= 500 && !manifest_kind_find(resource->group, resource->kind);
}

int kube_private_tries(const struct kube_resource *resource)
{
	return manifest_kind_find(resource->group, resource->kind) ? 0 : AWAY_TRIES;
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

/* --- gets --- */

struct get {
	const struct manifest_id *id;
	struct kube_resource resource;
	char *path;
	bool absent;
	bool away; /* nobody can tell now: who serves the kind is away */
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
	if (r == -ERR_NOT_FOUND || r == -ERR_BUSY) {
		get->absent = r == -ERR_NOT_FOUND;
		get->away = r == -ERR_BUSY;
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

	if (kube_private_is_away(&get->resource, response)) {
		get->away = true;
		return 0;
	}
	if (kube_answer_no_kind(response)) {
		int r = kube_private_missing(client, get->id, 0, deadline, &get->resource, err);
		if (r == -ERR_BUSY) {
			err_done(err);
			get->away = true;
			return 0;
		}
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
		requests[i] =
			(struct http_request){.method = "GET",
					      .path = open[i]->path,
					      .retry = true,
					      .tries = kube_private_tries(&open[i]->resource)};
	int r = kube_connection_batch(client->connection, requests, responses, count, deadline,
				      err);
	for (size_t i = 0; i < count; i++) {
		json_auto_t *object = NULL;
		if (r >= 0)
			r = get_take(client, open[i], &responses[i], deadline, &object, err);
		http_response_done(&responses[i]);
		if (r == 0 && !open[i]->away) {
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
		} else if (r >= 0 && !gets[i].away) {
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
	else if (r >= 0 && !manifest_live_looked(&live, key))
		r = err_set(err, ERR_BUSY, "%s: what serves its kind does not answer", what);
	else if (r >= 0)
		r = err_set(err, ERR_NOT_FOUND, "%s does not exist", what);
	manifest_live_done(&live);
	return r;
}
