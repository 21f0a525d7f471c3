/* Three flips within ten minutes, by no person's tool. */
#include "reconcile/contest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "harness/suite.h"

static int64_t now;

static int64_t tell_time(const struct clock *clock)
{
	(void)clock;
	return now;
}

static const struct clock clock_of_test = {.now = tell_time};

static char path[] = "spec.replicas", key[] = "apps/Deployment/default/ghost";

/* True when the field became contested by this repair. */
static bool repair(struct reconcile_contest *contest, const char *manager)
{
	struct tree_difference difference = {.path = path, .place = path};
	struct manifest_manager by = {.name = manager};
	const struct plan_step step = {
		.key = key,
		.drift = true,
		.by = &by,
		.diff = {.items = &difference, .n = 1},
	};
	cleanup_list struct list news = LIST_INIT;

	reconcile_contest_note(contest, &step, &news);
	if (!news.n)
		return false;
	ck_assert_str_eq(news.items[0], path);
	ck_assert_str_eq(news.items[1], manager);
	return true;
}

static bool is_left_alone(struct reconcile_contest *contest)
{
	struct map places;

	reconcile_contest_places(contest, &places);
	const struct list *of_object = map_get(&places, key);
	bool alone = of_object && list_has(of_object, path);
	map_done(&places);
	return alone;
}

START_TEST(test_reconcile_contest__three_flips)
{
	struct reconcile_contest *contest = reconcile_contest_new(&clock_of_test);

	now = 1000;
	ck_assert(!repair(contest, "operator"));
	ck_assert(!repair(contest, "operator"));
	ck_assert(!is_left_alone(contest));
	now += 599000;
	ck_assert(repair(contest, "operator"));
	ck_assert(is_left_alone(contest));
	json_auto_t *list = reconcile_contest_list(contest);
	ck_assert_uint_eq(json_array_size(list), 1);
	reconcile_contest_forget(contest);
	ck_assert(!is_left_alone(contest));
	ck_assert(!repair(contest, "operator"));
	reconcile_contest_free(contest);
}
END_TEST

START_TEST(test_reconcile_contest__slow_flips_are_repaired)
{
	struct reconcile_contest *contest = reconcile_contest_new(&clock_of_test);

	now = 1000;
	for (int i = 0; i < 10; i++, now += 301000)
		ck_assert(!repair(contest, "operator"));
	ck_assert(!is_left_alone(contest));
	reconcile_contest_free(contest);
}
END_TEST

START_TEST(test_reconcile_contest__people_are_overwritten)
{
	struct reconcile_contest *contest = reconcile_contest_new(&clock_of_test);

	now = 1000;
	for (int i = 0; i < 10; i++)
		ck_assert(!repair(contest, "kubectl-edit"));
	ck_assert(!is_left_alone(contest));
	reconcile_contest_free(contest);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("reconcile/contest");
	TCase *tests = tcase_create("contest");

	tcase_add_test(tests, test_reconcile_contest__three_flips);
	tcase_add_test(tests, test_reconcile_contest__slow_flips_are_repaired);
	tcase_add_test(tests, test_reconcile_contest__people_are_overwritten);
	suite_add_tcase(suite, tests);
	return suite;
}
