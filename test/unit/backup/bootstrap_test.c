#include "backup/bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/hold.h"

/* A node in one folder, and the store beside it. */
struct machine {
	char *root, *dir, *state, *data, *k3s;
	struct s3_store *store;
	struct deadline deadline;
	struct list said;
};

static void say(void *context, const char *text)
{
	list_add(&((struct machine *)context)->said, text);
}

static void machine_init(struct machine *machine)
{
	cleanup_err struct err err = ERR_INIT;

	*machine = (struct machine){.root = temp_dir(),
				    .deadline = deadline_in(&clock_real, NULL, 20000)};
	machine->dir = file_join(machine->root, "etc");
	machine->state = file_join(machine->root, "state");
	machine->data = file_join(machine->root, "data");
	machine->k3s = file_join(machine->root, "k3s");
	cleanup_free char *url = mem_printf("file://%s/store", machine->root);
	must(s3_store_open(&(struct s3_store_options){.url = url}, &machine->store, &err), &err);
}

static void machine_done(struct machine *machine)
{
	s3_store_close(machine->store);
	list_done(&machine->said);
	free(machine->root);
	free(machine->dir);
	free(machine->state);
	free(machine->data);
	free(machine->k3s);
}

static void hold(const struct machine *machine, const char *app, const char *owner)
{
	cleanup_err struct err err = ERR_INIT;

	must(state_hold_take(machine->state,
			     &(struct state_hold){.app = (char *)app, .owner = (char *)owner},
			     &err),
	     &err);
}

/* What a node has, and a set of it. */
static void back_up(struct machine *machine, const char *node)
{
	const struct age_recipients nobody = {0};
	json_auto_t *paths = json_pack("[s]", machine->data);
	cleanup_free char *none = file_join(machine->root, "none");
	cleanup_err struct err err = ERR_INIT;
	struct backup_report report;

	temp_write(machine->dir, "desired.yaml", "interval: 5min\n");
	temp_write(machine->dir, "blog/blog.yaml", "kind: ConfigMap\n");
	temp_write(machine->state, "secrets.json", "{\"old\": 1}");
	temp_write(machine->data, "post", "hello");
	temp_write(machine->k3s, "token", "K10");
	hold(machine, "blog", "suspend by root");
	hold(machine, "wiki", "backup 2026");
	must(backup_run(
		     &(struct backup_options){
			     .store = machine->store,
			     .recipients = &nobody,
			     .node = node,
			     .version = "1",
			     .state_dir = machine->state,
			     .dir = machine->dir,
			     .storage = none,
			     .k3s = machine->k3s,
			     .paths = paths,
			     .keep = {.last = 3},
			     .deadline = &machine->deadline,
		     },
		     &report, &err),
	     &err);
	backup_report_done(&report);
}

static void lose_all(const struct machine *machine)
{
	temp_remove(machine->dir);
	temp_remove(machine->state);
	temp_remove(machine->data);
	temp_remove(machine->k3s);
}

/* Options that a test may change before. */
static struct backup_bootstrap_options options_of(struct machine *machine)
{
	return (struct backup_bootstrap_options){
		.store = machine->store,
		.host = "new",
		.dir = machine->dir,
		.state_dir = machine->state,
		.k3s = machine->k3s,
		.now = time(NULL) + 2 * 24 * 3600,
		.deadline = &machine->deadline,
		.say = say,
		.context = machine,
	};
}

static void ck_file(const char *folder, const char *name, const char *expected)
{
	cleanup_free char *text = temp_read(folder, name);

	ck_assert_str_eq(text, expected);
}

static bool is_held(const struct machine *machine, const char *app)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_hold found;
	int r = state_hold_find(machine->state, app, time(NULL), &found, &err);

	if (r > 0)
		state_hold_done(&found);
	return r > 0;
}

START_TEST(test_backup_bootstrap__brings_back_files_state_and_data)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	temp_write(machine.dir, "desired.yaml", "# every default shown\n");
	const struct backup_bootstrap_options options = options_of(&machine);
	must(backup_bootstrap(&options, &report, &err), &err);
	ck_assert_str_eq(report.node, "kube1");
	ck_assert_uint_eq(report.warnings.n, 0);
	ck_assert_uint_eq(report.in_way.n, 0);
	ck_file(machine.dir, "desired.yaml", "interval: 5min\n");
	ck_file(machine.dir, "blog/blog.yaml", "kind: ConfigMap\n");
	ck_file(machine.state, "secrets.json", "{\"old\": 1}");
	ck_file(machine.data, "post", "hello");
	ck_file(machine.state, "backup/node", "kube1\n");
	ck_assert(!file_exists(machine.k3s));
	ck_assert(is_held(&machine, "blog"));
	ck_assert(!is_held(&machine, "wiki")); /* that backup is over */
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

START_TEST(test_backup_bootstrap__the_datastore_comes_when_asked_for)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	temp_write(machine.k3s, "token", "of the new cluster");
	struct backup_bootstrap_options options = options_of(&machine);
	options.datastore = true;
	must(backup_bootstrap(&options, &report, &err), &err);
	ck_file(machine.k3s, "token", "K10");
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

START_TEST(test_backup_bootstrap__warns_when_the_old_machine_may_live)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	struct backup_bootstrap_options options = options_of(&machine);
	options.now = time(NULL) + 3600;
	must(backup_bootstrap(&options, &report, &err), &err);
	ck_assert_uint_eq(report.warnings.n, 1);
	ck_assert_ptr_nonnull(strstr(report.warnings.items[0], "If that machine still runs"));
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

static void fails(const struct backup_bootstrap_options *options, int code, const char *part)
{
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(backup_bootstrap(options, &report, &err), -code);
	cleanup_free char *text = err_text(&err);
	ck_assert_msg(strstr(text, part), "%s", text);
	backup_bootstrap_report_done(&report);
}

START_TEST(test_backup_bootstrap__between_two_nodes_nothing_is_guessed)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	struct backup_bootstrap_options options = options_of(&machine);
	fails(&options, ERR_NOT_FOUND, "has no backups");
	back_up(&machine, "kube1");
	back_up(&machine, "kube2");
	lose_all(&machine);
	fails(&options, ERR_NOT_FOUND, "kube1, kube2");
	ck_assert(!file_exists(machine.state));
	options.node = "kube3";
	fails(&options, ERR_NOT_FOUND, "no backups of kube3");
	options.node = NULL;
	options.host = "kube2";
	must(backup_bootstrap(&options, &report, &err), &err);
	ck_assert_str_eq(report.node, "kube2");
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

START_TEST(test_backup_bootstrap__a_machine_with_apps_is_not_blank)
{
	struct machine machine;

	machine_init(&machine);
	back_up(&machine, "kube1");
	const struct backup_bootstrap_options options = options_of(&machine);
	fails(&options, ERR_EXISTS, "not blank");
	machine_done(&machine);
}
END_TEST

START_TEST(test_backup_bootstrap__paths_of_another_kind_are_named)
{
	struct machine machine;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	struct backup_bootstrap_options options = options_of(&machine);
	options.dir = "/somewhere/else";
	fails(&options, ERR_INVALID, machine.dir);
	machine_done(&machine);
}
END_TEST

START_TEST(test_backup_bootstrap__data_that_is_there_stays)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	temp_write(machine.data, "post", "newer");
	const struct backup_bootstrap_options options = options_of(&machine);
	must(backup_bootstrap(&options, &report, &err), &err);
	ck_file(machine.data, "post", "newer");
	ck_assert_uint_eq(report.in_way.n, 1);
	ck_assert_str_eq(report.in_way.items[0], machine.data);
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

/* Cut off after the data, before the files: the same set goes on, and what came is no obstacle. */
START_TEST(test_backup_bootstrap__goes_on_where_it_was)
{
	struct machine machine;
	struct backup_bootstrap_report report;
	cleanup_err struct err err = ERR_INIT;

	machine_init(&machine);
	back_up(&machine, "kube1");
	lose_all(&machine);
	const struct backup_bootstrap_options options = options_of(&machine);
	must(backup_bootstrap(&options, &report, &err), &err);
	cleanup_free char *note = mem_printf("{\"node\": \"kube1\", \"set\": \"%s\"}", report.set);
	cleanup_free char *noted = file_join(machine.state, "backup/bootstrap.json");
	cleanup_free char *first = mem_strdup(report.set);
	backup_bootstrap_report_done(&report);
	temp_remove(machine.dir);
	temp_write(machine.state, "backup/bootstrap.json", note);
	temp_write(machine.state, "secrets.json", "{\"written\": \"since\"}");

	must(backup_bootstrap(&options, &report, &err), &err);
	ck_assert_str_eq(report.set, first);
	ck_assert_uint_eq(report.in_way.n, 0);
	ck_file(machine.state, "secrets.json", "{\"written\": \"since\"}");
	ck_file(machine.dir, "blog/blog.yaml", "kind: ConfigMap\n");
	ck_assert(!file_exists(noted));
	backup_bootstrap_report_done(&report);
	machine_done(&machine);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/bootstrap");
	TCase *tests = tcase_create("bootstrap");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_backup_bootstrap__brings_back_files_state_and_data);
	tcase_add_test(tests, test_backup_bootstrap__the_datastore_comes_when_asked_for);
	tcase_add_test(tests, test_backup_bootstrap__warns_when_the_old_machine_may_live);
	tcase_add_test(tests, test_backup_bootstrap__between_two_nodes_nothing_is_guessed);
	tcase_add_test(tests, test_backup_bootstrap__a_machine_with_apps_is_not_blank);
	tcase_add_test(tests, test_backup_bootstrap__paths_of_another_kind_are_named);
	tcase_add_test(tests, test_backup_bootstrap__data_that_is_there_stays);
	tcase_add_test(tests, test_backup_bootstrap__goes_on_where_it_was);
	suite_add_tcase(suite, tests);
	return suite;
}
