#include "source/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static struct source_tree *scan(const char *dir)
{
	struct source_tree *tree;
	struct err err = ERR_INIT;

	must(source_tree_scan(dir, false, &tree, &err), &err);
	return tree;
}

static const char *problem_of(const struct source_tree *tree, const char *path)
{
	const struct err *err = source_tree_problem(tree, path);

	return err ? err->message : NULL;
}

START_TEST(test_source_tree__ignored_names_are_not_in_it)
{
	cleanup_free char *dir = temp_dir();
	static const char *const ignored[] = {".x.yaml",    "x.yaml~",	       "x.yaml.swp",
					      "x.yaml.bak", "x.yaml.dpkg-new", "x.yaml.rpmsave",
					      "x.disabled", ".git/config",     "4913.swp"};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		temp_write(dir, ignored[i], "x");
	temp_write(dir, "b/x.yaml", "x");
	temp_write(dir, "a.yaml", "x");
	struct source_tree *tree = scan(dir);
	ck_assert_uint_eq(tree->count, 2);
	ck_assert_str_eq(tree->files[0]->path, "a.yaml");
	ck_assert_str_eq(tree->files[1]->path, "b/x.yaml");
	ck_assert(source_tree_has_folder(tree, "b"));
	ck_assert_uint_eq(tree->problem_count, 0);
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__a_large_file_is_refused_unread)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "large.yaml");
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "large.yaml", "x");
	ck_assert_int_eq(truncate(path, 2LL << 30), 0);
	struct source_tree *tree = scan(dir);
	ck_assert_int_eq(source_tree_read(tree, source_tree_find(tree, "large.yaml"),
					  SOURCE_MANIFEST_LIMIT, &err),
			 -ERR_INVALID);
	ck_assert_str_eq(err.message, "2147483648 bytes are too many: at most 3145728 are read");
	ck_assert_str_eq(err.place.file, "large.yaml");
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__a_binary_file_is_named)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *path = file_join(dir, "x.yaml");
	cleanup_err struct err err = ERR_INIT;

	must(file_write(path, "ab\0cd", 5, 0644, &err), &err);
	struct source_tree *tree = scan(dir);
	struct source_file *file = source_tree_find(tree, "x.yaml");
	ck_assert_int_eq(source_tree_read_text(tree, file, 100, &err), -ERR_INVALID);
	ck_assert_str_eq(err.message, "a binary file: a NUL character at byte 3");
	err_done(&err);
	must(source_tree_read(tree, file, 100, &err), &err);
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__what_others_may_write_is_not_trusted)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *file = file_join(dir, "open/x.yaml"), *folder = file_join(dir, "wide");

	temp_write(dir, "open/x.yaml", "x");
	temp_write(dir, "wide/x.yaml", "x");
	temp_write(dir, "good/x.yaml", "x");
	ck_assert_int_eq(chmod(file, 0646), 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	struct source_tree *tree = scan(dir);
	ck_assert_str_eq(problem_of(tree, "open/x.yaml"), "writable by everybody");
	ck_assert_str_eq(source_tree_problem(tree, "open/x.yaml")->hint, "chmod o-w open/x.yaml");
	ck_assert_str_eq(problem_of(tree, "wide/x.yaml"), "writable by everybody");
	ck_assert_ptr_null(problem_of(tree, "good/x.yaml"));
	ck_assert_ptr_null(problem_of(tree, "open"));
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__ownership_is_a_warning_for_lint)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *file = file_join(dir, "x.yaml");
	struct source_tree *tree;
	struct err err = ERR_INIT;

	temp_write(dir, "x.yaml", "x");
	ck_assert_int_eq(chmod(file, 0646), 0);
	must(source_tree_scan(dir, true, &tree, &err), &err);
	ck_assert_uint_eq(tree->problem_count, 1);
	ck_assert_int_eq(tree->problems[0].severity, DIAG_WARNING);
	ck_assert_ptr_null(problem_of(tree, "x.yaml"));
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__what_is_no_file_is_named)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *fifo = file_join(dir, "x.yaml");

	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	struct source_tree *tree = scan(dir);
	ck_assert_str_eq(problem_of(tree, "x.yaml"), "neither a regular file nor a folder");
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__links_stay_inside)
{
	cleanup_free char *dir = temp_dir(), *elsewhere = temp_dir();
	cleanup_free char *absolute = file_join(dir, "absolute.yaml");
	cleanup_free char *up = file_join(dir, "app/up.yaml");
	cleanup_free char *fine = file_join(dir, "app/fine.yaml");
	cleanup_free char *nowhere = file_join(dir, "nowhere.yaml");
	cleanup_free char *target = file_join(elsewhere, "x.yaml");

	temp_write(elsewhere, "x.yaml", "x");
	temp_write(dir, "app/x.yaml", "x");
	ck_assert_int_eq(symlink(target, absolute), 0);
	ck_assert_int_eq(symlink("../../../etc/passwd", up), 0);
	ck_assert_int_eq(symlink("x.yaml", fine), 0);
	ck_assert_int_eq(symlink("missing", nowhere), 0);
	struct source_tree *tree = scan(dir);
	ck_assert(strstr(problem_of(tree, "absolute.yaml"), "outside the directory"));
	ck_assert(strstr(problem_of(tree, "app/up.yaml"), "outside the directory"));
	ck_assert_str_eq(problem_of(tree, "nowhere.yaml"),
			 "the link points to 'missing', which does not exist");
	ck_assert_ptr_nonnull(source_tree_find(tree, "app/fine.yaml"));
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__the_directory_may_be_a_link)
{
	cleanup_free char *dir = temp_dir(), *above = temp_dir();
	cleanup_free char *link = file_join(above, "desired");

	temp_write(dir, "x.yaml", "x");
	ck_assert_int_eq(symlink(dir, link), 0);
	struct source_tree *tree = scan(link);
	ck_assert_uint_eq(tree->count, 1);
	ck_assert_uint_eq(tree->problem_count, 0);
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__a_missing_directory_is_unreadable)
{
	struct source_tree *tree = scan("/does/not/exist");

	ck_assert(tree->unreadable);
	ck_assert_ptr_nonnull(source_tree_problem(tree, ""));
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__every_kind_of_change_is_seen)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *a = file_join(dir, "a.yaml"), *b = file_join(dir, "b.yaml");

	temp_write(dir, "a.yaml", "x");
	struct source_tree *tree = scan(dir);
	ck_assert(!source_tree_changed(tree));
	temp_write(dir, "a.yaml", "longer");
	ck_assert(source_tree_changed(tree));
	source_tree_free(tree);

	tree = scan(dir);
	temp_write(dir, "b.yaml", "");
	ck_assert(source_tree_changed(tree));
	source_tree_free(tree);

	tree = scan(dir);
	ck_assert_int_eq(rename(a, b), 0);
	ck_assert(source_tree_changed(tree));
	source_tree_free(tree);

	tree = scan(dir);
	ck_assert_int_eq(chmod(b, 0600), 0);
	ck_assert(source_tree_changed(tree));
	source_tree_free(tree);
}
END_TEST

START_TEST(test_source_tree__a_file_that_moved_is_not_read)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *a = file_join(dir, "a.yaml"), *b = file_join(dir, "b.yaml");
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "a.yaml", "old");
	struct source_tree *tree = scan(dir);
	temp_write(dir, "b.yaml", "new");
	ck_assert_int_eq(rename(b, a), 0);
	ck_assert_int_eq(source_tree_read(tree, source_tree_find(tree, "a.yaml"), 100, &err),
			 -ERR_BUSY);
	ck_assert(source_tree_changed(tree));
	source_tree_free(tree);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/tree");
	TCase *tests = tcase_create("tree");

	tcase_add_test(tests, test_source_tree__ignored_names_are_not_in_it);
	tcase_add_test(tests, test_source_tree__a_large_file_is_refused_unread);
	tcase_add_test(tests, test_source_tree__a_binary_file_is_named);
	tcase_add_test(tests, test_source_tree__what_others_may_write_is_not_trusted);
	tcase_add_test(tests, test_source_tree__ownership_is_a_warning_for_lint);
	tcase_add_test(tests, test_source_tree__what_is_no_file_is_named);
	tcase_add_test(tests, test_source_tree__links_stay_inside);
	tcase_add_test(tests, test_source_tree__the_directory_may_be_a_link);
	tcase_add_test(tests, test_source_tree__a_missing_directory_is_unreadable);
	tcase_add_test(tests, test_source_tree__every_kind_of_change_is_seen);
	tcase_add_test(tests, test_source_tree__a_file_that_moved_is_not_read);
	suite_add_tcase(suite, tests);
	return suite;
}
