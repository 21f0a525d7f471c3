/*
 * world: one Deployment default/web, an API server in memory, a ledger, a clock that tests turn,
 * and the plan that a test writes. Embedded; world_start() and world_stop().
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply.h"
#include "base/buf.h"
#include "base/mem.h"
#include "harness/apiserver.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/saved.h"
#include "tree/json.h"
#include "tree/path.h"

#define UNUSED __attribute__((unused))

#define KEY  "apps/Deployment/default/web"
#define WEB  "/apis/apps/v1/namespaces/default/deployments/web"
#define PODS "/api/v1/namespaces/default/pods"

#define STEPS	   4
#define TIMEOUT_MS 60000

struct world {
	struct apiserver *api;
	struct state_ledger *ledger;
	char *state;
	struct manifest_app *app;
	struct manifest_object *object; /* what the files want; of the app */
	struct plan plan;
	struct plan_step steps[STEPS];
	struct apply_result result;
	struct cancel *cancel;
	struct clock clock;
	int64_t now;
	void (*tick)(struct world *world); /* asked whenever somebody sleeps; or NULL */
	struct event_sink sink;
	struct buf told; /* the events' messages, a line each */
};

/* The test's one world: clocks and sinks have no room for a context. */
static struct world world;

static UNUSED json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

/* A Deployment with that image; `more` of its container: "\"readinessProbe\": {}, ". */
static UNUSED json_t *deployment(const char *image, const char *more)
{
	cleanup_free char *text = mem_printf(
		"{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": "
		"{\"name\": \"web\", \"namespace\": \"default\", \"generation\": 1}, \"spec\": "
		"{\"replicas\": 1, \"selector\": {\"matchLabels\": {\"app\": \"web\"}}, "
		"\"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \"spec\": "
		"{\"containers\": [{%s\"name\": \"web\", \"image\": \"%s\"}]}}}}",
		more, image);

	return parse(text);
}

static UNUSED void make_ready(json_t *body)
{
	tree_path_set(body, "status",
		      parse("{\"observedGeneration\": 1, \"replicas\": 1, \"updatedReplicas\": 1, "
			    "\"readyReplicas\": 1, \"availableReplicas\": 1}"));
}

/* A pod of the Deployment; state: of its container ("{\"running\": {}}"). */
static UNUSED json_t *pod(const char *name, const char *state, int restarts)
{
	cleanup_free char *text = mem_printf(
		"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"%s\", "
		"\"namespace\": \"default\", \"labels\": {\"app\": \"web\"}}, \"status\": "
		"{\"phase\": \"Running\", \"containerStatuses\": [{\"name\": \"web\", "
		"\"restartCount\": %d, \"state\": %s}]}}",
		name, restarts, state);

	return parse(text);
}

static UNUSED void put_pod(const char *name, const char *state, int restarts)
{
	cleanup_free char *path = mem_printf(PODS "/%s", name);

	apiserver_put(world.api, path, pod(name, state, restarts));
}

/* --- clock and sink --- */

static int64_t now(const struct clock *clock)
{
	(void)clock;
	return world.now;
}

static bool sleep_(const struct clock *clock, int64_t milliseconds, struct cancel *cancel)
{
	(void)clock;
	if (cancel_raised(cancel))
		return false;
	world.now += milliseconds;
	if (world.tick)
		world.tick(&world);
	return !cancel_raised(cancel);
}

static void emit(struct event_sink *sink, const struct event *event)
{
	(void)sink;
	buf_printf(&world.told, "%s %s\n", event_kind_name(event->kind), event->message);
}

static UNUSED bool told(const char *text)
{
	return strstr(buf_str(&world.told), text) != NULL;
}

/* The last Event was this, and `kubectl describe` would show it with what is there now. */
static UNUSED void check_event(const char *reason, const char *message)
{
	const json_t *event =
		json_array_get(world.api->events, json_array_size(world.api->events) - 1);

	ck_assert_ptr_nonnull(event);
	ck_assert_str_eq(tree_path_string(event, "reason"), reason);
	ck_assert_ptr_nonnull(strstr(tree_path_string(event, "message"), message));
	ck_assert_str_eq(tree_path_string(event, "involvedObject.kind"), "Deployment");
	ck_assert_str_eq(tree_path_string(event, "involvedObject.name"), "web");
	ck_assert_str_eq(tree_path_string(event, "involvedObject.uid"),
			 tree_path_string(apiserver_get(world.api, WEB), "metadata.uid"));
}

/* --- start, plan, run --- */

static UNUSED void record(const char *uid, enum state_stage stage)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_entry *entry = state_entry_new(world.object, "blog");

	entry->uid = mem_strdup(uid);
	entry->hash = mem_strdup("before");
	entry->stage = stage;
	must(state_ledger_put(world.ledger, (const struct state_entry *const *)&entry, 1, &err),
	     &err);
	state_entry_free(entry);
}

static UNUSED enum state_stage stage(void)
{
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	enum state_stage stage = entry ? entry->stage : STATE_SETTLED;

	state_entry_free(entry);
	return stage;
}

static UNUSED bool is_saved(void)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_saved *saved = NULL;
	bool there = state_saved_get(world.state, KEY, &saved, &err) >= 0;

	state_saved_free(saved);
	return there;
}

static UNUSED void want(json_t *body_stolen)
{
	cleanup_err struct err err = ERR_INIT;
	struct manifest_object *object = mem_new(struct manifest_object);

	must(manifest_id_of(body_stolen, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->body = body_stolen;
	object->hash = mem_strdup("wanted");
	object->file = mem_strdup("blog/web.yaml");
	object->line = 1;
	manifest_app_add(world.app, object);
	world.object = object;
}

/* The old one runs, the new image is wanted, `more` of its container. */
static UNUSED void world_start(const char *more)
{
	cleanup_err struct err err = ERR_INIT;

	world = (struct world){
		.api = apiserver_start(),
		.state = temp_dir(),
		.app = manifest_app_new("blog", NULL),
		.cancel = cancel_new(),
		.clock = {.now = now, .sleep = sleep_},
		.now = 1000,
		.sink = {.emit = emit},
	};
	must(state_ledger_open(world.state, &world.ledger, &err), &err);
	must(state_ledger_bind(world.ledger, "cluster", &err), &err);
	want(deployment("web:2", more));
	manifest_app_seal(world.app);
	json_t *old = deployment("web:1", more);
	make_ready(old);
	tree_path_set(old, "metadata.uid", json_string("old"));
	apiserver_put(world.api, WEB, old);
	record("old", STATE_SETTLED);
}

static UNUSED struct plan_step *add_step(enum plan_action action)
{
	struct plan_step *step = &world.steps[world.plan.count++];

	*step = (struct plan_step){
		.action = action,
		.key = mem_strdup(world.object->key),
		.object = world.object,
	};
	manifest_id_copy(&step->id, &world.object->id);
	if (action != PLAN_WAIT && action != PLAN_PUT_BACK && action != PLAN_DELETE) {
		step->body = json_incref(world.object->body);
		step->hash = mem_strdup("wanted");
	}
	if (action == PLAN_REPLACE || action == PLAN_DELETE)
		step->uid = mem_strdup("old");
	if (action == PLAN_PUT_BACK)
		step->why = mem_strdup("the new version did not become ready");
	return step;
}

static UNUSED void after(struct plan_step *step, size_t before)
{
	step->after = mem_realloc(step->after, (step->after_count + 1) * sizeof(size_t));
	step->after[step->after_count++] = before;
}

/* A replace and its wait. */
static UNUSED void plan_replace_of_web(enum plan_replace order)
{
	add_step(PLAN_REPLACE)->replace = order;
	after(add_step(PLAN_WAIT), 0);
}

static void done_steps(void)
{
	for (size_t i = 0; i < world.plan.count; i++) {
		struct plan_step *step = &world.steps[i];
		manifest_id_done(&step->id);
		free(step->key);
		json_decref(step->body);
		json_decref(step->pull);
		free(step->hash);
		free(step->uid);
		free(step->why);
		free(step->after);
	}
	world.plan.count = 0;
}

static UNUSED void run_plan(void)
{
	const struct apply_context context = {
		.client = world.api->client,
		.ledger = world.ledger,
		.state_dir = world.state,
		.sink = &world.sink,
		.clock = &world.clock,
		.cancel = world.cancel,
		.timeout_ms = TIMEOUT_MS,
	};
	cleanup_err struct err err = ERR_INIT;

	world.plan.app = world.app;
	world.plan.steps = world.steps;
	apply_result_done(&world.result);
	must(apply_plan(&context, &world.plan, &world.result, &err), &err);
	done_steps();
}

static UNUSED void world_stop(void)
{
	apply_result_done(&world.result);
	done_steps();
	apiserver_stop(world.api);
	state_ledger_free(world.ledger);
	manifest_app_unref(world.app);
	cancel_free(world.cancel);
	buf_done(&world.told);
	free(world.state);
}
