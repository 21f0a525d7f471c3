/* Writing objects: apply, patch and delete of kube/client.h. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/answer.h"
#include "kube/path.h"
#include "kube/private.h"
#include "tree/json.h"
#include "tree/path.h"

#define BODY_MAX (3 << 20) /* the server's own limit */

/* For kinds that discovery lists and that are not answered for yet. */
#define ROUNDS	       6
#define ROUND_PAUSE_MS 300

/* One body on its way. */
struct write {
	struct manifest_id id;
	struct kube_resource resource;
	char *what; /* "Deployment default/ghost" */
	char *path, *body;
	size_t length;
};

static void write_done(struct write *write)
{
	manifest_id_done(&write->id);
	kube_resource_done(&write->resource);
	free(write->what);
	free(write->path);
	free(write->body);
}

/* --- apply --- */

static void set_path(struct write *write, const struct kube_apply_options *options)
{
	struct manifest_id id = write->id;
	struct buf path = BUF_INIT;

	if (options->create)
		id.name = (char *)"";
	cleanup_free char *base =
		kube_resource_path(&write->resource, *id.ns ? id.ns : "default", id.name);
	buf_addstr(&path, base);
	kube_path_query(&path, "fieldManager", MANIFEST_MANAGER);
	if (!options->create)
		kube_path_query(&path, "force", "true");
	kube_path_query(&path, "fieldValidation", "Strict");
	if (options->dry_run)
		kube_path_query(&path, "dryRun", "All");
	free(write->path);
	write->path = buf_steal(&path);
}

static int prepare(struct kube_client *client, const json_t *body,
		   const struct kube_apply_options *options, const struct deadline *deadline,
		   struct write *write, struct err *err)
{
	int r = manifest_id_of(body, &write->id, err);
	if (r < 0)
		return r;
	write->what = manifest_id_text(&write->id);
	write->body = tree_json_dump(body);
	write->length = strlen(write->body);
	if (write->length > BODY_MAX)
		return err_set(err, ERR_INVALID,
			       "%s: %.1f MB are more than the 3 MB that the API server takes",
			       write->what, (double)write->length / 1e6);
	r = kube_catalog_find(client->catalog, write->id.group, write->id.version, write->id.kind,
			      KUBE_FIND_PATIENT | KUBE_FIND_VERSION, deadline, &write->resource,
			      err);
	if (r < 0)
		return err_wrap(err, "%s", write->what);
	set_path(write, options);
	return 0;
}

static struct http_request request_of(const struct write *write,
				      const struct kube_apply_options *options)
{
	return (struct http_request){
		.method = options->create ? "POST" : "PATCH",
		.path = write->path,
		.content_type =
			options->create ? "application/json" : "application/apply-patch+yaml",
		.body = write->body,
		.body_length = write->length,
		.retry = !options->create || options->dry_run,
	};
}

/* The namespace's own words about what holds it up: "Some content in the namespace has finalizers
 * remaining: example.com/x in 1 resource instances". Appends nothing when it cannot tell. */
static void explain_namespace(struct kube_client *client, const char *ns,
			      const struct deadline *deadline, struct err *err)
{
	const struct manifest_id id = {
		.group = (char *)"",
		.version = (char *)"v1",
		.kind = (char *)"Namespace",
		.ns = (char *)"",
		.name = (char *)ns,
	};
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *object = NULL;
	json_t *condition;
	size_t i;

	if (kube_client_get(client, &id, deadline, &object, &ignored) < 0)
		return;
	json_array_foreach (tree_path_get(object, "status.conditions"), i, condition) {
		const char *status = tree_path_string(condition, "status");
		const char *message = tree_path_string(condition, "message");
		if (status && !strcmp(status, "True") && message && *message) {
			char *longer = mem_printf("%s; %s", err->message, message);
			free(err->message);
			err->message = longer;
		}
	}
}

/* An apply onto an object that is being deleted is answered with 200, and then the object
 * vanishes: no success. */
static int check_alive(const struct write *write, const json_t *object, struct err *err)
{
	if (!tree_path_string(object, "metadata.deletionTimestamp"))
		return 0;
	return err_set(err, ERR_CONFLICT, "%s is being deleted", write->what);
}

/* The server does not know the path. 1 when it says that it serves the kind all the same: that
 * comes right after a CRD was established, and passes. */
static int take_missing(struct kube_client *client, struct write *write,
			const struct kube_apply_options *options, const struct deadline *deadline,
			struct err *err)
{
	int r = kube_private_missing(client, &write->id, KUBE_FIND_VERSION, deadline,
				     &write->resource, err);

	if (r == 2) {
		set_path(write, options);
		(void)err_set(err, ERR_UNREACHABLE, "its kind has just moved");
	}
	(void)err_wrap(err, "%s", write->what);
	return err->code == ERR_UNREACHABLE ? 1 : -(int)err->code;
}

/* 1 when it must be sent again; the error is there in case that it is not. */
static int take_result(struct kube_client *client, struct write *write, const json_t *body,
		       const struct kube_apply_options *options, struct http_response *response,
		       const struct deadline *deadline, struct kube_result *result)
{
	struct err *err = &result->err;

	err_done(err);
	if (kube_answer_no_kind(response))
		return take_missing(client, write, options, deadline, err);
	list_copy(&result->warnings, &response->warnings);
	int r = kube_answer_json(response, write->what, body, &result->field, &result->object, err);
	if (r >= 0)
		r = check_alive(write, result->object, err);
	else if (kube_answer_namespace_ends(response))
		explain_namespace(client, write->id.ns, deadline, err);
	return r;
}

/* Sends those of `open` and keeps in it those that must be sent again; returns their number. */
static size_t apply_round(struct kube_client *client, struct write *writes, json_t *const *bodies,
			  const struct kube_apply_options *options, size_t *open, size_t count,
			  const struct deadline *deadline, struct kube_result *results)
{
	cleanup_free struct http_request *requests = mem_alloc((count + 1) * sizeof(*requests));
	cleanup_free struct http_response *responses = mem_alloc((count + 1) * sizeof(*responses));
	cleanup_err struct err ignored = ERR_INIT; /* each response says its own */
	size_t again = 0;

	for (size_t i = 0; i < count; i++)
		requests[i] = request_of(&writes[open[i]], options);
	(void)kube_connection_batch(client->connection, requests, responses, count, deadline,
				    &ignored);
	for (size_t i = 0; i < count; i++) {
		size_t n = open[i];
		if (take_result(client, &writes[n], bodies[n], options, &responses[i], deadline,
				&results[n]) == 1)
			open[again++] = n;
		http_response_done(&responses[i]);
	}
	return again;
}

/* When discovery itself got no answer, nobody else needs to wait for it again. */
static bool nobody_there(const struct err *err)
{
	return err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT ||
	       err->code == ERR_CANCELED;
}

static size_t prepare_all(struct kube_client *client, json_t *const *bodies, size_t count,
			  const struct kube_apply_options *options, const struct deadline *deadline,
			  struct write *writes, size_t *open, struct kube_result *results)
{
	const struct err *down = NULL;
	size_t prepared = 0;

	for (size_t i = 0; i < count; i++) {
		struct err *err = &results[i].err;
		if (down)
			err_copy(err, down);
		else if (prepare(client, bodies[i], options, deadline, &writes[i], err) >= 0)
			open[prepared++] = i;
		else if (nobody_there(err))
			down = err;
	}
	return prepared;
}

int kube_client_apply(struct kube_client *client, json_t *const *bodies, size_t count,
		      const struct kube_apply_options *options, const struct deadline *deadline,
		      struct kube_result *results, struct err *err)
{
	struct write *writes = mem_zalloc((count + 1) * sizeof(*writes));
	cleanup_free size_t *open = mem_alloc((count + 1) * sizeof(*open));
	struct deadline wait = *deadline;

	memset(results, 0, count * sizeof(*results));
	size_t sent = prepare_all(client, bodies, count, options, deadline, writes, open, results);
	for (int round = 0; sent && round < ROUNDS; round++) {
		if (round && deadline_pause(&wait, ROUND_PAUSE_MS, err) < 0)
			break;
		sent = apply_round(client, writes, bodies, options, open, sent, deadline, results);
	}
	for (size_t i = 0; i < count; i++)
		write_done(&writes[i]);
	free(writes);

	for (size_t i = 0; i < count; i++) {
		if (results[i].err.code == ERR_NONE)
			continue;
		err_copy(err, &results[i].err);
		return -(int)err->code;
	}
	return 0;
}

void kube_result_done(struct kube_result *result)
{
	json_decref(result->object);
	list_done(&result->warnings);
	free(result->field);
	err_done(&result->err);
	*result = (struct kube_result){0};
}

/* --- patch and delete --- */

static int find(struct kube_client *client, const struct manifest_id *id,
		const struct deadline *deadline, char **ret_path, struct err *err)
{
	cleanup_resource struct kube_resource resource = {0};

	int r = kube_catalog_find(client->catalog, id->group, id->version ? id->version : "",
				  id->kind, KUBE_FIND_SIMPLY, deadline, &resource, err);
	if (r < 0)
		return r;
	*ret_path = kube_private_path(&resource, id);
	return 0;
}

int kube_client_patch(struct kube_client *client, const struct manifest_id *id, const json_t *patch,
		      const struct deadline *deadline, json_t **ret_object, struct err *err)
{
	cleanup_free char *base = NULL, *body = tree_json_dump(patch);
	cleanup_free char *what = manifest_id_text(id);
	cleanup_buf struct buf path = BUF_INIT;
	cleanup_response struct http_response response = {0};
	json_auto_t *object = NULL;

	int r = find(client, id, deadline, &base, err);
	if (r < 0)
		return err_wrap(err, "%s", what);
	buf_addstr(&path, base);
	kube_path_query(&path, "fieldManager", MANIFEST_MANAGER);
	kube_path_query(&path, "fieldValidation", "Strict");
	const struct http_request request = {
		.method = "PATCH",
		.path = buf_str(&path),
		.content_type = json_is_array(patch) ? "application/json-patch+json"
						     : "application/merge-patch+json",
		.body = body,
		.body_length = strlen(body),
		.retry = !json_is_array(patch), /* its operations may not bear repeating */
	};
	r = kube_connection_call(client->connection, &request, &response, deadline, err);
	if (r < 0)
		return err_wrap(err, "%s", what);
	if ((r = kube_answer_json(&response, what, NULL, NULL, &object, err)) < 0)
		return r;
	if (ret_object)
		*ret_object = steal(&object);
	return 0;
}

static char *delete_options(const struct kube_precondition *only, const char *propagation)
{
	json_auto_t *options = json_pack("{s:s, s:s}", "apiVersion", "v1", "kind", "DeleteOptions");

	if (only->uid)
		tree_path_set(options, "preconditions.uid", json_string(only->uid));
	if (only->version)
		tree_path_set(options, "preconditions.resourceVersion", json_string(only->version));
	if (propagation)
		json_object_set_new(options, "propagationPolicy", json_string(propagation));
	return tree_json_dump(options);
}

int kube_client_delete(struct kube_client *client, const struct manifest_id *id,
		       const struct kube_precondition *only, const char *propagation,
		       const struct deadline *deadline, struct err *err)
{
	cleanup_free char *path = NULL, *body = delete_options(only, propagation);
	cleanup_free char *what = manifest_id_text(id);
	cleanup_response struct http_response response = {0};

	int r = find(client, id, deadline, &path, err);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	if (r < 0)
		return err_wrap(err, "%s", what);
	const struct http_request request = {
		.method = "DELETE",
		.path = path,
		.content_type = "application/json",
		.body = body,
		.body_length = strlen(body),
		.retry = true,
	};
	r = kube_connection_call(client->connection, &request, &response, deadline, err);
	if (r < 0)
		return err_wrap(err, "%s", what);
	if (response.status == 404)
		return 0;
	return kube_answer_check(&response, what, NULL, NULL, err);
}
