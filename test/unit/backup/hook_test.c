/* Hooks and dumps: what ends badly is a failure. */
#include "backup/hook.h"

#include <fcntl.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/temp.h"
#include "unit/manifest/body.h"

static char *dir;
static struct deadline deadline;
static struct backup_hook_options options;
static struct err err;

static void set_up(void)
{
	dir = temp_dir();
	deadline = deadline_in(&clock_real, NULL, 20000);
	options = (struct backup_hook_options){.ns = "default", .deadline = &deadline};
	err = ERR_INIT;
}

static void tear_down(void)
{
	json_decref((json_t *)options.backup);
	err_done(&err);
	free(dir);
}

/* %s in the text is the folder. */
static void backup_is(const char *format)
{
	cleanup_free char *text = mem_printf(format, dir, dir);

	options.backup = body_of(text);
}

static bool is_there(const char *name)
{
	cleanup_free char *path = file_join(dir, name);

	return file_exists(path);
}

START_TEST(test_backup_hook__all_in_order)
{
	backup_is("{before: [[touch, %s/one], {command: [cp, %s/one, two], timeout: 5s}]}");
	cleanup_free char *two = file_join(dir, "two");
	json_array_set_new(tree_path_get(options.backup, "before[1].command"), 2, json_string(two));
	must(backup_hook_run(&options, "before", &err), &err);
	must(backup_hook_run(&options, "after", &err), &err);
	ck_assert(is_there("two"));
}
END_TEST

START_TEST(test_backup_hook__the_first_that_fails_ends_it)
{
	backup_is("{before: [[sh, -c, 'echo no room >&2; exit 3'], [touch, %s/two]]}");
	ck_assert_int_eq(backup_hook_run(&options, "before", &err), -ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "backup.before"));
	ck_assert_ptr_nonnull(strstr(err.message, "ended with 3: no room"));
	ck_assert(!is_there("two"));
}
END_TEST

START_TEST(test_backup_hook__takes_too_long)
{
	backup_is("{before: [{command: [sleep, '60'], timeout: 200ms}]}");
	ck_assert_int_eq(backup_hook_run(&options, "before", &err), -ERR_TIMEOUT);
}
END_TEST

START_TEST(test_backup_hook__what_puts_right_is_not_canceled)
{
	static const char *const keys[] = {"before", "after", "onFailure"};

	deadline.cancel = cancel_new();
	cancel_raise(deadline.cancel);
	backup_is("{before: [[sh, -c, 'sleep 0.3; touch %s/one']], after: [[sh, -c, 'sleep 0.3; "
		  "touch %s/one']]}");
	json_object_set((json_t *)options.backup, "onFailure",
			json_object_get(options.backup, "after"));
	int r = backup_hook_run(&options, keys[_i], &err);
	ck_assert_int_eq(r, _i ? 0 : -ERR_CANCELED);
	ck_assert_int_eq(is_there("one"), _i > 0);
	cancel_free(deadline.cancel);
}
END_TEST

static int dump(const char *text, char **ret)
{
	json_auto_t *tree = body_of(text);
	cleanup_free char *path = file_join(dir, "out");
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	int r = backup_hook_dump(&options, tree, fd, &err);

	file_close(&fd);
	*ret = temp_read(dir, "out");
	return r;
}

START_TEST(test_backup_hook__dump)
{
	cleanup_free char *out = NULL;

	must(dump("{command: [sh, -c, 'echo rows; echo noise >&2']}", &out), &err);
	ck_assert_str_eq(out, "rows\n");
}
END_TEST

START_TEST(test_backup_hook__dumps_that_end_badly)
{
	static const struct {
		const char *dump;
		int r;
		const char *says;
	} cases[] = {
		{"{command: [sh, -c, 'echo half; exit 3']}", -ERR_IO, "ended with 3"},
		{"{command: ['true']}", -ERR_INVALID, "printed nothing"},
		{"{command: [sh, -c, 'echo half; kill -9 $$']}", -ERR_IO, "signal 9"},
		{"{command: [sh, -c, 'echo half; sleep 60'], timeout: 200ms}", -ERR_TIMEOUT,
		 "longer than 200 ms"},
		{"{command: [/nowhere/pg_dump]}", -ERR_NOT_FOUND, "/nowhere/pg_dump"},
		{"{command: [], timeout: soon}", -ERR_INVALID, "soon"},
		{"{}", -ERR_INVALID, "a command is a list"},
		{"{exec: {pod: db, command: [pg_dump]}}", -ERR_UNREACHABLE, "no kubeconfig"},
	};
	cleanup_free char *out = NULL;

	ck_assert_int_eq(dump(cases[_i].dump, &out), cases[_i].r);
	ck_assert_msg(strstr(err.message, cases[_i].says), "%s", err.message);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/hook");
	TCase *tests = tcase_create("hook");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_backup_hook__all_in_order);
	tcase_add_test(tests, test_backup_hook__the_first_that_fails_ends_it);
	tcase_add_test(tests, test_backup_hook__takes_too_long);
	tcase_add_loop_test(tests, test_backup_hook__what_puts_right_is_not_canceled, 0, 3);
	tcase_add_test(tests, test_backup_hook__dump);
	tcase_add_loop_test(tests, test_backup_hook__dumps_that_end_badly, 0, 8);
	suite_add_tcase(suite, tests);
	return suite;
}
