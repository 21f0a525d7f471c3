#include "base/map.h"

#include <stdio.h>

#include "harness/suite.h"

START_TEST(test_map__keeps_the_order_of_arrival)
{
	cleanup_map struct map map = MAP_INIT(NULL);
	char key[16];

	for (long i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key%ld", (i * 37) % 1000);
		map_put(&map, key, (void *)(i + 1));
	}
	ck_assert_uint_eq(map.n, 1000);
	ck_assert_str_eq(map.entries[1].key, "key37");
	ck_assert_ptr_eq(map_get(&map, "key37"), (void *)2);
	ck_assert(!map_has(&map, "key1000"));
}
END_TEST

START_TEST(test_map__removing_keeps_the_rest_findable)
{
	cleanup_map struct map map = MAP_INIT(NULL);
	char key[16];

	for (long i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "%ld", i);
		map_put(&map, key, (void *)(i + 1));
	}
	for (long i = 0; i < 100; i += 2) {
		snprintf(key, sizeof(key), "%ld", i);
		ck_assert_ptr_eq(map_take(&map, key), (void *)(i + 1));
	}
	ck_assert_uint_eq(map.n, 50);
	ck_assert_ptr_eq(map_get(&map, "99"), (void *)100);
	ck_assert_ptr_null(map_get(&map, "98"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/map");
	TCase *tests = tcase_create("map");

	tcase_add_test(tests, test_map__keeps_the_order_of_arrival);
	tcase_add_test(tests, test_map__removing_keeps_the_rest_findable);
	suite_add_tcase(suite, tests);
	return suite;
}
