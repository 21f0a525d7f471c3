/* The order of a replace, and what happens when something goes wrong in the middle of it. */
#include "world.h"

#define PROBE "\"readinessProbe\": {}, "

/* The new one is ready at once. */
static void ready_when_made(void *context, const char *line)
{
	json_t *there = apiserver_get(world.api, WEB);

	(void)context;
	if (!strcmp(line, "GET " WEB) && there &&
	    strcmp(tree_path_string(there, "metadata.uid"), "old") != 0)
		make_ready(there);
}

static void start(const char *more)
{
	world_start(more);
	world.api->watch = ready_when_made;
}

static int at(const char *line)
{
	int found = apiserver_find(world.api, line);

	ck_assert_msg(found >= 0, "%s was never asked", line);
	return found;
}

START_TEST(test_replace__ports_are_created_at_once)
{
	start(PROBE);
	put_pod("web-old", "{\"running\": {}}", 0);
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_eq(at("PATCH " WEB), at("DELETE " WEB) + 1);
	ck_assert_uint_eq(world.result.replaced, 1);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	ck_assert(!is_saved());
	check_event("Replaced", "deleted and created again, ");
	world_stop();
}
END_TEST

START_TEST(test_replace__what_nobody_waits_for_is_told_too)
{
	start(PROBE);
	add_step(PLAN_REPLACE)->replace = PLAN_REPLACE_PORTS;
	run_plan();
	check_event("Replaced", "deleted and created again");
	world_stop();
}
END_TEST

/* Its old pod ends at the third look. */
static void end_slowly(void *context, const char *line)
{
	static int looks;

	ready_when_made(context, line);
	if (!strcmp(line, "DELETE " WEB))
		looks = 0;
	if (!strcmp(line, "GET " PODS) && apiserver_find(world.api, "DELETE " WEB) >= 0 &&
	    ++looks == 3)
		apiserver_remove(world.api, PODS "/web-old");
}

START_TEST(test_replace__writers_are_created_when_the_old_pods_are_gone)
{
	start(PROBE);
	world.api->watch = end_slowly;
	put_pod("web-old", "{\"running\": {}}", 0);
	plan_replace_of_web(PLAN_REPLACE_WRITERS);
	run_plan();
	ck_assert_int_eq(at("PATCH " WEB), at("DELETE " WEB) + 4);
	ck_assert_ptr_null(apiserver_get(world.api, PODS "/web-old"));
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

/* No labels to match, and yet pods that write. */
START_TEST(test_replace__writers_are_waited_for_by_any_selector)
{
	start(PROBE);
	world.api->watch = end_slowly;
	tree_path_set(
		apiserver_get(world.api, WEB), "spec.selector",
		parse("{\"matchExpressions\": [{\"key\": \"app\", \"operator\": \"Exists\"}]}"));
	put_pod("web-old", "{\"running\": {}}", 0);
	plan_replace_of_web(PLAN_REPLACE_WRITERS);
	run_plan();
	ck_assert_int_eq(at("PATCH " WEB), at("DELETE " WEB) + 4);
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

static void check_saved(void *context, const char *line)
{
	ready_when_made(context, line);
	if (strcmp(line, "DELETE " WEB) != 0)
		return;
	ck_assert(is_saved());
	ck_assert_int_eq(stage(), STATE_REPLACING);
}

START_TEST(test_replace__the_old_one_is_on_disk_before_it_is_deleted)
{
	start(PROBE);
	world.api->watch = check_saved;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

/* Somebody writes to it between the look and the delete. */
static void touch_once(void *context, const char *line)
{
	json_t *there = apiserver_get(world.api, WEB);

	check_saved(context, line);
	if (strcmp(line, "DELETE " WEB) != 0 || apiserver_count(world.api, line) != 1)
		return;
	tree_path_set(there, "metadata.resourceVersion", json_string("later"));
	tree_path_set(there, "metadata.labels.late", json_string("yes"));
}

START_TEST(test_replace__what_is_deleted_is_what_was_saved)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_saved *saved;

	start("");
	world.api->watch = touch_once;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	apiserver_refuse(world.api, "PATCH " WEB, 1, 422, "no");
	run_plan();
	ck_assert_int_eq(apiserver_count(world.api, "DELETE " WEB), 2);
	must(state_saved_get(world.state, KEY, &saved, &err), &err);
	ck_assert_str_eq(tree_path_string(saved->object, "metadata.labels.late"), "yes");
	state_saved_free(saved);
	world_stop();
}
END_TEST

static void check_precondition(void *context, const char *line)
{
	ready_when_made(context, line);
	if (strcmp(line, "PATCH " WEB) != 0)
		return;
	/* The write before. */
	ck_assert_str_eq(tree_path_string(world.api->last, "preconditions.uid"), "old");
	ck_assert_ptr_nonnull(tree_path_string(world.api->last, "preconditions.resourceVersion"));
}

START_TEST(test_replace__deletes_only_under_the_uid_that_was_proven)
{
	start(PROBE);
	world.api->watch = check_precondition;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

/* The files changed again before the second version was ready: what would come back is the first.
 */
START_TEST(test_replace__what_is_on_trial_itself_is_not_what_comes_back)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_saved *saved;

	start(PROBE);
	json_auto_t *first = deployment("web:0", "");
	must(state_saved_put(world.state,
			     &(struct state_saved){.key = (char *)KEY, .object = first}, &err),
	     &err);
	record("old", STATE_ON_TRIAL);
	apiserver_refuse(world.api, "PATCH " WEB, -1, 422, "no");
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	must(state_saved_get(world.state, KEY, &saved, &err), &err);
	ck_assert_str_eq(tree_path_string(saved->object, "spec.template.spec.containers[0].image"),
			 "web:0");
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	state_saved_free(saved);
	world_stop();
}
END_TEST

START_TEST(test_replace__somebody_elses_object_is_left_alone)
{
	start(PROBE);
	tree_path_set(apiserver_get(world.api, WEB), "metadata.uid", json_string("other"));
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	ck_assert_uint_eq(world.result.failed, 1);
	world_stop();
}
END_TEST

static void cancel_at_delete(void *context, const char *line)
{
	end_slowly(context, line);
	if (!strcmp(line, "DELETE " WEB))
		cancel_raise(world.cancel);
}

START_TEST(test_replace__a_cancel_between_delete_and_create_creates_first)
{
	start(PROBE);
	world.api->watch = cancel_at_delete;
	put_pod("web-old", "{\"running\": {}}", 0);
	plan_replace_of_web(PLAN_REPLACE_WRITERS);
	run_plan();
	ck_assert(world.result.canceled);
	ck_assert_ptr_nonnull(apiserver_get(world.api, WEB));
	ck_assert_int_eq(stage(), STATE_ON_TRIAL);
	world_stop();
}
END_TEST

START_TEST(test_replace__a_cancel_before_the_delete_changes_nothing)
{
	start(PROBE);
	cancel_raise(world.cancel);
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert(world.result.canceled);
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	world_stop();
}
END_TEST

START_TEST(test_replace__a_create_that_is_refused_after_all_is_to_be_undone)
{
	start(PROBE);
	apiserver_refuse(world.api, "PATCH " WEB, -1, 422, "no");
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_ptr_nonnull(world.result.rejected);
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	ck_assert(is_saved());
	struct state_app *app = state_ledger_app(world.ledger, "blog");
	ck_assert_str_eq(app->refused, world.app->hash);
	state_app_free(app);
	world_stop();
}
END_TEST

START_TEST(test_replace__a_quota_that_still_counts_the_old_one_passes)
{
	start(PROBE);
	apiserver_refuse(world.api, "PATCH " WEB, 3, 403, "forbidden: exceeded quota: full");
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_uint_eq(world.result.replaced, 1);
	ck_assert_int_eq(apiserver_count(world.api, "PATCH " WEB), 4);
	world_stop();
}
END_TEST

/* A crash came after the delete: the plan says create. */
START_TEST(test_replace__what_was_cut_off_waits_for_the_writers_too)
{
	cleanup_err struct err err = ERR_INIT;
	const char *volume = "\"volumeMounts\": [{\"name\": \"d\", \"mountPath\": \"/d\"}], ";

	start(volume);
	json_t *spec = tree_path_get(world.object->body, "spec.template.spec");
	json_object_set_new(spec, "volumes",
			    parse("[{\"name\": \"d\", \"hostPath\": {\"path\": \"/data\"}}]"));
	json_auto_t *old = json_deep_copy(world.object->body);
	must(state_saved_put(world.state, &(struct state_saved){.key = (char *)KEY, .object = old},
			     &err),
	     &err);
	record("old", STATE_REPLACING);
	apiserver_remove(world.api, WEB);
	put_pod("web-old", "{\"running\": {}}", 0);
	add_step(PLAN_CREATE);
	world.tick = NULL;
	world.api->watch = end_slowly;
	/* Nobody deletes it here: the looks count from the start. */
	list_add(&world.api->log, "DELETE " WEB);
	run_plan();
	ck_assert_int_ge(apiserver_count(world.api, "GET " PODS), 3);
	ck_assert_int_gt(at("PATCH " WEB), at("GET " PODS) + 1);
	ck_assert_uint_eq(world.result.written, 1);
	ck_assert_int_eq(stage(), STATE_ON_TRIAL);
	world_stop();
}
END_TEST

START_TEST(test_replace__a_patch_of_an_immutable_field_is_no_failure_yet)
{
	start(PROBE);
	apiserver_refuse(world.api, "PATCH " WEB, -1, 422,
			 "Deployment.apps \"web\" is invalid: spec.selector: Invalid value: {}: "
			 "field is immutable");
	add_step(PLAN_PATCH);
	run_plan();
	ck_assert_uint_eq(world.result.failed, 0);
	const struct plan_answer *answer = map_get(&world.result.immutable, KEY);
	ck_assert_ptr_nonnull(answer);
	ck_assert(plan_is_immutable(answer->code, answer->message));
	world_stop();
}
END_TEST

#define DEAD "Internal error occurred: failed calling webhook \"check.test\": connection refused"

/* The API server is there: no reason to wait for it. */
START_TEST(test_write__a_dead_webhook_is_waited_for_and_then_a_failure)
{
	start(PROBE);
	apiserver_refuse(world.api, "PATCH " WEB, -1, 500, DEAD);
	add_step(PLAN_PATCH);
	run_plan();
	ck_assert(!world.result.unreachable);
	ck_assert_uint_eq(world.result.failed, 1);
	ck_assert_ptr_nonnull(
		strstr(world.result.first_failure, "webhook check.test does not work"));
	ck_assert_int_ge(world.now - 1000, TIMEOUT_MS);
	ck_assert(told("Deployment default/web waits: webhook check.test does not work: "));
	ck_assert(told("Deployment default/web failed: webhook check.test does not work: "));
	world_stop();
}
END_TEST

START_TEST(test_write__a_webhook_that_comes_back_lets_it_pass)
{
	start(PROBE);
	apiserver_refuse(world.api, "PATCH " WEB, 3, 500, DEAD);
	add_step(PLAN_PATCH);
	run_plan();
	ck_assert_uint_eq(world.result.written, 1);
	ck_assert(!told("waits: "));
	world_stop();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("apply/replace");
	TCase *tests = tcase_create("replace");

	tcase_add_test(tests, test_replace__ports_are_created_at_once);
	tcase_add_test(tests, test_replace__what_nobody_waits_for_is_told_too);
	tcase_add_test(tests, test_replace__writers_are_created_when_the_old_pods_are_gone);
	tcase_add_test(tests, test_replace__writers_are_waited_for_by_any_selector);
	tcase_add_test(tests, test_replace__the_old_one_is_on_disk_before_it_is_deleted);
	tcase_add_test(tests, test_replace__what_is_deleted_is_what_was_saved);
	tcase_add_test(tests, test_replace__deletes_only_under_the_uid_that_was_proven);
	tcase_add_test(tests, test_replace__what_is_on_trial_itself_is_not_what_comes_back);
	tcase_add_test(tests, test_replace__somebody_elses_object_is_left_alone);
	tcase_add_test(tests, test_replace__a_cancel_between_delete_and_create_creates_first);
	tcase_add_test(tests, test_replace__a_cancel_before_the_delete_changes_nothing);
	tcase_add_test(tests, test_replace__a_create_that_is_refused_after_all_is_to_be_undone);
	tcase_add_test(tests, test_replace__a_quota_that_still_counts_the_old_one_passes);
	tcase_add_test(tests, test_replace__what_was_cut_off_waits_for_the_writers_too);
	tcase_add_test(tests, test_replace__a_patch_of_an_immutable_field_is_no_failure_yet);
	tcase_set_timeout(tests, 30); /* minutes of its clock are many requests */
	tcase_add_test(tests, test_write__a_dead_webhook_is_waited_for_and_then_a_failure);
	tcase_add_test(tests, test_write__a_webhook_that_comes_back_lets_it_pass);
	suite_add_tcase(suite, tests);
	return suite;
}
