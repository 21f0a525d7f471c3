/* Whether a watched change is drift: only our own entry of managedFields counts. */
#include "reconcile/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/ledger.h"
#include "tree/json.h"

#define KEY "core/ConfigMap/default/a"

static struct state_ledger *ledger;
static char *folder;

static json_t *object(const char *uid, const char *ours)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = mem_printf(
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\","
		"\"namespace\":\"default\",\"uid\":\"%s\",\"managedFields\":["
		"{\"manager\":\"kubectl-edit\",\"operation\":\"Update\",\"fieldsV1\":{\"f:b\":{}}}%"
		"s]}}",
		uid, ours);
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "object", true, &tree, &err), &err);
	return tree;
}

static const char ours[] =
	",{\"manager\":\"desired\",\"operation\":\"Apply\",\"time\":\"2026-11-22T10:00:00Z\","
	"\"fieldsV1\":{\"f:data\":{\"f:value\":{}}}}";
static const char ours_less[] =
	",{\"manager\":\"desired\",\"operation\":\"Apply\",\"time\":\"2026-11-22T10:00:00Z\","
	"\"fieldsV1\":{\"f:data\":{}}}";
static const char ours_later[] =
	",{\"manager\":\"desired\",\"operation\":\"Apply\",\"time\":\"2026-11-22T10:00:09Z\","
	"\"fieldsV1\":{\"f:data\":{\"f:value\":{}}}}";

/* As a successful apply leaves it. */
static void record(const char *uid, enum state_stage stage)
{
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *applied = object("1", ours);
	struct state_entry entry = {
		.id = {.group = (char *)"",
		       .version = (char *)"v1",
		       .kind = (char *)"ConfigMap",
		       .ns = (char *)"default",
		       .name = (char *)"a"},
		.key = (char *)KEY,
		.app = (char *)"app",
		.uid = (char *)uid,
		.hash = (char *)"hash",
		.owned = manifest_live_owned(applied),
		.stage = stage,
	};
	const struct state_entry *entries[] = {&entry};

	must(state_ledger_put(ledger, entries, 1, &err), &err);
	free(entry.owned);
}

static bool drifted(json_t *now_stolen)
{
	json_auto_t *now = now_stolen;
	cleanup_free char *app = NULL;
	bool yes = reconcile_drifted(ledger, KEY, now, &app);

	ck_assert_int_eq(yes, app && !strcmp(app, "app"));
	return yes;
}

static void setup(void)
{
	cleanup_err struct err err = ERR_INIT;

	folder = temp_dir();
	must(state_ledger_open(folder, &ledger, &err), &err);
	must(state_ledger_bind(ledger, "cluster", &err), &err);
	record("1", STATE_SETTLED);
}

static void teardown(void)
{
	state_ledger_free(ledger);
	free(folder);
}

START_TEST(test_drift__a_foreign_field_or_status_is_none)
{
	ck_assert(!drifted(object("1", ours)));
}
END_TEST

START_TEST(test_drift__a_field_that_left_our_entry_is)
{
	ck_assert(drifted(object("1", ours_less)));
}
END_TEST

START_TEST(test_drift__a_second_writer_under_our_name_is)
{
	ck_assert(drifted(object("1", ours_later)));
}
END_TEST

START_TEST(test_drift__wiped_managed_fields_are)
{
	ck_assert(drifted(object("1", "")));
}
END_TEST

START_TEST(test_drift__gone_or_created_anew_is)
{
	ck_assert(drifted(NULL));
	ck_assert(drifted(object("2", ours)));
}
END_TEST

START_TEST(test_drift__what_a_pass_is_about_to_make_is_none)
{
	record(NULL, STATE_SETTLED);
	ck_assert(!drifted(object("1", ours)));
	record("1", STATE_REPLACING);
	ck_assert(!drifted(NULL));
}
END_TEST

START_TEST(test_drift__what_the_ledger_does_not_have_is_not_ours)
{
	cleanup_free char *app = NULL;

	ck_assert(!reconcile_drifted(ledger, "core/ConfigMap/default/other", NULL, &app));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("reconcile/drift");
	TCase *tests = tcase_create("drift");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_drift__a_foreign_field_or_status_is_none);
	tcase_add_test(tests, test_drift__a_field_that_left_our_entry_is);
	tcase_add_test(tests, test_drift__a_second_writer_under_our_name_is);
	tcase_add_test(tests, test_drift__wiped_managed_fields_are);
	tcase_add_test(tests, test_drift__gone_or_created_anew_is);
	tcase_add_test(tests, test_drift__what_a_pass_is_about_to_make_is_none);
	tcase_add_test(tests, test_drift__what_the_ledger_does_not_have_is_not_ours);
	suite_add_tcase(suite, tests);
	return suite;
}
