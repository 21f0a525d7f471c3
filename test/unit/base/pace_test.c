#include "base/pace.h"

#include <pthread.h>
#include <time.h>

#include "harness/suite.h"

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Works for half a second of real time, asking every few thousand steps. */
static void *work(void *context)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 60000);
	double end = seconds(CLOCK_MONOTONIC) + 0.5;
	volatile unsigned long steps = 0;
	cleanup_err struct err err = ERR_INIT;

	while (seconds(CLOCK_MONOTONIC) < end) {
		for (int i = 0; i < 20000; i++)
			steps++;
		must(pace_wait(context, &deadline, &err), &err);
	}
	return NULL;
}

START_TEST(test_pace__holds_over_all_threads_together)
{
	struct pace *pace = pace_new(20);
	double used = seconds(CLOCK_PROCESS_CPUTIME_ID), went = seconds(CLOCK_MONOTONIC);
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, work, pace), 0);
	work(pace);
	pthread_join(other, NULL);
	used = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
	went = seconds(CLOCK_MONOTONIC) - went;
	/* A fifth, and what is asked for between two questions. */
	ck_assert_msg(used < went * 0.2 + 0.05, "%.3f s of %.3f s", used, went);
	pace_free(pace);
}
END_TEST

START_TEST(test_pace__without_one_nobody_waits)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 60000);
	cleanup_err struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++)
		must(pace_wait(NULL, &deadline, &err), &err);
}
END_TEST

START_TEST(test_pace__a_cancel_ends_the_wait)
{
	struct cancel *cancel = cancel_new();
	struct deadline deadline = deadline_in(&clock_real, cancel, 60000);
	struct pace *pace = pace_new(1);
	cleanup_err struct err err = ERR_INIT;
	double end = seconds(CLOCK_PROCESS_CPUTIME_ID) + 0.05;

	while (seconds(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
	cancel_raise(cancel);
	ck_assert_int_eq(pace_wait(pace, &deadline, &err), -ERR_CANCELED);
	pace_free(pace);
	cancel_free(cancel);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/pace");
	TCase *tests = tcase_create("pace");

	tcase_add_test(tests, test_pace__holds_over_all_threads_together);
	tcase_add_test(tests, test_pace__without_one_nobody_waits);
	tcase_add_test(tests, test_pace__a_cancel_ends_the_wait);
	suite_add_tcase(suite, tests);
	return suite;
}
