#include "quiet.h"

#include "harness/suite.h"

static int heard;

static void hear(struct event_sink *sink, const struct event *event)
{
	(void)sink, (void)event;
	heard++;
}

static struct event_sink ear = {.emit = hear};

static void say(struct quiet *quiet, enum event_kind kind, const char *app, const char *text)
{
	event_emit(quiet_sink(quiet), (struct event){.kind = kind, .app = app}, "%s", text);
}

START_TEST(test_quiet__a_lasting_failure_is_told_once)
{
	struct quiet *quiet = quiet_new(&ear);

	heard = 0;
	say(quiet, EVENT_FAILED, "ghost", "no space");
	say(quiet, EVENT_FAILED, "ghost", "no space");
	ck_assert_int_eq(heard, 1);
	say(quiet, EVENT_FAILED, "ghost", "no luck");
	say(quiet, EVENT_FAILED, "traefik", "no space");
	ck_assert_int_eq(heard, 3);
	quiet_free(quiet);
}
END_TEST

START_TEST(test_quiet__it_is_news_again_after_the_app_was_well)
{
	struct quiet *quiet = quiet_new(&ear);

	heard = 0;
	say(quiet, EVENT_FAILED, "ghost", "no space");
	say(quiet, EVENT_FAILED, "ghosts", "no space");
	say(quiet, EVENT_READY, "ghost", "ready");
	say(quiet, EVENT_FAILED, "ghost", "no space");
	say(quiet, EVENT_FAILED, "ghosts", "no space");
	ck_assert_int_eq(heard, 4);
	quiet_forget(quiet);
	say(quiet, EVENT_FAILED, "ghosts", "no space");
	ck_assert_int_eq(heard, 5);
	quiet_free(quiet);
}
END_TEST

START_TEST(test_quiet__what_is_done_is_always_told)
{
	struct quiet *quiet = quiet_new(&ear);

	heard = 0;
	say(quiet, EVENT_REPAIRED, "ghost", "repaired");
	say(quiet, EVENT_REPAIRED, "ghost", "repaired");
	ck_assert_int_eq(heard, 2);
	quiet_free(quiet);
}
END_TEST

START_TEST(test_quiet__what_waits_for_approval_is_told_once_until_the_delete)
{
	struct quiet *quiet = quiet_new(&ear);
	static const char waits[] = "30 deletes wait: desired approve 4f2c";

	say(quiet, EVENT_APPROVAL, "blog", waits);
	say(quiet, EVENT_READY, "blog", "ready");
	int told = heard;
	say(quiet, EVENT_APPROVAL, "blog", waits);
	ck_assert_int_eq(heard, told);
	say(quiet, EVENT_DELETED, "blog", "deleted");
	say(quiet, EVENT_APPROVAL, "blog", waits);
	ck_assert_int_eq(heard, told + 2);
	quiet_free(quiet);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/quiet");
	TCase *tests = tcase_create("quiet");

	tcase_add_test(tests, test_quiet__a_lasting_failure_is_told_once);
	tcase_add_test(tests, test_quiet__it_is_news_again_after_the_app_was_well);
	tcase_add_test(tests, test_quiet__what_is_done_is_always_told);
	tcase_add_test(tests, test_quiet__what_waits_for_approval_is_told_once_until_the_delete);
	suite_add_tcase(suite, tests);
	return suite;
}
