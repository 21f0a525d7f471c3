/* Swapping a restored tree with what stands at its place, cut off anywhere. */
#include "backup/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static char *dir, *target;
static struct backup_place place;
static struct err err;

static void set_up(void)
{
	dir = temp_dir();
	target = file_join(dir, "blog");
	place = (struct backup_place){0};
	err = ERR_INIT;
}

static void tear_down(void)
{
	backup_place_done(&place);
	err_done(&err);
	free(dir);
	free(target);
}

static void choose(bool replace)
{
	must(backup_place_choose(target, "ID", replace, &place, &err), &err);
}

/* What a restore unpacks. */
static void unpack(void)
{
	must(backup_place_prepare(&place, &err), &err);
	temp_write(place.staging, "tree/post", "new");
	temp_write(place.staging, "tree/deep/er", "new too");
}

static void has(const char *name, const char *text)
{
	cleanup_free char *have = temp_read(dir, name);

	ck_assert_str_eq(have, text);
}

static bool is(const char *name)
{
	cleanup_free char *path = file_join(dir, name);

	return file_exists(path);
}

START_TEST(test_backup_place__nothing_there)
{
	choose(false);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 0);
	has("blog/post", "new");
	has("blog/deep/er", "new too");
	ck_assert(!is("blog.restoring-ID"));
	ck_assert(!is("blog.before-ID"));
}
END_TEST

START_TEST(test_backup_place__an_empty_directory_is_in_nobodys_way)
{
	ck_assert_int_eq(mkdir(target, 0700), 0);
	choose(false);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 0);
	has("blog/post", "new");
}
END_TEST

START_TEST(test_backup_place__data_is_never_written_over)
{
	temp_write(dir, "blog/post", "old");
	ck_assert_int_eq(backup_place_choose(target, "ID", false, &place, &err), -ERR_EXISTS);
	ck_assert_ptr_nonnull(strstr(err.hint, "--replace"));
	err_done(&err);
	choose(true);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog/post", "new");
	has("blog.before-ID/post", "old");
}
END_TEST

START_TEST(test_backup_place__twice_keeps_both)
{
	temp_write(dir, "blog/post", "old");
	choose(true);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	backup_place_done(&place);
	temp_write(dir, "blog/post", "newer");
	choose(true);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog.before-ID/post", "old");
	has("blog.before-ID.2/post", "newer");
	has("blog/post", "new");
}
END_TEST

START_TEST(test_backup_place__done_already)
{
	temp_write(dir, "blog/post", "old");
	choose(true);
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog/post", "new");
	has("blog.before-ID/post", "old");
}
END_TEST

START_TEST(test_backup_place__cut_off_between_the_renames)
{
	temp_write(dir, "blog/post", "old");
	choose(true);
	unpack();
	ck_assert_int_eq(rename(target, place.before), 0);
	if (_i) /* kubelet made the directory meanwhile */
		temp_write(dir, "blog/lock", "");
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog/post", "new");
	has("blog.before-ID/post", "old");
	ck_assert(!is("blog/lock"));
}
END_TEST

START_TEST(test_backup_place__undo)
{
	temp_write(dir, "blog/post", "old");
	choose(true);
	unpack();
	if (_i)
		ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	else
		ck_assert_int_eq(rename(target, place.before), 0);
	must(backup_place_undo(&place, &err), &err);
	has("blog/post", "old");
	has("blog.restoring-ID/tree/post", "new");
	ck_assert(!is("blog.before-ID"));
}
END_TEST

/* A mount point cannot be made here: what matters is that contents are moved. */
static void choose_mounted(void)
{
	place = (struct backup_place){
		.target = mem_strdup(target),
		.staging = mem_printf("%s/.restoring-ID", target),
		.before = mem_printf("%s/.before-ID", target),
		.mounted = true,
	};
}

START_TEST(test_backup_place__contents_of_a_mount_point)
{
	struct stat before, after;

	temp_write(dir, "blog/post", "old");
	temp_write(dir, "blog/lost+found/x", "fsck's");
	ck_assert_int_eq(stat(target, &before), 0);
	choose_mounted();
	unpack();
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	ck_assert_int_eq(stat(target, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	has("blog/post", "new");
	has("blog/.before-ID/post", "old");
	has("blog/lost+found/x", "fsck's");
	ck_assert(!is("blog/.restoring-ID"));
}
END_TEST

static void forget(const char *name)
{
	cleanup_free char *path = file_join(target, name);

	must(file_remove(path, &err), &err);
}

START_TEST(test_backup_place__contents_cut_off)
{
	temp_write(dir, "blog/a", "old");
	temp_write(dir, "blog/post", "old");
	choose_mounted();
	unpack();
	if (_i == 0) { /* while the old ones move */
		temp_write(dir, "blog/.before-ID.part/a", "old");
		forget("a");
	} else { /* while the new ones do */
		cleanup_free char *from = mem_printf("%s/tree/deep", place.staging);
		cleanup_free char *to = mem_printf("%s/deep", target);
		temp_write(dir, "blog/.before-ID/a", "old");
		temp_write(dir, "blog/.before-ID/post", "old");
		forget("a");
		forget("post");
		ck_assert_int_eq(rename(from, to), 0);
	}
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog/post", "new");
	has("blog/deep/er", "new too");
	has("blog/.before-ID/post", "old");
	has("blog/.before-ID/a", "old");
	ck_assert(!is("blog/.before-ID/deep"));
	ck_assert(!is("blog/a"));
}
END_TEST

START_TEST(test_backup_place__one_file)
{
	temp_write(dir, "blog", "old");
	choose(true);
	must(backup_place_prepare(&place, &err), &err);
	temp_write(place.staging, "tree", "new");
	ck_assert_int_eq(backup_place_swap(&place, &err), 1);
	has("blog", "new");
	has("blog.before-ID", "old");
}
END_TEST

START_TEST(test_backup_place__note_reads_back)
{
	struct backup_place back = {0};

	choose(false);
	json_auto_t *tree = backup_place_to_json(&place);
	ck_assert(backup_place_from_json(tree, &back));
	ck_assert_str_eq(back.target, place.target);
	ck_assert_str_eq(back.staging, place.staging);
	ck_assert_str_eq(back.before, place.before);
	backup_place_done(&back);
	json_object_del(tree, "before");
	ck_assert(!backup_place_from_json(tree, &back));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/place");
	TCase *tests = tcase_create("place");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_backup_place__nothing_there);
	tcase_add_test(tests, test_backup_place__an_empty_directory_is_in_nobodys_way);
	tcase_add_test(tests, test_backup_place__data_is_never_written_over);
	tcase_add_test(tests, test_backup_place__twice_keeps_both);
	tcase_add_test(tests, test_backup_place__done_already);
	tcase_add_loop_test(tests, test_backup_place__cut_off_between_the_renames, 0, 2);
	tcase_add_loop_test(tests, test_backup_place__undo, 0, 2);
	tcase_add_test(tests, test_backup_place__contents_of_a_mount_point);
	tcase_add_loop_test(tests, test_backup_place__contents_cut_off, 0, 2);
	tcase_add_test(tests, test_backup_place__one_file);
	tcase_add_test(tests, test_backup_place__note_reads_back);
	suite_add_tcase(suite, tests);
	return suite;
}
