/* Put back: exactly what was there, from wherever a crash has left it; and deletes of what left the
 * files. */
#include "world.h"

#include "state/saved.h"

#define POST "POST /apis/apps/v1/namespaces/default/deployments"

/* The failed new one is there ("new"), the old one on disk. */
static void start(enum state_stage at, bool was_ours)
{
	cleanup_err struct err err = ERR_INIT;

	world_start("");
	record("old", STATE_SETTLED);
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	json_t *old = apiserver_get(world.api, WEB);
	tree_path_set(old, "metadata.labels.foreign", json_string("stays"));
	tree_path_set(old, "metadata.managedFields",
		      parse("[{\"manager\": \"desired\", \"operation\": \"Apply\", \"time\": "
			    "\"2026-11-22T10:00:00Z\"}]"));
	must(state_saved_put(world.state,
			     &(struct state_saved){.key = (char *)KEY,
						   .object = old,
						   .entry = was_ours ? entry : NULL},
			     &err),
	     &err);
	state_entry_free(entry);
	json_t *failed = deployment("web:2", "");
	tree_path_set(failed, "metadata.uid", json_string("new"));
	apiserver_put(world.api, WEB, failed);
	record("new", at);
	add_step(PLAN_PUT_BACK);
}

static void check_back(void)
{
	const json_t *there = apiserver_get(world.api, WEB);

	ck_assert_str_eq(tree_path_string(there, "spec.template.spec.containers[0].image"),
			 "web:1");
	ck_assert_str_eq(tree_path_string(there, "metadata.labels.foreign"), "stays");
	ck_assert_str_eq(tree_path_string(there, "metadata.managedFields[0].operation"), "Apply");
	ck_assert_int_eq(stage(), STATE_SETTLED);
	ck_assert(!is_saved());
	ck_assert_uint_eq(world.result.put_back, 1);
	check_event("PutBack", "down: the new version did not become ready");
}

START_TEST(test_back__the_old_one_returns_as_it_was)
{
	start(STATE_PUT_BACK, true);
	run_plan();
	check_back();
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	const char *uid = tree_path_string(apiserver_get(world.api, WEB), "metadata.uid");
	ck_assert_str_eq(entry->uid, uid);
	ck_assert_str_eq(entry->hash, "before");
	state_entry_free(entry);
	ck_assert_str_ne(uid, "new");
	ck_assert_str_ne(uid, "old");
	world_stop();
}
END_TEST

static char *posted;

static void look_at_post(void *context, const char *line)
{
	(void)context;
	if (!strncmp(line, "PATCH", 5) && world.api->last)
		posted = tree_json_dump(world.api->last);
}

START_TEST(test_back__what_only_the_server_writes_is_not_sent)
{
	start(STATE_PUT_BACK, true);
	world.api->watch = look_at_post;
	run_plan();
	ck_assert_ptr_nonnull(posted);
	ck_assert_ptr_null(strstr(posted, "\"uid\""));
	ck_assert_ptr_null(strstr(posted, "\"status\""));
	ck_assert_ptr_null(strstr(posted, "resourceVersion"));
	ck_assert_ptr_null(strstr(posted, "managedFields"));
	free(posted);
	world_stop();
}
END_TEST

START_TEST(test_back__what_was_not_ours_is_not_ours_again)
{
	start(STATE_PUT_BACK, false);
	run_plan();
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	ck_assert_ptr_null(entry);
	ck_assert_uint_eq(world.result.put_back, 1);
	check_event("PutBack", "down: the new version did not become ready");
	world_stop();
}
END_TEST

START_TEST(test_back__after_its_delete_it_goes_on_with_the_create)
{
	start(STATE_PUT_BACK, true);
	apiserver_remove(world.api, WEB);
	run_plan();
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	check_back();
	world_stop();
}
END_TEST

START_TEST(test_back__after_its_create_it_only_records)
{
	start(STATE_PUT_BACK, true);
	run_plan();
	/* As if the ledger had not been written. */
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *saved = json_deep_copy(apiserver_get(world.api, WEB));
	tree_path_set(saved, "metadata.uid", json_string("old"));
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	must(state_saved_put(
		     world.state,
		     &(struct state_saved){.key = (char *)KEY, .object = saved, .entry = entry},
		     &err),
	     &err);
	state_entry_free(entry);
	record("new", STATE_PUT_BACK);
	int posts = apiserver_count(world.api, POST);
	add_step(PLAN_PUT_BACK);
	run_plan();
	ck_assert_int_eq(apiserver_count(world.api, POST), posts);
	ck_assert_int_eq(apiserver_count(world.api, "DELETE " WEB), 1);
	check_back();
	world_stop();
}
END_TEST

START_TEST(test_back__what_was_never_deleted_stays)
{
	start(STATE_PUT_BACK, true);
	tree_path_set(apiserver_get(world.api, WEB), "metadata.uid", json_string("old"));
	run_plan();
	ck_assert_int_eq(apiserver_find(world.api, "DELETE " WEB), -1);
	ck_assert_int_eq(apiserver_find(world.api, POST), -1);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	world_stop();
}
END_TEST

START_TEST(test_back__a_lost_copy_is_said_and_not_tried_for_ever)
{
	cleanup_err struct err err = ERR_INIT;

	start(STATE_PUT_BACK, true);
	must(state_saved_drop(world.state, KEY, &err), &err);
	run_plan();
	ck_assert_uint_eq(world.result.failed, 1);
	ck_assert_int_eq(stage(), STATE_SETTLED);
	ck_assert_ptr_nonnull(apiserver_get(world.api, WEB));
	world_stop();
}
END_TEST

/* --- what is left on disk --- */

START_TEST(test_saved__what_is_over_is_swept)
{
	start(STATE_ON_TRIAL, true);
	state_saved_sweep(world.state, world.ledger);
	ck_assert(is_saved());
	record("new", STATE_SETTLED);
	state_saved_sweep(world.state, world.ledger);
	ck_assert(!is_saved());
	world_stop();
}
END_TEST

/* --- prune --- */

static void end_at_second_look(void *context, const char *line)
{
	(void)context;
	if (!strcmp(line, "GET " PODS) && apiserver_count(world.api, line) == 2)
		apiserver_remove(world.api, PODS "/web-old");
}

START_TEST(test_prune__is_done_when_the_pods_are_gone_that_a_successor_waits_for)
{
	world_start("");
	world.api->watch = end_at_second_look;
	put_pod("web-old", "{\"running\": {}}", 0);
	add_step(PLAN_DELETE)->replace = PLAN_REPLACE_WRITERS;
	run_plan();
	ck_assert_uint_eq(world.result.deleted, 1);
	ck_assert_int_eq(apiserver_count(world.api, "GET " PODS), 2);
	struct state_entry *entry = state_ledger_get(world.ledger, KEY);
	ck_assert_ptr_null(entry);
	world_stop();
}
END_TEST

START_TEST(test_prune__deletes_only_under_the_uid_that_was_seen)
{
	world_start("");
	tree_path_set(apiserver_get(world.api, WEB), "metadata.uid", json_string("other"));
	add_step(PLAN_DELETE);
	run_plan();
	ck_assert_uint_eq(world.result.failed, 1);
	ck_assert_ptr_nonnull(apiserver_get(world.api, WEB));
	world_stop();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("apply/back");
	TCase *tests = tcase_create("back");

	tcase_add_test(tests, test_back__the_old_one_returns_as_it_was);
	tcase_add_test(tests, test_back__what_only_the_server_writes_is_not_sent);
	tcase_add_test(tests, test_back__what_was_not_ours_is_not_ours_again);
	tcase_add_test(tests, test_back__after_its_delete_it_goes_on_with_the_create);
	tcase_add_test(tests, test_back__after_its_create_it_only_records);
	tcase_add_test(tests, test_back__what_was_never_deleted_stays);
	tcase_add_test(tests, test_back__a_lost_copy_is_said_and_not_tried_for_ever);
	tcase_add_test(tests, test_saved__what_is_over_is_swept);
	tcase_add_test(tests,
		       test_prune__is_done_when_the_pods_are_gone_that_a_successor_waits_for);
	tcase_add_test(tests, test_prune__deletes_only_under_the_uid_that_was_seen);
	suite_add_tcase(suite, tests);
	return suite;
}
