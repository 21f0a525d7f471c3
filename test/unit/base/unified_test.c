#include "base/unified.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static char *diff(const char *before, const char *after)
{
	struct buf out = BUF_INIT;

	unified_diff("x.yaml", before, strlen(before), after, strlen(after), &out);
	return buf_steal(&out);
}

START_TEST(test_unified_diff__a_line_among_others)
{
	cleanup_free char *text =
		diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");

	ck_assert_str_eq(text, "--- a/x.yaml\n+++ b/x.yaml\n@@ -2,7 +2,7 @@\n"
			       " 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}
END_TEST

START_TEST(test_unified_diff__context_stays_in_its_document)
{
	cleanup_free char *text = diff("password: x\n---\na: 1\n---\npassword: y\n",
				       "password: x\n---\na: 2\n---\npassword: y\n");

	ck_assert_str_eq(text, "--- a/x.yaml\n+++ b/x.yaml\n@@ -3,1 +3,1 @@\n-a: 1\n+a: 2\n");
}
END_TEST

START_TEST(test_unified_diff__equal_and_empty)
{
	cleanup_free char *equal = diff("a\n", "a\n"), *created = diff("", "a\nb");

	ck_assert_str_eq(equal, "");
	ck_assert_str_eq(created, "--- a/x.yaml\n+++ b/x.yaml\n@@ -0,0 +1,2 @@\n+a\n+b\n"
				  "\\ No newline at end of file\n");
}
END_TEST

static char *random_text(void)
{
	struct buf text = BUF_INIT;

	for (int i = rand() % 40; i > 0; i--)
		buf_printf(&text, "%d\n", rand() % 4);
	return buf_steal(&text);
}

/* patch(1) is the judge. */
START_TEST(test_unified_diff__patch_takes_it)
{
	srand(17);
	for (int i = 0; i < 40; i++) {
		cleanup_free char *dir = temp_dir(), *before = random_text();
		cleanup_free char *after = random_text(), *text = diff(before, after);
		cleanup_free char *command = mem_printf("cd %s && patch -s -p1 < patch.txt", dir);
		if (!*text)
			continue;
		temp_write(dir, "x.yaml", before);
		temp_write(dir, "patch.txt", text);
		ck_assert_int_eq(system(command), 0);
		cleanup_free char *path = file_join(dir, "x.yaml");
		cleanup_free char *got =
			file_exists(path) ? temp_read(dir, "x.yaml") : mem_strdup("");
		ck_assert_str_eq(got, after);
	}
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/unified");
	TCase *tests = tcase_create("diff");

	tcase_add_test(tests, test_unified_diff__a_line_among_others);
	tcase_add_test(tests, test_unified_diff__context_stays_in_its_document);
	tcase_add_test(tests, test_unified_diff__equal_and_empty);
	tcase_add_test(tests, test_unified_diff__patch_takes_it);
	suite_add_tcase(suite, tests);
	return suite;
}
