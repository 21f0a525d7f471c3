#include "harness/apiserver.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/server.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/json.h"
#include "tree/path.h"

/* --- objects --- */

json_t *apiserver_get(const struct apiserver *api, const char *path)
{
	return json_object_get(api->objects, path);
}

static void give(json_t *body, const char *path, const char *prefix, int *last)
{
	cleanup_free char *value = mem_printf("%s%d", prefix, ++*last);

	if (!tree_path_get(body, path))
		tree_path_set(body, path, json_string(value));
}

void apiserver_put(struct apiserver *api, const char *path, json_t *body_stolen)
{
	give(body_stolen, "metadata.uid", "uid-", &api->uid);
	give(body_stolen, "metadata.resourceVersion", "", &api->version);
	json_object_set_new(api->objects, path, body_stolen);
}

void apiserver_put_text(struct apiserver *api, const char *path, const char *text)
{
	json_object_set_new(api->objects, path, json_string(text));
}

void apiserver_remove(struct apiserver *api, const char *path)
{
	json_object_del(api->objects, path);
}

void apiserver_list(struct apiserver *api, const char *path, const char *object_path)
{
	if (!json_object_get(api->lists, path))
		json_object_set_new(api->lists, path, json_array());
	json_array_append_new(json_object_get(api->lists, path), json_string(object_path));
}

/* --- answers --- */

static void answer_json(struct server_reply *reply, int status, const json_t *tree)
{
	char *text = tree_json_dump(tree);

	*reply = (struct server_reply){.status = status, .body = text, .release = text};
}

static void answer_status(struct server_reply *reply, int status, const char *message)
{
	json_auto_t *tree = json_pack("{s:s, s:s, s:s, s:i}", "kind", "Status", "status", "Failure",
				      "message", message, "code", status);

	answer_json(reply, status, tree);
}

static json_t *parse(const struct server_request *request)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(request->body, request->body_length, "request", true, &tree, &err),
	     &err);
	return tree;
}

static void remember(struct apiserver *api, json_t *body)
{
	json_decref(api->last);
	api->last = json_incref(body);
}

/* What is there keeps its UID, its status, and who owned which field. */
static void apply(struct apiserver *api, const char *path, json_t *body, struct server_reply *reply)
{
	static const char *const kept[] = {"metadata.uid", "status", "metadata.managedFields"};
	json_t *there = apiserver_get(api, path), *made = json_deep_copy(body);

	for (size_t i = 0; there && i < sizeof(kept) / sizeof(*kept); i++)
		if (tree_path_get(there, kept[i]))
			tree_path_set(made, kept[i], json_incref(tree_path_get(there, kept[i])));
	apiserver_put(api, path, made);
	answer_json(reply, there ? 200 : 201, made);
}

static void patch_json(struct apiserver *api, const char *path, const json_t *operations,
		       struct server_reply *reply)
{
	json_t *there = apiserver_get(api, path), *operation;
	size_t i;

	json_array_foreach ((json_t *)operations, i, operation)
		if (!strcmp(tree_path_string(operation, "path"), "/metadata/managedFields"))
			tree_path_set(there, "metadata.managedFields",
				      json_incref(json_object_get(operation, "value")));
	answer_json(reply, 200, there);
}

/* RFC 7396 */
static void merge(json_t *object, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)patch, key, value) {
		json_t *there = json_object_get(object, key);
		if (json_is_null(value))
			json_object_del(object, key);
		else if (!json_is_object(value))
			json_object_set(object, key, value);
		else if (json_is_object(there))
			merge(there, value);
		else
			json_object_set_new(object, key, json_deep_copy(value));
	}
}

static void answer_merge(struct apiserver *api, const char *path, const json_t *patch,
			 struct server_reply *reply)
{
	json_t *there = apiserver_get(api, path);

	if (!there) {
		answer_status(reply, 404, "not found");
		return;
	}
	merge(there, patch);
	answer_json(reply, 200, there);
}

static void answer_patch(struct apiserver *api, const char *path,
			 const struct server_request *request, struct server_reply *reply)
{
	cleanup_free char *type = server_header(request, "Content-Type");
	json_auto_t *body = parse(request);

	remember(api, body);
	if (type && !strcmp(type, "application/merge-patch+json"))
		answer_merge(api, path, body, reply);
	else if (!json_is_array(body))
		apply(api, path, body, reply);
	else if (apiserver_get(api, path))
		patch_json(api, path, body, reply);
	else
		answer_status(reply, 404, "not found");
}

static void answer_post(struct apiserver *api, const char *path,
			const struct server_request *request, struct server_reply *reply)
{
	json_auto_t *body = parse(request);
	cleanup_free char *full =
		mem_printf("%s/%s", path, tree_path_string(body, "metadata.name"));

	remember(api, body);
	if (apiserver_get(api, full)) {
		json_auto_t *tree =
			json_pack("{s:s, s:s, s:s, s:i}", "kind", "Status", "reason",
				  "AlreadyExists", "message", "already exists", "code", 409);
		answer_json(reply, 409, tree);
		return;
	}
	json_t *made = json_deep_copy(body);
	tree_path_set(made, "metadata.managedFields",
		      json_pack("[{s:s, s:s}]", "manager", "desired", "operation", "Update"));
	apiserver_put(api, full, made);
	answer_json(reply, 201, made);
}

static bool is_met(const json_t *object, const json_t *options, const char *what)
{
	cleanup_free char *wanted_at = mem_printf("preconditions.%s", what);
	cleanup_free char *there_at = mem_printf("metadata.%s", what);
	const char *wanted = tree_path_string(options, wanted_at);

	return !wanted || !strcmp(wanted, tree_path_string(object, there_at));
}

static void answer_delete(struct apiserver *api, const char *path,
			  const struct server_request *request, struct server_reply *reply)
{
	json_auto_t *options = parse(request);
	json_t *there = apiserver_get(api, path);

	remember(api, options);
	if (!there) {
		answer_status(reply, 404, "not found");
	} else if (!is_met(there, options, "uid") || !is_met(there, options, "resourceVersion")) {
		answer_status(reply, 409, "the precondition is not met");
	} else {
		answer_json(reply, 200, there);
		apiserver_remove(api, path);
	}
}

static void answer_list(const struct apiserver *api, const char *path, struct server_reply *reply)
{
	json_auto_t *list = json_pack("{s:s, s:{}, s:[]}", "kind", "List", "metadata", "items");
	const char *key;
	json_t *object;
	size_t n = strlen(path);

	json_object_foreach (api->objects, key, object)
		if (!strncmp(key, path, n) && key[n] == '/' && !strchr(key + n + 1, '/'))
			json_array_append(json_object_get(list, "items"), object);
	answer_json(reply, 200, list);
}

/* Of the objects that the test named, those that there are. */
static void answer_given(const struct apiserver *api, const json_t *paths,
			 struct server_reply *reply)
{
	json_auto_t *list = json_pack("{s:s, s:{}, s:[]}", "kind", "List", "metadata", "items");
	const json_t *path;
	size_t i;

	json_array_foreach (paths, i, path)
		json_array_append(json_object_get(list, "items"),
				  apiserver_get(api, json_string_value(path)));
	answer_json(reply, 200, list);
}

static void answer_get(const struct apiserver *api, const char *path, struct server_reply *reply)
{
	const json_t *there = apiserver_get(api, path);
	const json_t *given = json_object_get(api->lists, path);
	const char *last = strrchr(path, '/');

	if (json_is_string(there))
		*reply = (struct server_reply){.body = json_string_value(there)};
	else if (there)
		answer_json(reply, 200, there);
	else if (given)
		answer_given(api, given, reply);
	else if (!strcmp(last, "/pods") || !strcmp(last, "/events"))
		answer_list(api, path, reply);
	else
		answer_status(reply, 404, "not found");
}

/* --- the server --- */

static bool is_refused(struct apiserver *api, const char *line, struct server_reply *reply)
{
	if (!api->refused || strcmp(api->refused, line) != 0 || !api->refused_times)
		return false;
	if (api->refused_times > 0)
		api->refused_times--;
	answer_status(reply, api->refused_status, api->refused_message);
	return true;
}

static void answer(struct apiserver *api, const char *line, const struct server_request *request,
		   struct server_reply *reply)
{
	const char *path = strchr(line, ' ') + 1;

	if (!strncmp(line, "GET ", 4))
		answer_get(api, path, reply);
	else if (!strncmp(line, "PATCH ", 6))
		answer_patch(api, path, request, reply);
	else if (!strncmp(line, "POST ", 5))
		answer_post(api, path, request, reply);
	else
		answer_delete(api, path, request, reply);
}

static bool handle(void *context, const struct server_request *request, struct server_reply *reply)
{
	struct apiserver *api = context;
	cleanup_free char *line = mem_strndup(request->line, strcspn(request->line, "?"));

	if (!strcmp(line + strcspn(line, " "), " /api/v1/namespaces/default/events") &&
	    !strncmp(line, "POST", 4)) {
		json_array_append_new(api->events, parse(request));
		answer_status(reply, 201, "");
		return true;
	}
	list_add(&api->log, line);
	if (api->watch)
		api->watch(api->context, line);
	if (!is_refused(api, line, reply))
		answer(api, line, request, reply);
	return true;
}

struct apiserver *apiserver_start(void)
{
	struct apiserver *api = mem_new(struct apiserver);
	cleanup_free char *dir = temp_dir();
	cleanup_free char *kubeconfig = file_join(dir, "kubeconfig");
	cleanup_err struct err err = ERR_INIT;

	api->objects = json_object();
	api->events = json_array();
	api->lists = json_object();
	api->server = server_start();
	server_handle(api->server, handle, api);
	cleanup_free char *text =
		mem_printf("current-context: c\n"
			   "clusters: [{name: c, cluster: {server: '%s'}}]\n"
			   "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
			   "users: [{name: u, user: {token: t}}]\n",
			   server_url(api->server));
	temp_write(dir, "kubeconfig", text);
	api->http = http_new();
	must(kube_client_new(
		     &(struct kube_client_options){.http = api->http, .kubeconfig = kubeconfig},
		     &api->client, &err),
	     &err);
	return api;
}

void apiserver_stop(struct apiserver *api)
{
	kube_client_free(api->client);
	http_free(api->http);
	server_stop(api->server);
	json_decref(api->objects);
	json_decref(api->events);
	json_decref(api->lists);
	json_decref(api->last);
	list_done(&api->log);
	free(api->refused);
	free(api);
}

void apiserver_refuse(struct apiserver *api, const char *line, int times, int status,
		      const char *message)
{
	free(api->refused);
	api->refused = mem_strdup(line);
	api->refused_times = times;
	api->refused_status = status;
	api->refused_message = message;
}

int apiserver_find(const struct apiserver *api, const char *line)
{
	for (size_t i = 0; i < api->log.n; i++)
		if (!strcmp(api->log.items[i], line))
			return (int)i;
	return -1;
}

int apiserver_count(const struct apiserver *api, const char *line)
{
	int n = 0;

	for (size_t i = 0; i < api->log.n; i++)
		n += !strcmp(api->log.items[i], line);
	return n;
}
