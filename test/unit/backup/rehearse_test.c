#include "backup/rehearse.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backup/backup.h"
#include "backup/dump.h"
#include "backup/sqlite.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

/* A set with a file and a database, written by the real thing. */
struct rig {
	char *dir, *scratch;
	struct s3_store *store;
	struct backup_report written;
	struct deadline deadline;
};

static void make_database(const char *path)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "CREATE TABLE t(x UNIQUE); WITH RECURSIVE n(i) AS (SELECT 1 "
				      "UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t "
				      "SELECT i FROM n",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

static void rig_init(struct rig *rig)
{
	const struct age_recipients nobody = {0};
	cleanup_err struct err err = ERR_INIT;

	*rig = (struct rig){.dir = temp_dir(), .deadline = deadline_in(&clock_real, NULL, 20000)};
	rig->scratch = file_join(rig->dir, "scratch");
	cleanup_free char *state = file_join(rig->dir, "state"),
			  *data = file_join(rig->dir, "data");
	cleanup_free char *database = file_join(data, "ghost.db"), *none = file_join(data, "none");
	cleanup_free char *url = mem_printf("file://%s/store", rig->dir);
	json_auto_t *paths = json_pack("[s]", data);

	temp_write(state, "ledger.json", "{}");
	temp_write(data, "post", "hello");
	make_database(database);
	must(s3_store_open(&(struct s3_store_options){.url = url}, &rig->store, &err), &err);
	must(backup_run(
		     &(struct backup_options){
			     .store = rig->store,
			     .recipients = &nobody,
			     .node = "kube1",
			     .version = "1",
			     .state_dir = state,
			     .dir = state,
			     .storage = none,
			     .k3s = none,
			     .paths = paths,
			     .keep = {.last = 3},
			     .deadline = &rig->deadline,
		     },
		     &rig->written, &err),
	     &err);
}

static void rig_done(struct rig *rig)
{
	backup_report_done(&rig->written);
	s3_store_close(rig->store);
	free(rig->scratch);
	free(rig->dir);
}

static struct backup_rehearse_report rehearse(struct rig *rig)
{
	cleanup_err struct err err = ERR_INIT;
	struct backup_rehearse_report report;

	must(backup_rehearse(&(struct backup_rehearse_options){.store = rig->store,
							       .set = rig->written.set,
							       .scratch = rig->scratch,
							       .deadline = &rig->deadline},
			     &report, &err),
	     &err);
	ck_assert(!file_exists(rig->scratch));
	return report;
}

START_TEST(test_backup_rehearse__a_good_set_is_restored_looked_at_and_gone)
{
	struct rig rig;

	rig_init(&rig);
	struct backup_rehearse_report report = rehearse(&rig);
	ck_assert_msg(!report.problems.n, "%s", report.problems.n ? report.problems.items[0] : "");
	ck_assert_uint_eq(report.files, 3);
	ck_assert_uint_eq(report.databases, 1);
	backup_rehearse_report_done(&report);
	rig_done(&rig);
}
END_TEST

START_TEST(test_backup_rehearse__a_missing_object_is_a_problem)
{
	cleanup_err struct err err = ERR_INIT;
	struct rig rig;

	rig_init(&rig);
	const struct backup_unit *unit = &rig.written.set->units[0];
	must(s3_store_delete(rig.store, unit->volumes[0].key, &rig.deadline, &err), &err);
	struct backup_rehearse_report report = rehearse(&rig);
	ck_assert_uint_eq(report.problems.n, 1);
	ck_assert_ptr_nonnull(strstr(report.problems.items[0], "_system"));
	backup_rehearse_report_done(&report);
	rig_done(&rig);
}
END_TEST

/* What a program left there before goes; another rehearsal in the same place waits for none. */
START_TEST(test_backup_rehearse__the_scratch_place_is_emptied_first)
{
	struct rig rig;

	rig_init(&rig);
	temp_write(rig.scratch, "deep/er/left", "over");
	struct backup_rehearse_report report = rehearse(&rig);
	ck_assert_uint_eq(report.problems.n, 0);
	backup_rehearse_report_done(&report);
	rig_done(&rig);
}
END_TEST

START_TEST(test_backup_sqlite__integrity_is_looked_at)
{
	cleanup_free char *dir = temp_dir(), *path = file_join(dir, "x.db");
	cleanup_err struct err err = ERR_INIT;

	make_database(path);
	int folder = open(dir, O_RDONLY | O_DIRECTORY);
	must(backup_sqlite_check(folder, "x.db", &err), &err);
	FILE *file = fopen(path, "r+");
	(void)fseek(file, 2 * 4096, SEEK_SET);
	for (int i = 0; i < 3 * 4096; i++)
		(void)fputc(0x55, file);
	(void)fclose(file);
	ck_assert_int_eq(backup_sqlite_check(folder, "x.db", &err), -ERR_INVALID);
	file_close(&folder);
}
END_TEST

static int list_dump(const char *text, char **ret, struct err *err)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 10000);
	cleanup_free char *dir = temp_dir(), *path = file_join(dir, "dump");

	temp_write(dir, "dump", text);
	return backup_dump_list(path, &deadline, ret, err);
}

START_TEST(test_backup_dump__is_listed_and_its_end_is_looked_for)
{
	static const char *const begins = "--\n-- PostgreSQL database dump\n--\n"
					  "CREATE TABLE a (\nCREATE TABLE b (\n";
	cleanup_free char *whole =
		mem_printf("%s--\n-- PostgreSQL database dump complete\n--\n", begins);
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *said = NULL;

	must(list_dump(whole, &said, &err), &err);
	ck_assert_str_eq(said, "SQL of PostgreSQL, 2 tables");
	ck_assert_int_eq(list_dump(begins, &said, &err), -ERR_INVALID);
	ck_assert_int_eq(list_dump("", &said, &err), -ERR_INVALID);
	ck_assert_int_eq(list_dump("PGDMP, and then nothing of it", &said, &err), -ERR_INVALID);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/rehearse");
	TCase *tests = tcase_create("rehearse");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_backup_rehearse__a_good_set_is_restored_looked_at_and_gone);
	tcase_add_test(tests, test_backup_rehearse__a_missing_object_is_a_problem);
	tcase_add_test(tests, test_backup_rehearse__the_scratch_place_is_emptied_first);
	tcase_add_test(tests, test_backup_sqlite__integrity_is_looked_at);
	tcase_add_test(tests, test_backup_dump__is_listed_and_its_end_is_looked_for);
	suite_add_tcase(suite, tests);
	return suite;
}
