#include "kube/observe.h"

#include <pthread.h>
#include <stdatomic.h>

#include "api.h"

#define SELECTOR "labelSelector=applyset.kubernetes.io%%2Fpart-of%%3D%s"
#define EVENT(type, name, version)                                               \
	"{\"type\": \"" type "\", \"object\": {\"metadata\": {\"name\": \"" name \
	"\", \"namespace\": \"n\", \"resourceVersion\": \"" version "\"}}}\n"
#define INITIAL_END                                                                          \
	"{\"type\": \"BOOKMARK\", \"object\": {\"metadata\": {\"resourceVersion\": \"50\", " \
	"\"annotations\": {\"k8s.io/initial-events-end\": \"true\"}}}}\n"
#define EXPIRED "{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", \"code\": 410}}\n"

/* An observer of ConfigMaps and what it told, one line each. */
struct witness {
	struct api api;
	struct kube_observe *observe;
	pthread_mutex_t lock;
	struct list told;
	char *snapshot, *resumed, *list, *after_list; /* request lines */
	atomic_bool down;			      /* the server gives no answers */
};

static void tell(struct witness *witness, char *line_stolen)
{
	pthread_mutex_lock(&witness->lock);
	list_take(&witness->told, line_stolen);
	pthread_mutex_unlock(&witness->lock);
}

static void on_changed(void *context, const char *key, json_t *object)
{
	tell(context, mem_printf("%s%s", object ? "" : "-", strrchr(key, '/') + 1));
}

static void on_connection(void *context, const struct err *err)
{
	tell(context, mem_strdup(err ? "lost" : "back"));
}

static void on_trouble(void *context, const char *kind, const struct err *err)
{
	tell(context, mem_printf("trouble %s %s", kind, err_code_name(err->code)));
}

static char *watch_line(const char *path, const char *rest)
{
	cleanup_free char *selector = mem_printf(SELECTOR, manifest_set_id());

	return mem_printf("GET %s?watch=true&allowWatchBookmarks=true&%s%s", path, selector, rest);
}

static void witness_start(struct witness *witness)
{
	static const char path[] = "/api/v1/configmaps";

	*witness = (struct witness){
		.api = api_start(),
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.snapshot = watch_line(path,
				       "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
		.resumed = watch_line(path, "&resourceVersion=50"),
		.after_list = watch_line(path, "&resourceVersion=40"),
	};
	witness->list = mem_printf("GET %s?limit=500&" SELECTOR, path, manifest_set_id());
	witness->observe = kube_observe_new(&(struct kube_observe_options){
		.client = witness->api.client,
		.changed = on_changed,
		.connection = on_connection,
		.trouble = on_trouble,
		.context = witness,
	});
}

static void witness_watch(struct witness *witness, const char *kinds)
{
	cleanup_list struct list list = LIST_INIT;

	list_split(&list, kinds, " ");
	kube_observe_kinds(witness->observe, &list);
}

static void witness_stop(struct witness *witness)
{
	kube_observe_free(witness->observe);
	api_stop(&witness->api);
	list_done(&witness->told);
	free(witness->snapshot);
	free(witness->resumed);
	free(witness->list);
	free(witness->after_list);
}

static char *all_told(struct witness *witness)
{
	pthread_mutex_lock(&witness->lock);
	char *joined = list_join(&witness->told, " ");
	pthread_mutex_unlock(&witness->lock);
	return joined;
}

/* Waits until exactly this was told, in this order. */
static void told_is(struct witness *witness, const char *all)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 10000);
	cleanup_err struct err err = ERR_INIT;

	for (;;) {
		cleanup_free char *now = all_told(witness);
		if (!strcmp(now, all))
			return;
		if (deadline_pause(&deadline, 10, &err) < 0)
			ck_abort_msg("told \"%s\" instead of \"%s\"", now, all);
	}
}

static void await_live(struct witness *witness, int count)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 10000);
	cleanup_err struct err err = ERR_INIT;

	while (kube_observe_live(witness->observe) != count)
		must(deadline_pause(&deadline, 10, &err), &err);
}

static void answer_watch(struct witness *witness, const char *request, const char *const *frames)
{
	server_expect(witness->api.server, request,
		      &(struct server_reply){.chunks = frames, .hold = true});
}

static const char *const two_objects[] = {EVENT("ADDED", "a", "1"), EVENT("ADDED", "b", "2"),
					  INITIAL_END, NULL};
static const char *const second_object[] = {EVENT("ADDED", "b", "2"), INITIAL_END, NULL};
static const char *const nothing[] = {NULL};

START_TEST(test_kube_observe__one_watch_brings_snapshot_and_changes)
{
	struct witness witness;

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	await_live(&witness, 1);
	server_push(witness.api.server, witness.snapshot, EVENT("MODIFIED", "a", "60"));
	server_push(witness.api.server, witness.snapshot, EVENT("DELETED", "b", "61"));
	told_is(&witness, "a b a -b");
	cleanup_free char *accept = server_header(server_request(witness.api.server, 0), "Accept");
	ck_assert_str_eq(accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
	ck_assert_uint_eq(kube_client_requests(witness.api.client), 0);
	witness_stop(&witness);
}
END_TEST

/* Who is in view of a live watch needs not be asked for. */
START_TEST(test_kube_observe__sees_what_is_in_view)
{
	struct witness witness;

	witness_start(&witness);
	ck_assert(!kube_observe_sees(witness.observe, "core/ConfigMap", "core/ConfigMap/n/a"));
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	await_live(&witness, 1);
	ck_assert(kube_observe_sees(witness.observe, "core/ConfigMap", "core/ConfigMap/n/a"));
	ck_assert(!kube_observe_sees(witness.observe, "core/ConfigMap", "core/ConfigMap/n/c"));
	ck_assert(!kube_observe_sees(witness.observe, "core/Secret", "core/ConfigMap/n/a"));
	server_push(witness.api.server, witness.snapshot, EVENT("DELETED", "a", "61"));
	told_is(&witness, "a b -a");
	ck_assert(!kube_observe_sees(witness.observe, "core/ConfigMap", "core/ConfigMap/n/a"));
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__kinds_with_health_are_watched_whole)
{
	struct witness witness;
	cleanup_free char *deployments =
		watch_line("/apis/apps/v1/deployments",
			   "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");

	witness_start(&witness);
	answer_watch(&witness, deployments, two_objects);
	witness_watch(&witness, "apps/Deployment");
	told_is(&witness, "a b");
	cleanup_free char *accept = server_header(server_request(witness.api.server, 0), "Accept");
	ck_assert_str_eq(accept, "application/json");
	witness_stop(&witness);
}
END_TEST

/* The server ends every watch after 30 to 60 minutes. */
START_TEST(test_kube_observe__a_watch_that_ended_in_order_goes_on_where_it_was)
{
	struct witness witness;

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	answer_watch(&witness, witness.resumed, nothing);
	server_end(witness.api.server, witness.snapshot, false);
	server_await(witness.api.server, 2);
	await_live(&witness, 1);
	server_push(witness.api.server, witness.resumed, EVENT("DELETED", "a", "60"));
	told_is(&witness, "a b -a");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__an_expired_version_is_a_new_snapshot)
{
	struct witness witness;

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	/* Inside the stream that goes on, and as an answer. */
	server_expect(witness.api.server, witness.resumed, &(struct server_reply){.body = EXPIRED});
	answer_watch(&witness, witness.snapshot, two_objects);
	server_end(witness.api.server, witness.snapshot, false);
	server_await(witness.api.server, 3);
	await_live(&witness, 1);
	server_expect(witness.api.server, witness.resumed,
		      &(struct server_reply){.status = 410, .body = "{\"kind\": \"Status\"}"});
	answer_watch(&witness, witness.snapshot, second_object);
	server_end(witness.api.server, witness.snapshot, false);
	told_is(&witness, "a b -a");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_broken_connection_is_no_outage_while_the_server_answers)
{
	struct witness witness;

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	api_answer(&witness.api, "GET /readyz", 200, "ok");
	answer_watch(&witness, witness.snapshot, second_object);
	server_end(witness.api.server, witness.snapshot, true);
	told_is(&witness, "a b -a");
	witness_stop(&witness);
}
END_TEST

static bool be_down(void *context, const struct server_request *request,
		    struct server_reply *ret_reply)
{
	struct witness *witness = context;

	(void)request;
	*ret_reply = (struct server_reply){.fault = SERVER_CLOSE};
	return witness->down;
}

START_TEST(test_kube_observe__an_outage_is_told_once_and_so_is_its_end)
{
	struct witness witness;

	witness_start(&witness);
	server_handle(witness.api.server, be_down, &witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	witness.down = true;
	server_end(witness.api.server, witness.snapshot, true);
	told_is(&witness, "a b lost");
	ck_assert_int_eq(kube_observe_live(witness.observe), 0);
	int before = server_request_count(witness.api.server);
	server_await(witness.api.server, before + 2); /* it goes on looking */
	server_expect(witness.api.server, "GET /readyz",
		      &(struct server_reply){.body = "ok", .times = SERVER_ALWAYS});
	answer_watch(&witness, witness.snapshot, second_object);
	witness.down = false;
	told_is(&witness, "a b lost back -a");
	await_live(&witness, 1);
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_server_that_was_never_there)
{
	struct witness witness;

	witness_start(&witness);
	witness.down = true;
	server_handle(witness.api.server, be_down, &witness);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "lost");
	witness_stop(&witness);
}
END_TEST

/* k3s 1.33 has the WatchList feature off and refuses. */
START_TEST(test_kube_observe__falls_back_to_a_list_and_a_watch)
{
	struct witness witness;

	witness_start(&witness);
	server_expect(witness.api.server, witness.snapshot,
		      &(struct server_reply){.status = 422, .body = "{\"kind\": \"Status\"}"});
	api_answer(&witness.api, witness.list, 200,
		   "{\"metadata\": {\"resourceVersion\": \"40\"}, \"items\": [{\"metadata\": "
		   "{\"name\": "
		   "\"a\", \"namespace\": \"n\", \"resourceVersion\": \"1\"}}]}");
	answer_watch(&witness, witness.after_list, nothing);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a");
	server_push(witness.api.server, witness.after_list, EVENT("ADDED", "b", "41"));
	told_is(&witness, "a b");
	await_live(&witness, 1);
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_kind_that_is_forbidden_is_told_once)
{
	struct witness witness;

	witness_start(&witness);
	server_expect(witness.api.server, witness.snapshot,
		      &(struct server_reply){.status = 403,
					     .body = "{\"kind\": \"Status\", \"message\": \"no\"}",
					     .times = SERVER_ALWAYS});
	witness_watch(&witness, "core/ConfigMap");
	server_await(witness.api.server, 2);
	told_is(&witness, "trouble core/ConfigMap denied");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_kind_that_is_gone_is_quiet)
{
	struct witness witness;
	cleanup_free char *widgets =
		watch_line("/apis/x.dev/v2/widgets",
			   "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
	static const char *const lines[] = {"GET /api", "GET /apis"};

	witness_start(&witness);
	for (int i = 0; i < 2; i++)
		server_expect(witness.api.server, lines[i],
			      &(struct server_reply){.body = i ? API_WIDGETS : API_NO_CORE,
						     .times = SERVER_ALWAYS});
	server_expect(witness.api.server, widgets, &(struct server_reply){.status = 404});
	answer_watch(&witness, widgets, two_objects);
	witness_watch(&witness, "x.dev/Widget");
	told_is(&witness, "a b");
	witness_stop(&witness);
}
END_TEST

/* Its CRD comes later: asked for anew, it is looked for again. */
START_TEST(test_kube_observe__a_kind_that_is_not_served_yet_is_quiet)
{
	struct witness witness;
	cleanup_free char *widgets =
		watch_line("/apis/x.dev/v2/widgets",
			   "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");

	witness_start(&witness);
	api_answer(&witness.api, "GET /api", 200, API_NO_CORE);
	api_answer(&witness.api, "GET /apis", 200, API_NO_CORE);
	witness_watch(&witness, "x.dev/Widget");
	server_await(witness.api.server, 2);
	api_answer(&witness.api, "GET /api", 200, API_NO_CORE);
	api_answer(&witness.api, "GET /apis", 200, API_WIDGETS);
	answer_watch(&witness, widgets, two_objects);
	kube_client_rediscover(witness.api.client);
	told_is(&witness, "a b");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_list_that_fails_is_tried_again)
{
	struct witness witness;

	witness_start(&witness);
	server_expect(witness.api.server, witness.snapshot,
		      &(struct server_reply){.status = 400, .body = "{\"kind\": \"Status\"}"});
	api_answer(&witness.api, witness.list, 500, "etcdserver: leader changed");
	api_answer(&witness.api, "GET /readyz", 200, "ok");
	api_answer(&witness.api, witness.list, 403, "{\"kind\": \"Status\"}");
	api_answer(&witness.api, witness.list, 200,
		   "{\"metadata\": {\"resourceVersion\": \"40\"}, \"items\": []}");
	answer_watch(&witness, witness.after_list, nothing);
	witness_watch(&witness, "core/ConfigMap");
	await_live(&witness, 1);
	told_is(&witness, "trouble core/ConfigMap denied");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__a_frame_that_is_not_understood_is_a_new_snapshot)
{
	struct witness witness;

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	answer_watch(&witness, witness.snapshot, second_object);
	server_push(witness.api.server, witness.snapshot, "{\"type\": \"ADDED\", \"obj\n");
	told_is(&witness, "a b -a");
	witness_stop(&witness);
}
END_TEST

START_TEST(test_kube_observe__watches_exactly_what_was_said_last)
{
	struct witness witness;
	cleanup_free char *secrets = watch_line(
		"/api/v1/secrets", "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");

	witness_start(&witness);
	answer_watch(&witness, witness.snapshot, two_objects);
	answer_watch(&witness, secrets, nothing);
	witness_watch(&witness, "core/ConfigMap");
	told_is(&witness, "a b");
	witness_watch(&witness, "core/Secret");
	server_await(witness.api.server, 2);
	await_live(&witness, 0);
	told_is(&witness, "a b");
	witness_stop(&witness);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/observe");
	TCase *tests = tcase_create("observe");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_kube_observe__one_watch_brings_snapshot_and_changes);
	tcase_add_test(tests, test_kube_observe__sees_what_is_in_view);
	tcase_add_test(tests, test_kube_observe__kinds_with_health_are_watched_whole);
	tcase_add_test(tests, test_kube_observe__a_watch_that_ended_in_order_goes_on_where_it_was);
	tcase_add_test(tests, test_kube_observe__an_expired_version_is_a_new_snapshot);
	tcase_add_test(
		tests,
		test_kube_observe__a_broken_connection_is_no_outage_while_the_server_answers);
	tcase_add_test(tests, test_kube_observe__an_outage_is_told_once_and_so_is_its_end);
	tcase_add_test(tests, test_kube_observe__a_server_that_was_never_there);
	tcase_add_test(tests, test_kube_observe__falls_back_to_a_list_and_a_watch);
	tcase_add_test(tests, test_kube_observe__a_kind_that_is_forbidden_is_told_once);
	tcase_add_test(tests, test_kube_observe__a_kind_that_is_gone_is_quiet);
	tcase_add_test(tests, test_kube_observe__a_kind_that_is_not_served_yet_is_quiet);
	tcase_add_test(tests, test_kube_observe__a_list_that_fails_is_tried_again);
	tcase_add_test(tests, test_kube_observe__a_frame_that_is_not_understood_is_a_new_snapshot);
	tcase_add_test(tests, test_kube_observe__watches_exactly_what_was_said_last);
	suite_add_tcase(suite, tests);
	return suite;
}
