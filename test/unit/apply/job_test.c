/* Jobs that are waited for: what a hook had to say, and what is remembered of those that ended. */
#include "world.h"

#define JOB  "/apis/batch/v1/namespaces/default/jobs/migrate"
#define LOG  PODS "/migrate-1/log"
#define DONE "{\"conditions\": [{\"type\": \"Complete\", \"status\": \"True\"}]}"
#define FAILED                                                                            \
	"{\"conditions\": [{\"type\": \"Failed\", \"status\": \"True\", \"reason\": "     \
	"\"BackoffLimitExceeded\", \"message\": \"Job has reached the specified backoff " \
	"limit\"}]}"

static json_t *job(const char *annotations, const char *spec)
{
	cleanup_free char *text =
		mem_printf("{\"apiVersion\": \"batch/v1\", \"kind\": \"Job\", \"metadata\": "
			   "{\"name\": \"migrate\", \"namespace\": \"default\", \"annotations\": "
			   "{%s}}, \"spec\": {%s}}",
			   annotations, spec);

	return parse(text);
}

/* The server has it, in that state, and its pod has written two lines. */
static void start(const char *annotations, const char *spec, const char *status)
{
	world_start("");
	want(job(annotations, spec));
	record("job", STATE_SETTLED);
	json_t *there = job(annotations, spec);
	tree_path_set(there, "metadata.uid", json_string("job"));
	tree_path_set(there, "status", parse(status));
	apiserver_put(world.api, JOB, there);
	apiserver_put(world.api, PODS "/migrate-1",
		      parse("{\"metadata\": {\"name\": \"migrate-1\", \"namespace\": \"default\"}, "
			    "\"spec\": {\"containers\": [{\"name\": \"migrate\"}]}}"));
	apiserver_put_text(world.api, LOG, "3 tables\nmigrated\n");
	add_step(PLAN_WAIT);
}

static bool is_done(void)
{
	struct state_entry *entry = state_ledger_get(world.ledger, world.object->key);
	bool done = entry->done;

	state_entry_free(entry);
	return done;
}

#define BEFORE "\"desired.dev/hook\": \"before\""

START_TEST(test_job__the_log_of_a_hook_is_in_the_journal)
{
	start(BEFORE, "", DONE);
	run_plan();
	ck_assert(told("hook Job default/migrate says: 3 tables\n"));
	ck_assert(told("hook Job default/migrate says: migrated\n"));
	ck_assert(told("hook Job default/migrate succeeded (hook before)\n"));
	ck_assert(is_done());
	world_stop();
}
END_TEST

START_TEST(test_job__of_several_containers_each_is_named)
{
	start(BEFORE, "", DONE);
	apiserver_put(world.api, PODS "/migrate-1",
		      parse("{\"metadata\": {\"name\": \"migrate-1\", \"namespace\": \"default\"}, "
			    "\"spec\": {\"containers\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}}"));
	run_plan();
	ck_assert(told("hook Job default/migrate a says: 3 tables\n"));
	ck_assert(told("hook Job default/migrate b says: 3 tables\n"));
	world_stop();
}
END_TEST

START_TEST(test_job__a_hook_that_fails_says_its_log_and_is_not_done)
{
	start(BEFORE, "", FAILED);
	run_plan();
	ck_assert(told("hook Job default/migrate says: migrated\n"));
	ck_assert(!told("succeeded"));
	ck_assert(told("backoff limit"));
	ck_assert_uint_eq(world.result.unready, 1);
	ck_assert(!is_done());
	world_stop();
}
END_TEST

START_TEST(test_job__one_that_never_ends_ends_at_the_timeout_with_its_log)
{
	start(BEFORE, "", "{\"active\": 1, \"startTime\": \"2026-11-22T10:00:00Z\"}");
	run_plan();
	ck_assert_int_ge(world.now - 1000, TIMEOUT_MS);
	ck_assert_uint_eq(world.result.unready, 1);
	ck_assert(told("hook Job default/migrate says: migrated\n"));
	world_stop();
}
END_TEST

START_TEST(test_job__an_ordinary_one_is_waited_for_without_its_log)
{
	start("", "", DONE);
	run_plan();
	ck_assert(!told("says:"));
	ck_assert(is_done());
	world_stop();
}
END_TEST

START_TEST(test_job__what_its_ttl_took_away_is_done)
{
	start("", "\"ttlSecondsAfterFinished\": 0", DONE);
	apiserver_remove(world.api, JOB);
	run_plan();
	ck_assert_uint_eq(world.result.unready, 0);
	ck_assert(is_done());
	world_stop();
}
END_TEST

START_TEST(test_job__one_that_is_suspended_is_not_done)
{
	start("", "\"suspend\": true", "{}");
	run_plan();
	ck_assert_uint_eq(world.result.unready, 0);
	ck_assert(!is_done());
	world_stop();
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("apply/job");
	TCase *tests = tcase_create("job");

	tcase_set_timeout(tests, 30); /* minutes of its clock are many requests */
	tcase_add_test(tests, test_job__the_log_of_a_hook_is_in_the_journal);
	tcase_add_test(tests, test_job__of_several_containers_each_is_named);
	tcase_add_test(tests, test_job__a_hook_that_fails_says_its_log_and_is_not_done);
	tcase_add_test(tests, test_job__one_that_never_ends_ends_at_the_timeout_with_its_log);
	tcase_add_test(tests, test_job__an_ordinary_one_is_waited_for_without_its_log);
	tcase_add_test(tests, test_job__what_its_ttl_took_away_is_done);
	tcase_add_test(tests, test_job__one_that_is_suspended_is_not_done);
	suite_add_tcase(suite, tests);
	return suite;
}
