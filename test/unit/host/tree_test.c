/* Removing directories: what is refused, and that nothing beside them goes. */
#include "host/tree.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static const struct list nothing = {0};

static int check(const char *path)
{
	cleanup_err struct err err = ERR_INIT;

	return host_tree_check(path, &nothing, &err);
}

/* A folder "data" with a file and a folder in it, below a new one. Caller frees both. */
static char *make_data(char **ret_data)
{
	char *dir = temp_dir();

	temp_write(dir, "data/a.txt", "aaa");
	temp_write(dir, "data/deep/er/b.txt", "bbb");
	temp_write(dir, "beside.txt", "stays");
	*ret_data = file_join(dir, "data");
	return dir;
}

START_TEST(test_host_tree__paths_of_the_system_are_refused)
{
	static const char *const paths[] = {
		"/",
		"/etc",
		"/etc/desired",
		"/usr/local/share",
		"/var",
		"/var/lib",
		"/home",
		"/home/somebody",
		"/root",
		"/tmp",
		"/srv",
		"/data",
		"/proc/self/cwd",
		"/dev/shm/x",
		"/run/x",
		"/boot/efi",
		"/lib/x/y",
		"/var/lib/rancher/k3s/storage/pvc-1",
		"",
		"relative",
		"/srv/../etc/x",
		"/srv/./x",
		"/srv//x",
		"/srv/x/",
		"/var/lib/x",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		ck_assert_msg(check(paths[i]) == -ERR_INVALID, "%s is not refused", paths[i]);
}
END_TEST

START_TEST(test_host_tree__what_is_needed_is_spared)
{
	cleanup_free char *data = NULL, *dir = make_data(&data);
	cleanup_free char *deep = file_join(data, "deep");
	cleanup_err struct err err = ERR_INIT;
	struct list spare = {0};

	list_add(&spare, deep);
	ck_assert_int_eq(host_tree_remove(data, &spare, &err), -ERR_INVALID);
	err_done(&err);
	list_done(&spare);
	list_add(&spare, dir);
	ck_assert_int_eq(host_tree_remove(data, &spare, &err), -ERR_INVALID);
	list_done(&spare);
	ck_assert(file_exists(deep));
}
END_TEST

START_TEST(test_host_tree__all_of_it_goes_and_nothing_else)
{
	cleanup_free char *data = NULL, *dir = make_data(&data);
	cleanup_free char *beside = file_join(dir, "beside.txt");
	cleanup_free char *link = file_join(data, "link"), *out = file_join(data, "out");
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(symlink("../beside.txt", link), 0);
	ck_assert_int_eq(symlink("..", out), 0);
	must(host_tree_remove(data, &nothing, &err), &err);
	ck_assert(!file_exists(data));
	ck_assert(file_exists(beside));
}
END_TEST

START_TEST(test_host_tree__a_symbolic_link_on_the_way_is_refused)
{
	cleanup_free char *data = NULL, *dir = make_data(&data);
	cleanup_free char *link = file_join(dir, "link"), *through = file_join(link, "deep");
	cleanup_free char *deep = file_join(data, "deep");

	ck_assert_int_eq(symlink("data", link), 0);
	ck_assert_int_eq(check(link), -ERR_INVALID);
	ck_assert_int_eq(check(through), -ERR_INVALID);
	ck_assert_int_eq(check(deep), 0);
}
END_TEST

START_TEST(test_host_tree__what_is_not_there_is_not_found)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "missing");

	ck_assert_int_eq(check(path), -ERR_NOT_FOUND);
}
END_TEST

/* In a mount namespace of the test's own. */
static void bind(const char *from, const char *to)
{
	if (geteuid() != 0)
		ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
	else
		ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(from, to, NULL, MS_BIND, NULL), 0);
}

START_TEST(test_host_tree__a_mount_point_and_what_lies_above_it_are_refused)
{
	cleanup_free char *data = NULL, *dir = make_data(&data);
	cleanup_free char *precious = file_join(dir, "precious with blanks"),
			  *file = file_join(precious, "x");
	cleanup_free char *mounted = file_join(data, "mounted at");
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "precious with blanks/x", "x");
	ck_assert_int_eq(mkdir(mounted, 0700), 0);
	bind(precious, mounted);
	ck_assert_int_eq(host_tree_remove(mounted, &nothing, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "is a mount point"));
	err_done(&err);
	ck_assert_int_eq(host_tree_remove(data, &nothing, &err), -ERR_INVALID);
	ck_assert(file_exists(file));
	(void)umount2(mounted, MNT_DETACH);
}
END_TEST

START_TEST(test_host_tree__size_and_number_are_told)
{
	cleanup_free char *data = NULL, *dir = make_data(&data);
	cleanup_err struct err err = ERR_INIT;
	struct host_tree tree;

	must(host_tree_measure(data, 1000, &tree, &err), &err);
	ck_assert_uint_eq(tree.files, 2);
	ck_assert(tree.bytes > 0 && !tree.more);
	struct host_tree one = {.bytes = 4100000000, .files = 1};
	cleanup_free char *text = host_tree_text(&one);
	ck_assert_str_eq(text, "4.1 GB, 1 file");
	struct host_tree none = {.more = true};
	cleanup_free char *more = host_tree_text(&none);
	ck_assert_str_eq(more, "more than 0 B, 0 files");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/tree");
	TCase *tests = tcase_create("tree");

	tcase_add_test(tests, test_host_tree__paths_of_the_system_are_refused);
	tcase_add_test(tests, test_host_tree__what_is_needed_is_spared);
	tcase_add_test(tests, test_host_tree__all_of_it_goes_and_nothing_else);
	tcase_add_test(tests, test_host_tree__a_symbolic_link_on_the_way_is_refused);
	tcase_add_test(tests, test_host_tree__what_is_not_there_is_not_found);
	tcase_add_test(tests, test_host_tree__a_mount_point_and_what_lies_above_it_are_refused);
	tcase_add_test(tests, test_host_tree__size_and_number_are_told);
	suite_add_tcase(suite, tests);
	return suite;
}
