#include "verdict.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define MAP_OF(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"

/* The files of one test, its ledger, and what was told. */
struct scene {
	char *dir, *state, *config;
	struct state_ledger *ledger;
	struct list told;
};

static struct scene scene;

static void tell(struct event_sink *sink, const struct event *event)
{
	(void)sink;
	list_printf(&scene.told, "%s: %s", event_kind_name(event->kind), event->message);
}

static struct event_sink ear = {.emit = tell};

static void set_up(void)
{
	cleanup_err struct err err = ERR_INIT;

	scene = (struct scene){.dir = temp_dir(), .state = temp_dir()};
	scene.config = file_join(scene.dir, "desired.yaml");
	must(state_ledger_open(scene.state, &scene.ledger, &err), &err);
	temp_write(scene.dir, "blog/cm.yaml", MAP_OF("blog"));
	temp_write(scene.dir, "shop/cm.yaml", MAP_OF("shop"));
}

static void tear_down(void)
{
	state_ledger_free(scene.ledger);
	list_done(&scene.told);
	mem_cleanup(&scene.dir);
	mem_cleanup(&scene.state);
	mem_cleanup(&scene.config);
}

static struct loaded *load(void)
{
	cleanup_err struct err err = ERR_INIT;
	struct loaded *loaded;

	must(loaded_read(&(struct loaded_options){.dir = scene.dir,
						  .config = scene.config,
						  .who = "reload by root"},
			 &loaded, &err),
	     &err);
	return loaded;
}

static bool was_told(const char *part)
{
	for (size_t i = 0; i < scene.told.n; i++)
		if (strstr(scene.told.items[i], part))
			return true;
	return false;
}

/* "good: ...; bad: ...; changed: ...; gone: ..." and the lines of the journal. */
static char *judge(const struct loaded *now, const struct loaded *before)
{
	struct verdict verdict;

	verdict_make(now, before, scene.ledger, &verdict);
	list_done(&scene.told);
	verdict_tell(now, before, &verdict, scene.ledger, &ear);
	cleanup_free char *good = list_join(&verdict.good, " ");
	cleanup_free char *bad = list_join(&verdict.bad, " ");
	cleanup_free char *changed = list_join(&verdict.changed, " ");
	cleanup_free char *gone = list_join(&verdict.gone, " ");
	verdict_done(&verdict);
	return mem_printf("good: %s; bad: %s; changed: %s; gone: %s", good, bad, changed, gone);
}

static void expect(const struct loaded *now, const struct loaded *before, const char *expected)
{
	cleanup_free char *got = judge(now, before);

	ck_assert_str_eq(got, expected);
}

START_TEST(test_verdict__only_what_changed_is_told)
{
	struct loaded *first = load();
	expect(first, NULL, "good: blog shop; bad: ; changed: blog shop; gone: ");
	temp_write(scene.dir, "shop/cm.yaml", MAP_OF("shop2"));
	struct loaded *second = load();

	expect(second, first, "good: blog shop; bad: ; changed: shop; gone: ");
	ck_assert_uint_eq(scene.told.n, 2);
	ck_assert(was_told("loaded: shop: its files were taken up, 1 object"));
	ck_assert(was_told("reloaded: reload by root: 1 changed (shop), 1 unchanged"));
	loaded_unref(first);
	loaded_unref(second);
}
END_TEST

START_TEST(test_verdict__a_broken_app_breaks_no_other)
{
	struct loaded *first = load();
	temp_write(scene.dir, "shop/cm.yaml", "kind: ConfigMap\n\tx: 1\n");
	struct loaded *second = load();

	expect(second, first, "good: blog; bad: shop; changed: ; gone: ");
	ck_assert(was_told("load-failed: shop: shop/cm.yaml:2:1: "));
	ck_assert(was_told("; nothing of it is applied"));
	ck_assert(was_told("1 broken (shop), 1 unchanged"));
	loaded_unref(first);
	loaded_unref(second);
}
END_TEST

START_TEST(test_verdict__what_left_the_files_is_known_from_the_ledger)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_app old = {.name = (char *)"old", .revision = 3};
	must(state_ledger_put_app(scene.ledger, &old, &err), &err);
	struct loaded *now = load();

	expect(now, NULL, "good: blog shop; bad: ; changed: blog shop; gone: old");
	loaded_unref(now);
}
END_TEST

START_TEST(test_verdict__broken_settings_keep_everything)
{
	struct loaded *first = load();
	temp_write(scene.dir, "desired.yaml", "folow: files\n");
	struct loaded *second = load();

	ck_assert(second->fatal);
	cleanup_free char *ignored = judge(second, first);
	ck_assert_ptr_nonnull(ignored);
	ck_assert(was_told("everything stays as it was"));
	ck_assert(was_told("nothing was taken up, everything stays as it was"));
	loaded_unref(first);
	loaded_unref(second);
}
END_TEST

START_TEST(test_verdict__an_apply_of_one_app_takes_up_that_one)
{
	struct list none = LIST_INIT;
	struct loaded *first = load();
	temp_write(scene.dir, "shop/cm.yaml", MAP_OF("shop2"));
	temp_write(scene.dir, "blog/cm.yaml", MAP_OF("blog2"));
	temp_write(scene.dir, "new/cm.yaml", MAP_OF("new"));
	struct loaded *second = load();

	loaded_keep_rest(
		second, first,
		&(struct loaded_selection){.app = "shop", .tags = &none, .skip_tags = &none});
	expect(second, first, "good: blog shop; bad: ; changed: shop; gone: ");
	ck_assert_str_eq(second->fingerprint, first->fingerprint);
	loaded_unref(first);
	loaded_unref(second);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/verdict");
	TCase *tests = tcase_create("verdict");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_verdict__only_what_changed_is_told);
	tcase_add_test(tests, test_verdict__a_broken_app_breaks_no_other);
	tcase_add_test(tests, test_verdict__what_left_the_files_is_known_from_the_ledger);
	tcase_add_test(tests, test_verdict__broken_settings_keep_everything);
	tcase_add_test(tests, test_verdict__an_apply_of_one_app_takes_up_that_one);
	suite_add_tcase(suite, tests);
	return suite;
}
