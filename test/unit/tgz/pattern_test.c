#include "tgz/pattern.h"

#include <stdio.h>

#include "harness/suite.h"

static const struct {
	const char *pattern, *file;
	bool directory, matches;
} cases[] = {
	{"*.log", "a/b/x.log", false, true},
	{"*.log", "x.log.1", false, false},
	{"cache", "a/cache", true, true},
	{"cache", "a/cache/b", false, false}, /* the directory goes with all in it */
	{"cache/", "a/cache", true, true},
	{"cache/", "a/cache", false, false},
	{"data/cache", "data/cache", true, true},
	{"data/cache", "a/data/cache", true, false},
	{"data/*", "data/a", false, true},
	{"data/*", "data/a/b", false, false},
	{"data/**", "data/a/b", false, true},
	{"data/**", "data", true, false},
	{"**/tmp", "tmp", true, true},
	{"**/tmp", "a/b/tmp", true, true},
	{"a/**/z", "a/z", false, true},
	{"a/**/z", "a/b/c/z", false, true},
	{"a/**/z", "az", false, false},
	{"/srv/blog/a*", "abc", false, true},
	{"/srv/blog", "abc", false, false},
	{"?.db", "a.db", false, true},
	{"?.db", ".db", false, false},
	{"a?b/c", "a/b/c", false, false},
	{"[ab].db", "b.db", false, true},
	{"[!ab].db", "b.db", false, false},
	{"[a-c]*", "cx", false, true},
	{"[]]", "]", false, true},
	{"\\*", "*", false, true},
	{"\\*", "a", false, false},
	{"*", "anything", false, true},
};

START_TEST(test_pattern__matches)
{
	cleanup_err struct err err = ERR_INIT;
	char path[128];

	snprintf(path, sizeof(path), "/srv/blog/%s", cases[_i].file);
	must(tgz_pattern_check(cases[_i].pattern, &err), &err);
	ck_assert_msg(tgz_pattern_matches(cases[_i].pattern, cases[_i].file, path,
					  cases[_i].directory) == cases[_i].matches,
		      "%s and %s", cases[_i].pattern, cases[_i].file);
}
END_TEST

START_TEST(test_pattern__malformed_ones_are_named)
{
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(tgz_pattern_check("a[b", &err), -ERR_INVALID);
	ck_assert_str_eq(err.message, "the pattern 'a[b' has a [ without its ]");
	ck_assert_int_eq(tgz_pattern_check("", &err), -ERR_INVALID);
	ck_assert_int_eq(tgz_pattern_check("/", &err), -ERR_INVALID);
	must(tgz_pattern_check("a\\[b", &err), &err);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tgz/pattern");
	TCase *tcase = tcase_create("pattern");

	tcase_add_loop_test(tcase, test_pattern__matches, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(tcase, test_pattern__malformed_ones_are_named);
	suite_add_tcase(suite, tcase);
	return suite;
}
