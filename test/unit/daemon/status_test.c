#include "status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/hold.h"

#define NOW 1795341600 /* 2026-11-22T10:00:00Z, a Sunday */

static struct state_ledger *ledger_with(const char *dir, const char *name, int revision,
					const char *health, const char *note, const char *since)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger;
	struct state_app app = {.name = (char *)name,
				.revision = revision,
				.health = (char *)health,
				.note = (char *)note,
				.since = (char *)since};

	must(state_ledger_open(dir, &ledger, &err), &err);
	must(state_ledger_put_app(ledger, &app, &err), &err);
	return ledger;
}

/* The status of one app, without a daemon; only the lines from the app's on. */
static char *line_of(const char *dir, struct state_ledger *ledger, enum command_exit *ret_exit)
{
	cleanup_buf struct buf out = BUF_INIT;
	json_auto_t *tree = status_build(
		&(struct status_input){.dir = "/d", .state = dir, .ledger = ledger, .now = NOW});

	*ret_exit = status_exit(tree);
	status_print(tree, NOW, false, &out);
	const char *line = strstr(buf_str(&out), "NOTE\n");
	ck_assert_ptr_nonnull(line);
	return mem_strdup(line + 5);
}

static void shows(const char *health, const char *note, const char *since, const char *expected,
		  enum command_exit code)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger = ledger_with(dir, "traefik", 31, health, note, since);
	enum command_exit got;
	cleanup_free char *line = line_of(dir, ledger, &got);

	ck_assert_str_eq(line, expected);
	ck_assert_int_eq(got, code);
	state_ledger_free(ledger);
}

START_TEST(test_status__a_ready_app_is_a_short_line)
{
	shows("ready", NULL, "2026-11-22T09:12:00Z", "traefik           31  ready      09:12\n",
	      COMMAND_FINE);
}
END_TEST

START_TEST(test_status__the_day_is_told_as_people_do)
{
	shows("ready", NULL, "2026-11-20T23:41:00Z", "traefik           31  ready      Fri 23:41\n",
	      COMMAND_FINE);
	shows("ready", NULL, "2026-11-02T23:41:00Z",
	      "traefik           31  ready      2026-11-02\n", COMMAND_FINE);
}
END_TEST

START_TEST(test_status__a_failed_app_says_why_and_fails)
{
	shows("failed", "Deployment default/x: quota", "2026-11-22T09:12:00Z",
	      "traefik           31  failed     09:12      Deployment default/x: quota\n",
	      COMMAND_FAILED);
}
END_TEST

START_TEST(test_status__a_suspended_app_says_how_to_end_it)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger =
		ledger_with(dir, "ghost@tfe-en", 14, "ready", NULL, "2026-11-22T09:12:00Z");
	struct state_hold hold = {(char *)"ghost@tfe-en", (char *)"suspend by root", NOW - 600,
				  NOW + 1200};
	enum command_exit code;

	must(state_hold_take(dir, &hold, &err), &err);
	cleanup_free char *line = line_of(dir, ledger, &code);
	ck_assert_str_eq(line, "ghost@tfe-en      14  suspended  09:50      by root until 10:20; "
			       "desired resume ghost@tfe-en\n");
	ck_assert_int_eq(code, COMMAND_WARNINGS);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_status__an_api_server_that_is_away_is_a_failure)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger =
		ledger_with(dir, "traefik", 1, "ready", NULL, "2026-11-22T09:12:00Z");
	cleanup_buf struct buf out = BUF_INIT;
	json_auto_t *tree = status_build(&(struct status_input){.dir = "/d",
								.state = dir,
								.ledger = ledger,
								.now = NOW,
								.running = true,
								.api_why = "refused"});

	ck_assert_int_eq(status_exit(tree), COMMAND_FAILED);
	status_print(tree, NOW, false, &out);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "API server does not answer: refused\n"));
	state_ledger_free(ledger);
}
END_TEST

static void use_utc(void)
{
	setenv("TZ", "UTC", 1);
}

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/status");
	TCase *tests = tcase_create("status");

	tcase_add_checked_fixture(tests, use_utc, NULL);
	tcase_add_test(tests, test_status__a_ready_app_is_a_short_line);
	tcase_add_test(tests, test_status__the_day_is_told_as_people_do);
	tcase_add_test(tests, test_status__a_failed_app_says_why_and_fails);
	tcase_add_test(tests, test_status__a_suspended_app_says_how_to_end_it);
	tcase_add_test(tests, test_status__an_api_server_that_is_away_is_a_failure);
	suite_add_tcase(suite, tests);
	return suite;
}
