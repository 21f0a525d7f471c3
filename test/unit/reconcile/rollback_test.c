/* Which version an app goes back to, and how long it stays there. */
#include "reconcile/rollback.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/revision.h"

static char *folder;
static struct state_ledger *ledger;
static struct manifest_set *files; /* what they say now */

/* An app "blog" with one ConfigMap that says `value`. */
static struct manifest_app *app_of(const char *value)
{
	struct manifest_app *app = manifest_app_new("blog", NULL);
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "v1", "kind",
				 "ConfigMap", "metadata", "name", "a", "namespace", "default",
				 "data", "value", value);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = mem_strdup(value);
	object->file = mem_strdup("blog/a.yaml");
	manifest_app_add(app, object);
	manifest_app_seal(app);
	return app;
}

/* The files give this now; NULL: they have no such app. */
static void write_files(const char *value)
{
	manifest_set_unref(files);
	files = manifest_set_new();
	if (value)
		manifest_set_add(files, app_of(value));
}

static void break_files(void)
{
	manifest_set_unref(files);
	files = manifest_set_new();
	struct manifest_app *app = manifest_app_new("blog", NULL);
	app->broken = true;
	manifest_set_add(files, app);
}

/* A version that was accepted, and is in force. */
static void version(const char *value, bool healthy)
{
	struct manifest_app *app = app_of(value);
	cleanup_err struct err err = ERR_INIT;
	struct state_app known = {.name = app->name, .hash = app->hash};

	must(state_revision_save(folder, app, "test", NULL, 20, &known.revision, &err), &err);
	if (healthy)
		must(state_revision_mark_healthy(folder, app->name, known.revision, &err), &err);
	must(state_ledger_put_app(ledger, &known, &err), &err);
	write_files(value);
	manifest_app_unref(app);
}

static int roll_back_to(int number, int *ret, struct err *err)
{
	return reconcile_rollback(
		&(struct reconcile_rollback){
			.ledger = ledger,
			.state_dir = folder,
			.set = files,
			.app = "blog",
			.number = number,
			.who = "root",
		},
		ret, err);
}

/* The revision that it went to. */
static int roll_back(int number)
{
	cleanup_err struct err err = ERR_INIT;
	int went = 0;

	must(roll_back_to(number, &went, &err), &err);
	return went;
}

/* The revision that the files leave it pinned to; 0: none. */
static int pinned(void)
{
	struct state_app *known = state_ledger_app(ledger, "blog");
	bool broken = reconcile_files_broken(files, "blog");
	int number =
		known && reconcile_pin_holds(&known->pin, manifest_set_find(files, "blog"), broken)
			? known->pin.revision
			: 0;

	state_app_free(known);
	return number;
}

static void setup(void)
{
	cleanup_err struct err err = ERR_INIT;

	folder = temp_dir();
	files = NULL;
	must(state_ledger_open(folder, &ledger, &err), &err);
}

static void teardown(void)
{
	manifest_set_unref(files);
	state_ledger_free(ledger);
	free(folder);
}

START_TEST(test_rollback__goes_to_the_newest_healthy_one_that_differs)
{
	version("a", true);
	version("b", false);
	version("c", true);
	ck_assert_int_eq(roll_back(0), 1);
	ck_assert_int_eq(pinned(), 1);
	/* And from there: the newest that differs from what is in force now. */
	ck_assert_int_eq(roll_back(0), 3);
	ck_assert_int_eq(pinned(), 0); /* which is what the files say */
}
END_TEST

START_TEST(test_rollback__of_a_version_that_is_not_ready_goes_to_the_one_before)
{
	version("a", true);
	version("b", false);
	ck_assert_int_eq(roll_back(0), 1);
}
END_TEST

START_TEST(test_rollback__of_a_version_that_was_refused_goes_to_the_last_accepted)
{
	version("a", true);
	version("b", true);
	write_files("refused");
	ck_assert_int_eq(roll_back(0), 2);
	ck_assert_int_eq(pinned(), 2);
}
END_TEST

START_TEST(test_rollback__a_number_may_be_any)
{
	version("a", true);
	version("b", false);
	version("c", true);
	ck_assert_int_eq(roll_back(2), 2);
	ck_assert_int_eq(pinned(), 2);
}
END_TEST

START_TEST(test_rollback__lasts_until_the_files_give_something_else)
{
	version("a", true);
	version("b", true);
	(void)roll_back(1);
	write_files("b");
	ck_assert_int_eq(pinned(), 1);
	break_files();
	ck_assert_int_eq(pinned(), 1);
	write_files("c");
	ck_assert_int_eq(pinned(), 0);
	write_files(NULL);
	ck_assert_int_eq(pinned(), 0);
}
END_TEST

START_TEST(test_rollback__while_the_files_are_broken_counts_from_what_is_in_force)
{
	version("a", true);
	version("b", true);
	break_files();
	ck_assert_int_eq(roll_back(0), 1);
	ck_assert_int_eq(roll_back(2), 2);
	ck_assert_int_eq(pinned(), 2);
	/* Mended as they were before: no news. */
	write_files("b");
	ck_assert_int_eq(pinned(), 2);
	write_files("c");
	ck_assert_int_eq(pinned(), 0);
}
END_TEST

START_TEST(test_rollback__brings_back_an_app_that_left_the_files)
{
	cleanup_err struct err err = ERR_INIT;

	version("a", true);
	write_files(NULL);
	must(state_ledger_remove_app(ledger, "blog", &err), &err);
	ck_assert_int_eq(roll_back(0), 1);
	ck_assert_int_eq(pinned(), 1);
	write_files("a");
	ck_assert_int_eq(pinned(), 0);
}
END_TEST

START_TEST(test_rollback__an_empty_directory_is_no_end_of_it)
{
	version("a", true);
	version("b", true);
	(void)roll_back(1);
	write_files(NULL);
	files->empty = true;
	ck_assert_int_eq(pinned(), 1);
}
END_TEST

START_TEST(test_rollback__needs_somewhere_to_go)
{
	cleanup_err struct err err = ERR_INIT;
	int went;

	version("a", true);
	ck_assert_int_eq(roll_back_to(0, &went, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "no other version of blog was ever healthy");
	err_done(&err);
	ck_assert_int_eq(roll_back_to(7, &went, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "blog has no revision 7");
	ck_assert_str_eq(err.hint, "there are: 1");
	ck_assert_int_eq(pinned(), 0);
}
END_TEST

START_TEST(test_rollback__a_pin_can_be_lifted)
{
	cleanup_err struct err err = ERR_INIT;

	version("a", true);
	version("b", true);
	(void)roll_back(1);
	ck_assert_int_eq(reconcile_unpin(ledger, "blog", NULL, &err), 1);
	ck_assert_int_eq(pinned(), 0);
	ck_assert_int_eq(reconcile_unpin(ledger, "blog", NULL, &err), 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("reconcile/rollback");
	TCase *tests = tcase_create("rollback");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_rollback__goes_to_the_newest_healthy_one_that_differs);
	tcase_add_test(tests, test_rollback__of_a_version_that_is_not_ready_goes_to_the_one_before);
	tcase_add_test(tests,
		       test_rollback__of_a_version_that_was_refused_goes_to_the_last_accepted);
	tcase_add_test(tests, test_rollback__a_number_may_be_any);
	tcase_add_test(tests, test_rollback__lasts_until_the_files_give_something_else);
	tcase_add_test(tests,
		       test_rollback__while_the_files_are_broken_counts_from_what_is_in_force);
	tcase_add_test(tests, test_rollback__brings_back_an_app_that_left_the_files);
	tcase_add_test(tests, test_rollback__an_empty_directory_is_no_end_of_it);
	tcase_add_test(tests, test_rollback__needs_somewhere_to_go);
	tcase_add_test(tests, test_rollback__a_pin_can_be_lifted);
	suite_add_tcase(suite, tests);
	return suite;
}
