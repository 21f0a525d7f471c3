/* What must hold for every plan, whatever the files, the server and the ledger say. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "manifest/scope.h"
#include "plan/plan.h"
#include "plan/print.h"
#include "tree/json.h"
#include "tree/path.h"

#define WORLDS 2000

#define POD(more)                                                                             \
	"\"spec\":{\"selector\":{},\"template\":{\"metadata\":{},\"spec\":{\"containers\":[{" \
	"\"name\":\"c\",\"image\":\"i:1\"" more "}]}}}}"
#define PORT	   ",\"ports\":[{\"containerPort\":80,\"hostPort\":80,\"protocol\":\"TCP\"}]"
#define META(name) "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"default\"}"

static const char *const bodies[] = {
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META("a") ",\"data\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META("b") ",\"data\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\"," META("a") ",\"data\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\"," META("a") "}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Service\"," META("a") ",\"spec\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\"," META("a") ",\"spec\":{}}",
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"default\"}}",
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"," META("a") "," POD(""),
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"," META("b") "," POD(PORT),
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"," META("c") "," POD(PORT),
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\"," META("a") "," POD(""),
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\"," META("a") "," POD(""),
	"{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\","
	"\"metadata\":{\"name\":\"as.x.io\"},\"spec\":{\"group\":\"x.io\",\"names\":{\"kind\":"
	"\"A\"}}}",
	"{\"apiVersion\":\"x.io/v1\",\"kind\":\"A\"," META("a") ",\"spec\":{}}",
	"{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":"
	"\"ValidatingWebhookConfiguration\",\"metadata\":{\"name\":\"a\"}}",
};

#define THINGS (sizeof(bodies) / sizeof(*bodies))

struct world {
	unsigned int seed;
	struct manifest_app *app;
	struct manifest_live live;
	struct map ledger, answers;
	struct list elsewhere;
	struct plan_input input;
	char *only_key;
};

static bool one_in(struct world *world, int n)
{
	return rand_r(&world->seed) % n == 0;
}

static json_t *body_of(size_t i, const char *ns)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *body = NULL;

	must(tree_json_parse(bodies[i], strlen(bodies[i]), "body", true, &body, &err), &err);
	if (tree_path_string(body, "metadata.namespace"))
		tree_path_set(body, "metadata.namespace", json_string(ns));
	return body;
}

static char *key_of(const json_t *body, struct manifest_id *ret_id)
{
	cleanup_err struct err err = ERR_INIT;

	must(manifest_id_of(body, ret_id, &err), &err);
	return manifest_id_key(ret_id);
}

static void want(struct world *world, json_t *body, const char *key, const struct manifest_id *id)
{
	struct manifest_object *object = mem_new(struct manifest_object);

	object->body = json_deep_copy(body);
	if (one_in(world, 2))
		tree_path_set(object->body, "metadata.annotations.v", json_string("2"));
	if (one_in(world, 3) && tree_path_get(body, "spec.template"))
		tree_path_set(object->body, "spec.template.spec.x", json_string("2"));
	object->key = mem_strdup(key);
	object->hash = tree_json_hash(object->body);
	object->file = mem_strdup(one_in(world, 8) ? "blog/b.yaml" : "blog/a.yaml");
	object->redeploy = (enum manifest_redeploy)(rand_r(&world->seed) % 3);
	object->prune = (enum manifest_prune)(rand_r(&world->seed) % 3);
	object->suspend = one_in(world, 10);
	manifest_id_copy(&object->id, id);
	manifest_app_add(world->app, object);
}

static void put(struct world *world, json_t *body, const char *key)
{
	if (!one_in(world, 4)) {
		json_t *labels = json_object();
		json_object_set_new(labels, MANIFEST_LABEL, json_string(manifest_set_id()));
		tree_path_set(body, "metadata.labels", labels);
	}
	if (!one_in(world, 4))
		tree_path_set(body, "metadata.managedFields",
			      json_pack("[{s:s, s:s, s:s}, {s:s, s:s}]", "manager",
					MANIFEST_MANAGER, "operation", "Apply", "time", "t",
					"manager", "kubectl-edit", "operation", "Update"));
	if (one_in(world, 12))
		tree_path_set(body, "metadata.deletionTimestamp", json_string("t"));
	tree_path_set(body, "metadata.uid", json_string(one_in(world, 5) ? "u2" : "u1"));
	manifest_live_put(&world->live, key, body, one_in(world, 2));
}

static void remember(struct world *world, const char *key, const struct manifest_id *id)
{
	struct state_entry *entry = mem_new(struct state_entry);
	const struct manifest_object *object = manifest_app_find(world->app, key);
	const struct manifest_live_object *live = manifest_live_get(&world->live, key);

	manifest_id_copy(&entry->id, id);
	entry->key = mem_strdup(key);
	entry->app = mem_strdup(one_in(world, 5) ? "other" : "blog");
	entry->source = mem_strdup("blog/a.yaml");
	entry->uid = one_in(world, 6) ? NULL : mem_strdup("u1");
	if (!one_in(world, 6))
		entry->hash = mem_strdup(object && one_in(world, 2) ? object->hash : "h");
	if (!one_in(world, 6))
		entry->owned =
			mem_strdup(live && live->owned && one_in(world, 2) ? live->owned : "o");
	entry->prune = (enum manifest_prune)(one_in(world, 3) ? rand_r(&world->seed) % 3 : 0);
	entry->approved = one_in(world, 2);
	entry->from = one_in(world, 4) ? mem_strdup("other") : NULL;
	entry->stage = one_in(world, 10) ? (enum state_stage)(1 + rand_r(&world->seed) % 3)
					 : STATE_SETTLED;
	entry->keep = manifest_kind_bears_data(id->group, id->kind);
	map_put(&world->ledger, key, entry);
}

static void add_thing(struct world *world, size_t i)
{
	json_auto_t *body = body_of(i, one_in(world, 6) ? "blog" : "default");
	struct manifest_id id;
	cleanup_free char *key = key_of(body, &id);

	if (!one_in(world, 3))
		want(world, body, key, &id);
	if (!one_in(world, 3))
		put(world, body, key);
	else if (!one_in(world, 10))
		manifest_live_put(&world->live, key, NULL, false);
	if (!one_in(world, 3))
		remember(world, key, &id);
	if (one_in(world, 12))
		list_add(&world->elsewhere, key);
	if (one_in(world, 60) && !world->only_key)
		world->only_key = mem_strdup(key);
	manifest_id_done(&id);
}

static void world_init(struct world *world, unsigned int seed)
{
	*world = (struct world){
		.seed = seed,
		.app = manifest_app_new("blog", NULL),
		.ledger = MAP_INIT(state_entry_free),
		.answers = MAP_INIT(plan_answer_free),
	};
	manifest_live_init(&world->live);
	for (size_t i = 0; i < THINGS; i++)
		add_thing(world, i);
	if (one_in(world, 2))
		manifest_live_put(&world->live, "core/Namespace//blog", NULL, false);
	manifest_app_seal(world->app);
	world->app->broken = one_in(world, 10);
	world->app->options.suspend = one_in(world, 20);
	world->input = (struct plan_input){
		.app = world->app,
		.live = &world->live,
		.ledger = &world->ledger,
		.answers = &world->answers,
		.wanted_elsewhere = &world->elsewhere,
		.show = one_in(world, 2),
		.prune_allowed = !one_in(world, 4),
		.pinned = one_in(world, 4),
		.apps_elsewhere = one_in(world, 4),
		.ledger_size = 100,
		.only_key = world->only_key,
		.force_replace = one_in(world, 6),
	};
}

static void world_done(struct world *world)
{
	manifest_app_unref(world->app);
	manifest_live_done(&world->live);
	map_done(&world->ledger);
	map_done(&world->answers);
	list_done(&world->elsewhere);
	free(world->only_key);
}

/* --- the server's part --- */

static json_t *some_node(struct world *world)
{
	json_t *node = json_pack("{s:[s], s:[], s:[]}", "nodes", "kube1", "images", "listeners");

	if (one_in(world, 2))
		json_array_append_new(json_object_get(node, "listeners"),
				      json_pack("{s:i, s:s, s:s, s:i}", "port", 80, "protocol",
						"TCP", "process", "nginx", "pid", 1));
	return node;
}

static void answer_dry_run(struct world *world, const struct plan_question *question)
{
	static const struct {
		enum err_code code;
		const char *message;
	} refusals[] = {
		{ERR_INVALID, "X \"a\" is invalid: spec.y: Invalid value: 1: field is immutable"},
		{ERR_INVALID, "field not declared in schema"},
		{ERR_CONFLICT, "it is being deleted"},
		{ERR_NOT_FOUND, "no such kind"},
		{ERR_DENIED, "forbidden"},
	};
	struct plan_answer *answer = mem_new(struct plan_answer);

	if (one_in(world, 3) && question->body) {
		size_t i = (size_t)rand_r(&world->seed) % (sizeof(refusals) / sizeof(*refusals));
		answer->code = refusals[i].code;
		answer->message = mem_strdup(refusals[i].message);
	} else {
		answer->tree = question->body ? json_deep_copy(question->body) : some_node(world);
	}
	map_put(&world->answers, question->key, answer);
}

static void answer(struct world *world, const struct plan_question *question)
{
	const struct manifest_live_object *live = manifest_live_get(&world->live, question->key);

	if (question->ask != PLAN_ASK_FULL) {
		answer_dry_run(world, question);
		return;
	}
	/* It may have gone meanwhile. */
	json_auto_t *body = live && !one_in(world, 8) ? json_incref(live->body) : NULL;
	manifest_live_put(&world->live, question->key, body, true);
}

static struct plan *plan_world(struct world *world)
{
	struct plan *plan = NULL;

	for (int round = 0; round < 6; round++) {
		plan_make(&world->input, &plan);
		if (!plan->question_count)
			return plan;
		for (size_t i = 0; i < plan->question_count; i++)
			answer(world, &plan->questions[i]);
		plan_free(plan);
	}
	ck_abort_msg("the plan did not come to an end");
	return NULL;
}

/* --- what must hold --- */

static void check_delete(const struct world *world, const struct plan_step *step)
{
	const struct state_entry *entry = map_get(&world->ledger, step->key);
	const struct manifest_live_object *live = manifest_live_get(&world->live, step->key);

	ck_assert(step->prune);
	ck_assert_ptr_nonnull(entry);
	ck_assert_ptr_nonnull(live);
	ck_assert_str_eq(entry->app, "blog");
	const char *uid = tree_path_string(live->body, "metadata.uid");
	ck_assert_str_eq(step->uid, uid);
	if (entry->uid)
		ck_assert_str_eq(entry->uid, uid);
	else
		ck_assert(entry->approved && live->owned);
	ck_assert_ptr_nonnull(tree_path_get(live->body, "metadata.labels"));
	ck_assert_ptr_null(manifest_app_find(world->app, step->key));
	ck_assert(!list_has(&world->elsewhere, step->key));
	ck_assert(world->input.prune_allowed && !world->app->broken);
	ck_assert(!manifest_kind_bears_data(step->id.group, step->id.kind));
	ck_assert_int_ne(entry->prune, MANIFEST_PRUNE_NEVER);
	ck_assert(entry->approved || entry->prune != MANIFEST_PRUNE_ASK);
	ck_assert(entry->approved || !world->input.apps_elsewhere);
	ck_assert(entry->approved || !world->input.pinned || !entry->from);
}

static void check_write(const struct world *world, const struct plan_step *step)
{
	ck_assert(!world->app->options.suspend);
	ck_assert_ptr_nonnull(step->body);
	if (!step->object) {
		ck_assert_str_eq(step->id.kind, "Namespace");
		ck_assert_ptr_null(step->hash);
		return;
	}
	ck_assert(!step->object->suspend);
	ck_assert_str_eq(step->hash, step->object->hash);
	if (step->action != PLAN_REPLACE)
		return;
	ck_assert_ptr_nonnull(step->uid);
	ck_assert_ptr_nonnull(step->why);
	ck_assert(!manifest_kind_bears_data(step->id.group, step->id.kind));
}

static void check_step(const struct world *world, const struct plan_step *step)
{
	if (step->action == PLAN_DELETE)
		check_delete(world, step);
	else if (plan_step_writes(step))
		check_write(world, step);
	else
		ck_assert_ptr_null(step->body);
	if (step->action == PLAN_REFUSE || step->action == PLAN_HOLD || step->action == PLAN_KEEP)
		ck_assert_ptr_nonnull(step->why);
	if (world->only_key && step->object)
		ck_assert_str_eq(step->key, world->only_key);
}

/* Steps can be done one by one until none is left. */
static void check_order(const struct plan *plan)
{
	cleanup_free bool *done = mem_zalloc(plan->count + 1);
	size_t left = plan->count;

	for (bool moved = true; moved;) {
		moved = false;
		for (size_t i = 0; i < plan->count; i++) {
			const struct plan_step *step = &plan->steps[i];
			bool ready = !done[i];
			for (size_t j = 0; j < step->after_count; j++) {
				ck_assert_uint_lt(step->after[j], plan->count);
				ready &= done[step->after[j]];
			}
			if (!ready)
				continue;
			done[i] = moved = true;
			left--;
		}
	}
	ck_assert_msg(!left, "%zu steps wait for each other", left);
}

static void check_once(const struct world *world, const struct plan *plan)
{
	struct map seen = MAP_INIT(NULL);

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_step *step = &plan->steps[i];
		/* A bare namespace may be made anew while the declared one is forgotten. */
		if (step->action == PLAN_WAIT || (!step->object && !step->prune))
			continue;
		ck_assert_msg(!map_has(&seen, step->key), "%s twice", step->key);
		map_put(&seen, step->key, step->key);
	}
	for (size_t i = 0; i < world->app->count && !world->only_key; i++)
		ck_assert(map_has(&seen, world->app->objects[i]->key));
	map_done(&seen);
}

static void check_same_again(const struct world *world, const struct plan *plan)
{
	struct plan *again;

	plan_make(&world->input, &again);
	json_auto_t *a = plan_to_json(plan), *b = plan_to_json(again);
	ck_assert(json_equal(a, b));
	plan_free(again);
}

START_TEST(test_plan__holds_in_every_world)
{
	size_t deletes = 0, replaces = 0;

	for (unsigned int seed = 1; seed <= WORLDS; seed++) {
		struct world world;
		world_init(&world, seed);
		struct plan *plan = plan_world(&world);
		for (size_t i = 0; i < plan->count; i++) {
			check_step(&world, &plan->steps[i]);
			deletes += plan->steps[i].action == PLAN_DELETE;
			replaces += plan->steps[i].action == PLAN_REPLACE;
		}
		check_order(plan);
		check_once(&world, plan);
		check_same_again(&world, plan);
		plan_free(plan);
		world_done(&world);
	}
	/* The worlds are not so tame that nothing was put to the test. */
	ck_assert_uint_gt(deletes, 100);
	ck_assert_uint_gt(replaces, 100);
}
END_TEST

/* Nothing differs: no question, no step, however many objects. */
START_TEST(test_plan__an_unchanged_world_asks_nothing)
{
	struct world world;

	world_init(&world, 1);
	map_done(&world.ledger);
	manifest_live_done(&world.live);
	manifest_live_init(&world.live);
	manifest_app_clear(world.app);
	for (size_t i = 0; i < THINGS; i++) {
		json_auto_t *body = body_of(i, "default");
		struct manifest_id id;
		cleanup_free char *key = key_of(body, &id);
		struct manifest_object *object = mem_new(struct manifest_object);
		object->body = json_incref(body);
		object->key = mem_strdup(key);
		object->hash = tree_json_hash(body);
		object->file = mem_strdup("blog/a.yaml");
		manifest_id_copy(&object->id, &id);
		manifest_app_add(world.app, object);
		json_auto_t *live = json_deep_copy(body);
		tree_path_set(live, "metadata.uid", json_string("u1"));
		tree_path_set(live, "metadata.managedFields",
			      json_pack("[{s:s, s:s}]", "manager", MANIFEST_MANAGER, "operation",
					"Apply"));
		manifest_live_put(&world.live, key, live, false);
		struct state_entry *entry = state_entry_new(object, "blog");
		entry->uid = mem_strdup("u1");
		entry->hash = mem_strdup(object->hash);
		entry->owned = manifest_live_owned(live);
		map_put(&world.ledger, key, entry);
		manifest_id_done(&id);
	}
	world.app->options.suspend = world.input.force_replace = world.input.show = false;
	world.input.only_key = NULL;
	struct plan *plan;
	plan_make(&world.input, &plan);
	ck_assert_uint_eq(plan->question_count, 0);
	ck_assert_uint_eq(plan->count, THINGS);
	for (size_t i = 0; i < plan->count; i++)
		ck_assert_int_eq(plan->steps[i].action, PLAN_NONE);
	plan_free(plan);
	world_done(&world);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("plan/property");
	TCase *tests = tcase_create("property");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_plan__holds_in_every_world);
	tcase_add_test(tests, test_plan__an_unchanged_world_asks_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
