#include "state/revision.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/json.h"

/* An app "ghost@tfe-fr" with one Secret whose value is `value`. */
static struct manifest_app *app_with(const char *value)
{
	struct manifest_app *app = manifest_app_new("ghost", "tfe-fr");
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body =
		json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "v1", "kind", "Secret",
			  "metadata", "name", "s", "namespace", "blog", "data", "key", value);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->namespaced = true;
	object->hash = tree_json_hash(object->body);
	object->file = mem_strdup("ghost/secret.yml.j2");
	object->line = 3;
	manifest_app_add(app, object);
	manifest_app_seal(app);
	return app;
}

static int save(const char *dir, const char *value, int keep)
{
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = app_with(value);
	int number = 0;

	must(state_revision_save(dir, app, "reload by root", "e41c9aa+dirty", keep, &number, &err),
	     &err);
	manifest_app_unref(app);
	return number;
}

/* "1 2+ 3": the numbers that are kept, those that were healthy with a plus. Caller frees. */
static char *kept(const char *dir)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;
	struct state_revision *list;
	size_t count;

	must(state_revision_list(dir, "ghost@tfe-fr", &list, &count, &err), &err);
	for (size_t i = 0; i < count; i++) {
		list_printf(&names, "%d%s", list[i].number, list[i].healthy ? "+" : "");
		state_revision_done(&list[i]);
	}
	free(list);
	return list_join(&names, " ");
}

#define assert_kept(dir, expected)                    \
	do {                                          \
		cleanup_free char *kept_ = kept(dir); \
		ck_assert_str_eq(kept_, expected);    \
	} while (0)

START_TEST(test_state_revision__what_was_saved_is_loaded)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = NULL;

	ck_assert_int_eq(save(dir, "b25l", 20), 1);
	must(state_revision_load(dir, "ghost@tfe-fr", 1, &app, &err), &err);
	ck_assert_str_eq(app->name, "ghost@tfe-fr");
	ck_assert_uint_eq(app->count, 1);
	ck_assert_str_eq(app->objects[0]->key, "core/Secret/blog/s");
	ck_assert_str_eq(app->objects[0]->file, "ghost/secret.yml.j2");
	const json_t *data = json_object_get(app->objects[0]->body, "data");
	ck_assert_str_eq(json_string_value(json_object_get(data, "key")), "b25l");
	manifest_app_unref(app);
}
END_TEST

START_TEST(test_state_revision__the_same_set_is_the_same_revision)
{
	cleanup_free char *dir = temp_dir();

	ck_assert_int_eq(save(dir, "b25l", 20), 1);
	ck_assert_int_eq(save(dir, "b25l", 20), 1);
	ck_assert_int_eq(save(dir, "dHdv", 20), 2);
	ck_assert_int_eq(save(dir, "b25l", 20), 3);
	assert_kept(dir, "1 2 3");
}
END_TEST

START_TEST(test_state_revision__says_who_when_and_from_which_commit)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_revision *list;
	size_t count;

	(void)save(dir, "b25l", 20);
	must(state_revision_list(dir, "ghost@tfe-fr", &list, &count, &err), &err);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(list[0].who, "reload by root");
	ck_assert_str_eq(list[0].git, "e41c9aa+dirty");
	ck_assert_uint_eq(strlen(list[0].when), strlen("2026-11-22T09:12:00Z"));
	ck_assert(!list[0].healthy);
	state_revision_done(&list[0]);
	free(list);
}
END_TEST

START_TEST(test_state_revision__old_ones_go_but_not_the_newest_healthy_one)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;

	(void)save(dir, "MQ==", 2);
	(void)save(dir, "Mg==", 2);
	must(state_revision_mark_healthy(dir, "ghost@tfe-fr", 2, &err), &err);
	(void)save(dir, "Mw==", 2);
	assert_kept(dir, "2+ 3");
	(void)save(dir, "NA==", 2);
	(void)save(dir, "NQ==", 2);
	assert_kept(dir, "2+ 4 5");
	must(state_revision_mark_healthy(dir, "ghost@tfe-fr", 5, &err), &err);
	(void)save(dir, "Ng==", 2);
	assert_kept(dir, "5+ 6");
}
END_TEST

START_TEST(test_state_revision__nobody_else_may_read_it)
{
	cleanup_free char *dir = temp_dir();
	struct stat st;

	(void)save(dir, "b25l", 20);
	cleanup_free char *file = file_join(dir, "revisions/ghost@tfe-fr/1.json");
	cleanup_free char *folder = file_join(dir, "revisions");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
}
END_TEST

START_TEST(test_state_revision__a_missing_one_is_not_found)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = NULL;

	ck_assert_int_eq(state_revision_load(dir, "ghost", 7, &app, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "ghost has no revision 7");
	ck_assert_int_eq(state_revision_mark_healthy(dir, "ghost", 7, &err), -ERR_NOT_FOUND);
	assert_kept(dir, "");
}
END_TEST

START_TEST(test_state_revision__a_damaged_one_hides_no_other)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct manifest_app *app = NULL;

	(void)save(dir, "MQ==", 20);
	(void)save(dir, "Mg==", 20);
	temp_write(dir, "revisions/ghost@tfe-fr/2.json", "{\"schema\":1,");
	ck_assert_int_eq(state_revision_load(dir, "ghost@tfe-fr", 2, &app, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "was damaged and is now"));
	assert_kept(dir, "1");
	ck_assert_int_eq(save(dir, "Mw==", 20), 2);
	assert_kept(dir, "1 2");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("state/revision");
	TCase *tests = tcase_create("revision");

	tcase_add_test(tests, test_state_revision__what_was_saved_is_loaded);
	tcase_add_test(tests, test_state_revision__the_same_set_is_the_same_revision);
	tcase_add_test(tests, test_state_revision__says_who_when_and_from_which_commit);
	tcase_add_test(tests, test_state_revision__old_ones_go_but_not_the_newest_healthy_one);
	tcase_add_test(tests, test_state_revision__nobody_else_may_read_it);
	tcase_add_test(tests, test_state_revision__a_missing_one_is_not_found);
	tcase_add_test(tests, test_state_revision__a_damaged_one_hides_no_other);
	suite_add_tcase(suite, tests);
	return suite;
}
