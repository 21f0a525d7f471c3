#include "backup/gate.h"

#include <stdlib.h>
#include <string.h>
#include <stddef.h>

#include "backup/backup.h"
#include "backup/restore.h"
#include "backup/known.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/json.h"

/* A node with a state directory, a store and one app with one directory. */
struct node {
	char *dir, *state, *store, *data, *said;
	json_t *settings;
	struct manifest_app *app;
	struct http *http;
	struct backup_gate *gate;
	struct event_sink sink; /* remembers the kinds */
	int kinds[16], count, restored;
	struct s3_store *opened;
};

static struct node *of_sink(struct event_sink *sink)
{
	return (struct node *)((char *)sink - offsetof(struct node, sink));
}

static void remember(struct event_sink *sink, const struct event *event)
{
	struct node *node = of_sink(sink);

	node->kinds[node->count++ % 16] = event->kind;
}

static bool was_told(const struct node *node, enum event_kind kind)
{
	for (int i = 0; i < node->count; i++)
		if (node->kinds[i] == (int)kind)
			return true;
	return false;
}

/* Without a process: the same calls as `desired backup fetch`. */
static int restore(void *context, const struct backup_gate_restore *what, struct cancel *cancel,
		   struct err *err)
{
	struct node *node = context;
	struct deadline deadline = deadline_in(&clock_real, cancel, 10000);
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	struct backup_restore_report report = {0};

	node->restored++;
	must(backup_catalog_read(node->opened, what->node, &deadline, &catalog, err), err);
	int r = backup_restore(
		&(struct backup_restore_options){
			.store = node->opened,
			.set = backup_catalog_find(&catalog, what->set, err),
			.path = what->path,
			.deadline = &deadline,
		},
		&report, err);
	backup_restore_report_done(&report);
	return r;
}

static struct manifest_app *app_with(const char *name, const char *path)
{
	cleanup_free char *text =
		mem_printf("{\"app\": \"%s\", \"objects\": [], \"options\": {\"backup\": "
			   "{\"paths\": [\"%s\"]}}}",
			   name, path);
	struct manifest_app *app = manifest_app_new(name, NULL);
	cleanup_err struct err err = ERR_INIT;

	json_auto_t *tree = NULL;
	must(tree_json_parse(text, strlen(text), "app", true, &tree, &err), &err);
	app->options.backup =
		json_incref(json_object_get(json_object_get(tree, "options"), "backup"));
	return app;
}

static void open_gate(struct node *node)
{
	backup_gate_free(node->gate);
	node->gate = backup_gate_new(&(struct backup_gate_options){.state_dir = node->state,
								   .http = node->http,
								   .restore = restore,
								   .context = node,
								   .patience_ms = 2000});
}

static void target(struct node *node, const char *url)
{
	json_decref(node->settings);
	node->settings = json_pack("{s:s, s:s}", "target", url, "node", "kube1");
}

static struct node *new_node(void)
{
	struct node *node = mem_new(struct node);
	cleanup_err struct err err = ERR_INIT;

	node->dir = temp_dir();
	node->state = file_join(node->dir, "state");
	node->data = file_join(node->dir, "data/blog");
	cleanup_free char *store = file_join(node->dir, "store");
	node->store = mem_printf("file://%s", store);
	node->http = http_new();
	node->sink.emit = remember;
	node->app = app_with("blog", node->data);
	target(node, node->store);
	must(file_make_dir(store, 0700, &err), &err);
	must(s3_store_open(&(struct s3_store_options){.url = node->store}, &node->opened, &err),
	     &err);
	open_gate(node);
	return node;
}

static void free_node(struct node *node)
{
	backup_gate_free(node->gate);
	s3_store_close(node->opened);
	manifest_app_unref(node->app);
	http_free(node->http);
	json_decref(node->settings);
	free(node->dir);
	free(node->state);
	free(node->store);
	free(node->data);
	free(node->said);
	free(node);
}

static enum backup_gate_verdict ask_for(struct node *node, const struct manifest_app *app,
					bool first)
{
	cleanup_err struct err err = ERR_INIT;
	enum backup_gate_verdict verdict;

	free(steal(&node->said));
	must(backup_gate_ask(node->gate,
			     &(struct backup_gate_question){.settings = node->settings,
							    .app = app,
							    .first = first,
							    .sink = &node->sink},
			     &verdict, &node->said, &err),
	     &err);
	return verdict;
}

static enum backup_gate_verdict ask(struct node *node, bool first)
{
	return ask_for(node, node->app, first);
}

/* A set of the app, written by the real thing. */
static void back_up(struct node *node, const char *name)
{
	struct deadline deadline = deadline_in(&clock_real, NULL, 10000);
	cleanup_free char *state = file_join(node->dir, "state-of-backup");
	cleanup_free char *none = file_join(node->dir, "none");
	cleanup_err struct err err = ERR_INIT;
	struct backup_report report;
	json_auto_t *paths = json_pack("[s]", node->data);
	const struct age_recipients nobody = {0};

	must(file_make_dir(state, 0700, &err), &err);
	must(backup_run(
		     &(struct backup_options){
			     .store = node->opened,
			     .node = name,
			     .version = "1",
			     .state_dir = state,
			     .dir = state,
			     .storage = none,
			     .k3s = none,
			     .paths = paths,
			     .keep = {.last = 3},
			     .recipients = &nobody,
			     .deadline = &deadline,
		     },
		     &report, &err),
	     &err);
	backup_report_done(&report);
}

static void write_data(const struct node *node)
{
	temp_write(node->data, "post", "hello");
}

static void lose_data(const struct node *node)
{
	temp_remove(node->data);
}

static void ck_data(const struct node *node)
{
	cleanup_free char *text = temp_read(node->data, "post");

	ck_assert_str_eq(text, "hello");
}

/* A node that never saw the data, and a store that has it under our name. */
static struct node *new_machine(void)
{
	struct node *node = new_node();

	write_data(node);
	back_up(node, "kube1");
	lose_data(node);
	return node;
}

START_TEST(test_backup_gate__data_that_is_there_needs_no_store)
{
	struct node *node = new_node();

	write_data(node);
	target(node, "s3://nowhere");
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__missing_data_is_restored_before_the_first_apply)
{
	struct node *node = new_machine();

	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_data(node);
	ck_assert_int_eq(node->restored, 1);
	ck_assert(was_told(node, EVENT_RESTORED));
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert_int_eq(node->restored, 1);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__an_empty_directory_counts_as_missing)
{
	struct node *node = new_machine();
	cleanup_err struct err err = ERR_INIT;

	must(file_make_dir(node->data, 0700, &err), &err);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_data(node);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__a_renamed_app_finds_its_data)
{
	struct node *node = new_machine();
	struct manifest_app *renamed = app_with("weblog", node->data);

	ck_assert_int_eq(ask_for(node, renamed, true), BACKUP_GATE_OPEN);
	ck_data(node);
	manifest_app_unref(renamed);
	free_node(node);
}
END_TEST

/* The unit has the directory above; the index knows what was in it. */
START_TEST(test_backup_gate__a_part_of_a_backed_up_directory_is_found)
{
	struct node *node = new_node();
	cleanup_free char *part = file_join(node->data, "images");
	cleanup_free char *other = file_join(node->data, "never");
	struct manifest_app *with = app_with("images", part), *without = app_with("never", other);

	temp_write(part, "one.jpg", "jpg");
	write_data(node);
	back_up(node, "kube1");
	temp_remove(part);
	ck_assert_int_eq(ask_for(node, with, true), BACKUP_GATE_OPEN);
	ck_assert(file_exists(part));
	node->restored = 0;
	ck_assert_int_eq(ask_for(node, without, true), BACKUP_GATE_OPEN);
	ck_assert_int_eq(node->restored, 0);
	ck_assert(was_told(node, EVENT_FIRST_INSTALL));
	manifest_app_unref(with);
	manifest_app_unref(without);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__nothing_here_and_nothing_there_is_a_first_install)
{
	struct node *node = new_node();

	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert(was_told(node, EVENT_FIRST_INSTALL));
	node->count = 0;
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert_int_eq(node->count, 0);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__data_that_this_node_had_is_not_brought_back_by_itself)
{
	struct node *node = new_node();

	write_data(node);
	back_up(node, "kube1");
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	lose_data(node);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_HELD);
	ck_assert_int_eq(ask(node, false), BACKUP_GATE_HELD);
	ck_assert_ptr_nonnull(strstr(node->said, "desired restore blog "));
	ck_assert_ptr_nonnull(strstr(node->said, "desired resume blog --without-restore"));
	ck_assert_int_eq(node->restored, 0);
	ck_assert(!file_exists(node->data));
	write_data(node);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	free_node(node);
}
END_TEST

/* Also when only the last backup saw it: no pass came by since the app was new. */
START_TEST(test_backup_gate__the_last_backup_knows_what_this_node_had)
{
	struct node *node = new_node();
	cleanup_free char *last =
		mem_printf("{\"began\": \"2026-11-22T02:00:00Z\", \"data\": [\"%s\"]}", node->data);

	temp_write(node->state, "backup/last.json", last);
	ck_assert_int_eq(ask(node, false), BACKUP_GATE_HELD);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__a_person_may_let_it_go)
{
	struct node *node = new_node();
	cleanup_err struct err err = ERR_INIT;

	write_data(node);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	lose_data(node);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_HELD);
	must(backup_gate_allow(node->gate, "blog", &err), &err);
	open_gate(node); /* it outlives a restart */
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert_int_eq(ask(node, false), BACKUP_GATE_OPEN);
	write_data(node);
	ck_assert_int_eq(ask(node, false), BACKUP_GATE_OPEN);
	lose_data(node);
	ck_assert_int_eq(ask(node, false), BACKUP_GATE_HELD); /* once, not for ever */
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__purged_data_is_no_loss)
{
	struct node *node = new_node();
	cleanup_err struct err err = ERR_INIT;

	write_data(node);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	lose_data(node);
	must(backup_gate_forget(node->gate, "blog", &err), &err);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__waits_for_a_store_that_does_not_answer)
{
	struct node *node = new_node();
	cleanup_err struct err err = ERR_INIT;

	setenv("AWS_ACCESS_KEY_ID", "a", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "b", 1);
	target(node, "s3://bucket");
	json_object_set_new(node->settings, "endpoint", json_string("http://127.0.0.1:9"));
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_WAIT);
	ck_assert_ptr_nonnull(strstr(node->said, "desired resume blog --without-restore"));
	must(backup_gate_allow(node->gate, "blog", &err), &err);
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__an_app_in_force_is_never_looked_up)
{
	struct node *node = new_machine();

	ck_assert_int_eq(ask(node, false), BACKUP_GATE_OPEN);
	ck_assert_int_eq(node->restored, 0);
	free_node(node);
}
END_TEST

START_TEST(test_backup_gate__no_target_or_never_is_no_gate)
{
	struct node *node = new_machine();

	json_object_set_new(node->app->options.backup, "restore", json_string("never"));
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	json_object_del(node->app->options.backup, "restore");
	json_object_del(node->settings, "target");
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert_int_eq(node->restored, 0);
	ck_assert(!file_exists(node->data));
	free_node(node);
}
END_TEST

/* Whose place this machine takes is never guessed. */
START_TEST(test_backup_gate__another_nodes_data_is_left_to_a_person)
{
	struct node *node = new_node();

	write_data(node);
	back_up(node, "kube0");
	lose_data(node);
	json_object_del(node->settings, "node");
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_HELD);
	ck_assert_ptr_nonnull(strstr(node->said, "--node kube0"));
	ck_assert_int_eq(node->restored, 0);
	target(node, node->store); /* a name of its own: another machine beside it */
	ck_assert_int_eq(ask(node, true), BACKUP_GATE_OPEN);
	ck_assert(was_told(node, EVENT_FIRST_INSTALL));
	free_node(node);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/gate");
	TCase *tests = tcase_create("gate");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_backup_gate__data_that_is_there_needs_no_store);
	tcase_add_test(tests, test_backup_gate__missing_data_is_restored_before_the_first_apply);
	tcase_add_test(tests, test_backup_gate__an_empty_directory_counts_as_missing);
	tcase_add_test(tests, test_backup_gate__a_renamed_app_finds_its_data);
	tcase_add_test(tests, test_backup_gate__a_part_of_a_backed_up_directory_is_found);
	tcase_add_test(tests, test_backup_gate__nothing_here_and_nothing_there_is_a_first_install);
	tcase_add_test(tests,
		       test_backup_gate__data_that_this_node_had_is_not_brought_back_by_itself);
	tcase_add_test(tests, test_backup_gate__the_last_backup_knows_what_this_node_had);
	tcase_add_test(tests, test_backup_gate__a_person_may_let_it_go);
	tcase_add_test(tests, test_backup_gate__purged_data_is_no_loss);
	tcase_add_test(tests, test_backup_gate__waits_for_a_store_that_does_not_answer);
	tcase_add_test(tests, test_backup_gate__an_app_in_force_is_never_looked_up);
	tcase_add_test(tests, test_backup_gate__no_target_or_never_is_no_gate);
	tcase_add_test(tests, test_backup_gate__another_nodes_data_is_left_to_a_person);
	suite_add_tcase(suite, tests);
	return suite;
}
