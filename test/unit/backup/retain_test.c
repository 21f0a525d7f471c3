/* Retention against a model that is written the other way round: day by day instead of set by set.
 */
#include "backup/retain.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"

#define DAY  86400
#define DAYS 400

static const struct backup_retain rules = {
	.last = 3, .daily = 7, .weekly = 4, .monthly = 6, .yearly = 2, .max_age_s = 26 * 3600};

static struct backup_catalog catalog;
static bool keep[4 * DAYS];

static void tear_down(void)
{
	backup_catalog_done(&catalog);
}

static struct backup_set *add(time_t when, enum backup_state state)
{
	const struct timespec time = {.tv_sec = when};
	struct backup_set *set = mem_new(struct backup_set);

	set->id = backup_set_id(&time);
	set->node = mem_strdup("n");
	set->version = mem_strdup("0");
	backup_set_add(set, "blog")->state = state;
	catalog.sets = mem_realloc(catalog.sets, (catalog.count + 1) * sizeof(set));
	catalog.sets[catalog.count++] = set;
	return set;
}

static void forget(void)
{
	size_t left = 0;

	for (size_t i = 0; i < catalog.count; i++) {
		if (keep[i])
			catalog.sets[left++] = catalog.sets[i];
		else
			backup_set_free(catalog.sets[i]);
	}
	catalog.count = left;
}

static time_t start(void)
{
	struct tm tm = {.tm_year = 125, .tm_mon = 10, .tm_mday = 3, .tm_hour = 2};

	return timegm(&tm);
}

/* ---- The model: everything that ever was, and what should be left of it. */

struct past {
	time_t when;
	bool good;
};

static void period_of(time_t when, const char *format, char ret[16])
{
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(ret, 16, format, &tm);
}

/* How many periods later than this one have a good set, up to `limit`; and whether this is the last
 * good one of its own. */
static bool is_newest_of_period(const struct past *past, size_t count, size_t i, const char *format,
				int limit)
{
	char mine[16], last[16], theirs[16];
	int later = 0;

	period_of(past[i].when, format, mine);
	memcpy(last, mine, sizeof(last));
	for (size_t j = i + 1; j < count; j++) {
		period_of(past[j].when, format, theirs);
		if (!past[j].good)
			continue;
		if (!strcmp(theirs, mine))
			return false;
		later += strcmp(theirs, last) != 0;
		memcpy(last, theirs, sizeof(last));
	}
	return later < limit;
}

static bool should_stay(const struct past *past, size_t count, size_t i)
{
	int later = 0;

	for (size_t j = i + 1; j < count; j++)
		later += past[j].good;
	if (!past[i].good)
		return !later;
	return later < rules.last || is_newest_of_period(past, count, i, "%Y%m%d", rules.daily) ||
	       is_newest_of_period(past, count, i, "%G-%V", rules.weekly) ||
	       is_newest_of_period(past, count, i, "%Y%m", rules.monthly) ||
	       is_newest_of_period(past, count, i, "%Y", rules.yearly);
}

static bool is_left(time_t when)
{
	for (size_t i = 0; i < catalog.count; i++)
		if (backup_set_time(catalog.sets[i]->id) == when)
			return true;
	return false;
}

static void compare(const struct past *past, size_t count)
{
	size_t expected = 0;

	for (size_t i = 0; i < count; i++) {
		bool stays = should_stay(past, count, i);
		expected += stays;
		ck_assert_msg(!stays || is_left(past[i].when), "set %zu of %zu went", i, count);
	}
	ck_assert_uint_eq(catalog.count, expected);
}

/* 400 nights, some failed, some with two sets, deleted after each: nothing is deleted that a later
 * night would want. */
START_TEST(test_retain__as_the_model_over_400_days)
{
	struct past past[3 * DAYS];
	size_t count = 0;

	srandom((unsigned int)_i + 1);
	for (int day = 0; day < DAYS; day++) {
		time_t night = start() + (time_t)day * DAY;
		int sets = random() % 8 ? 1 : 2;
		for (int i = 0; i < sets; i++) {
			cleanup_err struct err err = ERR_INIT;
			bool good = random() % 10 != 0;
			past[count++] = (struct past){night + i * 600, good};
			add(night + i * 600, good ? BACKUP_OK : BACKUP_FAILED);
			catalog.server_time = night + 3600;
			if (backup_retain(&catalog, &rules, night + 3600, keep, &err) >= 0)
				forget();
		}
	}
	cleanup_err struct err err = ERR_INIT;
	time_t now = start() + (time_t)DAYS * DAY + 7200;
	past[count++] = (struct past){now - 7200, true};
	add(now - 7200, BACKUP_WARNING);
	catalog.server_time = now;
	must(backup_retain(&catalog, &rules, now, keep, &err), &err);
	forget();
	compare(past, count);
}
END_TEST

/* ---- When nothing may be deleted. */

static void ten_nights(void)
{
	for (int day = 0; day < 10; day++)
		for (int hour = 0; hour < 10; hour++)
			add(start() + (time_t)day * DAY + hour * 600, BACKUP_OK);
}

static time_t after_them(void)
{
	return start() + 9 * DAY + 3 * 3600;
}

static void refuses(time_t now, time_t server, const char *why)
{
	cleanup_err struct err err = ERR_INIT;

	catalog.server_time = server;
	ck_assert_int_eq(backup_retain(&catalog, &rules, now, keep, &err), -ERR_INVALID);
	ck_assert_msg(strstr(err.message, why), "it says: %s", err.message);
	for (size_t i = 0; i < catalog.count; i++)
		ck_assert(keep[i]);
}

START_TEST(test_retain__a_clock_of_2040_deletes_nothing)
{
	struct tm tm = {.tm_year = 140, .tm_mday = 1};

	ten_nights();
	refuses(timegm(&tm), after_them(), "differ by");
	/* A store that does not tell its time, or a directory on the same machine. */
	refuses(timegm(&tm), 0, "old");
	refuses(timegm(&tm), timegm(&tm), "old");
}
END_TEST

START_TEST(test_retain__a_clock_of_the_past_deletes_nothing)
{
	ten_nights();
	refuses(start(), start(), "of the future");
	refuses(after_them() - 600, after_them(), "differ by");
}
END_TEST

/* Months without a backup: the old sets are all that there is. */
START_TEST(test_retain__a_stale_backup_deletes_nothing)
{
	ten_nights();
	refuses(after_them() + 60 * DAY, after_them() + 60 * DAY, "old");
}
END_TEST

START_TEST(test_retain__a_damaged_marker_deletes_nothing)
{
	ten_nights();
	list_add(&catalog.damaged, "n/_sets/x.json: it is no marker");
	refuses(after_them(), after_them(), "damaged");
}
END_TEST

START_TEST(test_retain__failed_sets_push_no_good_one_out)
{
	cleanup_err struct err err = ERR_INIT;
	time_t now = start() + 30 * DAY;

	for (int i = 0; i < 3; i++)
		add(now - 10 * 3600 + i * 60, BACKUP_OK);
	for (int i = 0; i < 50; i++)
		add(now - 9 * 3600 + i * 60, BACKUP_FAILED);
	catalog.server_time = now;
	const struct backup_retain little = {.last = 0, .max_age_s = 26 * 3600};
	must(backup_retain(&catalog, &little, now, keep, &err), &err);
	for (size_t i = 0; i < catalog.count; i++)
		ck_assert(keep[i]);
}
END_TEST

START_TEST(test_retain__only_failed_ones_delete_nothing)
{
	add(start(), BACKUP_FAILED);
	refuses(start(), start(), "no good set");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/retain");
	TCase *tests = tcase_create("retain");

	tcase_add_checked_fixture(tests, NULL, tear_down);
	tcase_add_loop_test(tests, test_retain__as_the_model_over_400_days, 0, 4);
	tcase_add_test(tests, test_retain__a_clock_of_2040_deletes_nothing);
	tcase_add_test(tests, test_retain__a_clock_of_the_past_deletes_nothing);
	tcase_add_test(tests, test_retain__a_stale_backup_deletes_nothing);
	tcase_add_test(tests, test_retain__a_damaged_marker_deletes_nothing);
	tcase_add_test(tests, test_retain__failed_sets_push_no_good_one_out);
	tcase_add_test(tests, test_retain__only_failed_ones_delete_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
