#include "source/git.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

/* git is a build dependency of nobody, but of this test: it makes the checkouts. */
static void git(const char *dir, const char *arguments)
{
	cleanup_free char *command = mem_printf(
		"git -C '%s' -c init.defaultBranch=main -c user.name=t -c user.email=t@t %s "
		">/dev/null 2>&1",
		dir, arguments);

	ck_assert_msg(!system(command), "%s", command);
}

static void check_head(const char *dir, const char *commit, bool dirty)
{
	cleanup_free char *head = source_git_head(dir);

	ck_assert_ptr_nonnull(head);
	ck_assert_int_eq(strncmp(head, commit, 7), 0);
	ck_assert_str_eq(head + 7, dirty ? "+dirty" : "");
}

static char *checkout(char **ret_commit)
{
	char *dir = temp_dir();
	cleanup_free char *ref = NULL;

	temp_write(dir, "apps/a.yaml", "one\n");
	temp_write(dir, "other/b.yaml", "one\n");
	git(dir, "init");
	git(dir, "add .");
	git(dir, "commit -m one");
	ref = temp_read(dir, ".git/refs/heads/main");
	*ret_commit = mem_strndup(ref, 40);
	return dir;
}

START_TEST(test_source_git__branch_packed_and_detached)
{
	cleanup_free char *commit = NULL;
	cleanup_free char *dir = checkout(&commit);
	cleanup_free char *below = file_join(dir, "apps");

	check_head(dir, commit, false);
	check_head(below, commit, false);
	git(dir, "pack-refs --all");
	check_head(dir, commit, false);
	git(dir, "checkout --detach");
	check_head(dir, commit, false);
}
END_TEST

START_TEST(test_source_git__a_linked_work_tree)
{
	cleanup_free char *commit = NULL;
	cleanup_free char *dir = checkout(&commit), *above = temp_dir();
	cleanup_free char *linked = file_join(above, "linked");
	cleanup_free char *arguments = mem_printf("worktree add -b side '%s'", linked);

	git(dir, arguments);
	check_head(linked, commit, false);
}
END_TEST

START_TEST(test_source_git__dirty_is_what_differs_below)
{
	cleanup_free char *commit = NULL;
	cleanup_free char *dir = checkout(&commit);
	cleanup_free char *apps = file_join(dir, "apps"), *other = file_join(dir, "other");

	temp_write(dir, "apps/a.yaml", "one\n"); /* touched, not changed */
	check_head(dir, commit, false);
	temp_write(dir, "apps/a.yaml", "two\n");
	check_head(dir, commit, true);
	check_head(apps, commit, true);
	check_head(other, commit, false);
}
END_TEST

START_TEST(test_source_git__no_checkout_has_no_head)
{
	cleanup_free char *dir = temp_dir();

	ck_assert_ptr_null(source_git_head(dir));
	ck_assert_ptr_null(source_git_head("/does/not/exist"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/git");
	TCase *tests = tcase_create("git");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_source_git__branch_packed_and_detached);
	tcase_add_test(tests, test_source_git__a_linked_work_tree);
	tcase_add_test(tests, test_source_git__dirty_is_what_differs_below);
	tcase_add_test(tests, test_source_git__no_checkout_has_no_head);
	suite_add_tcase(suite, tests);
	return suite;
}
