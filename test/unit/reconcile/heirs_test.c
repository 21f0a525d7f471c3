/* An app that takes the host port of a workload that left another app's files: who deletes it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/apiserver.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "reconcile/reconcile.h"
#include "state/revision.h"
#include "tree/path.h"

#define PATH(name) "/apis/apps/v1/namespaces/default/deployments/" name
#define KEY(name)  "apps/Deployment/default/" name

static struct apiserver *api;
static struct state_ledger *ledger;
static char *folder;
static struct source_settings settings;
static struct manifest_set *files;

static json_t *deployment(const char *name, int port)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:{s:{s:{s:s}}, s:{s:{s:{s:s}}, "
			 "s:{s:[{s:s, s:s, s:[{s:i, s:i, s:s}]}]}}}}",
			 "apiVersion", "apps/v1", "kind", "Deployment", "metadata", "name", name,
			 "namespace", "default", "labels", MANIFEST_LABEL, manifest_set_id(),
			 "spec", "selector", "matchLabels", "app", name, "template", "metadata",
			 "labels", "app", name, "spec", "containers", "name", "c", "image", "i:1",
			 "ports", "containerPort", port, "hostPort", port, "protocol", "TCP");
}

/* An app of one Deployment, both of that name. */
static struct manifest_app *app_of(const char *name, int port)
{
	struct manifest_app *app = manifest_app_new(name, NULL);
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = deployment(name, port);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = mem_strdup(name);
	object->file = mem_strdup("deployment.yaml");
	manifest_app_add(app, object);
	manifest_app_seal(app);
	return app;
}

/* It is in force: server, ledger and revisions have it. */
static void made(const char *name, int port)
{
	cleanup_free char *path = mem_printf(PATH("%s"), name);
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = app_of(name, port);
	struct state_entry *entry = state_entry_new(app->objects[0], name);
	struct state_app known = {.name = app->name, .hash = app->hash};

	apiserver_put(api, path, deployment(name, port));
	apiserver_list(api, "/apis/apps/v1/deployments", path);
	entry->uid = mem_strdup(tree_path_string(apiserver_get(api, path), "metadata.uid"));
	entry->hash = mem_strdup(name);
	must(state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, &err), &err);
	must(state_revision_save(folder, app, "test", NULL, 20, &known.revision, &err), &err);
	must(state_ledger_put_app(ledger, &known, &err), &err);
	state_entry_free(entry);
	manifest_app_unref(app);
}

/* What a plan for `name` does with the Deployment default/old; -1: nothing. `only`: --app. */
static int fate_of_old(const char *name, const char *only)
{
	const struct reconcile_world world = {
		.client = api->client,
		.ledger = ledger,
		.state_dir = folder,
		.settings = &settings,
		.clock = &clock_real,
	};
	struct deadline deadline = deadline_in(&clock_real, NULL, 5000);
	const struct reconcile_options options = {.who = "test", .show = true};
	struct reconcile_result result = {0};
	struct reconcile_round *round = NULL;
	cleanup_err struct err err = ERR_INIT;
	int fate = -1;

	must(reconcile_round_begin(&world, files, &deadline, &round, &err), &err);
	reconcile_round_select(round, only, NULL, NULL);
	must(reconcile_app(&world, round, name, &options, &result, &err), &err);
	for (size_t i = 0; i < result.plan->count; i++)
		if (!strcmp(result.plan->steps[i].key, KEY("old")))
			fate = (int)result.plan->steps[i].action;
	reconcile_result_done(&result);
	reconcile_round_end(round);
	return fate;
}

static void setup(void)
{
	cleanup_err struct err err = ERR_INIT;

	folder = temp_dir();
	settings = (struct source_settings){.revisions = 20};
	api = apiserver_start();
	must(state_ledger_open(folder, &ledger, &err), &err);
	must(state_ledger_bind(ledger, "one", &err), &err);
	apiserver_put(api, "/api/v1/namespaces/kube-system",
		      json_pack("{s:{s:s}}", "metadata", "uid", "one"));
	apiserver_put(api, "/readyz", json_object());
	apiserver_put(api, "/version", json_pack("{s:s}", "gitVersion", "v1.35.0"));
	json_object_set_new(api->lists, "/api/v1/nodes", json_array());
	files = manifest_set_new();
	made("old", 80);
}

static void teardown(void)
{
	manifest_set_unref(files);
	state_ledger_free(ledger);
	apiserver_stop(api);
	free(folder);
}

START_TEST(test_heirs__who_needs_the_port_deletes_its_holder)
{
	manifest_set_add(files, app_of("new", 80));
	ck_assert_int_eq(fate_of_old("new", NULL), PLAN_DELETE);
	ck_assert_int_eq(fate_of_old("old", NULL), -1);
}
END_TEST

START_TEST(test_heirs__another_port_is_no_reason)
{
	manifest_set_add(files, app_of("new", 81));
	ck_assert_int_eq(fate_of_old("new", NULL), -1);
	ck_assert_int_eq(fate_of_old("old", NULL), PLAN_DELETE);
}
END_TEST

START_TEST(test_heirs__what_the_files_have_is_nobodys)
{
	manifest_set_add(files, app_of("new", 80));
	manifest_set_add(files, app_of("old", 80));
	ck_assert_int_eq(fate_of_old("new", NULL), -1);
	ck_assert_int_ne(fate_of_old("old", NULL), PLAN_DELETE);
}
END_TEST

START_TEST(test_heirs__what_is_there_already_needs_no_room)
{
	made("new", 80);
	manifest_set_add(files, app_of("new", 80));
	ck_assert_int_eq(fate_of_old("new", NULL), -1);
	ck_assert_int_eq(fate_of_old("old", NULL), PLAN_DELETE);
}
END_TEST

START_TEST(test_heirs__a_pass_over_one_app_deletes_of_no_other)
{
	manifest_set_add(files, app_of("new", 80));
	ck_assert_int_eq(fate_of_old("new", "new"), -1);
}
END_TEST

START_TEST(test_heirs__a_pinned_app_gives_nothing_away)
{
	cleanup_err struct err err = ERR_INIT;

	manifest_set_add(files, app_of("new", 80));
	must(state_ledger_pin(ledger, "old",
			      &(struct state_pin){.revision = 1,
						  .hash = (char *)"",
						  .verb = (char *)"rollback",
						  .who = (char *)"root",
						  .when = (char *)"now"},
			      &err),
	     &err);
	ck_assert_int_eq(fate_of_old("new", NULL), -1);
}
END_TEST

START_TEST(test_heirs__two_that_leave_by_it_are_one_app_for_the_brake)
{
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *other = app_of("beside", 90);
	struct state_entry *entry = state_entry_new(other->objects[0], "old");

	/* A second object of the app that leaves. */
	entry->uid = mem_strdup("beside");
	must(state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, &err), &err);
	manifest_set_add(files, app_of("new", 80));
	ck_assert_int_eq(fate_of_old("new", NULL), PLAN_DELETE);
	state_entry_free(entry);
	manifest_app_unref(other);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("reconcile/heirs");
	TCase *tests = tcase_create("heirs");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_heirs__who_needs_the_port_deletes_its_holder);
	tcase_add_test(tests, test_heirs__another_port_is_no_reason);
	tcase_add_test(tests, test_heirs__what_the_files_have_is_nobodys);
	tcase_add_test(tests, test_heirs__what_is_there_already_needs_no_room);
	tcase_add_test(tests, test_heirs__a_pass_over_one_app_deletes_of_no_other);
	tcase_add_test(tests, test_heirs__a_pinned_app_gives_nothing_away);
	tcase_add_test(tests, test_heirs__two_that_leave_by_it_are_one_app_for_the_brake);
	suite_add_tcase(suite, tests);
	return suite;
}
