#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "metrics.h"
#include "tree/json.h"

#define NOW  1795341600 /* 2026-11-22T10:00:00Z */
#define HOUR 3600
#define DAY  (24 * HOUR)

static json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "status", true, &tree, &err), &err);
	return tree;
}

/* The text of what has this key; NULL. Caller frees. */
static char *finds(const char *status_text, const char *key, time_t now)
{
	json_auto_t *status = parse(status_text);
	struct map found = MAP_INIT(alert_free);

	alert_find(status, 0, now, &found);
	const struct alert *alert = map_get(&found, key);
	char *text = alert ? mem_strdup(alert->text) : NULL;
	map_done(&found);
	return text;
}

static void is_found(const char *status, const char *key, const char *part)
{
	cleanup_free char *text = finds(status, key, NOW);

	ck_assert_msg(text, "%s was not found", key);
	ck_assert_msg(strstr(text, part), "%s", text);
}

static void is_fine(const char *status)
{
	json_auto_t *tree = parse(status);
	struct map found = MAP_INIT(alert_free);

	alert_find(tree, 0, NOW, &found);
	ck_assert_uint_eq(found.n, 0);
	map_done(&found);
}

START_TEST(test_alert__a_good_night_is_no_news)
{
	is_fine("{\"cluster\": {\"answers\": true}, \"apps\": [{\"name\": \"blog\", \"health\": "
		"\"ready\"}], \"backup\": {\"began\": \"2026-11-22T02:00:00Z\", \"ended\": "
		"\"2026-11-22T02:00:41Z\", \"set\": \"x\", \"state\": \"ok\", \"stale\": false, "
		"\"since\": \"2026-11-01T02:00:00Z\", \"lastGood\": \"2026-11-22T02:00:00Z\", "
		"\"unprotected\": [], \"verified\": {\"set\": \"x\", \"problems\": []}, "
		"\"rehearsed\": {\"set\": \"x\", \"problems\": [], \"when\": "
		"\"2026-11-15T04:00:00Z\", \"lastGood\": \"2026-11-15T04:00:00Z\"}}}");
}
END_TEST

START_TEST(test_alert__what_goes_wrong_with_backups_is_found)
{
	is_found("{\"backup\": {\"stale\": true, \"lastGood\": \"2026-11-20T02:00:00Z\"}}",
		 "backup stale", "56 h");
	is_found("{\"backup\": {\"stale\": true, \"text\": \"no backup was made yet\"}}",
		 "backup stale", "no backup yet");
	is_found("{\"backup\": {\"began\": \"2026-11-22T02:00:00Z\", \"ended\": "
		 "\"2026-11-22T02:00:01Z\", \"state\": \"failed\", \"error\": \"disk full\"}}",
		 "backup failed", "disk full");
	is_found("{\"backup\": {\"unprotected\": [\"/run/x (app web: a directory of the "
		 "system)\"]}}",
		 "unprotected /run/x (app web: a directory of the system)", "/run/x");
	is_found("{\"backup\": {\"verified\": {\"set\": \"s1\", \"problems\": [\"blog: short\"]}}}",
		 "backup verify", "blog: short");
	is_found("{\"backup\": {\"rehearsed\": {\"set\": \"s1\", \"problems\": [\"blog: "
		 "damaged\"]}}}",
		 "rehearsal", "blog: damaged");
}
END_TEST

/* Its timer was never switched on. */
START_TEST(test_alert__a_rehearsal_that_never_comes_is_found)
{
	const char *status = "{\"backup\": {\"since\": \"2026-11-20T02:00:00Z\"}}";
	cleanup_free char *young = finds(status, "rehearsal", NOW);
	cleanup_free char *old = finds(status, "rehearsal", NOW + 20 * DAY);

	ck_assert_ptr_null(young);
	ck_assert_ptr_nonnull(old);
	ck_assert_ptr_nonnull(strstr(old, "desired-rehearsal.timer"));
}
END_TEST

START_TEST(test_alert__apps_files_and_the_api_are_found)
{
	json_auto_t *gone = parse("{\"cluster\": {\"answers\": false, \"why\": \"refused\"}}");
	struct map found = MAP_INIT(alert_free);

	is_found("{\"apps\": [{\"name\": \"blog\", \"health\": \"held\", \"note\": \"no disk\"}]}",
		 "app blog", "no disk");
	is_found("{\"apps\": [{\"name\": \"blog\", \"health\": \"ready\", \"broken\": true}]}",
		 "app blog", "broken");
	is_found("{\"files\": {\"errors\": [\"desired.yaml:3: no\"]}}", "files", "desired.yaml:3");
	is_fine("{\"apps\": [{\"name\": \"blog\", \"health\": \"failed\", \"hold\": {}}]}");
	is_fine("{\"apps\": [{\"name\": \"blog\", \"health\": \"waiting\"}]}");
	alert_find(gone, 59000, NOW, &found); /* k3s restarts */
	ck_assert_uint_eq(found.n, 0);
	alert_find(gone, 60000, NOW, &found);
	ck_assert(map_has(&found, "api"));
	map_done(&found);
}
END_TEST

/* What is told when `text` (NULL: nothing) is wrong. */
static size_t compare(const char *dir, const char *key, enum event_kind kind, time_t now,
		      struct alert_news *ret_first)
{
	struct map wrong = MAP_INIT(alert_free);
	cleanup_err struct err err = ERR_INIT;
	struct alert_news *news;
	size_t count;

	if (key) {
		struct alert *alert = mem_new(struct alert);
		*alert = (struct alert){kind, mem_strdup("what is wrong")};
		map_put(&wrong, key, alert);
	}
	must(alert_compare(dir, &wrong, now, &news, &count, &err), &err);
	*ret_first = count ? news[0] : (struct alert_news){0};
	for (size_t i = 1; i < count; i++)
		alert_news_done(&news[i]);
	free(news);
	map_done(&wrong);
	return count;
}

START_TEST(test_alert__is_told_once_and_once_when_it_is_over)
{
	cleanup_free char *dir = temp_dir();
	struct alert_news news;

	ck_assert_uint_eq(compare(dir, "rehearsal", EVENT_REHEARSAL_FAILED, NOW, &news), 1);
	ck_assert(!news.over && news.kind == EVENT_REHEARSAL_FAILED);
	alert_news_done(&news);
	ck_assert_uint_eq(compare(dir, "rehearsal", EVENT_REHEARSAL_FAILED, NOW + 9 * DAY, &news),
			  0);
	ck_assert_uint_eq(compare(dir, NULL, 0, NOW + 9 * DAY, &news), 1);
	ck_assert(news.over && news.kind == EVENT_WELL);
	ck_assert_str_eq(news.text, "what is wrong");
	alert_news_done(&news);
	ck_assert_uint_eq(compare(dir, NULL, 0, NOW + 9 * DAY, &news), 0);
}
END_TEST

START_TEST(test_alert__a_stale_backup_is_said_each_day)
{
	cleanup_free char *dir = temp_dir();
	struct alert_news news;

	ck_assert_uint_eq(compare(dir, "backup stale", EVENT_BACKUP_STALE, NOW, &news), 1);
	ck_assert(!news.again);
	alert_news_done(&news);
	ck_assert_uint_eq(compare(dir, "backup stale", EVENT_BACKUP_STALE, NOW + 23 * HOUR, &news),
			  0);
	ck_assert_uint_eq(compare(dir, "backup stale", EVENT_BACKUP_STALE, NOW + DAY, &news), 1);
	ck_assert(news.again);
	alert_news_done(&news);
	ck_assert_uint_eq(compare(dir, "backup stale", EVENT_BACKUP_STALE, NOW + DAY + 1, &news),
			  0);
}
END_TEST

static struct alert_reports reports_of(const char *dir, const char *record_text)
{
	json_auto_t *record = parse(record_text);
	cleanup_err struct err err = ERR_INIT;
	struct alert_reports reports;

	must(alert_reports(dir, record, &reports, &err), &err);
	return reports;
}

START_TEST(test_alert__each_run_has_one_line)
{
	static const char *const first =
		"{\"began\": \"2026-11-22T02:00:00Z\", \"ended\": \"2026-11-22T02:00:41Z\", "
		"\"set\": \"s1\", \"state\": \"ok\", \"units\": 6, \"sent\": 2, \"unchanged\": 4, "
		"\"bytes\": 212000000}";
	static const char *const second =
		"{\"began\": \"2026-11-23T02:00:00Z\", \"ended\": \"2026-11-23T02:00:02Z\", "
		"\"state\": \"failed\", \"error\": \"no route\"}";
	cleanup_free char *dir = temp_dir();

	struct alert_reports reports = reports_of(dir, first);
	ck_assert_str_eq(reports.backup,
			 "backup s1 ok: 6 units, 2 sent (212 MB), 4 unchanged, 41 s");
	ck_assert(!reports.backup_failed);
	alert_reports_done(&reports);
	reports = reports_of(dir, first);
	ck_assert_ptr_null(reports.backup);
	reports = reports_of(dir, second);
	ck_assert_str_eq(reports.backup, "backup failed after 2.0 s: no route");
	ck_assert(reports.backup_failed);
	alert_reports_done(&reports);
	reports = reports_of(dir, "{}");
	ck_assert_ptr_null(reports.backup);
}
END_TEST

static void prints(const char *metrics, const char *line)
{
	cleanup_free char *whole = mem_printf("\n%s\n", line);

	ck_assert_msg(strstr(metrics, whole), "no line '%s' in:\n%s", line, metrics);
}

START_TEST(test_metrics__are_what_prometheus_reads)
{
	json_auto_t *status =
		parse("{\"version\": \"1\", \"node\": \"kube\\\"1\", \"cluster\": {\"answers\": "
		      "true}, \"apps\": [{\"name\": \"ghost@tfe-fr\", \"health\": \"ready\", "
		      "\"revision\": 7}, {\"name\": \"wiki\", \"health\": \"ready\", \"broken\": "
		      "true}], \"backup\": {\"began\": \"2026-11-22T02:00:00Z\", \"ended\": "
		      "\"2026-11-22T02:00:41Z\", \"state\": \"failed\", \"lastGood\": "
		      "\"2026-11-21T02:00:00Z\", \"bytes\": 5, \"unprotected\": [\"/a\", \"/b\"], "
		      "\"stale\": true, \"rehearsed\": {\"lastGood\": \"2026-11-15T04:00:00Z\"}, "
		      "\"detail\": [{\"unit\": \"wiki\", \"bytes\": 9, \"files\": 3, \"lastGood\": "
		      "\"2026-11-21T02:00:00Z\"}]}}");
	cleanup_buf struct buf out = BUF_INIT;

	metrics_print(status, &out);
	const char *text = buf_str(&out);
	prints(text, "desired_info{version=\"1\",node=\"kube\\\"1\"} 1");
	prints(text, "desired_api_up 1");
	prints(text, "desired_app_ready{app=\"ghost@tfe-fr\"} 1");
	prints(text, "desired_app_ready{app=\"wiki\"} 0");
	prints(text, "desired_app_revision{app=\"ghost@tfe-fr\"} 7");
	prints(text, "desired_backup_last_attempt_timestamp_seconds 1795312800");
	prints(text, "desired_backup_last_success_timestamp_seconds 1795226400");
	prints(text, "desired_backup_last_verify_timestamp_seconds 0");
	prints(text, "desired_backup_last_test_restore_timestamp_seconds 1794715200");
	prints(text, "desired_backup_failed 1");
	prints(text, "desired_backup_stale 1");
	prints(text, "desired_backup_unprotected_paths 2");
	prints(text, "desired_backup_duration_seconds 41");
	prints(text, "desired_backup_unit_last_success_timestamp_seconds{unit=\"wiki\"} "
		     "1795226400");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("daemon/alert");
	TCase *tests = tcase_create("alert");

	tcase_add_test(tests, test_alert__a_good_night_is_no_news);
	tcase_add_test(tests, test_alert__what_goes_wrong_with_backups_is_found);
	tcase_add_test(tests, test_alert__a_rehearsal_that_never_comes_is_found);
	tcase_add_test(tests, test_alert__apps_files_and_the_api_are_found);
	tcase_add_test(tests, test_alert__is_told_once_and_once_when_it_is_over);
	tcase_add_test(tests, test_alert__a_stale_backup_is_said_each_day);
	tcase_add_test(tests, test_alert__each_run_has_one_line);
	tcase_add_test(tests, test_metrics__are_what_prometheus_reads);
	suite_add_tcase(suite, tests);
	return suite;
}
