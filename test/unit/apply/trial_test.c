/* The trial of what was replaced: when it passes, and what counts against it. */
#include "world.h"

#define PROBE "\"readinessProbe\": {}, "

static bool is_new(const json_t *there)
{
	return there && strcmp(tree_path_string(there, "metadata.uid"), "old") != 0;
}

static void ready_when_made(void *context, const char *line)
{
	json_t *there = apiserver_get(world.api, WEB);

	(void)context;
	if (!strcmp(line, "GET " WEB) && is_new(there) && !tree_path_get(there, "status"))
		make_ready(there);
}

/* The new one is there and its pod runs. */
static void run_when_made(void *context, const char *line)
{
	ready_when_made(context, line);
	if (is_new(apiserver_get(world.api, WEB)) && !apiserver_get(world.api, PODS "/web-new"))
		put_pod("web-new", "{\"running\": {}}", 0);
}

static int64_t took(void)
{
	return world.now - 1000;
}

START_TEST(test_trial__with_a_probe_ready_is_enough)
{
	world_start(PROBE);
	world.api->watch = ready_when_made;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_lt(took(), 1000);
	ck_assert(told("replaced replaced") || told("Deployment default/web replaced, "));
	world_stop();
}
END_TEST

START_TEST(test_trial__without_a_probe_it_has_to_run_for_ten_seconds)
{
	world_start("");
	world.api->watch = run_when_made;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_ge(took(), 10000);
	ck_assert_int_lt(took(), 13000);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	/* Those seconds are no downtime. */
	ck_assert(!told(" 10 s down") && !told(" 11 s down"));
	world_stop();
}
END_TEST

static void restart_at_nine_seconds(struct world *w)
{
	json_t *there = apiserver_get(w->api, PODS "/web-new");

	if (took() > 9000 && took() < 12000 && there)
		tree_path_set(there, "status.containerStatuses[0].restartCount", json_integer(1));
}

START_TEST(test_trial__a_restart_begins_the_ten_seconds_anew)
{
	world_start("");
	world.api->watch = run_when_made;
	world.tick = restart_at_nine_seconds;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_ge(took(), 19000);
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

#define CRASHES "{\"waiting\": {\"reason\": \"CrashLoopBackOff\"}}"

static void crash_when_made(void *context, const char *line)
{
	(void)context, (void)line;
	if (is_new(apiserver_get(world.api, WEB)) && !apiserver_get(world.api, PODS "/web-new"))
		put_pod("web-new", CRASHES, 2);
}

START_TEST(test_trial__a_crash_loop_is_a_verdict_at_once)
{
	world_start(PROBE);
	world.api->watch = crash_when_made;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_lt(took(), 1000);
	ck_assert_ptr_nonnull(strstr(world.result.rejected, "CrashLoopBackOff"));
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	ck_assert(is_saved());
	world_stop();
}
END_TEST

static const char *const hopeless[] = {
	"CrashLoopBackOff",  "ErrImagePull",	     "ImagePullBackOff",
	"InvalidImageName",  "ErrImageNeverPull",    "CreateContainerConfigError",
	"RunContainerError", "CreateContainerError",
};

static const char *waits_for; /* why its container does not start */

static void fail_when_made(void *context, const char *line)
{
	cleanup_free char *state = mem_printf("{\"waiting\": {\"reason\": \"%s\"}}", waits_for);

	(void)context, (void)line;
	if (is_new(apiserver_get(world.api, WEB)) && !apiserver_get(world.api, PODS "/web-new"))
		put_pod("web-new", state, 0);
}

START_TEST(test_trial__what_only_a_person_can_mend_is_a_verdict_at_once)
{
	waits_for = hopeless[_i];
	world_start(PROBE);
	world.api->watch = fail_when_made;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_lt(took(), 1000);
	ck_assert_ptr_nonnull(world.result.rejected);
	ck_assert_ptr_nonnull(strstr(world.result.rejected, waits_for));
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	world_stop();
}
END_TEST

/* On its way: a verdict would be too early. */
START_TEST(test_trial__what_passes_by_itself_is_waited_for)
{
	waits_for = "ContainerCreating";
	world_start(PROBE);
	world.api->watch = fail_when_made;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_ge(took(), TIMEOUT_MS);
	world_stop();
}
END_TEST

static void ready_later(struct world *w)
{
	json_t *there = apiserver_get(w->api, WEB);

	if (took() > 5000 && is_new(there))
		make_ready(there);
}

START_TEST(test_trial__a_crash_of_the_old_pod_is_not_the_new_ones_fault)
{
	world_start(PROBE);
	world.tick = ready_later;
	put_pod("web-old", CRASHES, 7);
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_ptr_null(world.result.rejected);
	ck_assert_uint_eq(world.result.replaced, 1);
	world_stop();
}
END_TEST

START_TEST(test_trial__never_ready_is_a_verdict_at_the_deadline)
{
	world_start(PROBE);
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert_int_ge(took(), TIMEOUT_MS);
	ck_assert_ptr_nonnull(world.result.rejected);
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	world_stop();
}
END_TEST

static void cancel_soon(struct world *w)
{
	if (took() > 2000)
		cancel_raise(w->cancel);
}

START_TEST(test_trial__a_cancel_leaves_it_on_trial)
{
	world_start(PROBE);
	world.tick = cancel_soon;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	run_plan();
	ck_assert(world.result.canceled);
	ck_assert_int_eq(stage(), STATE_ON_TRIAL);
	ck_assert(is_saved());
	world_stop();
}
END_TEST

/* The next start finds it on trial, and nothing else to do. */
START_TEST(test_trial__goes_on_after_a_crash)
{
	cleanup_err struct err err = ERR_INIT;

	world_start(PROBE);
	json_t *there = apiserver_get(world.api, WEB);
	must(state_saved_put(world.state,
			     &(struct state_saved){.key = (char *)KEY, .object = there}, &err),
	     &err);
	record("old", STATE_ON_TRIAL);
	put_pod("web-new", CRASHES, 2);
	tree_path_remove(there, "status");
	add_step(PLAN_WAIT);
	run_plan();
	ck_assert_ptr_nonnull(world.result.rejected);
	ck_assert_int_eq(stage(), STATE_PUT_BACK);
	world_stop();
}
END_TEST

/* What was not replaced has nothing to go back to, and waits as it always did. */
START_TEST(test_trial__is_only_for_what_was_replaced)
{
	world_start(PROBE);
	tree_path_remove(apiserver_get(world.api, WEB), "status");
	put_pod("web-new", CRASHES, 2);
	add_step(PLAN_WAIT);
	run_plan();
	ck_assert_ptr_null(world.result.rejected);
	ck_assert_uint_eq(world.result.unready, 1);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	world_stop();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("apply/trial");
	TCase *tests = tcase_create("trial");

	tcase_set_timeout(tests, 30); /* minutes of its clock are many requests */
	tcase_add_test(tests, test_trial__with_a_probe_ready_is_enough);
	tcase_add_test(tests, test_trial__without_a_probe_it_has_to_run_for_ten_seconds);
	tcase_add_test(tests, test_trial__a_restart_begins_the_ten_seconds_anew);
	tcase_add_test(tests, test_trial__a_crash_loop_is_a_verdict_at_once);
	tcase_add_loop_test(tests, test_trial__what_only_a_person_can_mend_is_a_verdict_at_once, 0,
			    sizeof(hopeless) / sizeof(*hopeless));
	tcase_add_test(tests, test_trial__what_passes_by_itself_is_waited_for);
	tcase_add_test(tests, test_trial__a_crash_of_the_old_pod_is_not_the_new_ones_fault);
	tcase_add_test(tests, test_trial__never_ready_is_a_verdict_at_the_deadline);
	tcase_add_test(tests, test_trial__a_cancel_leaves_it_on_trial);
	tcase_add_test(tests, test_trial__goes_on_after_a_crash);
	tcase_add_test(tests, test_trial__is_only_for_what_was_replaced);
	suite_add_tcase(suite, tests);
	return suite;
}
