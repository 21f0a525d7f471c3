/* How kinds become paths, through the client that asks for them. */
#include "kube/catalog.h"

#include "api.h"

static bool knows(struct api *api, const struct manifest_id *id)
{
	bool known;

	must(kube_client_knows(api->client, id, &api->deadline, &known, NULL, &api->err),
	     &api->err);
	return known;
}

static void answer_widgets(struct api *api)
{
	server_expect(api->server, "GET /api",
		      &(struct server_reply){.body = API_NO_CORE, .headers = "ETag: \"a\"\r\n"});
	server_expect(api->server, "GET /apis",
		      &(struct server_reply){.body = API_WIDGETS, .headers = "ETag: \"b\"\r\n"});
}

START_TEST(test_kube_catalog__built_in_kinds_need_no_request)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("apps", "v1", "Deployment", "a", "x");

	ck_assert(knows(&api, &id));
	ck_assert_int_eq(server_request_count(api.server), 0);
	ck_assert_ptr_null(kube_client_kinds(api.client));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__asks_once_for_all_others)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");

	answer_widgets(&api);
	ck_assert(knows(&api, &widget));
	ck_assert(knows(&api, &widget));
	ck_assert_int_eq(server_request_count(api.server), 2);
	cleanup_free char *accept = server_header(server_request(api.server, 0), "Accept");
	ck_assert_ptr_nonnull(strstr(accept, "v=v2;as=APIGroupDiscoveryList"));
	json_auto_t *kinds = kube_client_kinds(api.client);
	ck_assert_str_eq(tree_path_string(json_object_get(kinds, "x.dev/Widget"), "plural"),
			 "widgets");
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__a_miss_is_not_asked_again_at_once)
{
	struct api api = api_start();
	const struct manifest_id gadget = api_id("x.dev", "", "Gadget", "a", "x");

	answer_widgets(&api);
	ck_assert(!knows(&api, &gadget));
	ck_assert(!knows(&api, &gadget));
	answer_widgets(&api);
	kube_client_rediscover(api.client);
	ck_assert(!knows(&api, &gadget));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__after_a_restart_the_cache_is_confirmed_by_its_etag)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");

	answer_widgets(&api);
	ck_assert(knows(&api, &widget));
	api_connect(&api);
	json_auto_t *kinds = kube_client_kinds(api.client);
	ck_assert_ptr_nonnull(json_object_get(kinds, "x.dev/Widget"));
	ck_assert_int_eq(server_request_count(api.server), 2);
	server_expect(api.server, "GET /api", &(struct server_reply){.status = 304});
	server_expect(api.server, "GET /apis", &(struct server_reply){.status = 304});
	ck_assert(knows(&api, &widget));
	for (int i = 2; i < 4; i++) {
		const struct server_request *request = server_request(api.server, i);
		cleanup_free char *etag = server_header(request, "If-None-Match");
		ck_assert_str_eq(etag, strstr(request->line, "/apis") ? "\"b\"" : "\"a\"");
	}
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__after_a_restart_a_known_kind_is_asked_for_at_once)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");
	json_auto_t *object = NULL;

	answer_widgets(&api);
	ck_assert(knows(&api, &widget));
	api_connect(&api);
	api_answer(&api, "GET /apis/x.dev/v2/namespaces/a/widgets/x", 200,
		   "{\"kind\": \"Widget\"}");
	must(kube_client_get(api.client, &widget, &api.deadline, &object, &api.err), &api.err);
	ck_assert_int_eq(server_request_count(api.server), 3);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__after_a_restart_a_kind_that_has_gone_is_confirmed)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");
	json_auto_t *object = NULL;

	answer_widgets(&api);
	ck_assert(knows(&api, &widget));
	api_connect(&api);
	api_answer(&api, "GET /apis/x.dev/v2/namespaces/a/widgets/x", 404, "404 page not found");
	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 200, "{\"kind\": \"APIGroupDiscoveryList\", \"items\": []}");
	ck_assert_int_eq(kube_client_get(api.client, &widget, &api.deadline, &object, &api.err),
			 -ERR_NOT_FOUND);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__a_damaged_cache_is_like_none)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");

	temp_write(api.dir, "discovery.json", "{\"schema\": 1, \"parts\": [");
	api_connect(&api);
	ck_assert_ptr_null(kube_client_kinds(api.client));
	answer_widgets(&api);
	ck_assert(knows(&api, &widget));
	api_stop(&api);
}
END_TEST

/* An aggregated API server is away: a miss in its group proves nothing. */
START_TEST(test_kube_catalog__an_incomplete_group_cannot_tell)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("metrics", "", "PodMetrics", "a", "x");
	bool known;

	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(
		&api, "GET /apis", 200,
		"{\"kind\": \"APIGroupDiscoveryList\", \"items\": [{\"metadata\": {\"name\": "
		"\"metrics\"}, \"versions\": [{\"version\": \"v1\", \"freshness\": \"Stale\"}]}]}");
	ck_assert_int_eq(kube_client_knows(api.client, &id, &api.deadline, &known, NULL, &api.err),
			 -ERR_BUSY);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_catalog__a_server_that_fails_cannot_tell)
{
	struct api api = api_start();
	const struct manifest_id widget = api_id("x.dev", "", "Widget", "a", "x");
	bool known;

	api_answer(&api, "GET /api", 200, API_NO_CORE);
	api_answer(&api, "GET /apis", 500, "etcdserver: leader changed");
	ck_assert_int_eq(
		kube_client_knows(api.client, &widget, &api.deadline, &known, NULL, &api.err),
		-ERR_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(api.err.message, "leader changed"));
	api_stop(&api);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/catalog");
	TCase *tests = tcase_create("catalog");

	tcase_add_test(tests, test_kube_catalog__built_in_kinds_need_no_request);
	tcase_add_test(tests, test_kube_catalog__asks_once_for_all_others);
	tcase_add_test(tests, test_kube_catalog__a_miss_is_not_asked_again_at_once);
	tcase_add_test(tests,
		       test_kube_catalog__after_a_restart_the_cache_is_confirmed_by_its_etag);
	tcase_add_test(tests, test_kube_catalog__after_a_restart_a_known_kind_is_asked_for_at_once);
	tcase_add_test(tests, test_kube_catalog__after_a_restart_a_kind_that_has_gone_is_confirmed);
	tcase_add_test(tests, test_kube_catalog__a_damaged_cache_is_like_none);
	tcase_add_test(tests, test_kube_catalog__an_incomplete_group_cannot_tell);
	tcase_add_test(tests, test_kube_catalog__a_server_that_fails_cannot_tell);
	suite_add_tcase(suite, tests);
	return suite;
}
