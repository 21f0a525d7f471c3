#include "base/mask.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "harness/suite.h"

static struct mask *mask_of(const char *value)
{
	struct mask *mask = mask_new();

	mask_add(mask, value, strlen(value));
	return mask;
}

static void expect(struct mask *mask, const char *text, const char *expected)
{
	cleanup_free char *masked = mask_text(mask, text, strlen(text));

	ck_assert_str_eq(masked ? masked : text, expected);
}

static const struct {
	const char *value, *text, *expected;
} cases[] = {
	/* plain, and what is none */
	{"hunter2x", "the password is hunter2x", "the password is ***"},
	{"hunter2x", "hunter2xhunter2x", "***"},
	{"hunter2x", "hunter2x and hunter2x", "*** and ***"},
	{"hunter2x", "hunter2 is another", "hunter2 is another"},
	{"hunter2x", "", ""},
	{"short", "a short one", "a short one"},
	{"hunter2x\n", "value: hunter2x;", "value: ***;"},
	/* wrapped and indented */
	{"correct horse battery", "a: correct\n     horse battery", "a: ***"},
	{"one line\nsecond line\n", "a: |\n    one line\n    second line\nb: 1",
	 "a: |\n    ***\nb: 1"},
	{"one line\nsecond line", "only the second line of it", "only the *** of it"},
	{"a\nsecond line\nb", "# a\n# second line\n# b", "# a\n# ***\n# b"},
	/* JSON, YAML, Python, Go */
	{"say \"hi\"\\now", "{\"a\": \"say \\\"hi\\\"\\\\now\"}", "{\"a\": \"***\"}"},
	{"one line\nsecond line", "\"one line\\nsecond line\\n\"", "\"***\\n\""},
	{"gr\xc3\xbc\xc3\x9f"
	 "e dich",
	 "\"gr\\u00fc\\u00dfe dich\"", "\"***\""},
	{"gr\xc3\xbc\xc3\x9f"
	 "e dich",
	 "\"gr\\xfc\\xdfe dich\"", "\"***\""},
	{"smile \xf0\x9f\x98\x80", "\"smile \\ud83d\\ude00\"", "\"***\""},
	{"smile \xf0\x9f\x98\x80", "\"smile \\U0001f600\"", "\"***\""},
	{"a<b>&'c", "\"a\\u003cb\\u003e\\u0026\\u0027c\"", "\"***\""},
	{"it's mine", "'it''s mine'", "'***'"},
	{"it's mine", "['it\\'s mine']", "['***']"},
	{"tab\there", "\"tab\\there\"", "\"***\""},
	{"a long value of words", "\"a long value\\\n  \\ of words\"", "\"***\""},
	{"a/slash/b", "\"a\\/slash\\/b\"", "\"***\""},
	/* the shell, URLs, HTML */
	{"it's mine", "'it'\"'\"'s mine'", "'***'"},
	{"p@ss w/rd?", "https://u:p%40ss%20w%2Frd%3F@h/", "https://u:***@h/"},
	{"p@ss w/rd?", "https://u:p%40ss%20w/rd%3f@h/", "https://u:***@h/"},
	{"p@ss w+rd", "pw=p%40ss+w%2Brd&x=1", "pw=***&x=1"},
	{"a<b>&\"c'", "<p>a&lt;b&gt;&amp;&#34;c&#39;</p>", "<p>***</p>"},
	/* in one another */
	{"say \"hi\"", "{\"a\": \"{\\\"b\\\": \\\"say \\\\\\\"hi\\\\\\\"\\\"}\"}",
	 "{\"a\": \"{\\\"b\\\": \\\"***}\"}"},
	/* base64 */
	{"hunter2x", "aHVudGVyMng=", "***="},
	{"hunter2x", "data: aHVudGVyMngK", "data: ***K"},
	{"hunter2x", "Basic aHVudGVyMng=", "Basic ***="},
	{"hunter2x", "xaHVudGVyMng=", "x***="},
	{"\xc3\xbf\xc3\xbf\xc3\xbf\xc3\xbf", "w7_Dv8O_w78", "***"},
	/* cut off */
	{"a very long password", "was \"a very lo...\"", "was \"***...\""},
	{"a very long password", "was \"a very lo\xe2\x80\xa6\"", "was \"***\xe2\x80\xa6\""},
	{"a very long password", "a ver...", "a ver..."},
	{"a very \"long\" password", "a very \\\"lo...", "***..."},
	{"a very long password", "YSB2ZXJ5IGxvbmcg...", "***..."},
	{"a very long password", "a very long one", "a very long one"},
};

START_TEST(test_mask__finds_values_whatever_they_went_through)
{
	struct mask *mask = mask_of(cases[_i].value);

	expect(mask, cases[_i].text, cases[_i].expected);
	mask_free(mask);
}
END_TEST

/* Wherever the value stands in what was encoded: all three alignments, any neighbours. */
START_TEST(test_mask__finds_base64_at_every_alignment)
{
	const char *value = "s3cr3t";
	struct mask *mask = mask_of(value);
	char before[20] = "", after[20] = "";

	for (size_t i = 0; i < 12; i++) {
		cleanup_free char *text = mem_printf("%s%s%s", before, value, after);
		cleanup_free char *encoded = digest_base64(text, strlen(text));
		cleanup_free char *line = mem_printf("key: %s", encoded);
		cleanup_free char *masked = mask_text(mask, line, strlen(line));
		ck_assert_msg(masked && strstr(masked, "***"), "%s", line);
		before[i] = after[11 - i] = "\xc3\xbc:{\"pass\": "[i % 11];
		memset(after, '/', i);
	}
	mask_free(mask);
}
END_TEST

/* What a registry's login is: base64 in JSON in base64. */
START_TEST(test_mask__finds_base64_in_base64)
{
	struct mask *mask = mask_of("hunter2x");
	cleanup_free char *inner = digest_base64("user:hunter2x", 13);
	cleanup_free char *json = mem_printf("{\"auths\": {\"r\": {\"auth\": \"%s\"}}}", inner);
	cleanup_free char *outer = digest_base64(json, strlen(json));
	cleanup_free char *text = mem_printf(".dockerconfigjson: %s", outer);
	cleanup_free char *masked = mask_text(mask, text, strlen(text));

	ck_assert_ptr_nonnull(masked);
	ck_assert_ptr_nonnull(strstr(masked, "***"));
	ck_assert_uint_lt(strlen(masked), strlen(text));
	mask_free(mask);
}
END_TEST

START_TEST(test_mask__finds_base64_in_lines)
{
	struct mask *mask = mask_of("hunter2x");
	struct buf plain = BUF_INIT, text = BUF_INIT;

	buf_fill(&plain, 'a', 52);
	buf_addstr(&plain, "hunter2x and more of it");
	cleanup_free char *encoded = digest_base64(buf_str(&plain), plain.len);
	buf_printf(&text, "  %.76s\n  %s\n", encoded, encoded + 76);
	cleanup_free char *masked = mask_text(mask, buf_str(&text), text.len);
	ck_assert_ptr_nonnull(masked);
	buf_done(&plain);
	buf_done(&text);
	mask_free(mask);
}
END_TEST

START_TEST(test_mask__hides_overlapping_values_altogether)
{
	struct mask *mask = mask_of("abcdefgh");

	mask_add(mask, "efghijkl", 8);
	mask_add(mask, "abcdefghijklmnop", 16);
	expect(mask, "1abcdefghijkl2", "1***2");
	expect(mask, "1abcdefghijklmnop2", "1***2");
	mask_free(mask);
}
END_TEST

START_TEST(test_mask__knows_short_values_that_stand_alone)
{
	struct mask *mask = mask_of("1234");

	expect(mask, "pin: 1234", "pin: 1234");
	ck_assert(mask_is_value(mask, "1234", 4));
	ck_assert(mask_is_value(mask, "1234\n", 5));
	ck_assert(!mask_is_value(mask, "12345", 5));
	mask_add(mask, "a longer one", 12);
	ck_assert(mask_is_value(mask, "a longer one", 12));
	ck_assert(!mask_is_value(mask, "a longer", 8));
	ck_assert(!mask_is_value(mask, "", 0));
	mask_free(mask);
}
END_TEST

START_TEST(test_mask__bytes_that_are_no_text)
{
	static const char binary[] = "\x01\0\xff\xfe keystore \0\x02";
	struct mask *mask = mask_new();
	cleanup_free char *encoded = digest_base64(binary, sizeof(binary));

	mask_add(mask, binary, sizeof(binary));
	expect(mask, encoded, "***");
	mask_free(mask);
}
END_TEST

START_TEST(test_mask__nobody_listens)
{
	struct mask *mask = mask_new();

	ck_assert_ptr_null(mask_text(NULL, "text", 4));
	ck_assert_ptr_null(mask_text(mask, "some text", 9));
	mask_add(NULL, "hunter2x", 8);
	ck_assert(!mask_is_value(NULL, "hunter2x", 8));
	mask_free(mask);
	mask_free(NULL);
}
END_TEST

/* A thousand values in a megabyte of what looks encoded; the bound is generous. */
START_TEST(test_mask__is_quick)
{
	struct mask *mask = mask_new();
	struct buf text = BUF_INIT;
	struct timespec began, ended;

	for (int i = 0; i < 1000; i++) {
		cleanup_free char *value = mem_printf("password number %d", i * 7919);
		mask_add(mask, value, strlen(value));
	}
	while (text.len < 1000000)
		buf_printf(&text,
			   "  key_%zu: \"value %%41 of \\\"a\\\" &amp; dGV4dCBpbiBiYXNlNjQ=\"\n",
			   text.len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
	cleanup_free char *masked = mask_text(mask, buf_str(&text), text.len);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	ck_assert_ptr_null(masked);
	double seconds = (double)(ended.tv_sec - began.tv_sec) +
			 (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
	if (getenv("VERBOSE"))
		fprintf(stderr, "%.3f s for %zu bytes\n", seconds, text.len);
	ck_assert_double_lt(seconds, 20);
	buf_done(&text);
	mask_free(mask);
}
END_TEST

static void *add_many(void *context)
{
	for (int i = 0; i < 300; i++) {
		cleanup_free char *value = mem_printf("value number %d", i);
		mask_add(context, value, strlen(value));
	}
	return NULL;
}

START_TEST(test_mask__several_threads)
{
	struct mask *mask = mask_of("hunter2x");
	pthread_t threads[3];

	for (size_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, add_many, mask);
	for (int i = 0; i < 100; i++)
		expect(mask, "is hunter2x", "is ***");
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	expect(mask, "is value number 299", "is ***");
	mask_free(mask);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/mask");
	TCase *tests = tcase_create("mask");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_mask__finds_values_whatever_they_went_through, 0,
			    (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tests, test_mask__finds_base64_at_every_alignment);
	tcase_add_test(tests, test_mask__finds_base64_in_base64);
	tcase_add_test(tests, test_mask__finds_base64_in_lines);
	tcase_add_test(tests, test_mask__hides_overlapping_values_altogether);
	tcase_add_test(tests, test_mask__knows_short_values_that_stand_alone);
	tcase_add_test(tests, test_mask__bytes_that_are_no_text);
	tcase_add_test(tests, test_mask__nobody_listens);
	tcase_add_test(tests, test_mask__is_quick);
	tcase_add_test(tests, test_mask__several_threads);
	suite_add_tcase(suite, tests);
	return suite;
}
