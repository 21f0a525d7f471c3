/* kube/client and kube/observe on a real API server. Needs CLUSTER: the folder of a running
 * cluster (test/cluster/check gives one); run from the top of the tree. */
#include "kube/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "kube/observe.h"
#include "kube/ready.h"
#include "tree/json.h"
#include "tree/path.h"

#define cleanup_cluster __attribute__((cleanup(cluster_done)))
#define cleanup_id	__attribute__((cleanup(manifest_id_done)))
#define cleanup_result	__attribute__((cleanup(kube_result_done)))
#define cleanup_live	__attribute__((cleanup(manifest_live_done)))

struct cluster {
	struct http *http;
	struct kube_client *client;
	char *ns; /* of this test alone */
	struct err err;
};

static struct deadline soon(void)
{
	return deadline_in(&clock_real, NULL, 60000);
}

static json_t *parse(const char *text)
{
	json_t *tree;
	cleanup_err struct err err = ERR_INIT;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

/* An object in the test's namespace, with our label. */
static json_t *object(const struct cluster *cluster, const char *api_version, const char *kind,
		      const char *name, const char *more)
{
	json_t *body =
		json_pack("{s:s, s:s, s:{s:s, s:{s:s}}}", "apiVersion", api_version, "kind", kind,
			  "metadata", "name", name, "labels", MANIFEST_LABEL, manifest_set_id());

	if (cluster)
		tree_path_set(body, "metadata.namespace", json_string(cluster->ns));
	if (more) {
		json_auto_t *rest = parse(more);
		json_object_update(body, rest);
	}
	return body;
}

static json_t *config_map(const struct cluster *cluster, const char *name, const char *value)
{
	json_t *body = object(cluster, "v1", "ConfigMap", name, NULL);

	tree_path_set(body, "data.key", json_string(value));
	return body;
}

static int apply(struct cluster *cluster, json_t *body, struct kube_result *result)
{
	struct deadline deadline = soon();
	const struct kube_apply_options options = {0};

	return kube_client_apply(cluster->client, &body, 1, &options, &deadline, result,
				 &cluster->err);
}

/* Applies, takes over the body, and returns the UID that it has. */
static char *applied(struct cluster *cluster, json_t *body_stolen)
{
	cleanup_result struct kube_result result = {0};

	must(apply(cluster, body_stolen, &result), &cluster->err);
	json_decref(body_stolen);
	return mem_strdup(tree_path_string(result.object, "metadata.uid"));
}

static struct manifest_id id_of(const json_t *body)
{
	struct manifest_id id;
	cleanup_err struct err err = ERR_INIT;

	must(manifest_id_of(body, &id, &err), &err);
	return id;
}

static void remove_object(struct cluster *cluster, json_t *body_stolen)
{
	struct deadline deadline = soon();
	cleanup_id struct manifest_id id = id_of(body_stolen);

	must(kube_client_delete(cluster->client, &id, &(struct kube_precondition){.uid = NULL},
				"Background", &deadline, &cluster->err),
	     &cluster->err);
	json_decref(body_stolen);
}

static struct cluster cluster_open(const char *ns)
{
	struct cluster cluster = {.http = http_new(), .ns = mem_strdup(ns), .err = ERR_INIT};
	const char *folder = getenv("CLUSTER");

	ck_assert_msg(folder != NULL, "CLUSTER is not set: the folder of a running cluster");
	cleanup_free char *kubeconfig = file_join(folder, "kubeconfig");
	must(kube_client_new(
		     &(struct kube_client_options){.http = cluster.http, .kubeconfig = kubeconfig},
		     &cluster.client, &cluster.err),
	     &cluster.err);
	free(applied(&cluster, object(NULL, "v1", "Namespace", ns, NULL)));
	return cluster;
}

static void cluster_done(struct cluster *cluster)
{
	kube_client_free(cluster->client);
	http_free(cluster->http);
	free(cluster->ns);
	err_done(&cluster->err);
}

/* --- client --- */

START_TEST(test_kube_client__says_which_cluster_it_is)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-who");
	struct deadline deadline = soon();
	struct kube_cluster who;
	int days;

	must(kube_client_ready(cluster.client, &deadline, &cluster.err), &cluster.err);
	must(kube_client_cluster(cluster.client, &deadline, &who, &cluster.err), &cluster.err);
	ck_assert_uint_eq(strlen(who.uid), 36);
	ck_assert_int_eq(who.version[0], 'v');
	ck_assert_ptr_nonnull(strstr(who.server, "https://127.0.0.1:"));
	must(kube_client_certificate_days(cluster.client, &days, &cluster.err), &cluster.err);
	ck_assert_int_ge(days, 1);
	ck_assert_int_le(days, 30);
	kube_cluster_done(&who);
}
END_TEST

START_TEST(test_kube_client__an_apply_that_changes_nothing_writes_nothing)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-apply");
	json_auto_t *body = config_map(&cluster, "a", "1");
	cleanup_result struct kube_result first = {0}, second = {0};

	must(apply(&cluster, body, &first), &cluster.err);
	must(apply(&cluster, body, &second), &cluster.err);
	ck_assert_str_eq(tree_path_string(first.object, "metadata.resourceVersion"),
			 tree_path_string(second.object, "metadata.resourceVersion"));
	cleanup_free char *owned = manifest_live_owned(second.object);
	ck_assert_ptr_nonnull(owned);
}
END_TEST

START_TEST(test_kube_client__a_delete_wants_the_right_uid)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-delete");
	json_auto_t *body = config_map(&cluster, "a", "1");
	cleanup_id struct manifest_id id = id_of(body);
	struct deadline deadline = soon();
	json_t *gone;

	cleanup_free char *uid = applied(&cluster, json_incref(body));
	ck_assert_int_eq(kube_client_delete(cluster.client, &id,
					    &(struct kube_precondition){
						    .uid = "11111111-1111-1111-1111-111111111111"},
					    "Background", &deadline, &cluster.err),
			 -ERR_CONFLICT);
	for (int i = 0; i < 2; i++) /* gone already is fine */
		must(kube_client_delete(cluster.client, &id,
					&(struct kube_precondition){.uid = uid}, "Background",
					&deadline, &cluster.err),
		     &cluster.err);
	ck_assert_int_eq(kube_client_get(cluster.client, &id, &deadline, &gone, &cluster.err),
			 -ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_kube_client__a_typo_is_named_and_not_retried)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-typo");
	json_auto_t *body = object(
		&cluster, "apps/v1", "Deployment", "web",
		"{\"spec\": {\"replica\": 2, \"selector\": {\"matchLabels\": {\"app\": \"web\"}},"
		" \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \"spec\": "
		"{\"containers\": [{\"name\": \"web\", \"image\": \"web\", \"imag\": \"x\"}]}}}}");
	cleanup_result struct kube_result result = {0};
	unsigned long before = kube_client_requests(cluster.client);

	ck_assert_int_eq(apply(&cluster, body, &result), -ERR_INVALID);
	ck_assert_uint_eq(kube_client_requests(cluster.client), before + 1);
	ck_assert_ptr_nonnull(strstr(result.err.message, "Deployment client-typo/web: "));
	ck_assert_ptr_nonnull(strstr(result.err.message, "spec.replica: field not declared"));
	ck_assert_msg(!strcmp(result.field, "spec.replica") ||
			      !strcmp(result.field, "spec.template.spec.containers[0].imag"),
		      "%s", result.field);
}
END_TEST

START_TEST(test_kube_client__an_immutable_field_is_invalid)
{
	static const char spec[] =
		"{\"spec\": {\"selector\": {\"matchLabels\": {\"app\": \"web\"}},"
		" \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \"spec\": "
		"{\"containers\": [{\"name\": \"web\", \"image\": \"web\"}]}}}}";
	cleanup_cluster struct cluster cluster = cluster_open("client-immutable");
	json_auto_t *body = object(&cluster, "apps/v1", "Deployment", "web", spec);
	cleanup_result struct kube_result result = {0};

	free(applied(&cluster, json_incref(body)));
	tree_path_set(body, "spec.selector.matchLabels.app", json_string("other"));
	tree_path_set(body, "spec.template.metadata.labels.app", json_string("other"));
	ck_assert_int_eq(apply(&cluster, body, &result), -ERR_INVALID);
	ck_assert_str_eq(result.field, "spec.selector");
	ck_assert_ptr_nonnull(strstr(result.err.message, "field is immutable"));
}
END_TEST

/* The server accepts it with 200, and then the object vanishes. */
START_TEST(test_kube_client__an_apply_onto_a_deleting_object_is_a_conflict)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-deleting");
	json_auto_t *body = config_map(&cluster, "a", "1"), *again = config_map(&cluster, "a", "2");
	json_auto_t *free_it = parse("{\"metadata\": {\"finalizers\": null}}");
	cleanup_id struct manifest_id id = id_of(body);
	cleanup_result struct kube_result result = {0};
	struct deadline deadline = soon();
	json_t *finalizers = json_pack("[s]", "desired.dev/test");

	tree_path_set(body, "metadata.finalizers", json_incref(finalizers));
	tree_path_set(again, "metadata.finalizers", finalizers);
	free(applied(&cluster, json_incref(body)));
	remove_object(&cluster, json_incref(body));
	ck_assert_int_eq(apply(&cluster, again, &result), -ERR_CONFLICT);
	ck_assert_str_eq(result.err.message, "ConfigMap client-deleting/a is being deleted");
	must(kube_client_patch(cluster.client, &id, free_it, &deadline, NULL, &cluster.err),
	     &cluster.err);
	free(applied(&cluster, config_map(&cluster, "a", "3")));
}
END_TEST

START_TEST(test_kube_client__a_terminating_namespace_says_what_holds_it)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-ending");
	json_auto_t *body = config_map(&cluster, "a", "1"), *other = config_map(&cluster, "b", "1");
	json_auto_t *free_it = parse("{\"metadata\": {\"finalizers\": null}}");
	cleanup_id struct manifest_id id = id_of(body);
	struct deadline deadline = soon();

	tree_path_set(body, "metadata.finalizers", json_pack("[s]", "desired.dev/test"));
	free(applied(&cluster, json_incref(body)));
	remove_object(&cluster, object(NULL, "v1", "Namespace", cluster.ns, NULL));
	for (bool told = false; !told;) {
		cleanup_result struct kube_result result = {0};
		ck_assert_int_eq(apply(&cluster, other, &result), -ERR_CONFLICT);
		told = strstr(result.err.message, "desired.dev/test in 1 resource") != NULL;
		must(deadline_pause(&deadline, 100, &cluster.err), &cluster.err);
	}
	must(kube_client_patch(cluster.client, &id, free_it, &deadline, NULL, &cluster.err),
	     &cluster.err);
}
END_TEST

static json_t *widgets_crd(void)
{
	return object(NULL, "apiextensions.k8s.io/v1", "CustomResourceDefinition",
		      "widgets.test.desired.dev",
		      "{\"spec\": {\"group\": \"test.desired.dev\", \"scope\": \"Namespaced\","
		      " \"names\": {\"plural\": \"widgets\", \"kind\": \"Widget\"},"
		      " \"versions\": [{\"name\": \"v1\", \"served\": true, \"storage\": true,"
		      " \"schema\": {\"openAPIV3Schema\": {\"type\": \"object\", \"properties\":"
		      " {\"spec\": {\"type\": \"object\", \"properties\": {\"size\": {\"type\":"
		      " \"integer\"}}}}}}}]}}");
}

static void wait_ready(struct cluster *cluster, const json_t *crd)
{
	cleanup_id struct manifest_id id = id_of(crd);
	struct deadline deadline = soon();

	for (bool ready = false; !ready;) {
		json_auto_t *now = NULL;
		cleanup_free char *reason = NULL;
		must(kube_client_get(cluster->client, &id, &deadline, &now, &cluster->err),
		     &cluster->err);
		ready = kube_ready(now, &reason) == KUBE_READY;
	}
}

START_TEST(test_kube_client__custom_resources_follow_their_definition_at_once)
{
	cleanup_cluster struct cluster cluster = cluster_open("client-crd");
	json_auto_t *crd = widgets_crd();
	json_auto_t *widget =
		object(&cluster, "test.desired.dev/v1", "Widget", "w", "{\"spec\": {\"size\": 3}}");
	json_auto_t *wrong =
		object(&cluster, "test.desired.dev/v1", "Widget", "x", "{\"spec\": {\"sise\": 3}}");
	cleanup_id struct manifest_id id = id_of(widget);
	cleanup_result struct kube_result early = {0}, typo = {0};
	struct deadline deadline = soon();
	bool known, namespaced;

	ck_assert_int_eq(apply(&cluster, widget, &early), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(early.err.hint, "CustomResourceDefinition"));
	free(applied(&cluster, json_incref(crd)));
	wait_ready(&cluster, crd);
	kube_client_rediscover(cluster.client);
	free(applied(&cluster, json_incref(widget)));
	must(kube_client_knows(cluster.client, &id, &deadline, &known, &namespaced, &cluster.err),
	     &cluster.err);
	ck_assert(known && namespaced);
	ck_assert_int_eq(apply(&cluster, wrong, &typo), -ERR_INVALID);
	ck_assert_str_eq(typo.field, "spec.sise");
	json_auto_t *kinds = kube_client_kinds(cluster.client);
	ck_assert_ptr_nonnull(json_object_get(kinds, "test.desired.dev/Widget"));
	remove_object(&cluster, json_incref(crd));
}
END_TEST

/* More than a page, and more at once than the window. */
START_TEST(test_kube_client__many_objects)
{
	enum {
		MANY = 520
	};
	cleanup_cluster struct cluster cluster = cluster_open("client-many");
	cleanup_live struct manifest_live live;
	cleanup_list struct list mark = LIST_INIT;
	json_t *bodies[MANY];
	struct kube_result *results = mem_zalloc(MANY * sizeof(*results));
	struct deadline deadline = soon();
	char name[16];

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		bodies[i] = config_map(&cluster, name, "x");
	}
	must(kube_client_apply(cluster.client, bodies, MANY, &(struct kube_apply_options){0},
			       &deadline, results, &cluster.err),
	     &cluster.err);
	cleanup_id struct manifest_id id = id_of(bodies[0]);
	manifest_live_init(&live);
	list_add(&mark, "core/ConfigMap/client-many/gone");
	must(kube_client_list(cluster.client, &id, true, "client-many", &mark, &deadline, &live,
			      &cluster.err),
	     &cluster.err);
	ck_assert_uint_eq(live.objects.n, MANY);
	ck_assert(manifest_live_looked(&live, "core/ConfigMap/client-many/gone"));
	const struct manifest_live_object *one =
		manifest_live_get(&live, "core/ConfigMap/client-many/many-519");
	ck_assert_str_eq(tree_path_string(one->body, "kind"), "ConfigMap");
	ck_assert_ptr_null(tree_path_get(one->body, "data"));
	ck_assert_ptr_nonnull(one->owned);
	for (int i = 0; i < MANY; i++) {
		kube_result_done(&results[i]);
		json_decref(bodies[i]);
	}
	free(results);
}
END_TEST

/* --- ready --- */

static json_t *deployment(const struct cluster *cluster, const char *name, const char *port)
{
	cleanup_free char *more = mem_printf(
		"{\"spec\": {\"selector\": {\"matchLabels\": {\"app\": \"%s\"}},"
		" \"template\": {\"metadata\": {\"labels\": {\"app\": \"%s\"}}, \"spec\": "
		"{\"containers\": [{\"name\": \"web\", \"image\": \"web\", \"ports\": [%s]}]}}}}",
		name, name, port);

	return object(cluster, "apps/v1", "Deployment", name, more);
}

/* Until kube_ready_explain() says something that has `part` in it. */
static void await_reason(struct cluster *cluster, const json_t *body, const char *part)
{
	cleanup_id struct manifest_id id = id_of(body);
	struct deadline deadline = soon();
	bool failed, told = false;

	while (!told) {
		json_auto_t *now = NULL;
		must(kube_client_get(cluster->client, &id, &deadline, &now, &cluster->err),
		     &cluster->err);
		cleanup_free char *why =
			kube_ready_explain(cluster->client, now, &deadline, &failed);
		told = why && strstr(why, part);
		if (!told)
			must(deadline_pause(&deadline, 100, &cluster->err), &cluster->err);
	}
}

START_TEST(test_kube_ready__explains_a_port_that_is_taken)
{
	static const char port[] = "{\"containerPort\": 80, \"hostPort\": 18080}";
	cleanup_cluster struct cluster cluster = cluster_open("ready-port");
	json_auto_t *first = deployment(&cluster, "first", port);
	json_auto_t *second = deployment(&cluster, "second", port);

	free(applied(&cluster, json_incref(first)));
	wait_ready(&cluster, first);
	free(applied(&cluster, json_incref(second)));
	await_reason(&cluster, second, "didn't have free ports for the requested pod ports");
	remove_object(&cluster, json_incref(first));
	wait_ready(&cluster, second);
	remove_object(&cluster, json_incref(second));
}
END_TEST

START_TEST(test_kube_ready__explains_a_quota)
{
	cleanup_cluster struct cluster cluster = cluster_open("ready-quota");
	json_auto_t *body = deployment(&cluster, "web", "");

	free(applied(&cluster, object(&cluster, "v1", "ResourceQuota", "none",
				      "{\"spec\": {\"hard\": {\"pods\": \"0\"}}}")));
	free(applied(&cluster, json_incref(body)));
	await_reason(&cluster, body, "exceeded quota: none");
	remove_object(&cluster, json_incref(body));
}
END_TEST

/* --- observe --- */

/* What an observer was told, one line each. */
struct witness {
	pthread_mutex_t lock;
	struct list lines;
};

static void witness_add(struct witness *witness, char *line_stolen)
{
	pthread_mutex_lock(&witness->lock);
	list_take(&witness->lines, line_stolen);
	pthread_mutex_unlock(&witness->lock);
}

static void on_changed(void *context, const char *key, json_t *object_)
{
	witness_add(context, mem_printf("%s %s", object_ ? "changed" : "gone", key));
}

static void on_connection(void *context, const struct err *err)
{
	witness_add(context, mem_strdup(err ? "lost" : "back"));
}

static size_t witness_count(struct witness *witness, const char *line)
{
	size_t count = 0;

	pthread_mutex_lock(&witness->lock);
	for (size_t i = 0; i < witness->lines.n; i++)
		count += !strcmp(witness->lines.items[i], line);
	pthread_mutex_unlock(&witness->lock);
	return count;
}

static void witness_await(struct witness *witness, const char *line, size_t count)
{
	struct deadline deadline = soon();
	cleanup_err struct err err = ERR_INIT;

	while (witness_count(witness, line) < count)
		if (deadline_pause(&deadline, 20, &err) < 0)
			ck_abort_msg("never told %zu times: %s", count, line);
}

static void await_live(const struct kube_observe *observe, int count)
{
	struct deadline deadline = soon();
	cleanup_err struct err err = ERR_INIT;

	while (kube_observe_live(observe) != count)
		must(deadline_pause(&deadline, 20, &err), &err);
}

static struct kube_observe *observe_with(struct cluster *cluster, struct witness *witness,
					 const char *kinds)
{
	cleanup_list struct list list = LIST_INIT;
	struct kube_observe *observe = kube_observe_new(&(struct kube_observe_options){
		.client = cluster->client,
		.changed = on_changed,
		.connection = on_connection,
		.context = witness,
	});

	list_split(&list, kinds, " ");
	kube_observe_kinds(observe, &list);
	await_live(observe, (int)list.n);
	return observe;
}

START_TEST(test_kube_observe__tells_changes_and_asks_nothing_else)
{
	cleanup_cluster struct cluster cluster = cluster_open("observe-changes");
	struct witness witness = {.lock = PTHREAD_MUTEX_INITIALIZER};

	free(applied(&cluster, config_map(&cluster, "a", "1")));
	struct kube_observe *observe =
		observe_with(&cluster, &witness, "core/ConfigMap apps/Deployment core/Secret");
	witness_await(&witness, "changed core/ConfigMap/observe-changes/a", 1);
	unsigned long before = kube_client_requests(cluster.client);
	free(applied(&cluster, config_map(&cluster, "a", "2")));
	witness_await(&witness, "changed core/ConfigMap/observe-changes/a", 2);
	remove_object(&cluster, config_map(&cluster, "a", "2"));
	witness_await(&witness, "gone core/ConfigMap/observe-changes/a", 1);
	ck_assert_uint_eq(kube_client_requests(cluster.client), before + 2);
	kube_observe_free(observe);
	list_done(&witness.lines);
}
END_TEST

static void control_plane(const char *verb)
{
	cleanup_free char *command =
		mem_printf("test/cluster/cluster %s '%s' >/dev/null 2>&1", verb, getenv("CLUSTER"));

	ck_assert_int_eq(system(command), 0);
}

START_TEST(test_kube_observe__lives_through_a_restart_of_the_server)
{
	cleanup_cluster struct cluster cluster = cluster_open("observe-restart");
	struct witness witness = {.lock = PTHREAD_MUTEX_INITIALIZER};

	free(applied(&cluster, config_map(&cluster, "a", "1")));
	free(applied(&cluster, config_map(&cluster, "b", "1")));
	struct kube_observe *observe =
		observe_with(&cluster, &witness, "core/ConfigMap apps/Deployment");
	witness_await(&witness, "changed core/ConfigMap/observe-restart/b", 1);
	control_plane("stop-apiserver");
	witness_await(&witness, "lost", 1);
	ck_assert_int_eq(kube_observe_live(observe), 0);
	control_plane("start-apiserver");
	witness_await(&witness, "back", 1);
	await_live(observe, 2);
	remove_object(&cluster, config_map(&cluster, "a", "1"));
	witness_await(&witness, "gone core/ConfigMap/observe-restart/a", 1);
	ck_assert_uint_eq(witness_count(&witness, "lost"), 1);
	ck_assert_uint_eq(witness_count(&witness, "back"), 1);
	ck_assert_uint_eq(witness_count(&witness, "changed core/ConfigMap/observe-restart/b"), 1);
	ck_assert_uint_eq(witness_count(&witness, "gone core/ConfigMap/observe-restart/b"), 0);
	kube_observe_free(observe);
	list_done(&witness.lines);
}
END_TEST

START_TEST(test_kube_observe__a_kind_may_come_later)
{
	cleanup_cluster struct cluster cluster = cluster_open("observe-crd");
	struct witness witness = {.lock = PTHREAD_MUTEX_INITIALIZER};
	cleanup_list struct list kinds = LIST_INIT;
	json_auto_t *crd = widgets_crd();

	struct kube_observe *observe = observe_with(&cluster, &witness, "core/ConfigMap");
	list_add(&kinds, "core/ConfigMap");
	list_add(&kinds, "test.desired.dev/Widget");
	kube_observe_kinds(observe, &kinds);
	free(applied(&cluster, json_incref(crd)));
	wait_ready(&cluster, crd);
	kube_client_rediscover(cluster.client);
	await_live(observe, 2);
	free(applied(&cluster, object(&cluster, "test.desired.dev/v1", "Widget", "w", NULL)));
	witness_await(&witness, "changed test.desired.dev/Widget/observe-crd/w", 1);
	remove_object(&cluster, json_incref(crd));
	witness_await(&witness, "gone test.desired.dev/Widget/observe-crd/w", 1);
	ck_assert_uint_eq(witness_count(&witness, "lost"), 0);
	kube_observe_free(observe);
	list_done(&witness.lines);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("cluster/client");
	TCase *tests = tcase_create("client");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_kube_client__says_which_cluster_it_is);
	tcase_add_test(tests, test_kube_client__an_apply_that_changes_nothing_writes_nothing);
	tcase_add_test(tests, test_kube_client__a_delete_wants_the_right_uid);
	tcase_add_test(tests, test_kube_client__a_typo_is_named_and_not_retried);
	tcase_add_test(tests, test_kube_client__an_immutable_field_is_invalid);
	tcase_add_test(tests, test_kube_client__an_apply_onto_a_deleting_object_is_a_conflict);
	tcase_add_test(tests, test_kube_client__a_terminating_namespace_says_what_holds_it);
	tcase_add_test(tests, test_kube_client__custom_resources_follow_their_definition_at_once);
	tcase_add_test(tests, test_kube_client__many_objects);
	tcase_add_test(tests, test_kube_ready__explains_a_port_that_is_taken);
	tcase_add_test(tests, test_kube_ready__explains_a_quota);
	tcase_add_test(tests, test_kube_observe__tells_changes_and_asks_nothing_else);
	tcase_add_test(tests, test_kube_observe__a_kind_may_come_later);
	tcase_add_test(tests, test_kube_observe__lives_through_a_restart_of_the_server);
	suite_add_tcase(suite, tests);
	return suite;
}
