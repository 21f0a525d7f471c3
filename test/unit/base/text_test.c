/* err, diag, name, timespan and digest: what ends up in front of people. */
#include "base/diag.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/timespan.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/suite.h"

START_TEST(test_err__text_has_place_message_and_hint)
{
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(err_set(&err, ERR_INVALID, "undefined variable '%s'", "verison"),
			 -ERR_INVALID);
	(void)err_at(&err, "ghost/deployment.yml.j2", 23, 28);
	(void)err_at(&err, "elsewhere", 1, 1);
	(void)err_hint(&err, "nearest: 'version'");
	cleanup_free char *text = err_text(&err);
	ck_assert_str_eq(text, "ghost/deployment.yml.j2:23:28: undefined variable 'verison' "
			       "(nearest: 'version')");
}
END_TEST

START_TEST(test_err__message_is_one_line)
{
	cleanup_err struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INVALID, "no file %s", "a\nsystemd[1]: b\r\x1b[1m");
	ck_assert_str_eq(err.message, "no file a systemd[1]: b  [1m");
	(void)err_wrap(&err, "app %s", "c\nd");
	ck_assert_str_eq(err.message, "app c d: no file a systemd[1]: b  [1m");
}
END_TEST

START_TEST(test_err__wrap_keeps_the_code)
{
	cleanup_err struct err err = ERR_INIT;

	(void)err_errno(&err, ENOENT, "vars.yaml");
	ck_assert_int_eq(err_wrap(&err, "ghost"), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "ghost: vars.yaml: No such file or directory");
}
END_TEST

START_TEST(test_diag__the_same_finding_of_two_instances_is_one)
{
	cleanup_diag struct diag_list list = DIAG_LIST_INIT;
	cleanup_buf struct buf out = BUF_INIT;
	const char *apps[] = {"ghost@tfe-fr", "ghost@tfe-en"};

	for (int i = 0; i < 2; i++) {
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "undefined variable 'verison'");
		(void)err_at(&err, "ghost/d.yml.j2", 2, 10);
		(void)err_excerpt(&err, "  image: {{verison}}", 20, 7);
		(void)err_hint(&err, "did you mean 'version' (ghost/vars.yaml:5)?");
		diag_add(&list, DIAG_ERROR, apps[i], &err);
	}
	ck_assert_uint_eq(list.n, 1);
	ck_assert(diag_has_error(&list, "ghost@tfe-en"));
	ck_assert(!diag_has_error(&list, "traefik"));
	diag_print(&list.items[0], &out);
	ck_assert_str_eq(buf_str(&out),
			 "ghost/d.yml.j2:2:10: error: undefined variable 'verison'\n"
			 "    2 |   image: {{verison}}\n"
			 "      |          ^~~~~~~ did you mean 'version' (ghost/vars.yaml:5)?\n"
			 "      in ghost@tfe-fr, ghost@tfe-en\n");
}
END_TEST

START_TEST(test_name__nearest_forgives_one_mistake_in_three_letters)
{
	const char *known[] = {"version", "namespace", "image"};

	ck_assert_str_eq(name_nearest("verison", known, 3), "version");
	ck_assert_str_eq(name_nearest("Image", known, 3), "image");
	ck_assert_ptr_null(name_nearest("replicas", known, 3));
	ck_assert_ptr_null(name_nearest("x", known, 3));
}
END_TEST

START_TEST(test_name__label)
{
	ck_assert(name_is_label("ghost-tfe-fr"));
	ck_assert(!name_is_label("-ghost"));
	ck_assert(!name_is_label("Ghost"));
	ck_assert(!name_is_label(""));
}
END_TEST

START_TEST(test_timespan__reads_what_systemd_reads)
{
	cleanup_err struct err err = ERR_INIT;
	int64_t ms = 0;

	must(timespan_parse("5min", &ms, &err), &err);
	ck_assert_int_eq(ms, 300000);
	must(timespan_parse("1h 30min", &ms, &err), &err);
	ck_assert_int_eq(ms, 5400000);
	must(timespan_parse("90", &ms, &err), &err);
	ck_assert_int_eq(ms, 90000);
	ck_assert_int_lt(timespan_parse("soon", &ms, &err), 0);
	ck_assert_int_lt(timespan_parse("5 parsec", &ms, &err), 0);
	ck_assert_int_lt(timespan_parse("", &ms, &err), 0);
}
END_TEST

START_TEST(test_timespan__rfc3339_round_trip)
{
	cleanup_free char *text = timespan_rfc3339(1795363541);

	ck_assert_int_eq(timespan_parse_rfc3339(text), 1795363541);
	ck_assert_int_eq(timespan_parse_rfc3339("yesterday"), -1);
}
END_TEST

START_TEST(test_digest__known_values)
{
	cleanup_free char *sha = digest_sha256_hex("abc", 3);
	cleanup_free char *base64 = digest_base64("light w", 7);
	cleanup_free char *unknown = digest_hex("no-such", "", 0);

	ck_assert_str_eq(sha, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str_eq(base64, "bGlnaHQgdw==");
	ck_assert_ptr_null(unknown);
}
END_TEST

START_TEST(test_digest__base64_decode_refuses_what_is_none)
{
	cleanup_err struct err err = ERR_INIT;
	char *bytes = NULL;
	size_t length = 0;

	must(digest_base64_decode("bGln\naHQgdw==", 13, &bytes, &length, &err), &err);
	ck_assert_uint_eq(length, 7);
	ck_assert_str_eq(bytes, "light w");
	free(bytes);
	ck_assert_int_lt(digest_base64_decode("bGl", 3, &bytes, &length, &err), 0);
	ck_assert_int_lt(digest_base64_decode("b*==", 4, &bytes, &length, &err), 0);
	ck_assert_int_lt(digest_base64_decode("b=Gl", 4, &bytes, &length, &err), 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("base/text");
	TCase *tests = tcase_create("text");

	tcase_add_test(tests, test_err__text_has_place_message_and_hint);
	tcase_add_test(tests, test_err__message_is_one_line);
	tcase_add_test(tests, test_err__wrap_keeps_the_code);
	tcase_add_test(tests, test_diag__the_same_finding_of_two_instances_is_one);
	tcase_add_test(tests, test_name__nearest_forgives_one_mistake_in_three_letters);
	tcase_add_test(tests, test_name__label);
	tcase_add_test(tests, test_timespan__reads_what_systemd_reads);
	tcase_add_test(tests, test_timespan__rfc3339_round_trip);
	tcase_add_test(tests, test_digest__known_values);
	tcase_add_test(tests, test_digest__base64_decode_refuses_what_is_none);
	suite_add_tcase(suite, tests);
	return suite;
}
