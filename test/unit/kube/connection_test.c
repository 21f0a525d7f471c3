/* Logins and endpoints, through the client that uses them. */
#include "kube/connection.h"

#include "api.h"

static int ready(struct api *api)
{
	return kube_client_ready(api->client, &api->deadline, &api->err);
}

START_TEST(test_kube_connection__a_new_kubeconfig_is_used_at_once)
{
	struct api api = api_start();

	api_answer(&api, "GET /readyz", 200, "ok");
	must(ready(&api), &api.err);
	api_write_kubeconfig(api.dir, server_url(api.server), "other");
	api_answer(&api, "GET /readyz", 200, "ok");
	must(ready(&api), &api.err);
	cleanup_free char *first = server_header(server_request(api.server, 0), "Authorization");
	cleanup_free char *second = server_header(server_request(api.server, 1), "Authorization");
	ck_assert_str_eq(first, "Bearer t");
	ck_assert_str_eq(second, "Bearer other");
	cleanup_free char *agent = server_header(server_request(api.server, 1), "User-Agent");
	ck_assert_str_eq(agent, "desired/" DESIRED_VERSION);
	api_stop(&api);
}
END_TEST

/* The server renews the kubeconfig while the request is on its way. */
static bool refuse_the_old_login(void *context, const struct server_request *request,
				 struct server_reply *ret_reply)
{
	struct api *api = context;
	cleanup_free char *login = server_header(request, "Authorization");

	if (strcmp(login, "Bearer t")) {
		*ret_reply = (struct server_reply){.body = "ok"};
		return true;
	}
	api_write_kubeconfig(api->dir, server_url(api->server), "new");
	*ret_reply = (struct server_reply){.status = 401};
	return true;
}

START_TEST(test_kube_connection__a_login_that_went_stale_is_renewed_once)
{
	struct api api = api_start();

	server_handle(api.server, refuse_the_old_login, &api);
	must(ready(&api), &api.err);
	ck_assert_int_eq(server_request_count(api.server), 2);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_connection__a_refused_login_is_not_tried_again)
{
	struct api api = api_start();

	api_answer(&api, "GET /readyz", 401, "Unauthorized");
	ck_assert_int_eq(ready(&api), -ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(api.err.hint, "k3s.yaml"));
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_connection__a_broken_new_kubeconfig_leaves_the_old_one_in_use)
{
	struct api api = api_start();

	temp_write(api.dir, "kubeconfig", "current-context: [\n");
	api_answer(&api, "GET /readyz", 200, "ok");
	must(ready(&api), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_connection__another_endpoint_answers_for_one_that_is_away)
{
	struct api api = api_start();
	const struct manifest_id id = api_id("", "v1", "ConfigMap", "a", "x");
	json_auto_t *object = NULL;
	cleanup_free char *text =
		mem_printf("current-context: away\n"
			   "clusters:\n- {name: a, cluster: {server: 'http://127.0.0.1:1'}}\n"
			   "- {name: b, cluster: {server: '%s'}}\n"
			   "contexts:\n- {name: away, context: {cluster: a, user: u}}\n"
			   "- {name: here, context: {cluster: b, user: u}}\n"
			   "users:\n- {name: u, user: {token: t}}\n",
			   server_url(api.server));

	temp_write(api.dir, "kubeconfig", text);
	api_connect(&api);
	api.deadline = deadline_in(&clock_real, NULL, 20000);
	api_answer(&api, "GET /api/v1/namespaces/a/configmaps/x", 200, "{}");
	must(kube_client_get(api.client, &id, &api.deadline, &object, &api.err), &api.err);
	/* It stays in use. */
	api_answer(&api, "GET /readyz", 200, "ok");
	must(ready(&api), &api.err);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_connection__nobody_there)
{
	struct api api = api_start();

	api_write_kubeconfig(api.dir, "http://127.0.0.1:1", "t");
	ck_assert_int_eq(ready(&api), -ERR_UNREACHABLE);
	ck_assert_ptr_nonnull(strstr(api.err.message, "http://127.0.0.1:1 refused"));
	api_stop(&api);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/connection");
	TCase *tests = tcase_create("connection");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_kube_connection__a_new_kubeconfig_is_used_at_once);
	tcase_add_test(tests, test_kube_connection__a_login_that_went_stale_is_renewed_once);
	tcase_add_test(tests, test_kube_connection__a_refused_login_is_not_tried_again);
	tcase_add_test(tests,
		       test_kube_connection__a_broken_new_kubeconfig_leaves_the_old_one_in_use);
	tcase_add_test(tests, test_kube_connection__another_endpoint_answers_for_one_that_is_away);
	tcase_add_test(tests, test_kube_connection__nobody_there);
	suite_add_tcase(suite, tests);
	return suite;
}
