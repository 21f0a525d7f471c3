/* Sets: ids, and markers that say again what was written. */
#include <stdlib.h>
#include <string.h>

#include "backup/set.h"
#include "base/mem.h"
#include "harness/suite.h"

static char *id_at(time_t seconds, long nanoseconds)
{
	const struct timespec now = {seconds, nanoseconds};

	return backup_set_id(&now);
}

START_TEST(test_backup_set__ids_sort_as_times_do)
{
	static const long moments[] = {0, 1000, 999000, 1000000, 500000000, 999999999};
	cleanup_free char *before = id_at(1795399204, 999999999);

	for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++) {
		char *id = id_at(1795399205, moments[i]);
		ck_assert_str_lt(before, id);
		ck_assert_int_eq(backup_set_time(id), 1795399205);
		ck_assert_uint_eq(strlen(id), strlen("20261123T020004Z-1a2b3c4d"));
		free(before);
		before = id;
	}
}
END_TEST

START_TEST(test_backup_set__ids_of_one_moment_differ)
{
	size_t same = 0;

	for (int i = 0; i < 20; i++) {
		cleanup_free char *one = id_at(1795399205, 5000), *other = id_at(1795399205, 5000);
		same += !strcmp(one, other);
	}
	ck_assert_uint_lt(same, 3);
}
END_TEST

START_TEST(test_backup_set__what_is_no_id_has_no_time)
{
	ck_assert_int_eq(backup_set_time("20261123T020004Z"), 0);
	ck_assert_int_eq(backup_set_time("latest"), 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/set");
	TCase *tests = tcase_create("set");

	tcase_add_test(tests, test_backup_set__ids_sort_as_times_do);
	tcase_add_test(tests, test_backup_set__ids_of_one_moment_differ);
	tcase_add_test(tests, test_backup_set__what_is_no_id_has_no_time);
	suite_add_tcase(suite, tests);
	return suite;
}
