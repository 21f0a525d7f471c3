/* What the golden cases do not show: names, texts, ids, and answers that nobody asked for. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "plan/print.h"
#include "tree/json.h"
#include "tree/path.h"

/* An app with one object, what is there of it, and what is remembered. */
struct scene {
	struct manifest_app *app;
	struct manifest_live live;
	struct map ledger, answers;
	struct plan_input input;
	struct plan *plan;
};

static json_t *body_of(const char *kind, const char *name, const char *data)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "v1", "kind", kind,
			 "metadata", "name", name, "namespace", "blog", "data", "key", data);
}

static void scene_init(struct scene *scene)
{
	*scene = (struct scene){
		.app = manifest_app_new("blog", NULL),
		.ledger = MAP_INIT(state_entry_free),
		.answers = MAP_INIT(plan_answer_free),
	};
	manifest_live_init(&scene->live);
	scene->input = (struct plan_input){
		.app = scene->app,
		.live = &scene->live,
		.ledger = &scene->ledger,
		.answers = &scene->answers,
		.prune_allowed = true,
		.ledger_size = 100,
	};
}

static void scene_done(struct scene *scene)
{
	plan_free(scene->plan);
	manifest_app_unref(scene->app);
	manifest_live_done(&scene->live);
	map_done(&scene->ledger);
	map_done(&scene->answers);
}

static void make(struct scene *scene)
{
	plan_free(scene->plan);
	plan_make(&scene->input, &scene->plan);
}

static const struct manifest_object *want(struct scene *scene, json_t *body_stolen)
{
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = body_stolen;
	must(manifest_id_of(body_stolen, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = tree_json_hash(body_stolen);
	object->file = mem_strdup("blog/a.yaml");
	manifest_app_add(scene->app, object);
	return object;
}

/* It is there, and ours; what was applied had another hash. */
static void put(struct scene *scene, const struct manifest_object *object, json_t *body_stolen,
		const char *uid)
{
	struct state_entry *entry = state_entry_new(object, "blog");

	tree_path_set(body_stolen, "metadata.uid", json_string(uid));
	json_t *labels = json_object();
	json_object_set_new(labels, MANIFEST_LABEL, json_string(manifest_set_id()));
	tree_path_set(body_stolen, "metadata.labels", labels);
	entry->uid = mem_strdup(uid);
	entry->hash = mem_strdup("before");
	map_put(&scene->ledger, object->key, entry);
	manifest_live_put(&scene->live, object->key, body_stolen, true);
	json_decref(body_stolen);
}

static void forget_files(struct scene *scene)
{
	manifest_app_clear(scene->app);
}

START_TEST(test_plan__actions_have_their_names)
{
	static const char *const names[] = {"none",    "create",   "patch",  "adopt",
					    "replace", "put back", "delete", "keep",
					    "forget",  "wait",	   "refuse", "hold"};

	for (int i = 0; i < 12; i++) {
		struct plan_step step = {.action = (enum plan_action)i};
		ck_assert_str_eq(plan_action_name(&step), names[i]);
		ck_assert_int_eq(plan_step_writes(&step), i >= PLAN_CREATE && i <= PLAN_DELETE);
	}
	struct plan_step recreate = {.action = PLAN_REPLACE, .replace = PLAN_REPLACE_WRITERS};
	ck_assert_str_eq(plan_action_name(&recreate), "recreate");
}
END_TEST

START_TEST(test_plan__a_step_is_one_line)
{
	struct tree_difference differences[] = {{"spec.replicas", "spec.replicas", "1", "0"},
						{"spec.x", "spec.x", NULL, "1"}};
	struct plan_step step = {.action = PLAN_PATCH,
				 .id = {"apps", "v1", "Deployment", "default", "ghost"}};

	cleanup_free char *bare = plan_step_text(&step);
	ck_assert_str_eq(bare, "Deployment default/ghost: patch");
	step.why = "moved from app x";
	cleanup_free char *reason = plan_step_text(&step);
	ck_assert_str_eq(reason, "Deployment default/ghost: patch, moved from app x");
	step.diff = (struct tree_diff){.items = differences, .n = 1};
	cleanup_free char *one = plan_step_text(&step);
	ck_assert_str_eq(one, "Deployment default/ghost: spec.replicas 1 -> 0");
	step.diff.n = 2;
	cleanup_free char *two = plan_step_text(&step);
	ck_assert_str_eq(two, "Deployment default/ghost: spec.replicas 1 -> 0 and 1 more");
}
END_TEST

/* An apply that failed tells what a dry run would have told. */
START_TEST(test_plan__an_answer_of_a_failed_apply_makes_a_replace)
{
	struct scene scene;

	scene_init(&scene);
	const struct manifest_object *object = want(&scene, body_of("ConfigMap", "a", "two"));
	put(&scene, object, body_of("ConfigMap", "a", "one"), "u1");
	make(&scene);
	ck_assert_uint_eq(scene.plan->question_count, 0);
	ck_assert_int_eq(scene.plan->steps[0].action, PLAN_PATCH);

	struct plan_answer *answer = mem_new(struct plan_answer);
	answer->code = ERR_INVALID;
	answer->message = mem_strdup("ConfigMap \"a\" is invalid: data: Forbidden: field is "
				     "immutable when `immutable` is set");
	map_put(&scene.answers, object->key, answer);
	make(&scene);
	ck_assert_uint_eq(scene.plan->question_count, 1);
	ck_assert_int_eq(scene.plan->questions[0].ask, PLAN_ASK_CREATE);
	map_put(&scene.answers, scene.plan->questions[0].key, mem_new(struct plan_answer));
	make(&scene);
	ck_assert_uint_eq(scene.plan->question_count, 0);
	ck_assert_int_eq(scene.plan->steps[0].action, PLAN_REPLACE);
	ck_assert_str_eq(scene.plan->steps[0].why, "field data is immutable");
	ck_assert_str_eq(scene.plan->steps[0].uid, "u1");
	scene_done(&scene);
}
END_TEST

static json_t *service(const char *address, int node_port, int other_port)
{
	return json_pack(
		"{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:[s], s:[{s:i, s:i}, {s:i, s:i}]}}",
		"apiVersion", "v1", "kind", "Service", "metadata", "name", "a", "namespace", "blog",
		"spec", "type", "NodePort", "clusterIP", address, "clusterIPs", address, "ports",
		"port", 80, "nodePort", node_port, "port", 81, "nodePort", other_port);
}

/* What the server is asked to create under a name to throw away. Borrowed from the plan. */
static const json_t *proof_of(struct scene *scene, json_t *old_stolen, json_t *new_stolen)
{
	scene_init(scene);
	const struct manifest_object *object = want(scene, new_stolen);
	put(scene, object, old_stolen, "u1");
	struct plan_answer *answer = mem_new(struct plan_answer);
	answer->code = ERR_INVALID;
	answer->message = mem_strdup("Service \"a\" is invalid: spec.clusterIPs[0]: Invalid value: "
				     "\"10.43.7.2\": field is immutable");
	map_put(&scene->answers, object->key, answer);
	make(scene);
	for (size_t i = 0; i < scene->plan->question_count; i++)
		if (scene->plan->questions[i].ask == PLAN_ASK_CREATE)
			return scene->plan->questions[i].body;
	return NULL;
}

/* What the old one holds would be refused as taken; what is new has to be free. */
START_TEST(test_plan__a_proof_leaves_out_what_the_old_one_holds)
{
	struct scene scene;
	const json_t *proof = proof_of(&scene, service("10.43.7.1", 30001, 30002),
				       service("10.43.7.2", 30001, 30003));

	ck_assert_ptr_nonnull(proof);
	ck_assert_ptr_nonnull(strstr(tree_path_string(proof, "metadata.name"), "a-proof-"));
	ck_assert_str_eq(tree_path_string(proof, "spec.clusterIP"), "10.43.7.2");
	ck_assert_ptr_null(tree_path_get(proof, "spec.ports[0].nodePort"));
	ck_assert_int_eq(tree_path_integer(proof, "spec.ports[1].nodePort", 0), 30003);
	scene_done(&scene);
	proof = proof_of(&scene, service("10.43.7.1", 30001, 30002),
			 service("10.43.7.1", 30001, 30003));
	ck_assert_ptr_null(tree_path_get(proof, "spec.clusterIP"));
	ck_assert_ptr_null(tree_path_get(proof, "spec.clusterIPs"));
	/* What is sent in earnest has it all. */
	ck_assert_str_eq(tree_path_string(scene.plan->steps[0].body, "spec.clusterIP"),
			 "10.43.7.1");
	scene_done(&scene);
	/* Headless is no address. */
	proof = proof_of(&scene, service("None", 30001, 30002), service("None", 30001, 30003));
	ck_assert_str_eq(tree_path_string(proof, "spec.clusterIP"), "None");
	scene_done(&scene);
}
END_TEST

static void make_them_ask(struct scene *scene)
{
	const char *key;
	struct state_entry *entry;

	map_foreach (&scene->ledger, key, entry) {
		(void)key;
		entry->prune = MANIFEST_PRUNE_ASK;
	}
}

/* The id of deletes that ask, whatever is created later under the same name. */
static char *prune_id(const char *first_uid, const char *second_name)
{
	struct scene scene;

	scene_init(&scene);
	const struct manifest_object *object = want(&scene, body_of("ConfigMap", "a", "x"));
	put(&scene, object, body_of("ConfigMap", "a", "x"), first_uid);
	if (second_name) {
		object = want(&scene, body_of("ConfigMap", second_name, "x"));
		put(&scene, object, body_of("ConfigMap", second_name, "x"), "u9");
	}
	forget_files(&scene);
	make_them_ask(&scene);
	make(&scene);
	char *id = mem_strdup(scene.plan->approval);
	scene_done(&scene);
	return id;
}

START_TEST(test_plan__an_approval_is_for_these_objects_only)
{
	cleanup_free char *one = prune_id("u1", NULL), *again = prune_id("u1", NULL);
	cleanup_free char *anew = prune_id("u2", NULL), *more = prune_id("u1", "b");

	ck_assert_uint_eq(strlen(one), 6);
	ck_assert_str_eq(one, again);
	ck_assert_str_ne(one, anew);
	ck_assert_str_ne(one, more);
}
END_TEST

START_TEST(test_plan__nothing_pruned_needs_no_id)
{
	struct scene scene;

	scene_init(&scene);
	make(&scene);
	ck_assert_ptr_null(scene.plan->approval);
	ck_assert(plan_app_gone(scene.plan));
	scene_done(&scene);
}
END_TEST

static void answer_with(struct scene *scene, const struct manifest_object *object)
{
	struct plan_answer *answer = mem_new(struct plan_answer);

	answer->tree = json_deep_copy(object->body);
	map_put(&scene->answers, object->key, answer);
}

START_TEST(test_plan_print__no_secret_appears)
{
	struct plan_print_options options = {.colour = true, .unchanged = true};
	cleanup_buf struct buf text = BUF_INIT;
	struct scene scene;

	scene_init(&scene);
	scene.input.show = true;
	const struct manifest_object *object =
		want(&scene, body_of("Secret", "s", "Y2FuYXJ5LXR3bw=="));
	put(&scene, object, body_of("Secret", "s", "Y2FuYXJ5LW9uZQ=="), "u1");
	answer_with(&scene, object);
	make(&scene);
	plan_print(scene.plan, &options, &text);
	json_auto_t *tree = plan_to_json(scene.plan);
	cleanup_free char *json = tree_json_dump(tree);
	ck_assert_uint_gt(scene.plan->steps[0].diff.n, 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "data.key"));
	ck_assert_ptr_null(strstr(buf_str(&text), "Y2FuYXJ5"));
	ck_assert_ptr_null(strstr(buf_str(&text), "canary"));
	ck_assert_ptr_null(strstr(json, "Y2FuYXJ5"));
	ck_assert_ptr_null(strstr(json, "canary"));
	scene_done(&scene);
}
END_TEST

START_TEST(test_plan_print__many_differences_are_cut)
{
	struct plan_print_options options = {0};
	cleanup_buf struct buf text = BUF_INIT;
	struct scene scene;

	scene_init(&scene);
	scene.input.show = true;
	json_t *body = body_of("ConfigMap", "a", "x");
	for (int i = 0; i < 25; i++) {
		cleanup_free char *path = mem_printf("data.key%02d", i);
		tree_path_set(body, path, json_string("new\nlines"));
	}
	const struct manifest_object *object = want(&scene, body);
	put(&scene, object, body_of("ConfigMap", "a", "x"), "u1");
	answer_with(&scene, object);
	make(&scene);
	plan_print(scene.plan, &options, &text);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "data.key19"));
	ck_assert_ptr_null(strstr(buf_str(&text), "data.key20"));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "... and 5 more\n"));
	ck_assert_ptr_null(strstr(buf_str(&text), "\033"));
	scene_done(&scene);
}
END_TEST

START_TEST(test_plan_print__unchanged_objects_on_request_only)
{
	cleanup_buf struct buf brief = BUF_INIT, full = BUF_INIT;
	struct scene scene;

	scene_init(&scene);
	const struct manifest_object *object = want(&scene, body_of("ConfigMap", "a", "x"));
	((struct manifest_object *)object)->suspend = true;
	make(&scene);
	plan_print(scene.plan, &(struct plan_print_options){0}, &brief);
	plan_print(scene.plan, &(struct plan_print_options){.unchanged = true}, &full);
	ck_assert_str_eq(buf_str(&brief), "");
	ck_assert_str_eq(buf_str(&full), "blog\n  blog  ConfigMap  a  unchanged  suspended\n");
	scene_done(&scene);
}
END_TEST

START_TEST(test_plan_print__totals_name_what_there_is)
{
	cleanup_buf struct buf text = BUF_INIT;
	struct plan_totals totals = {.replace = 1, .recreate = 1, .delete_ = 1, .keep = 1};

	plan_print_totals(&totals, &text);
	ck_assert_str_eq(buf_str(&text), "1 replace, 1 recreate, 1 delete, 1 kept, 0 to approve.");
	buf_truncate(&text, 0);
	plan_print_totals(&(struct plan_totals){.unchanged = 5}, &text);
	ck_assert_str_eq(buf_str(&text), "Nothing to change.");
}
END_TEST

START_TEST(test_plan_print__json_has_the_graph)
{
	struct scene scene;

	scene_init(&scene);
	const struct manifest_object *object = want(&scene, body_of("ConfigMap", "a", "x"));
	manifest_live_put(&scene.live, object->key, NULL, false);
	manifest_live_put(&scene.live, "core/Namespace//blog", NULL, false);
	make(&scene);
	json_auto_t *tree = plan_to_json(scene.plan);
	ck_assert_int_eq(tree_path_integer(tree, "schema", 0), 1);
	ck_assert_str_eq(tree_path_string(tree, "app"), "blog");
	ck_assert_str_eq(tree_path_string(tree, "steps[0].key"), "core/Namespace//blog");
	ck_assert_str_eq(tree_path_string(tree, "steps[1].action"), "create");
	ck_assert_str_eq(tree_path_string(tree, "steps[1].namespace"), "blog");
	ck_assert_int_eq(tree_path_integer(tree, "steps[1].after[0]", -1), 0);
	scene_done(&scene);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("plan/plan");
	TCase *tests = tcase_create("plan");

	tcase_add_test(tests, test_plan__actions_have_their_names);
	tcase_add_test(tests, test_plan__a_step_is_one_line);
	tcase_add_test(tests, test_plan__an_answer_of_a_failed_apply_makes_a_replace);
	tcase_add_test(tests, test_plan__a_proof_leaves_out_what_the_old_one_holds);
	tcase_add_test(tests, test_plan__an_approval_is_for_these_objects_only);
	tcase_add_test(tests, test_plan__nothing_pruned_needs_no_id);
	tcase_add_test(tests, test_plan_print__no_secret_appears);
	tcase_add_test(tests, test_plan_print__many_differences_are_cut);
	tcase_add_test(tests, test_plan_print__unchanged_objects_on_request_only);
	tcase_add_test(tests, test_plan_print__totals_name_what_there_is);
	tcase_add_test(tests, test_plan_print__json_has_the_graph);
	suite_add_tcase(suite, tests);
	return suite;
}
