/* A plan that is kept, and a world that moves. */
#include "plan/record.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"
#include "tree/path.h"

/* An app that wants one ConfigMap, what is there of it, and what is remembered. */
struct scene {
	struct manifest_app *app;
	struct manifest_live live;
	struct map ledger;
	struct plan *plan;
	json_t *record;
};

static json_t *body_of(const char *kind, const char *value)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "v1", "kind", kind,
			 "metadata", "name", "a", "namespace", "blog", "data", "key", value);
}

static void want(struct scene *scene, json_t *body)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = body;
	must(manifest_id_of(body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = tree_json_hash(body);
	object->file = mem_strdup("blog/a.yaml");
	manifest_app_add(scene->app, object);
	manifest_app_seal(scene->app);
}

/* As the API server has it: written by `manager` at `time`, its status by a controller. */
static json_t *there(const char *uid, int version, const char *manager, const char *time)
{
	json_t *body = body_of("ConfigMap", "old");
	json_t *metadata = json_object_get(body, "metadata");
	cleanup_free char *text = mem_printf("%d", version);

	json_object_set_new(metadata, "uid", json_string(uid));
	json_object_set_new(metadata, "resourceVersion", json_string(text));
	json_object_set_new(metadata, "managedFields",
			    json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "manager", manager,
				      "operation",
				      strcmp(manager, MANIFEST_MANAGER) ? "Update" : "Apply",
				      "time", time, "manager", "controller", "operation", "Update",
				      "subresource", "status", "time", text));
	return body;
}

static void see(struct scene *scene, json_t *body_stolen)
{
	manifest_live_put(&scene->live, "core/Namespace//blog", NULL, false);
	manifest_live_put(&scene->live, "core/ConfigMap/blog/a", body_stolen, true);
	json_decref(body_stolen);
}

/* NULL for body: nothing is there. */
static void scene_init(struct scene *scene, const char *value, json_t *live_stolen)
{
	const struct plan_input input = {
		.app = scene->app = manifest_app_new("blog", NULL),
		.live = &scene->live,
		.ledger = &scene->ledger,
		.prune_allowed = true,
	};

	scene->ledger = MAP_INIT(state_entry_free);
	manifest_live_init(&scene->live);
	want(scene, body_of("ConfigMap", value));
	see(scene, live_stolen);
	plan_make(&input, &scene->plan);
	scene->record = plan_record(scene->plan, &scene->live, &scene->ledger);
}

static void scene_done(struct scene *scene)
{
	plan_free(scene->plan);
	manifest_app_unref(scene->app);
	manifest_live_done(&scene->live);
	map_done(&scene->ledger);
	json_decref(scene->record);
}

#define EARLY "2026-11-22T10:00:00Z"
#define LATE  "2026-11-22T11:00:00Z"

/* What is said when the second takes the place of the first. Caller frees. */
static char *moved(struct scene *before, struct scene *now)
{
	cleanup_list struct list lines = LIST_INIT;

	plan_record_compare(before->record, now->record, &lines);
	char *text = list_join(&lines, "\n");
	scene_done(before);
	scene_done(now);
	return text;
}

static void says(const char *expected, struct scene *before, struct scene *now)
{
	cleanup_free char *text = moved(before, now);

	ck_assert_str_eq(text, expected);
}

START_TEST(test_plan_record__a_status_is_no_move)
{
	struct scene before, now;

	scene_init(&before, "new", there("1", 7, "kubectl-edit", EARLY));
	scene_init(&now, "new", there("1", 8, "kubectl-edit", EARLY));
	says("", &before, &now);
}
END_TEST

START_TEST(test_plan_record__who_changed_an_object)
{
	struct scene before, now;

	scene_init(&before, "new", there("1", 7, "kubectl-create", EARLY));
	scene_init(&now, "new", there("1", 8, "kubectl-edit", LATE));
	says("ConfigMap blog/a: it was changed by kubectl-edit at " LATE, &before, &now);
	scene_init(&before, "new", there("1", 7, "kubectl-create", EARLY));
	scene_init(&now, "new", there("2", 8, "kubectl-create", LATE));
	says("ConfigMap blog/a: it was deleted and created anew by kubectl-create at " LATE,
	     &before, &now);
	scene_init(&before, "new", there("1", 7, "kubectl-create", EARLY));
	scene_init(&now, "new", NULL);
	says("ConfigMap blog/a: it was deleted", &before, &now);
	scene_init(&before, "new", NULL);
	scene_init(&now, "new", there("1", 7, "kubectl-create", EARLY));
	says("ConfigMap blog/a: it was created by kubectl-create at " EARLY, &before, &now);
}
END_TEST

START_TEST(test_plan_record__changed_files)
{
	struct scene before, now;

	scene_init(&before, "one", NULL);
	scene_init(&now, "two", NULL);
	says("blog: its files changed\nConfigMap blog/a: something else would be sent", &before,
	     &now);
}
END_TEST

START_TEST(test_plan_record__another_apply)
{
	struct scene before, now;

	scene_init(&before, "one", there("1", 7, "kubectl-create", EARLY));
	scene_init(&now, "one", there("1", 7, "kubectl-create", EARLY));
	struct state_entry *entry = state_entry_new(now.app->objects[0], "blog");
	map_put(&now.ledger, entry->key, entry);
	json_decref(now.record);
	now.record = plan_record(now.plan, &now.live, &now.ledger);
	says("blog: what desired remembers of it changed: another apply or approval was faster",
	     &before, &now);
}
END_TEST

START_TEST(test_plan_record__holds_no_value_of_a_secret)
{
	struct scene scene;

	scene_init(&scene, "new", NULL);
	json_t *body = body_of("Secret", "aHVudGVyMmh1bnRlcjI=");
	want(&scene, body);
	const struct plan_input input = {
		.app = scene.app, .live = &scene.live, .ledger = &scene.ledger, .show = true};
	manifest_live_put(&scene.live, "core/Secret/blog/a", NULL, false);
	plan_free(scene.plan);
	plan_make(&input, &scene.plan);
	json_decref(scene.record);
	scene.record = plan_record(scene.plan, &scene.live, &scene.ledger);
	cleanup_free char *text = tree_json_dump(scene.record);
	ck_assert_ptr_nonnull(strstr(text, "core/Secret/blog/a"));
	ck_assert_ptr_null(strstr(text, "aHVudGVy"));
	ck_assert_ptr_null(strstr(text, "hunter2"));
	ck_assert(!tree_path_true(scene.record, "unmade"));
	scene_done(&scene);
}
END_TEST

/* Before the first write. */
static void allows(const char *expected, const json_t *record, struct scene *now)
{
	cleanup_list struct list lines = LIST_INIT;

	plan_record_allows(record, now->plan, &now->live, &lines);
	cleanup_free char *text = list_join(&lines, "\n");
	ck_assert_str_eq(text, expected);
	scene_done(now);
}

START_TEST(test_plan_record__what_was_agreed_on_is_done)
{
	struct scene agreed, now;

	scene_init(&agreed, "new", NULL);
	scene_init(&now, "new", NULL);
	allows("", agreed.record, &now);
	/* An app before this one has made it: the work of the same plan. */
	scene_init(&now, "new", there("1", 7, MANIFEST_MANAGER, LATE));
	allows("", agreed.record, &now);
	scene_init(&now, "new", there("1", 7, "kubectl-create", LATE));
	allows("ConfigMap blog/a: the plan does not say to adopt it so", agreed.record, &now);
	scene_init(&now, "other", NULL);
	allows("ConfigMap blog/a: the plan does not say to create it so", agreed.record, &now);
	json_auto_t *nothing = json_object();
	scene_init(&now, "new", NULL);
	allows("Namespace blog: the plan does not say to create it so\nConfigMap blog/a: the plan "
	       "does not say to create it so",
	       nothing, &now);
	scene_done(&agreed);
}
END_TEST

START_TEST(test_plan_record__somebody_was_faster)
{
	struct scene agreed, now;

	scene_init(&agreed, "new", there("1", 7, "kubectl-create", EARLY));
	scene_init(&now, "new", there("1", 8, "kubectl-edit", LATE));
	allows("ConfigMap blog/a: somebody else changed it since", agreed.record, &now);
	scene_init(&now, "new", there("1", 8, "kubectl-create", EARLY));
	allows("", agreed.record, &now);
	scene_done(&agreed);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("plan/record");
	TCase *tests = tcase_create("record");

	tcase_add_test(tests, test_plan_record__a_status_is_no_move);
	tcase_add_test(tests, test_plan_record__who_changed_an_object);
	tcase_add_test(tests, test_plan_record__changed_files);
	tcase_add_test(tests, test_plan_record__another_apply);
	tcase_add_test(tests, test_plan_record__holds_no_value_of_a_secret);
	tcase_add_test(tests, test_plan_record__what_was_agreed_on_is_done);
	tcase_add_test(tests, test_plan_record__somebody_was_faster);
	suite_add_tcase(suite, tests);
	return suite;
}
