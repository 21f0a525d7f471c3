#include "secrets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

static char *dir;

static void set_up(void)
{
	dir = temp_dir();
}

static void tear_down(void)
{
	mem_cleanup(&dir);
}

/* The cluster: what it says when it is asked, and how often it was. */
static bool cluster_answers;
static const char *cluster_value; /* base64 */
static int asked;

static json_t *ask(void *context, const char *ns, const char *name, bool *ret_answered)
{
	(void)context, (void)ns, (void)name;
	asked++;
	*ret_answered = cluster_answers;
	return cluster_answers && cluster_value ? json_pack("{s:s}", "password", cluster_value)
						: NULL;
}

/* The value, as a process of its own would get it. */
static char *value(const char *app, const char *ns, const char *secret, bool make)
{
	struct source_generated wanted = {app, ns, secret, "password", 32};
	struct secrets *secrets;
	struct err err = ERR_INIT;

	must(secrets_open(&(struct secrets_options){.state_dir = dir, .make = make, .ask = ask},
			  &secrets, &err),
	     &err);
	char *text = secrets_value(secrets, &wanted);
	if (make)
		must(secrets_keep(secrets, &err), &err);
	secrets_free(secrets);
	return text;
}

START_TEST(test_secrets__are_made_once)
{
	cleanup_free char *one = value("blog", "default", "db", true);
	cleanup_free char *two = value("blog", "default", "db", true);
	cleanup_free char *other = value("blog", "default", "mail", true);
	cleanup_free char *path = file_join(dir, "secrets.json");
	struct stat st;

	ck_assert_uint_eq(strlen(one), 32);
	ck_assert_str_eq(one, two);
	ck_assert_str_ne(one, other);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(test_secrets__outlive_the_names_of_app_and_namespace)
{
	cleanup_free char *made = value("blog", "default", "db", true);
	cleanup_free char *renamed = value("weblog", "default", "db", true);
	cleanup_free char *moved = value("weblog", "blog", "db", true);
	cleanup_free char *elsewhere = value("shop", "shop", "db", true);

	ck_assert_str_eq(made, renamed);
	ck_assert_str_eq(made, moved);
	ck_assert_str_ne(made, elsewhere);
}
END_TEST

START_TEST(test_secrets__of_an_earlier_version_stay)
{
	temp_write(dir, "secrets.json", "{\"blog/db/password\": \"as it was\"}");
	cleanup_free char *kept = value("blog", "default", "db", true);
	cleanup_free char *renamed = value("weblog", "default", "db", true);

	ck_assert_str_eq(kept, "as it was");
	ck_assert_str_eq(renamed, "as it was");
}
END_TEST

START_TEST(test_secrets__who_only_looks_makes_none)
{
	cleanup_free char *path = file_join(dir, "secrets.json");
	cleanup_free char *none = value("blog", "default", "db", false);

	ck_assert_str_eq(none, "(made at the first apply)");
	ck_assert(!file_exists(path));
	cleanup_free char *made = value("blog", "default", "db", true);
	cleanup_free char *seen = value("blog", "default", "db", false);
	ck_assert_str_eq(made, seen);
}
END_TEST

START_TEST(test_secrets__lost_ones_are_taken_from_the_cluster)
{
	cluster_answers = true;
	cluster_value = "b2YgdGhlIGNsdXN0ZXI=";
	cleanup_free char *seen = value("blog", "default", "db", false);
	cleanup_free char *taken = value("blog", "default", "db", true);
	cleanup_free char *path = file_join(dir, "secrets.json");

	ck_assert_str_eq(seen, "of the cluster");
	ck_assert_str_eq(taken, "of the cluster");
	ck_assert(file_exists(path));
	cluster_value = "c29tZWJvZHkgZWRpdGVkIGl0";
	asked = 0;
	cleanup_free char *kept = value("blog", "default", "db", true);
	ck_assert_str_eq(kept, "of the cluster");
	ck_assert_int_eq(asked, 0);
}
END_TEST

/* One that was made while nobody could be asked gives way to the cluster's, once. */
START_TEST(test_secrets__made_in_the_dark_are_asked_for_later)
{
	cleanup_free char *made = value("blog", "default", "db", true);
	cleanup_free char *still = value("blog", "default", "db", true);

	ck_assert_str_eq(made, still);
	cluster_answers = true;
	cluster_value = "b2YgdGhlIGNsdXN0ZXI=";
	cleanup_free char *taken = value("blog", "default", "db", true);
	ck_assert_str_eq(taken, "of the cluster");
	cluster_value = NULL;
	asked = 0;
	cleanup_free char *kept = value("blog", "default", "db", true);
	ck_assert_str_eq(kept, "of the cluster");
	ck_assert_int_eq(asked, 0);
}
END_TEST

/* A damaged file is no reason to make new passwords. */
START_TEST(test_secrets__damage_is_an_error)
{
	static const char *const damaged[] = {"", "{\"blog/db", "[]"};
	struct secrets *secrets;

	for (size_t i = 0; i < 3; i++) {
		cleanup_err struct err err = ERR_INIT;
		temp_write(dir, "secrets.json", damaged[i]);
		ck_assert_int_lt(
			secrets_open(&(struct secrets_options){.state_dir = dir, .make = true},
				     &secrets, &err),
			0);
		cleanup_free char *text = err_text(&err);
		ck_assert_msg(strstr(text, "secrets.json"), "%s", text);
		ck_assert_msg(strstr(text, "restore it from a backup"), "%s", text);
	}
}
END_TEST

START_TEST(test_secrets__the_mask_knows_them)
{
	struct source_generated wanted = {"blog", "default", "db", "password", 32};
	struct mask *mask = mask_new();
	struct secrets *secrets;
	struct err err = ERR_INIT;

	temp_write(
		dir, "secrets.json",
		"{\"a/b/c\": \"of before\", \"a/b/d\": {\"value\": \"of now\", \"app\": \"a\"}}");
	must(secrets_open(&(struct secrets_options){.state_dir = dir, .make = true, .mask = mask},
			  &secrets, &err),
	     &err);
	cleanup_free char *made = secrets_value(secrets, &wanted);
	ck_assert(mask_is_value(mask, made, strlen(made)));
	ck_assert(mask_is_value(mask, "of before", 9));
	ck_assert(mask_is_value(mask, "of now", 6));
	secrets_free(secrets);
	mask_free(mask);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/secrets");
	TCase *tests = tcase_create("secrets");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_secrets__are_made_once);
	tcase_add_test(tests, test_secrets__outlive_the_names_of_app_and_namespace);
	tcase_add_test(tests, test_secrets__of_an_earlier_version_stay);
	tcase_add_test(tests, test_secrets__who_only_looks_makes_none);
	tcase_add_test(tests, test_secrets__lost_ones_are_taken_from_the_cluster);
	tcase_add_test(tests, test_secrets__made_in_the_dark_are_asked_for_later);
	tcase_add_test(tests, test_secrets__damage_is_an_error);
	tcase_add_test(tests, test_secrets__the_mask_knows_them);
	suite_add_tcase(suite, tests);
	return suite;
}
