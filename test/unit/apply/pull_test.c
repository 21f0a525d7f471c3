/* The pod that pulls: before the delete, known to the ledger, and gone afterwards. */
#include "world.h"

#define PROBE "\"readinessProbe\": {}, "
#define PULL  PODS "/desired-pull-1"

static char *kubelet_says; /* the container's state once the pod is there; NULL: nothing */

static void put_status(const char *state)
{
	cleanup_free char *text =
		mem_printf("{\"containerStatuses\": [{\"name\": \"image-1\", \"image\": \"web:2\", "
			   "\"imageID\": \"\", \"state\": %s}]}",
			   state);

	tree_path_set(apiserver_get(world.api, PULL), "status", parse(text));
}

static size_t noted(void)
{
	cleanup_list struct list pods = LIST_INIT;

	state_ledger_pods(world.ledger, "blog", &pods);
	return pods.n;
}

static void watch(void *context, const char *line)
{
	json_t *there = apiserver_get(world.api, WEB);

	(void)context;
	if (!strcmp(line, "PATCH " PULL))
		ck_assert_uint_eq(noted(), 1);
	if (!strcmp(line, "GET " PULL) && apiserver_get(world.api, PULL) && kubelet_says)
		put_status(kubelet_says);
	if (!strcmp(line, "GET " WEB) && there &&
	    strcmp(tree_path_string(there, "metadata.uid"), "old") != 0)
		make_ready(there);
}

static void start(const char *says)
{
	world_start(PROBE);
	world.api->watch = watch;
	kubelet_says = (char *)says;
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	world.steps[0].pull =
		parse("{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
		      "\"desired-pull-1\", \"namespace\": \"default\", \"annotations\": "
		      "{\"desired.dev/pulls-for\": \"" KEY "\"}}, \"spec\": {\"containers\": "
		      "[{\"name\": \"image-1\", \"image\": \"web:2\"}]}}");
	run_plan();
}

static void check_replaced(const char *says)
{
	start(says);
	ck_assert_uint_eq(world.result.replaced, 1);
	ck_assert_int_lt(apiserver_find(world.api, "DELETE " PULL),
			 apiserver_find(world.api, "DELETE " WEB));
	ck_assert_ptr_null(apiserver_get(world.api, PULL));
	ck_assert_uint_eq(noted(), 0);
	world_stop();
}

START_TEST(test_pull__any_state_behind_the_pull_is_a_success)
{
	static const char *const states[] = {
		"{\"waiting\": {\"reason\": \"CreateContainerError\"}}",
		"{\"waiting\": {\"reason\": \"RunContainerError\"}}",
		"{\"waiting\": {\"reason\": \"CreateContainerConfigError\"}}",
		"{\"terminated\": {\"exitCode\": 128, \"reason\": \"StartError\"}}",
		"{\"running\": {}}",
	};

	check_replaced(states[_i]);
}
END_TEST

static void check_kept(const char *message)
{
	ck_assert_uint_eq(world.result.replaced, 0);
	ck_assert_uint_eq(world.result.failed, 1);
	ck_assert_msg(strstr(world.result.first_failure, message), "%s",
		      world.result.first_failure);
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	ck_assert_ptr_null(apiserver_get(world.api, PULL));
	ck_assert_uint_eq(noted(), 0);
	ck_assert_int_eq(stage(), STATE_SETTLED);
}

START_TEST(test_pull__a_wrong_tag_costs_nothing)
{
	start("{\"waiting\": {\"reason\": \"ErrImagePull\", \"message\": \"web:2: not found\"}}");
	check_kept("image web:2 cannot be pulled: ErrImagePull: web:2: not found");
	ck_assert_int_lt(world.now, 5000);
	world_stop();
}
END_TEST

START_TEST(test_pull__without_a_kubelet_it_ends_soon)
{
	start(NULL);
	check_kept("its pod is not scheduled");
	ck_assert_int_lt(world.now, 40000);
	world_stop();
}
END_TEST

START_TEST(test_pull__one_that_goes_on_ends_at_the_deadline)
{
	start("{\"waiting\": {\"reason\": \"ContainerCreating\"}}");
	check_kept("the pull goes on");
	ck_assert_int_ge(world.now, TIMEOUT_MS);
	world_stop();
}
END_TEST

START_TEST(test_pull__a_pod_that_cannot_be_made_costs_nothing)
{
	world_start(PROBE);
	apiserver_refuse(world.api, "PATCH " PULL, -1, 403, "forbidden: violates PodSecurity");
	plan_replace_of_web(PLAN_REPLACE_PORTS);
	world.steps[0].pull =
		parse("{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
		      "\"desired-pull-1\", \"namespace\": \"default\"}}");
	run_plan();
	ck_assert_uint_eq(world.result.failed, 1);
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	world_stop();
}
END_TEST

static void clean_up(void)
{
	const struct apply_context context = {
		.client = world.api->client, .ledger = world.ledger, .clock = &world.clock};
	cleanup_err struct err err = ERR_INIT;

	must(state_ledger_note_pod(world.ledger, "core/Pod/default/desired-pull-1", "blog", &err),
	     &err);
	must(apply_clean_up(&context, "blog", &err), &err);
	ck_assert_uint_eq(noted(), 0);
}

START_TEST(test_pull__what_a_crash_left_is_removed)
{
	world_start(PROBE);
	apiserver_put(world.api, PULL,
		      parse("{\"kind\": \"Pod\", \"metadata\": {\"name\": \"desired-pull-1\", "
			    "\"annotations\": {\"desired.dev/pulls-for\": \"x\"}}}"));
	clean_up();
	ck_assert_ptr_null(apiserver_get(world.api, PULL));
	/* Noted, and never made. */
	clean_up();
	/* Somebody else's pod of that name stays. */
	apiserver_put(world.api, PULL, parse("{\"kind\": \"Pod\", \"metadata\": {}}"));
	clean_up();
	ck_assert_ptr_nonnull(apiserver_get(world.api, PULL));
	world_stop();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("apply/pull");
	TCase *tests = tcase_create("pull");

	tcase_set_timeout(tests, 30); /* minutes of its clock are many requests */
	tcase_add_loop_test(tests, test_pull__any_state_behind_the_pull_is_a_success, 0, 5);
	tcase_add_test(tests, test_pull__a_wrong_tag_costs_nothing);
	tcase_add_test(tests, test_pull__without_a_kubelet_it_ends_soon);
	tcase_add_test(tests, test_pull__one_that_goes_on_ends_at_the_deadline);
	tcase_add_test(tests, test_pull__a_pod_that_cannot_be_made_costs_nothing);
	tcase_add_test(tests, test_pull__what_a_crash_left_is_removed);
	suite_add_tcase(suite, tests);
	return suite;
}
