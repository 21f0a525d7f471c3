/* Nothing is deleted, and nothing forgotten, without the API server's word on that very object. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/apiserver.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "manifest/live.h"
#include "reconcile/reconcile.h"
#include "tree/path.h"

#define MAPS	      "/api/v1/configmaps"
#define PATH(name)    "/api/v1/namespaces/default/configmaps/" name
#define KEY(name)     "core/ConfigMap/default/" name
#define DELETED(name) "DELETE " PATH(name)

static struct apiserver *api;
static struct state_ledger *ledger;
static char *folder;
static struct source_settings settings;
static struct manifest_set *files;

static json_t *configmap(const char *name)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:{s:s}}", "apiVersion", "v1", "kind",
			 "ConfigMap", "metadata", "name", name, "namespace", "default", "labels",
			 MANIFEST_LABEL, manifest_set_id(), "data", "value", "1");
}

static struct manifest_object *object_of(const char *name)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = configmap(name);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = mem_strdup("hash");
	object->file = mem_strdup("app/maps.yaml");
	return object;
}

/* An object that an earlier pass has made: the server and the ledger have it. */
static void made(const char *name)
{
	cleanup_free char *path = mem_printf(PATH("%s"), name);
	cleanup_err struct err err = ERR_INIT;
	struct manifest_object *object = object_of(name);
	struct state_entry *entry = state_entry_new(object, "app");

	apiserver_put(api, path, configmap(name));
	entry->uid = mem_strdup(tree_path_string(apiserver_get(api, path), "metadata.uid"));
	entry->hash = mem_strdup("hash");
	must(state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, &err), &err);
	state_entry_free(entry);
	manifest_object_free(object);
}

static bool known(const char *key)
{
	struct state_entry *entry = state_ledger_get(ledger, key);

	state_entry_free(entry);
	return entry;
}

/* A round over the app, whose files want only "stays". */
static int pass(struct err *err)
{
	const struct reconcile_world world = {
		.client = api->client,
		.ledger = ledger,
		.state_dir = folder,
		.settings = &settings,
		.clock = &clock_real,
	};
	struct deadline deadline = deadline_in(&clock_real, NULL, 5000);
	const struct reconcile_options options = {.who = "test"};
	struct reconcile_result result = {0};
	struct reconcile_round *round = NULL;

	int r = reconcile_round_begin(&world, files, &deadline, &round, err);
	if (r >= 0)
		r = reconcile_app(&world, round, "app", &options, &result, err);
	reconcile_result_done(&result);
	reconcile_round_end(round);
	return r;
}

static void setup(void)
{
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = manifest_app_new("app", NULL);

	folder = temp_dir();
	settings = (struct source_settings){.revisions = 20};
	api = apiserver_start();
	must(state_ledger_open(folder, &ledger, &err), &err);
	must(state_ledger_bind(ledger, "one", &err), &err);
	apiserver_put(api, "/api/v1/namespaces/kube-system",
		      json_pack("{s:{s:s}}", "metadata", "uid", "one"));
	apiserver_put(api, "/readyz", json_object());
	apiserver_put(api, "/version", json_pack("{s:s}", "gitVersion", "v1.35.0"));
	files = manifest_set_new();
	app->options.timeout_ms = 5000;
	manifest_app_add(app, object_of("stays"));
	manifest_app_seal(app);
	manifest_set_add(files, app);
	made("stays");
	made("left");
	apiserver_list(api, MAPS, PATH("stays"));
	apiserver_list(api, MAPS, PATH("left"));
}

static void teardown(void)
{
	manifest_set_unref(files);
	state_ledger_free(ledger);
	apiserver_stop(api);
	free(folder);
}

START_TEST(test_evidence__what_left_the_files_is_deleted)
{
	cleanup_err struct err err = ERR_INIT;

	must(pass(&err), &err);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 1);
	ck_assert(!known(KEY("left")));
	ck_assert_int_eq(apiserver_count(api, DELETED("stays")), 0);
	ck_assert(known(KEY("stays")));
}
END_TEST

START_TEST(test_evidence__a_short_list_forgets_nothing)
{
	cleanup_err struct err err = ERR_INIT;

	json_object_set_new(api->lists, MAPS, json_array());
	must(pass(&err), &err);
	/* It was asked for by name, and there it is. */
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 1);
	ck_assert(known(KEY("stays")));
	ck_assert_ptr_nonnull(apiserver_get(api, PATH("stays")));
}
END_TEST

START_TEST(test_evidence__a_list_that_is_refused_ends_the_pass)
{
	cleanup_err struct err err = ERR_INIT;

	apiserver_refuse(api, "GET " MAPS, -1, 403, "configmaps is forbidden");
	ck_assert_int_eq(pass(&err), -ERR_DENIED);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert(known(KEY("left")) && known(KEY("stays")));
}
END_TEST

START_TEST(test_evidence__what_cannot_be_read_is_neither_deleted_nor_forgotten)
{
	cleanup_err struct err err = ERR_INIT;

	json_object_set_new(api->lists, MAPS, json_array());
	apiserver_refuse(api, "GET " PATH("left"), -1, 403, "no");
	ck_assert_int_lt(pass(&err), 0);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert(known(KEY("left")));
}
END_TEST

START_TEST(test_evidence__what_is_gone_is_forgotten)
{
	cleanup_err struct err err = ERR_INIT;

	apiserver_remove(api, PATH("left"));
	must(pass(&err), &err);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert(!known(KEY("left")));
}
END_TEST

START_TEST(test_evidence__another_object_of_that_name_is_left_alone)
{
	cleanup_err struct err err = ERR_INIT;

	tree_path_set(apiserver_get(api, PATH("left")), "metadata.uid", json_string("another"));
	must(pass(&err), &err);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert_ptr_nonnull(apiserver_get(api, PATH("left")));
}
END_TEST

START_TEST(test_evidence__another_cluster_owes_us_nothing)
{
	cleanup_err struct err err = ERR_INIT;

	tree_path_set(apiserver_get(api, "/api/v1/namespaces/kube-system"), "metadata.uid",
		      json_string("two"));
	must(pass(&err), &err);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert_int_eq(apiserver_count(api, DELETED("stays")), 0);
}
END_TEST

START_TEST(test_evidence__an_empty_directory_deletes_nothing)
{
	cleanup_err struct err err = ERR_INIT;

	manifest_set_unref(files);
	files = manifest_set_new();
	files->empty = true;
	(void)pass(&err);
	ck_assert_int_eq(apiserver_count(api, DELETED("left")), 0);
	ck_assert_int_eq(apiserver_count(api, DELETED("stays")), 0);
	ck_assert(known(KEY("left")) && known(KEY("stays")));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("reconcile/evidence");
	TCase *tests = tcase_create("evidence");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_evidence__what_left_the_files_is_deleted);
	tcase_add_test(tests, test_evidence__a_short_list_forgets_nothing);
	tcase_add_test(tests, test_evidence__a_list_that_is_refused_ends_the_pass);
	tcase_add_test(tests, test_evidence__what_cannot_be_read_is_neither_deleted_nor_forgotten);
	tcase_add_test(tests, test_evidence__what_is_gone_is_forgotten);
	tcase_add_test(tests, test_evidence__another_object_of_that_name_is_left_alone);
	tcase_add_test(tests, test_evidence__another_cluster_owes_us_nothing);
	tcase_add_test(tests, test_evidence__an_empty_directory_deletes_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
