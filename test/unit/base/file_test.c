#include "base/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static char *dir;

static void set_up(void)
{
	dir = temp_dir();
}

static void tear_down(void)
{
	free(dir);
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st;
}

START_TEST(test_file__what_was_written_is_read)
{
	cleanup_free char *path = file_join(dir, "a");
	cleanup_free char *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length;

	ck_assert_int_ge(file_write(path, "one\0two", 7, 0640, &err), 0);
	ck_assert_int_ge(file_read(path, 7, &text, &length, &err), 0);
	ck_assert_uint_eq(length, 7);
	ck_assert_mem_eq(text, "one\0two", 8);
	ck_assert_int_eq(stat_of(path).st_mode & 07777, 0640);
}
END_TEST

START_TEST(test_file__a_failed_write_keeps_the_old_one)
{
	cleanup_free char *path = file_join(dir, "a");
	cleanup_free char *text = NULL;
	cleanup_list struct list names = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "a/b", "old");
	ck_assert_int_lt(file_write(path, "new", 3, 0600, &err), 0); /* a folder is in the way */
	text = temp_read(dir, "a/b");
	ck_assert_str_eq(text, "old");
	ck_assert_int_ge(file_names(dir, &names, &err), 0);
	ck_assert_uint_eq(names.n, 1); /* no temporary file is left */
}
END_TEST

START_TEST(test_file__a_device_is_never_replaced)
{
	cleanup_free char *path = file_join(dir, "pipe");
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(file_write(path, "new", 3, 0600, &err), -ERR_INVALID);
	ck_assert(S_ISFIFO(stat_of(path).st_mode));
}
END_TEST

START_TEST(test_file__too_large_is_refused)
{
	cleanup_free char *path = file_join(dir, "a");
	cleanup_free char *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length;

	temp_write(dir, "a", "12345678");
	ck_assert_int_eq(file_read(path, 7, &text, &length, &err), -ERR_INVALID);
	ck_assert_int_eq(file_read(dir, 7, &text, &length, &err), -ERR_INVALID);
}
END_TEST

START_TEST(test_file__a_rewritten_file_keeps_its_mode_and_its_links)
{
	cleanup_free char *path = file_join(dir, "real"), *link = file_join(dir, "link");
	cleanup_free char *text = NULL;
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "real", "old");
	ck_assert_int_eq(chmod(path, 0604), 0);
	ck_assert_int_eq(symlink("real", link), 0);
	ck_assert_int_ge(file_rewrite(link, "new", 3, &err), 0);
	ck_assert(S_ISLNK(stat_of(link).st_mode));
	ck_assert_int_eq(stat_of(path).st_mode & 07777, 0604);
	text = temp_read(dir, "real");
	ck_assert_str_eq(text, "new");
}
END_TEST

START_TEST(test_file__names_are_sorted_and_without_hidden_ones)
{
	cleanup_list struct list names = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "b", "");
	temp_write(dir, ".hidden", "");
	temp_write(dir, "a/x", "");
	ck_assert_int_ge(file_names(dir, &names, &err), 0);
	ck_assert_uint_eq(names.n, 2);
	ck_assert_str_eq(names.items[0], "a");
	ck_assert_str_eq(names.items[1], "b");
}
END_TEST

START_TEST(test_file__no_folder_has_no_names_but_a_file_is_an_error)
{
	cleanup_free char *missing = file_join(dir, "missing"), *file = file_join(dir, "file");
	cleanup_list struct list names = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "file", "");
	ck_assert_int_eq(file_names(missing, &names, &err), 0);
	ck_assert_uint_eq(names.n, 0);
	ck_assert_int_lt(file_names(file, &names, &err), 0);
}
END_TEST

START_TEST(test_file__one_lock_at_a_time)
{
	cleanup_free char *path = file_join(dir, "lock");
	cleanup_err struct err err = ERR_INIT;
	cleanup_fd int first = -1, second = -1;

	ck_assert_int_ge(file_lock(path, &first, &err), 0);
	ck_assert_int_eq(file_lock(path, &second, &err), -ERR_BUSY);
	file_close(&first);
	ck_assert_int_ge(file_lock(path, &second, &err), 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/file");
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_file__what_was_written_is_read);
	tcase_add_test(tests, test_file__a_failed_write_keeps_the_old_one);
	tcase_add_test(tests, test_file__a_device_is_never_replaced);
	tcase_add_test(tests, test_file__too_large_is_refused);
	tcase_add_test(tests, test_file__a_rewritten_file_keeps_its_mode_and_its_links);
	tcase_add_test(tests, test_file__names_are_sorted_and_without_hidden_ones);
	tcase_add_test(tests, test_file__no_folder_has_no_names_but_a_file_is_an_error);
	tcase_add_test(tests, test_file__one_lock_at_a_time);
	suite_add_tcase(suite, tests);
	return suite;
}
