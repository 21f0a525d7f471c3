#include "state/pruned.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define NOW 1795341600 /* 2026-11-22T10:00:00Z */
#define DAY (24 * 3600)

static char *batch_at(time_t when)
{
	return state_pruned_batch(&(struct timespec){.tv_sec = when});
}

static void add(const char *dir, const char *batch, const char *app, const char *name,
		const char *heir)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *key = mem_printf("core/ConfigMap/default/%s", name);
	struct state_entry entry = {.key = key,
				    .app = (char *)app,
				    .uid = (char *)"u1",
				    .source = (char *)"blog/a.yaml",
				    .prune = MANIFEST_PRUNE_ASK};
	json_auto_t *body = json_pack("{s:s}", "name", name);

	ck_assert(manifest_id_of_key(key, &entry.id));
	const struct state_pruned object = {.entry = &entry, .body = body, .heir = (char *)heir};
	must(state_pruned_add(dir, batch, app, &object, 1, &err), &err);
	manifest_id_done(&entry.id);
}

/* The batches that are kept, joined. */
static char *batches(const char *dir)
{
	cleanup_list struct list names = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	must(state_pruned_list(dir, &names, &err), &err);
	return list_join(&names, " ");
}

START_TEST(test_state_pruned__two_rounds_of_one_second)
{
	const struct timespec one = {.tv_sec = NOW, .tv_nsec = 4000000},
			      other = {.tv_sec = NOW, .tv_nsec = 20000000};
	cleanup_free char *first = state_pruned_batch(&one), *second = state_pruned_batch(&other);

	ck_assert_str_eq(first, "20261122T100000.004Z");
	ck_assert_str_lt(first, second);
}
END_TEST

START_TEST(test_state_pruned__what_was_kept_comes_back_whole)
{
	cleanup_free char *dir = temp_dir(), *batch = batch_at(NOW);
	cleanup_err struct err err = ERR_INIT;
	struct state_pruned *objects;
	size_t count;

	ck_assert_str_eq(batch, "20261122T100000.000Z");
	add(dir, batch, "blog@fr", "a", NULL);
	add(dir, batch, "blog@fr", "b", "Deployment default/c");
	must(state_pruned_load(dir, batch, "blog@fr", &objects, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(objects[0].entry->key, "core/ConfigMap/default/a");
	ck_assert_str_eq(objects[0].entry->source, "blog/a.yaml");
	ck_assert_int_eq(objects[0].entry->prune, MANIFEST_PRUNE_ASK);
	ck_assert_str_eq(json_string_value(json_object_get(objects[0].body, "name")), "a");
	ck_assert_ptr_null(objects[0].heir);
	ck_assert_str_eq(objects[1].heir, "Deployment default/c");
	state_pruned_free(objects, count);
}
END_TEST

START_TEST(test_state_pruned__a_batch_holds_the_apps_of_one_round)
{
	cleanup_free char *dir = temp_dir(), *one = batch_at(NOW), *two = batch_at(NOW + 5);
	cleanup_list struct list apps = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	add(dir, two, "blog", "c", NULL);
	add(dir, one, "blog", "a", NULL);
	add(dir, one, "shop", "b", NULL);
	cleanup_free char *all = batches(dir);
	ck_assert_str_eq(all, "20261122T100000.000Z 20261122T100005.000Z");
	must(state_pruned_apps(dir, one, &apps, &err), &err);
	cleanup_free char *names = list_join(&apps, " ");
	ck_assert_str_eq(names, "blog shop");
	must(state_pruned_forget(dir, one, "blog", &err), &err);
	must(state_pruned_forget(dir, one, "shop", &err), &err);
	cleanup_free char *left = batches(dir);
	ck_assert_str_eq(left, "20261122T100005.000Z");
}
END_TEST

START_TEST(test_state_pruned__after_seven_days_it_is_gone)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *old = batch_at(NOW - 7 * DAY - 1), *young = batch_at(NOW - 7 * DAY);
	cleanup_err struct err err = ERR_INIT;

	add(dir, old, "blog", "a", NULL);
	add(dir, young, "blog", "b", NULL);
	must(state_pruned_expire(dir, NOW, &err), &err);
	cleanup_free char *left = batches(dir);
	ck_assert_str_eq(left, young);
}
END_TEST

START_TEST(test_state_pruned__nobody_else_may_read_it)
{
	cleanup_free char *dir = temp_dir(), *batch = batch_at(NOW);
	cleanup_free char *path = mem_printf("%s/pruned/%s/blog.json", dir, batch);
	struct stat st;

	add(dir, batch, "blog", "a", NULL);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_state_pruned__a_name_that_is_none_is_not_found)
{
	cleanup_free char *dir = temp_dir();
	cleanup_list struct list apps = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(state_pruned_apps(dir, "../revisions", &apps, &err), -ERR_NOT_FOUND);
	err_done(&err);
	ck_assert_int_eq(state_pruned_apps(dir, "20261122T100000.000Z", &apps, &err),
			 -ERR_NOT_FOUND);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("state/pruned");
	TCase *tests = tcase_create("pruned");

	tcase_add_test(tests, test_state_pruned__two_rounds_of_one_second);
	tcase_add_test(tests, test_state_pruned__what_was_kept_comes_back_whole);
	tcase_add_test(tests, test_state_pruned__a_batch_holds_the_apps_of_one_round);
	tcase_add_test(tests, test_state_pruned__after_seven_days_it_is_gone);
	tcase_add_test(tests, test_state_pruned__nobody_else_may_read_it);
	tcase_add_test(tests, test_state_pruned__a_name_that_is_none_is_not_found);
	suite_add_tcase(suite, tests);
	return suite;
}
