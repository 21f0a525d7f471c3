#include "base/process.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define LIMIT 10000

static int run(const char *script, int64_t milliseconds, struct process_result *ret,
	       struct err *err)
{
	const char *const argv[] = {"sh", "-c", script, "name", "an argument", NULL};
	struct deadline deadline = deadline_in(&clock_real, NULL, milliseconds);

	return process_run(argv, LIMIT, &deadline, ret, err);
}

START_TEST(test_process__output_errors_and_status)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_process struct process_result result = {0};

	must(run("echo \"$1\"; echo oh >&2; cat; exit 7", 5000, &result, &err), &err);
	ck_assert_str_eq(buf_str(&result.output), "an argument\n");
	ck_assert_str_eq(buf_str(&result.errors), "oh\n");
	ck_assert_int_eq(result.status, 7);
}
END_TEST

START_TEST(test_process__a_signal_is_a_status)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_process struct process_result result = {0};

	must(run("kill -TERM $$", 5000, &result, &err), &err);
	ck_assert_int_eq(result.status, 128 + SIGTERM);
}
END_TEST

START_TEST(test_process__much_output_on_both_sides)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_process struct process_result result = {0};

	must(run("head -c 200000 /dev/zero >&2; head -c 9999 /dev/zero", 5000, &result, &err),
	     &err);
	ck_assert_uint_eq(result.output.len, 9999);
	ck_assert_uint_eq(result.errors.len, 4096);
	ck_assert_int_eq(run("head -c 10001 /dev/zero", 5000, &result, &err), -ERR_INVALID);
}
END_TEST

START_TEST(test_process__a_missing_command_is_named)
{
	cleanup_err struct err err = ERR_INIT;
	struct process_result result;
	const char *const argv[] = {"/no/such/command", NULL};
	struct deadline deadline = deadline_in(&clock_real, NULL, 5000);

	ck_assert_int_eq(process_run(argv, LIMIT, &deadline, &result, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "/no/such/command could not be started"));
}
END_TEST

/* All that it started is killed with it. */
START_TEST(test_process__the_deadline_kills_the_group)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_process struct process_result result = {0};
	cleanup_free char *dir = temp_dir();
	cleanup_free char *script = mem_printf("cd %s; sleep 3 & echo $! >pid; sleep 3", dir);
	int64_t start = clock_real.now(&clock_real);

	ck_assert_int_eq(run(script, 300, &result, &err), -ERR_TIMEOUT);
	ck_assert_int_lt(clock_real.now(&clock_real) - start, 2500);
	cleanup_free char *pid = temp_read(dir, "pid");
	usleep(50000);
	cleanup_free char *stat = mem_printf("/proc/%.*s/stat", (int)strcspn(pid, "\n"), pid);
	FILE *file = fopen(stat, "r");
	char state = 'Z'; /* gone, or waiting to be reaped */
	if (file && fscanf(file, "%*d %*s %c", &state) == 1)
		fclose(file);
	ck_assert_int_eq(state, 'Z');
}
END_TEST

/* What a command leaves in the background does not hold us. */
START_TEST(test_process__its_end_counts_not_the_pipes)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_process struct process_result result = {0};
	int64_t start = clock_real.now(&clock_real);

	must(run("sleep 3 & echo done", 10000, &result, &err), &err);
	ck_assert_str_eq(buf_str(&result.output), "done\n");
	ck_assert_int_lt(clock_real.now(&clock_real) - start, 2500);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/process");
	TCase *tcase = tcase_create("process");

	tcase_set_timeout(tcase, 20);
	tcase_add_test(tcase, test_process__output_errors_and_status);
	tcase_add_test(tcase, test_process__a_signal_is_a_status);
	tcase_add_test(tcase, test_process__much_output_on_both_sides);
	tcase_add_test(tcase, test_process__a_missing_command_is_named);
	tcase_add_test(tcase, test_process__the_deadline_kills_the_group);
	tcase_add_test(tcase, test_process__its_end_counts_not_the_pipes);
	suite_add_tcase(suite, tcase);
	return suite;
}
