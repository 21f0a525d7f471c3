/* An app that stands still: stopped, held, and on its feet again whatever happens. */
#include "backup/halt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/workload.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/apiserver.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "state/hold.h"
#include "tree/json.h"
#include "tree/path.h"

#define DEPLOYMENT "/apis/apps/v1/namespaces/default/deployments/blog"
#define POD	   "/api/v1/namespaces/default/pods/blog-7c-x"

static struct apiserver *api;
static char *state, *data;
static struct err err;
static struct deadline deadline;

static json_t *parse(const char *text)
{
	json_t *tree;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

static void put_pod(void)
{
	cleanup_free char *text = mem_printf(
		"{\"metadata\": {\"namespace\": \"default\", \"name\": \"blog-7c-x\", \"labels\": "
		"{\"pod-template-hash\": \"7c\"}, \"ownerReferences\": [{\"kind\": "
		"\"ReplicaSet\", \"name\": \"blog-7c\"}]}, \"spec\": {\"volumes\": "
		"[{\"hostPath\": {\"path\": \"%s/blog\"}}]}, \"status\": {\"phase\": "
		"\"Running\"}}",
		data);

	apiserver_put(api, POD, parse(text));
}

/* The deployment controller, at once. */
static void control(void *context, const char *line)
{
	json_t *there = apiserver_get(api, DEPLOYMENT);

	(void)context, (void)line;
	if (!there)
		return;
	bool wanted = tree_path_integer(there, "spec.replicas", 0) > 0;
	bool is = apiserver_get(api, POD);
	if (wanted && !is)
		put_pod();
	if (!wanted && is)
		apiserver_remove(api, POD);
	json_object_set_new(api->lists, "/api/v1/pods",
			    wanted ? json_pack("[s]", POD) : json_array());
}

static void set_up(void)
{
	api = apiserver_start();
	state = temp_dir();
	data = temp_dir();
	err = ERR_INIT;
	deadline = deadline_in(&clock_real, NULL, 20000);
	apiserver_put(api, DEPLOYMENT,
		      parse("{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": "
			    "{\"namespace\": \"default\", \"name\": \"blog\", \"managedFields\": "
			    "[{\"manager\": \"desired\", \"operation\": \"Apply\", \"time\": "
			    "\"t1\", \"fieldsV1\": {\"f:spec\": {\"f:replicas\": {}}}}]}, "
			    "\"spec\": {\"replicas\": 2}}"));
	put_pod();
	json_object_set_new(api->lists, "/api/v1/pods", json_pack("[s]", POD));
	api->watch = control;
}

static void tear_down(void)
{
	apiserver_stop(api);
	free(state);
	free(data);
	err_done(&err);
}

static int begin(struct kube_client *client, struct backup_halt **ret)
{
	struct backup_halt_options options = {
		.client = client,
		.state_dir = state,
		.app = "blog",
		.owner = "backup ID",
		.timeout_ms = 1500,
		.deadline = &deadline,
	};

	list_take(&options.paths, mem_printf("%s/blog", data));
	int r = backup_halt_begin(&options, ret, &err);
	list_done(&options.paths);
	return r;
}

static json_int_t replicas(void)
{
	return tree_path_integer(apiserver_get(api, DEPLOYMENT), "spec.replicas", -1);
}

static bool is_held(void)
{
	struct state_hold hold;
	int r = state_hold_find(state, "blog", time(NULL), &hold, &err);

	if (r > 0) {
		ck_assert_str_eq(hold.owner, "backup ID");
		state_hold_done(&hold);
	}
	return r > 0;
}

START_TEST(test_backup_halt__stops_and_starts)
{
	struct backup_halt *halt;

	must(begin(api->client, &halt), &err);
	ck_assert_int_eq(replicas(), 0);
	ck_assert(is_held());
	ck_assert(backup_halt_is_left(state));
	must(backup_halt_end(halt, &err), &err);
	ck_assert_int_eq(replicas(), 2);
	ck_assert(!is_held());
	ck_assert(!backup_halt_is_left(state));
}
END_TEST

START_TEST(test_backup_halt__owners_of_fields_are_given_back)
{
	struct backup_halt *halt;

	must(begin(api->client, &halt), &err);
	/* What the API server makes of a patch. */
	tree_path_set(apiserver_get(api, DEPLOYMENT), "metadata.managedFields",
		      parse("[{\"manager\": \"desired\", \"operation\": \"Apply\", \"time\": "
			    "\"t1\", \"fieldsV1\": {\"f:spec\": {}}}, {\"manager\": \"desired\", "
			    "\"operation\": \"Update\", \"time\": \"t2\", \"fieldsV1\": "
			    "{\"f:spec\": {\"f:replicas\": {}}}}, {\"manager\": "
			    "\"kube-controller-manager\", \"operation\": \"Update\", "
			    "\"subresource\": \"status\", \"time\": \"t2\"}]"));
	must(backup_halt_end(halt, &err), &err);
	const json_t *managed =
		tree_path_get(apiserver_get(api, DEPLOYMENT), "metadata.managedFields");
	ck_assert_uint_eq(json_array_size(managed), 2);
	json_auto_t *wanted = parse("{\"manager\": \"desired\", \"operation\": \"Apply\", "
				    "\"time\": \"t1\", \"fieldsV1\": {\"f:spec\": "
				    "{\"f:replicas\": {}}}}");
	ck_assert(json_equal(json_array_get(managed, 0), wanted));
	ck_assert_str_eq(tree_path_string(json_array_get(managed, 1), "subresource"), "status");
}
END_TEST

START_TEST(test_backup_halt__pods_of_other_directories_go_on)
{
	struct backup_halt_options options = {
		.client = api->client,
		.state_dir = state,
		.app = "blog",
		.owner = "backup ID",
		.deadline = &deadline,
	};
	struct backup_halt *halt;

	list_take(&options.paths, mem_printf("%s/blog2", data));
	must(backup_halt_begin(&options, &halt, &err), &err);
	list_done(&options.paths);
	ck_assert_int_eq(replicas(), 2);
	must(backup_halt_end(halt, &err), &err);
}
END_TEST

START_TEST(test_backup_halt__pods_that_do_not_end)
{
	struct backup_halt *halt;

	api->watch = NULL;
	ck_assert_int_eq(begin(api->client, &halt), -ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(err.message, "default/blog-7c-x"));
	ck_assert_int_eq(replicas(), 2);
	ck_assert(!is_held());
	ck_assert(!backup_halt_is_left(state));
}
END_TEST

START_TEST(test_backup_halt__what_cannot_be_stopped_is_not_touched)
{
	struct backup_halt *halt;

	api->watch = NULL;
	tree_path_remove(apiserver_get(api, POD), "metadata.ownerReferences");
	ck_assert_int_eq(begin(api->client, &halt), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "made by nobody"));
	ck_assert_int_eq(replicas(), 2);
	ck_assert(!is_held());
}
END_TEST

START_TEST(test_backup_halt__somebody_else_scaled_it_meanwhile)
{
	struct backup_halt *halt;

	must(begin(api->client, &halt), &err);
	tree_path_set(apiserver_get(api, DEPLOYMENT), "spec.replicas", json_integer(5));
	must(backup_halt_end(halt, &err), &err);
	ck_assert_int_eq(replicas(), 5);
}
END_TEST

START_TEST(test_backup_halt__it_is_gone_meanwhile)
{
	struct backup_halt *halt;

	must(begin(api->client, &halt), &err);
	apiserver_remove(api, DEPLOYMENT);
	must(backup_halt_end(halt, &err), &err);
	ck_assert(!is_held());
}
END_TEST

/* A process that is killed while the app stands still: only its files are left. */
static void leave_behind(void)
{
	struct backup_halt *halt;
	cleanup_free char *record = mem_printf("%s/backup/halts/blog.json", state);
	cleanup_free char *copy = NULL;
	size_t length;

	must(begin(api->client, &halt), &err);
	must(file_read(record, 1 << 20, &copy, &length, &err), &err);
	must(backup_halt_end(halt, &err), &err);
	must(file_write(record, copy, length, 0600, &err), &err);
	const struct state_hold hold = {
		.app = (char *)"blog", .owner = (char *)"backup ID", .since = time(NULL)};
	must(state_hold_take(state, &hold, &err), &err);
	tree_path_set(apiserver_get(api, DEPLOYMENT), "spec.replicas", json_integer(0));
}

START_TEST(test_backup_halt__the_next_one_finishes_it)
{
	leave_behind();
	ck_assert_int_eq(backup_halt_finish(api->client, state, &deadline, NULL, &err), 1);
	ck_assert_int_eq(replicas(), 2);
	ck_assert(!is_held());
	ck_assert_int_eq(backup_halt_finish(api->client, state, &deadline, NULL, &err), 0);
}
END_TEST

START_TEST(test_backup_halt__a_new_halt_finishes_it_first)
{
	struct backup_halt *halt;

	leave_behind();
	must(begin(api->client, &halt), &err);
	ck_assert_int_eq(replicas(), 0);
	must(backup_halt_end(halt, &err), &err);
	ck_assert_int_eq(replicas(), 2);
}
END_TEST

START_TEST(test_backup_halt__without_the_server_the_note_stays)
{
	leave_behind();
	ck_assert_int_eq(backup_halt_finish(NULL, state, &deadline, NULL, &err), -ERR_UNREACHABLE);
	ck_assert(is_held());
	ck_assert(backup_halt_is_left(state));
	err_done(&err);
	ck_assert_int_eq(backup_halt_finish(api->client, state, &deadline, NULL, &err), 1);
	ck_assert(!is_held());
}
END_TEST

START_TEST(test_backup_halt__while_a_process_is_at_it_nobody_interferes)
{
	struct backup_halt *halt;
	int status;

	must(begin(api->client, &halt), &err);
	pid_t pid = fork(); /* locks are of processes here: another open file */
	if (pid == 0) {
		cleanup_err struct err own = ERR_INIT;
		_exit(backup_halt_finish(NULL, state, &deadline, NULL, &own) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(replicas(), 0);
	must(backup_halt_end(halt, &err), &err);
}
END_TEST

START_TEST(test_backup_halt__damaged_note)
{
	cleanup_free char *folder = mem_printf("%s/backup/halts", state);

	must(file_make_dir(folder, 0700, &err), &err);
	temp_write(folder, "blog.json", "{\"schema\": 1, \"app\"");
	ck_assert_int_lt(backup_halt_finish(api->client, state, &deadline, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.hint, "desired resume blog"));
	ck_assert(!backup_halt_is_left(state));
}
END_TEST

/* --- swaps --- */

static void choose(const char *name, struct backup_place *ret)
{
	cleanup_free char *target = file_join(data, name);

	must(backup_place_choose(target, "ID", true, ret, &err), &err);
	must(backup_place_prepare(ret, &err), &err);
	temp_write(ret->staging, "tree/post", "new");
}

static void has(const char *name, const char *text)
{
	cleanup_free char *have = temp_read(data, name);

	ck_assert_str_eq(have, text);
}

START_TEST(test_backup_halt__swaps)
{
	struct backup_place places[2];
	struct backup_halt *halt;
	bool had[2];

	temp_write(data, "blog/post", "old");
	choose("blog", &places[0]);
	choose("photos", &places[1]);
	must(begin(api->client, &halt), &err);
	must(backup_halt_swap(halt, places, 2, had, &err), &err);
	must(backup_halt_end(halt, &err), &err);
	ck_assert(had[0] && !had[1]);
	has("blog/post", "new");
	has("photos/post", "new");
	has("blog.before-ID/post", "old");
	backup_place_done(&places[0]);
	backup_place_done(&places[1]);
}
END_TEST

START_TEST(test_backup_halt__a_swap_that_fails_is_undone)
{
	struct backup_place places[2];
	struct backup_halt *halt;
	bool had[2];

	temp_write(data, "blog/post", "old");
	temp_write(data, "photos/post", "old");
	choose("blog", &places[0]);
	choose("photos", &places[1]);
	free(places[1].before);
	places[1].before = mem_strdup("/proc/nowhere/x");
	must(begin(api->client, &halt), &err);
	ck_assert_int_lt(backup_halt_swap(halt, places, 2, had, &err), 0);
	err_done(&err);
	must(backup_halt_end(halt, &err), &err);
	has("blog/post", "old");
	has("photos/post", "old");
	ck_assert_int_eq(replicas(), 2);
	backup_place_done(&places[0]);
	backup_place_done(&places[1]);
}
END_TEST

START_TEST(test_backup_halt__a_swap_that_was_cut_off_is_finished)
{
	cleanup_free char *folder = mem_printf("%s/backup/halts", state);
	struct backup_place place;

	temp_write(data, "blog/post", "old");
	choose("blog", &place);
	json_auto_t *record =
		json_pack("{s:i, s:s, s:s, s:[], s:[o]}", "schema", 1, "app", "blog", "owner",
			  "restore ID", "workloads", "swaps", backup_place_to_json(&place));
	cleanup_free char *text = tree_json_dump(record);
	must(file_make_dir(folder, 0700, &err), &err);
	temp_write(folder, "blog.json", text);
	ck_assert_int_eq(rename(place.target, place.before), 0);
	ck_assert_int_eq(backup_halt_finish(NULL, state, &deadline, NULL, &err), 1);
	has("blog/post", "new");
	has("blog.before-ID/post", "old");
	backup_place_done(&place);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("backup/halt");
	TCase *tests = tcase_create("halt");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_backup_halt__stops_and_starts);
	tcase_add_test(tests, test_backup_halt__owners_of_fields_are_given_back);
	tcase_add_test(tests, test_backup_halt__pods_of_other_directories_go_on);
	tcase_add_test(tests, test_backup_halt__pods_that_do_not_end);
	tcase_add_test(tests, test_backup_halt__what_cannot_be_stopped_is_not_touched);
	tcase_add_test(tests, test_backup_halt__somebody_else_scaled_it_meanwhile);
	tcase_add_test(tests, test_backup_halt__it_is_gone_meanwhile);
	tcase_add_test(tests, test_backup_halt__the_next_one_finishes_it);
	tcase_add_test(tests, test_backup_halt__a_new_halt_finishes_it_first);
	tcase_add_test(tests, test_backup_halt__without_the_server_the_note_stays);
	tcase_add_test(tests, test_backup_halt__while_a_process_is_at_it_nobody_interferes);
	tcase_add_test(tests, test_backup_halt__damaged_note);
	tcase_add_test(tests, test_backup_halt__swaps);
	tcase_add_test(tests, test_backup_halt__a_swap_that_fails_is_undone);
	tcase_add_test(tests, test_backup_halt__a_swap_that_was_cut_off_is_finished);
	suite_add_tcase(suite, tests);
	return suite;
}
