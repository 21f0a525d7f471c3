#include "host/host.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(test_host_directory__makes_what_is_missing_and_changes_nothing_else)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "a/b/content"), *above = file_join(dir, "a/b");
	struct manifest_directory directory = {path, 0710, -1, -1};
	struct err err = ERR_INIT;

	ck_assert_int_eq(host_directories_make(&directory, 1, &err), 1);
	ck_assert_uint_eq(mode_of(path), 0710);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chmod(above, 0700), 0);
	ck_assert_int_eq(host_directories_make(&directory, 1, &err), 0);
	ck_assert_uint_eq(mode_of(path), 0755);
	ck_assert_uint_eq(mode_of(above), 0700);
}
END_TEST

START_TEST(test_host_directory__owner_is_set)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "content");
	struct manifest_directory directory = {path, 0700, (long)geteuid(), (long)getegid()};
	struct err err = ERR_INIT;
	struct stat st;

	if (!geteuid())
		directory.uid = directory.gid = 12345;
	must(host_directories_make(&directory, 1, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((long)st.st_uid, directory.uid);
	ck_assert_int_eq((long)st.st_gid, directory.gid);
	ck_assert_uint_eq(mode_of(path), 0700);
}
END_TEST

START_TEST(test_host_directory__a_draft_of_a_crash_is_used)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *draft = file_join(dir, ".content.new");
	cleanup_free char *path = file_join(dir, "content");
	struct manifest_directory directory = {path, 0750, -1, -1};
	struct err err = ERR_INIT;

	ck_assert_int_eq(mkdir(draft, 0700), 0);
	ck_assert_int_eq(host_directories_make(&directory, 1, &err), 1);
	ck_assert_uint_eq(mode_of(path), 0750);
	ck_assert(!file_exists(draft));
}
END_TEST

START_TEST(test_host_directory__a_file_in_the_way_is_named)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "content");
	struct manifest_directory directory = {path, 0700, -1, -1};
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "content", "a file");
	ck_assert_int_lt(host_directories_make(&directory, 1, &err), 0);
	ck_assert(strstr(err.message, path));
}
END_TEST

static const char *const refused[] = {"relative/path", "/srv/../etc", "/proc/x", "/sys",
				      "/dev/shm/x",    "/srv/./x",    "/srv//x"};

START_TEST(test_host_directory__refuses)
{
	char *path = (char *)refused[_i];
	struct manifest_directory directory = {path, 0700, -1, -1};
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(host_directories_make(&directory, 1, &err), -ERR_INVALID);
	ck_assert(strstr(err.message, path));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/directory");
	TCase *tests = tcase_create("directory");

	tcase_add_test(tests, test_host_directory__makes_what_is_missing_and_changes_nothing_else);
	tcase_add_test(tests, test_host_directory__owner_is_set);
	tcase_add_test(tests, test_host_directory__a_draft_of_a_crash_is_used);
	tcase_add_test(tests, test_host_directory__a_file_in_the_way_is_named);
	tcase_add_loop_test(tests, test_host_directory__refuses, 0,
			    sizeof(refused) / sizeof(refused[0]));
	suite_add_tcase(suite, tests);
	return suite;
}
