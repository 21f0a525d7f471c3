#include "kube/client.h"

#include <limits.h>

#include "api.h"

#define cleanup_result __attribute__((cleanup(kube_result_done)))
#define cleanup_live   __attribute__((cleanup(manifest_live_done)))

#define APPLY_A                                                                   \
	"PATCH /api/v1/namespaces/n/configmaps/a?fieldManager=desired&force=true" \
	"&fieldValidation=Strict"
#define LIST_CONFIG_MAPS "GET /api/v1/namespaces/n/configmaps?limit=500"

static json_t *config_map(const char *name)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "v1", "kind", "ConfigMap",
			 "metadata", "name", name, "namespace", "n");
}

static int apply(struct api *api, json_t *body, const struct kube_apply_options *options,
		 struct kube_result *result)
{
	return kube_client_apply(api->client, &body, 1, options, &api->deadline, result, &api->err);
}

/* --- the server as such --- */

START_TEST(test_kube_client__ready_names_what_is_not)
{
	struct api api = api_start();

	api_answer(&api, "GET /readyz", 500,
		   "[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac failed: x\n"
		   "readyz check failed\n");
	ck_assert_int_eq(kube_client_ready(api.client, &api.deadline, &api.err), -ERR_UNREACHABLE);
	ck_assert_str_eq(api.err.message, "the API server is not ready: etcd, poststarthook/rbac");
	/* Who may not ask for readyz may still work. */
	api_answer(&api, "GET /readyz", 403, "{\"kind\": \"Status\"}");
	must(kube_client_ready(api.client, &api.deadline, &api.err), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__cluster_identity)
{
	struct api api = api_start();
	struct kube_cluster cluster;

	api_answer(&api, "GET /readyz", 200, "ok");
	api_answer(&api, "GET /api/v1/namespaces/kube-system", 200,
		   "{\"metadata\": {\"uid\": \"u-1\"}}");
	api_answer(&api, "GET /version", 200, "{\"gitVersion\": \"v1.35.4+k3s1\"}");
	must(kube_client_cluster(api.client, &api.deadline, &cluster, &api.err), &api.err);
	ck_assert_str_eq(cluster.uid, "u-1");
	ck_assert_str_eq(cluster.version, "v1.35.4+k3s1");
	ck_assert_str_eq(cluster.server, server_url(api.server));
	kube_cluster_done(&cluster);
	/* Asked once: nothing is scripted for a second time, until somebody else may answer. */
	must(kube_client_cluster(api.client, &api.deadline, &cluster, &api.err), &api.err);
	ck_assert_str_eq(cluster.uid, "u-1");
	kube_cluster_done(&cluster);
	kube_client_doubt(api.client);
	api_answer(&api, "GET /readyz", 200, "ok");
	api_answer(&api, "GET /api/v1/namespaces/kube-system", 200,
		   "{\"metadata\": {\"uid\": \"u-2\"}}");
	api_answer(&api, "GET /version", 200, "{\"gitVersion\": \"v1.35.4+k3s1\"}");
	must(kube_client_cluster(api.client, &api.deadline, &cluster, &api.err), &api.err);
	ck_assert_str_eq(cluster.uid, "u-2");
	kube_cluster_done(&cluster);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__certificate_days)
{
	struct api api = api_start();
	struct server *tls = server_start_with(&(struct server_options){.tls = true});
	int days;

	must(kube_client_certificate_days(api.client, &days, &api.err), &api.err);
	ck_assert_int_eq(days, INT_MAX);
	temp_write(api.dir, "crt", server_expired_client_certificate(tls));
	temp_write(api.dir, "key", server_client_key(tls));
	temp_write(api.dir, "kubeconfig",
		   "current-context: c\nclusters: [{name: c, cluster: {server: 'https://h:1'}}]\n"
		   "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
		   "users: [{name: u, user: {client-certificate: crt, client-key: key}}]\n");
	must(kube_client_certificate_days(api.client, &days, &api.err), &api.err);
	ck_assert_int_lt(days, 0);
	server_stop(tls);
	api_stop(&api);
}
END_TEST

/* --- writing --- */

START_TEST(test_kube_client__apply_sends_what_the_server_wants)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	server_expect(api.server, APPLY_A,
		      &(struct server_reply){
			      .body = "{\"metadata\": {\"uid\": \"u\"}}",
			      .headers = "Warning: 299 - \"old\"\r\n",
		      });
	must(apply(&api, body, &(struct kube_apply_options){0}, &result), &api.err);
	const struct server_request *request = server_request(api.server, 0);
	cleanup_free char *type = server_header(request, "Content-Type");
	ck_assert_str_eq(type, "application/apply-patch+yaml");
	json_auto_t *sent = api_parse(request->body);
	ck_assert(json_equal(sent, body));
	ck_assert_str_eq(tree_path_string(result.object, "metadata.uid"), "u");
	ck_assert_uint_eq(result.warnings.n, 1);
	ck_assert_str_eq(result.warnings.items[0], "old");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__create_and_dry_run)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result created = {0}, dry = {0};

	api_answer(
		&api,
		"POST /api/v1/namespaces/n/configmaps?fieldManager=desired&fieldValidation=Strict",
		409, "{\"kind\": \"Status\", \"reason\": \"AlreadyExists\", \"message\": \"m\"}");
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){.create = true}, &created),
			 -ERR_EXISTS);
	api_answer(&api, APPLY_A "&dryRun=All", 200, "{}");
	must(apply(&api, body, &(struct kube_apply_options){.dry_run = true}, &dry), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__apply_fills_every_result)
{
	struct api api = api_start();
	json_t *bodies[] = {config_map("a"), json_object(), config_map("b")};
	struct kube_result results[3];

	api_answer(&api, APPLY_A, 200, "{}");
	api_answer(&api,
		   "PATCH /api/v1/namespaces/n/configmaps/b?fieldManager=desired&force=true"
		   "&fieldValidation=Strict",
		   422,
		   "{\"kind\": \"Status\", \"details\": {\"causes\": [{\"field\": \"data\", "
		   "\"message\": \"bad\"}]}}");
	ck_assert_int_eq(kube_client_apply(api.client, bodies, 3, &(struct kube_apply_options){0},
					   &api.deadline, results, &api.err),
			 -ERR_INVALID);
	ck_assert_ptr_nonnull(results[0].object);
	ck_assert_int_eq(results[1].err.code, ERR_INVALID);
	ck_assert_str_eq(results[2].err.message, "ConfigMap n/b: data: bad");
	ck_assert_str_eq(results[2].field, "data");
	for (int i = 0; i < 3; i++) {
		kube_result_done(&results[i]);
		json_decref(bodies[i]);
	}
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__an_apply_onto_a_deleting_object_is_a_conflict)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	api_answer(&api, APPLY_A, 200,
		   "{\"metadata\": {\"deletionTimestamp\": \"2026-11-22T00:00:00Z\"}}");
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result),
			 -ERR_CONFLICT);
	ck_assert_str_eq(result.err.message, "ConfigMap n/a is being deleted");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_terminating_namespace_tells_what_holds_it)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	api_answer(&api, APPLY_A, 403,
		   "{\"kind\": \"Status\", \"message\": \"forbidden\", \"details\": {\"causes\": "
		   "[{\"reason\": \"NamespaceTerminating\", \"message\": \"n ends\"}]}}");
	api_answer(&api, "GET /api/v1/namespaces/n", 200,
		   "{\"status\": {\"conditions\": [{\"type\": \"NamespaceFinalizersRemaining\", "
		   "\"status\": \"True\", \"message\": \"x/y in 1 resource instances\"}]}}");
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result),
			 -ERR_CONFLICT);
	ck_assert_str_eq(result.err.message, "ConfigMap n/a: n ends; x/y in 1 resource instances");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_typo_costs_one_request)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	api_answer(
		&api, APPLY_A, 500,
		"{\"kind\": \"Status\", \"code\": 500, \"message\": \"failed to create typed patch "
		"object (n/a; /v1, Kind=ConfigMap): .dat: field not declared in schema\"}");
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result), -ERR_INVALID);
	ck_assert_str_eq(result.field, "dat");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_lost_answer_is_asked_for_again)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	server_expect(api.server, APPLY_A, &(struct server_reply){.fault = SERVER_CLOSE});
	api_answer(&api, APPLY_A, 503, "starting");
	api_answer(&api, APPLY_A, 200, "{}");
	must(apply(&api, body, &(struct kube_apply_options){0}, &result), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_busy_server_is_obeyed)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};

	server_expect(
		api.server, APPLY_A,
		&(struct server_reply){.status = 429, .body = "", .headers = "Retry-After: 1\r\n"});
	api_answer(&api, APPLY_A, 200, "{}");
	int64_t before = clock_real.now(&clock_real);
	must(apply(&api, body, &(struct kube_apply_options){0}, &result), &api.err);
	ck_assert_int_ge(clock_real.now(&clock_real) - before, 950);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_body_beyond_the_servers_limit_is_not_sent)
{
	struct api api = api_start();
	json_auto_t *body = config_map("a");
	cleanup_result struct kube_result result = {0};
	struct buf large = BUF_INIT;

	buf_fill(&large, 'x', 4 << 20);
	tree_path_set(body, "data.large", json_string(buf_str(&large)));
	buf_done(&large);
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(result.err.message, "ConfigMap n/a: 4.2 MB"));
	ck_assert_int_eq(server_request_count(api.server), 0);
	api_stop(&api);
}
END_TEST

/* A kind that is written in a version the server no longer serves. */
START_TEST(test_kube_client__a_version_that_is_not_served_is_named)
{
	struct api api = api_start();
	json_auto_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "x.dev/v0", "kind",
				      "Widget", "metadata", "name", "w", "namespace", "n");
	cleanup_result struct kube_result result = {0};

	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result), -ERR_INVALID);
	ck_assert_str_eq(result.err.message,
			 "Widget n/w: the API server does not serve Widget of x.dev/v0");
	ck_assert_str_eq(result.err.hint, "it serves x.dev/v2");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_kind_without_definition_is_not_found)
{
	struct api api = api_start();
	json_auto_t *body = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "y.dev/v1", "kind",
				      "Gadget", "metadata", "name", "g");
	cleanup_result struct kube_result result = {0};

	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	ck_assert_int_eq(apply(&api, body, &(struct kube_apply_options){0}, &result),
			 -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(result.err.hint, "CustomResourceDefinition"));
	api_stop(&api);
}
END_TEST

/* Right after its CRD was established a kind can be listed and not be answered for. */
START_TEST(test_kube_client__a_new_kind_is_given_a_moment)
{
	static const char line[] =
		"PATCH /apis/x.dev/v2/namespaces/n/widgets/w?fieldManager=desired"
		"&force=true&fieldValidation=Strict";
	struct api api = api_start();
	json_auto_t *body = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "x.dev/v2", "kind",
				      "Widget", "metadata", "name", "w", "namespace", "n");
	cleanup_result struct kube_result result = {0};

	for (int i = 0; i < 2; i++) { /* discovery lags, too */
		api_answer(&api, "GET /api", 200, API_NO_CORE);
		api_answer(&api, "GET /apis", 200, i ? API_WIDGETS : API_NO_CORE);
	}
	api_answer(&api, line, 404, "404 page not found\n");
	api_answer(&api, line, 200, "{}");
	kube_client_rediscover(api.client);
	must(apply(&api, body, &(struct kube_apply_options){0}, &result), &api.err);
	ck_assert_int_eq(result.err.code, ERR_NONE);
	api_stop(&api);
}
END_TEST

/* One fetch of discovery that fails speaks for all that need it. */
START_TEST(test_kube_client__an_apply_without_server_fails_at_once_for_all)
{
	enum {
		MANY = 20
	};
	struct api api = api_start();
	struct kube_result results[MANY];
	json_t *bodies[MANY];

	api_write_kubeconfig(api.dir, "http://127.0.0.1:1", "t");
	for (int i = 0; i < MANY; i++)
		bodies[i] = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "y.dev/v1", "kind",
				      "Gadget", "metadata", "name", "g");
	ck_assert_int_eq(kube_client_apply(api.client, bodies, MANY,
					   &(struct kube_apply_options){0}, &api.deadline, results,
					   &api.err),
			 -ERR_UNREACHABLE);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(results[i].err.code, ERR_UNREACHABLE);
		kube_result_done(&results[i]);
		json_decref(bodies[i]);
	}
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__patch_says_which_kind_of_patch)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("", "v1", "Namespace", "", "n");
	static const char line[] =
		"PATCH /api/v1/namespaces/n?fieldManager=desired&fieldValidation=Strict";
	json_auto_t *merge = json_object(), *patch = json_array(), *object = NULL;

	api_answer(&api, line, 200, "{\"a\": 1}");
	api_answer(&api, line, 200, "{}");
	must(kube_client_patch(api.client, &id, merge, &api.deadline, &object, &api.err), &api.err);
	must(kube_client_patch(api.client, &id, patch, &api.deadline, NULL, &api.err), &api.err);
	cleanup_free char *first = server_header(server_request(api.server, 0), "Content-Type");
	cleanup_free char *second = server_header(server_request(api.server, 1), "Content-Type");
	ck_assert_str_eq(first, "application/merge-patch+json");
	ck_assert_str_eq(second, "application/json-patch+json");
	ck_assert_int_eq(tree_path_integer(object, "a", 0), 1);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__delete_bears_the_uid)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("", "v1", "ConfigMap", "n", "a");
	static const char line[] = "DELETE /api/v1/namespaces/n/configmaps/a";

	api_answer(&api, line, 200, "{}");
	must(kube_client_delete(api.client, &id, &(struct kube_precondition){.uid = "u-1"},
				"Foreground", &api.deadline, &api.err),
	     &api.err);
	json_auto_t *sent = api_parse(server_request(api.server, 0)->body);
	ck_assert_str_eq(tree_path_string(sent, "preconditions.uid"), "u-1");
	ck_assert_str_eq(tree_path_string(sent, "propagationPolicy"), "Foreground");
	api_answer(&api, line, 404, "{\"kind\": \"Status\"}");
	must(kube_client_delete(api.client, &id, &(struct kube_precondition){.uid = "u-1"},
				"Orphan", &api.deadline, &api.err),
	     &api.err);
	api_answer(&api, line, 409,
		   "{\"kind\": \"Status\", \"reason\": \"Conflict\", \"message\": \"Precondition "
		   "failed: "
		   "UID in precondition: u-1, UID in object meta: u-2\"}");
	ck_assert_int_eq(kube_client_delete(api.client, &id,
					    &(struct kube_precondition){.uid = "u-1"}, "Orphan",
					    &api.deadline, &api.err),
			 -ERR_CONFLICT);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__an_object_of_a_kind_that_is_not_served_is_gone_already)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("y.dev", "v1", "Gadget", "n", "g");
	json_auto_t *patch = json_object();

	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	must(kube_client_delete(api.client, &id, &(struct kube_precondition){.uid = "u"},
				"Background", &api.deadline, &api.err),
	     &api.err);
	ck_assert_int_eq(kube_client_patch(api.client, &id, patch, &api.deadline, NULL, &api.err),
			 -ERR_NOT_FOUND);
	api_stop(&api);
}
END_TEST

/* --- reading --- */

START_TEST(test_kube_client__list_follows_the_pages)
{
	struct api api = api_start();
	const struct manifest_id kind = api_id("", "", "ConfigMap", "", "");
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;

	api_answer(&api, LIST_CONFIG_MAPS, 200,
		   "{\"metadata\": {\"continue\": \"next=\"}, \"items\": ["
		   "{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\"}}]}");
	api_answer(&api, LIST_CONFIG_MAPS "&continue=next%3D", 200,
		   "{\"metadata\": {}, \"items\": [{\"metadata\": {\"name\": \"b\", \"namespace\": "
		   "\"n\"}}, {\"metadata\": {\"name\": \"foreign\", \"namespace\": \"n\"}}]}");
	manifest_live_init(&live);
	list_add(&mark, "core/ConfigMap/n/a");
	list_add(&mark, "core/ConfigMap/n/b");
	list_add(&mark, "core/ConfigMap/n/gone");
	list_add(&mark, "core/ConfigMap/elsewhere/x");
	list_add(&mark, "core/Secret/n/x");
	must(kube_client_list(api.client, &kind, false, "n", &mark, &api.deadline, &live, &api.err),
	     &api.err);
	const struct manifest_live_object *a = manifest_live_get(&live, "core/ConfigMap/n/a");
	ck_assert_str_eq(tree_path_string(a->body, "kind"), "ConfigMap");
	ck_assert_str_eq(tree_path_string(a->body, "apiVersion"), "v1");
	ck_assert(!a->full);
	ck_assert_ptr_nonnull(manifest_live_get(&live, "core/ConfigMap/n/b"));
	ck_assert_ptr_null(manifest_live_get(&live, "core/ConfigMap/n/foreign"));
	ck_assert(manifest_live_looked(&live, "core/ConfigMap/n/gone"));
	ck_assert_ptr_null(manifest_live_get(&live, "core/ConfigMap/n/gone"));
	ck_assert(!manifest_live_looked(&live, "core/ConfigMap/elsewhere/x"));
	ck_assert(!manifest_live_looked(&live, "core/Secret/n/x"));
	cleanup_free char *accept = server_header(server_request(api.server, 0), "Accept");
	ck_assert_ptr_nonnull(strstr(accept, "as=PartialObjectMetadataList"));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__list_begins_anew_when_a_page_expired)
{
	struct api api = api_start();
	json_auto_t *items = NULL;

	api_answer(&api, LIST_CONFIG_MAPS, 200,
		   "{\"metadata\": {\"continue\": \"x\"}, \"items\": [{\"metadata\": {\"name\": "
		   "\"old\"}}]}");
	api_answer(&api, LIST_CONFIG_MAPS "&continue=x", 410,
		   "{\"kind\": \"Status\", \"reason\": \"Expired\"}");
	api_answer(&api, LIST_CONFIG_MAPS, 200,
		   "{\"metadata\": {}, \"items\": [{\"metadata\": {\"name\": \"new\"}}]}");
	must(kube_client_select(api.client, "", "ConfigMap", "n", NULL, NULL, &api.deadline, &items,
				&api.err),
	     &api.err);
	ck_assert_uint_eq(json_array_size(items), 1);
	ck_assert_str_eq(tree_path_string(json_array_get(items, 0), "metadata.name"), "new");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__a_list_of_ours_asks_by_label)
{
	struct api api = api_start();
	const struct manifest_id kind = api_id("apps", "", "Deployment", "", "");
	cleanup_live struct manifest_live live;
	cleanup_free char *line =
		mem_printf("GET /apis/apps/v1/deployments?limit=500&labelSelector="
			   "applyset.kubernetes.io%%2Fpart-of%%3D%s",
			   manifest_set_id());

	api_answer(&api, line, 200, "{\"items\": []}");
	manifest_live_init(&live);
	must(kube_client_list(api.client, &kind, true, NULL, NULL, &api.deadline, &live, &api.err),
	     &api.err);
	ck_assert_uint_eq(live.objects.n, 0);
	api_stop(&api);
}
END_TEST

/* Several kinds side by side, each as it needs: pages, or none of it served. */
START_TEST(test_kube_client__lists_of_several_kinds_are_read_at_once)
{
	struct api api = api_start();
	const struct manifest_id kinds[] = {
		api_id("apps", "", "Deployment", "", ""),
		api_id("", "", "ConfigMap", "", ""),
	};
	struct list marks[2] = {LIST_INIT, LIST_INIT};
	cleanup_live struct manifest_live live;
	cleanup_free char *query = mem_printf("limit=500&labelSelector=applyset.kubernetes.io%%2F"
					      "part-of%%3D%s",
					      manifest_set_id());
	cleanup_free char *deployments = mem_printf("GET /apis/apps/v1/deployments?%s", query);
	cleanup_free char *maps = mem_printf("GET /api/v1/configmaps?%s", query);
	cleanup_free char *more = mem_printf("%s&continue=t", maps);

	manifest_live_init(&live);
	list_add(&marks[0], "apps/Deployment/n/gone");
	api_answer(&api, deployments, 200, "{\"items\": []}");
	api_answer(&api, maps, 200,
		   "{\"metadata\": {\"continue\": \"t\"}, \"items\": [{\"metadata\": "
		   "{\"namespace\": \"n\", \"name\": \"a\"}}]}");
	api_answer(&api, more, 200,
		   "{\"items\": [{\"metadata\": {\"namespace\": \"n\", \"name\": \"b\"}}]}");
	must(kube_client_list_ours(api.client, kinds, marks, 2, false, &api.deadline, &live,
				   &api.err),
	     &api.err);
	ck_assert(manifest_live_looked(&live, "apps/Deployment/n/gone"));
	ck_assert_ptr_nonnull(manifest_live_get(&live, "core/ConfigMap/n/a"));
	ck_assert_ptr_nonnull(manifest_live_get(&live, "core/ConfigMap/n/b"));
	ck_assert_int_eq(server_request_count(api.server), 3);
	list_done(&marks[0]);
	api_stop(&api);
}
END_TEST

/* What was cut off must not read as "all others are gone". */
START_TEST(test_kube_client__half_a_list_is_an_error)
{
	struct api api = api_start();
	const struct manifest_id kind = api_id("", "", "ConfigMap", "", "");
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;

	manifest_live_init(&live);
	list_add(&mark, "core/ConfigMap/n/a");
	api_answer(&api, LIST_CONFIG_MAPS, 200, "{\"metadata\": {}, \"items\": [{\"meta");
	ck_assert_int_eq(kube_client_list(api.client, &kind, false, "n", &mark, &api.deadline,
					  &live, &api.err),
			 -ERR_UNREACHABLE);
	api_answer(&api, LIST_CONFIG_MAPS, 200, "{\"kind\": \"Status\"}");
	ck_assert_int_eq(kube_client_list(api.client, &kind, false, "n", &mark, &api.deadline,
					  &live, &api.err),
			 -ERR_UNREACHABLE);
	ck_assert(!manifest_live_looked(&live, "core/ConfigMap/n/a"));
	api_stop(&api);
}
END_TEST

/* While a server starts, kinds may answer 404: discovery decides, and a kind that it serves is not
 * taken as empty. */
START_TEST(test_kube_client__a_404_on_a_kind_is_not_an_empty_list)
{
	struct api api = api_start();
	const struct manifest_id kind = api_id("x.dev", "", "Widget", "", "");
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;

	manifest_live_init(&live);
	list_add(&mark, "x.dev/Widget/n/w");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	api_answer(&api, "GET /apis/x.dev/v2/widgets?limit=500", 404, "404 page not found\n");
	ck_assert_int_eq(kube_client_list(api.client, &kind, false, NULL, &mark, &api.deadline,
					  &live, &api.err),
			 -ERR_UNREACHABLE);
	ck_assert(!manifest_live_looked(&live, "x.dev/Widget/n/w"));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__objects_of_a_kind_that_is_not_served_are_absent)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("y.dev", "v1", "Gadget", "n", "g");
	const struct manifest_id *ids[] = {&id};
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;

	manifest_live_init(&live);
	list_add(&mark, "y.dev/Gadget/n/h");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	must(kube_client_get_all(api.client, ids, 1, &api.deadline, &live, &api.err), &api.err);
	must(kube_client_list(api.client, &id, true, NULL, &mark, &api.deadline, &live, &api.err),
	     &api.err);
	ck_assert(manifest_live_looked(&live, "y.dev/Gadget/n/g"));
	ck_assert(manifest_live_looked(&live, "y.dev/Gadget/n/h"));
	api_stop(&api);
}
END_TEST

/* Its APIService is away. Four tries, then nothing is known of its objects, and the others are told
 * of as ever. */
START_TEST(test_kube_client__who_serves_a_kind_may_be_away)
{
	struct api api = api_start();
	const struct manifest_id map = api_id("", "v1", "ConfigMap", "n", "a");
	const struct manifest_id widget = api_id("x.dev", "v1", "Widget", "n", "w");
	const struct manifest_id *ids[] = {&map, &widget};
	const struct server_reply away = {.status = 503, .body = "service unavailable", .times = 4};
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;
	json_auto_t *object = NULL;

	manifest_live_init(&live);
	api.deadline = deadline_in(&clock_real, NULL, 30000);
	list_add(&mark, "x.dev/Widget/n/v");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	api_answer(&api, "GET /api/v1/namespaces/n/configmaps/a", 200, "{\"kind\": \"ConfigMap\"}");
	server_expect(api.server, "GET /apis/x.dev/v1/namespaces/n/widgets/w", &away);
	must(kube_client_get_all(api.client, ids, 2, &api.deadline, &live, &api.err), &api.err);
	ck_assert_ptr_nonnull(manifest_live_get(&live, "core/ConfigMap/n/a"));
	ck_assert(!manifest_live_looked(&live, "x.dev/Widget/n/w"));
	server_expect(api.server, "GET /apis/x.dev/v1/widgets?limit=500", &away);
	must(kube_client_list(api.client, &widget, false, NULL, &mark, &api.deadline, &live,
			      &api.err),
	     &api.err);
	ck_assert(!manifest_live_looked(&live, "x.dev/Widget/n/v"));
	server_expect(api.server, "GET /apis/x.dev/v1/namespaces/n/widgets/w", &away);
	ck_assert_int_eq(kube_client_get(api.client, &widget, &api.deadline, &object, &api.err),
			 -ERR_BUSY);
	api_stop(&api);
}
END_TEST

/* The webhook that converts its versions is dead: the same. */
START_TEST(test_kube_client__what_cannot_be_converted_is_not_known)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "v1", "Widget", "n", "w");
	cleanup_list struct list mark = LIST_INIT;
	cleanup_live struct manifest_live live;

	manifest_live_init(&live);
	list_add(&mark, "x.dev/Widget/n/w");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, API_WIDGETS);
	api_answer(&api, "GET /apis/x.dev/v1/widgets?limit=500", 500,
		   "{\"kind\": \"Status\", \"code\": 500, \"message\": \"conversion webhook for "
		   "x.dev/v2, Kind=Widget failed: connection refused\"}");
	must(kube_client_list(api.client, &widget, false, NULL, &mark, &api.deadline, &live,
			      &api.err),
	     &api.err);
	ck_assert(!manifest_live_looked(&live, "x.dev/Widget/n/w"));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__get_all_notes_what_is_not_there)
{
	struct api api = api_start();
	const struct manifest_id a = api_id("", "v1", "ConfigMap", "n", "a");
	const struct manifest_id b = api_id("apps", "v1", "Deployment", "n", "b");
	const struct manifest_id *ids[] = {&a, &b};
	cleanup_live struct manifest_live live;

	manifest_live_init(&live);
	api_answer(&api, "GET /api/v1/namespaces/n/configmaps/a", 200, "{\"kind\": \"ConfigMap\"}");
	api_answer(&api, "GET /apis/apps/v1/namespaces/n/deployments/b", 404,
		   "{\"kind\": \"Status\", \"details\": {\"name\": \"b\"}}");
	must(kube_client_get_all(api.client, ids, 2, &api.deadline, &live, &api.err), &api.err);
	ck_assert(manifest_live_get(&live, "core/ConfigMap/n/a")->full);
	ck_assert(manifest_live_looked(&live, "apps/Deployment/n/b"));
	ck_assert_ptr_null(manifest_live_get(&live, "apps/Deployment/n/b"));
	api_stop(&api);
}
END_TEST

/* A built-in kind in a version that this server does not know. */
START_TEST(test_kube_client__a_built_in_kind_moves_to_the_served_version)
{
	static const char apis[] =
		"{\"kind\": \"APIGroupDiscoveryList\", \"items\": [{\"metadata\": {\"name\": "
		"\"autoscaling\"}, \"versions\": [{\"version\": \"v1\", \"resources\": "
		"[{\"resource\": "
		"\"horizontalpodautoscalers\", \"responseKind\": {\"kind\": "
		"\"HorizontalPodAutoscaler\"}, "
		"\"scope\": \"Namespaced\"}]}]}]}";
	struct api api = api_start();
	const struct manifest_id id =
		api_id("autoscaling", "", "HorizontalPodAutoscaler", "n", "h");
	json_auto_t *object = NULL;

	api_answer(&api, "GET /apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers/h", 404,
		   "404 page not found\n");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, apis);
	api_answer(&api, "GET /apis/autoscaling/v1/namespaces/n/horizontalpodautoscalers/h", 200,
		   "{}");
	must(kube_client_get(api.client, &id, &api.deadline, &object, &api.err), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_client__counts_its_requests)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("", "v1", "ConfigMap", "n", "a");
	json_t *object;

	api_answer(&api, "GET /api/v1/namespaces/n/configmaps/a", 503, "");
	api_answer(&api, "GET /api/v1/namespaces/n/configmaps/a", 404,
		   "{\"kind\": \"Status\", \"details\": {\"name\": \"a\"}}");
	ck_assert_int_eq(kube_client_get(api.client, &id, &api.deadline, &object, &api.err),
			 -ERR_NOT_FOUND);
	ck_assert_uint_eq(kube_client_requests(api.client), 2);
	api_stop(&api);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/client");
	TCase *tests = tcase_create("client");

	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, test_kube_client__ready_names_what_is_not);
	tcase_add_test(tests, test_kube_client__cluster_identity);
	tcase_add_test(tests, test_kube_client__certificate_days);
	tcase_add_test(tests, test_kube_client__apply_sends_what_the_server_wants);
	tcase_add_test(tests, test_kube_client__create_and_dry_run);
	tcase_add_test(tests, test_kube_client__apply_fills_every_result);
	tcase_add_test(tests, test_kube_client__an_apply_onto_a_deleting_object_is_a_conflict);
	tcase_add_test(tests, test_kube_client__a_terminating_namespace_tells_what_holds_it);
	tcase_add_test(tests, test_kube_client__a_typo_costs_one_request);
	tcase_add_test(tests, test_kube_client__a_lost_answer_is_asked_for_again);
	tcase_add_test(tests, test_kube_client__a_busy_server_is_obeyed);
	tcase_add_test(tests, test_kube_client__a_body_beyond_the_servers_limit_is_not_sent);
	tcase_add_test(tests, test_kube_client__a_version_that_is_not_served_is_named);
	tcase_add_test(tests, test_kube_client__a_kind_without_definition_is_not_found);
	tcase_add_test(tests, test_kube_client__a_new_kind_is_given_a_moment);
	tcase_add_test(tests, test_kube_client__an_apply_without_server_fails_at_once_for_all);
	tcase_add_test(tests, test_kube_client__patch_says_which_kind_of_patch);
	tcase_add_test(tests,
		       test_kube_client__an_object_of_a_kind_that_is_not_served_is_gone_already);
	tcase_add_test(tests, test_kube_client__delete_bears_the_uid);
	tcase_add_test(tests, test_kube_client__list_follows_the_pages);
	tcase_add_test(tests, test_kube_client__list_begins_anew_when_a_page_expired);
	tcase_add_test(tests, test_kube_client__a_list_of_ours_asks_by_label);
	tcase_add_test(tests, test_kube_client__lists_of_several_kinds_are_read_at_once);
	tcase_add_test(tests, test_kube_client__half_a_list_is_an_error);
	tcase_add_test(tests, test_kube_client__a_404_on_a_kind_is_not_an_empty_list);
	tcase_add_test(tests, test_kube_client__objects_of_a_kind_that_is_not_served_are_absent);
	tcase_add_test(tests, test_kube_client__who_serves_a_kind_may_be_away);
	tcase_add_test(tests, test_kube_client__what_cannot_be_converted_is_not_known);
	tcase_add_test(tests, test_kube_client__get_all_notes_what_is_not_there);
	tcase_add_test(tests, test_kube_client__a_built_in_kind_moves_to_the_served_version);
	tcase_add_test(tests, test_kube_client__counts_its_requests);
	suite_add_tcase(suite, tests);
	return suite;
}
