/* deadline and file: what must hold when time passes and machines fail. */
#include "base/deadline.h"
#include "base/file.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/suite.h"
#include "harness/temp.h"

/* A clock that jumps ahead instead of sleeping. */
static int64_t turned;

static int64_t turned_now(const struct clock *clock)
{
	(void)clock;
	return turned;
}

static bool turned_sleep(const struct clock *clock, int64_t milliseconds, struct cancel *cancel)
{
	(void)clock;
	turned += milliseconds;
	return !cancel_raised(cancel);
}

static const struct clock clock_turned = {.now = turned_now, .sleep = turned_sleep};

START_TEST(test_deadline__back_off_grows_until_the_end)
{
	cleanup_err struct err err = ERR_INIT;
	struct deadline deadline = deadline_in(&clock_turned, NULL, 10000);
	int64_t first = turned;
	int tries = 0;

	while (deadline_back_off(&deadline, &err) == 0)
		tries++;
	ck_assert_int_eq((int)err.code, ERR_TIMEOUT);
	ck_assert_int_eq(turned - first, 10000);
	ck_assert_int_ge(tries, 5);
	ck_assert_int_le(tries, 10);
}
END_TEST

static void *raise_soon(void *cancel)
{
	usleep(20000);
	cancel_raise(cancel);
	return NULL;
}

START_TEST(test_deadline__a_raised_parent_ends_a_real_sleep_at_once)
{
	cleanup_err struct err err = ERR_INIT;
	struct cancel *root = cancel_new(), *job = cancel_new_under(root);
	struct deadline deadline = deadline_in(&clock_real, job, -1);
	int64_t start = clock_real.now(&clock_real);
	pthread_t thread;

	pthread_create(&thread, NULL, raise_soon, root);
	ck_assert_int_eq(deadline_pause(&deadline, 10000, &err), -ERR_CANCELED);
	ck_assert_int_lt(clock_real.now(&clock_real) - start, 2000);
	pthread_join(thread, NULL);
	cancel_free(job);
	cancel_free(root);
}
END_TEST

START_TEST(test_file__write_replaces_and_leaves_nothing_beside)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *folder = temp_dir();
	cleanup_free char *path = file_join(folder, "a/b/state.json");
	cleanup_free char *parent = file_join(folder, "a/b");
	cleanup_free char *text = NULL;
	struct stat st;
	size_t length;

	must(file_make_dir(parent, 0700, &err), &err);
	must(file_write(path, "one", 3, 0600, &err), &err);
	must(file_write(path, "second", 6, 0600, &err), &err);
	must(file_read(path, 100, &text, &length, &err), &err);
	ck_assert_str_eq(text, "second");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 2);
}
END_TEST

START_TEST(test_file__read_refuses_what_is_too_large_or_no_file)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *folder = temp_dir();
	cleanup_free char *path = file_join(folder, "big");
	char *text = NULL;

	must(file_write(path, "0123456789", 10, 0600, &err), &err);
	ck_assert_int_eq(file_read(path, 9, &text, NULL, &err), -ERR_INVALID);
	ck_assert_int_eq(file_read(folder, 100, &text, NULL, &err), -ERR_INVALID);
	ck_assert_int_eq(file_read("/nonexistent", 100, &text, NULL, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(test_file__a_lock_is_held_once)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *folder = temp_dir();
	cleanup_free char *path = file_join(folder, "lock");
	cleanup_fd int first = -1;
	cleanup_fd int second = -1;

	must(file_lock(path, &first, &err), &err);
	ck_assert_int_eq(file_lock(path, &second, &err), -ERR_BUSY);
	file_close(&first);
	must(file_lock(path, &second, &err), &err);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/wait");
	TCase *tests = tcase_create("wait");

	tcase_add_test(tests, test_deadline__back_off_grows_until_the_end);
	tcase_add_test(tests, test_deadline__a_raised_parent_ends_a_real_sleep_at_once);
	tcase_add_test(tests, test_file__write_replaces_and_leaves_nothing_beside);
	tcase_add_test(tests, test_file__read_refuses_what_is_too_large_or_no_file);
	tcase_add_test(tests, test_file__a_lock_is_held_once);
	suite_add_tcase(suite, tests);
	return suite;
}
