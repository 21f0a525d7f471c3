/* What is no subvolume has no snapshot, and a directory that nobody mounted has no user; a cluster
 * scenario has the real ones. */
#include "host/snapshot.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "host/use.h"

START_TEST(test_host_snapshot__only_of_subvolumes)
{
	cleanup_free char *dir = temp_dir(), *snapshot = NULL;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(host_snapshot_make(dir, "ID", &snapshot, &err), 0);
	ck_assert_ptr_null(snapshot);
	ck_assert_int_eq(host_snapshot_make("/nowhere", "ID", &snapshot, &err), 0);
}
END_TEST

START_TEST(test_host_snapshot__deleting_what_is_none)
{
	cleanup_free char *dir = temp_dir(), *path = mem_printf("%s/x", dir);
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_lt(host_snapshot_delete(path, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, path));
}
END_TEST

/* Mounts it in a namespace of its own, as a container does; tells when it is there, and waits. */
static void be_a_container(const char *source, const char *target, int told, int end)
{
	char byte = 'y';

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(source, target, NULL, MS_BIND, NULL) < 0)
		byte = 'n';
	(void)!write(told, &byte, 1);
	(void)!read(end, &byte, 1);
	_exit(0);
}

START_TEST(test_host_use__a_container_that_has_it)
{
	cleanup_free char *dir = temp_dir(), *other = temp_dir();
	cleanup_free char *inner = mem_printf("%s/inner", dir), *mnt = mem_printf("%s/mnt", other);
	int told[2], end[2];
	char byte = 0;

	temp_write(dir, "inner/file", "");
	temp_write(other, "mnt/file", "");
	ck_assert_ptr_null(host_use_find(dir));
	ck_assert_int_eq(pipe(told) | pipe(end), 0);
	pid_t pid = fork();
	if (pid == 0)
		be_a_container(inner, mnt, told[1], end[0]);
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	cleanup_free char *who = host_use_find(dir), *exactly = host_use_find(inner);
	cleanup_free char *beside = host_use_find(other);
	ck_assert_int_eq(write(end[1], "", 1), 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	cleanup_free char *process = mem_printf("process %d (", pid);
	if (byte == 'n') /* only root makes namespaces */
		ck_assert_uint_ne(geteuid(), 0);
	else {
		ck_assert_ptr_nonnull(strstr(who, process));
		ck_assert_ptr_nonnull(strstr(exactly, process));
	}
	ck_assert_ptr_null(beside);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/snapshot");
	TCase *tests = tcase_create("snapshot");

	tcase_add_test(tests, test_host_snapshot__only_of_subvolumes);
	tcase_add_test(tests, test_host_snapshot__deleting_what_is_none);
	tcase_add_test(tests, test_host_use__a_container_that_has_it);
	suite_add_tcase(suite, tests);
	return suite;
}
