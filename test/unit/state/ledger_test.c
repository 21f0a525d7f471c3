#include "state/ledger.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

/* An entry as the ledger is given it. */
static struct state_entry *entry_of(const char *key, const char *app, const char *uid)
{
	struct state_entry *entry = mem_new(struct state_entry);

	ck_assert(manifest_id_of_key(key, &entry->id));
	entry->key = mem_strdup(key);
	entry->app = mem_strdup(app);
	entry->uid = mem_strdup(uid);
	return entry;
}

static void put(struct state_ledger *ledger, const char *key, const char *app, const char *uid)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_entry *entry = entry_of(key, app, uid);

	must(state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, &err), &err);
	state_entry_free(entry);
}

static struct state_ledger *open_ledger(const char *dir)
{
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = NULL;

	must(state_ledger_open(dir, &ledger, &err), &err);
	return ledger;
}

static size_t count(struct state_ledger *ledger, const char *app)
{
	struct map entries = MAP_INIT(state_entry_free);

	state_ledger_entries(ledger, app, NULL, &entries);
	size_t n = entries.n;
	map_done(&entries);
	return n;
}

START_TEST(test_state_ledger__everything_survives_a_restart)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);
	struct state_entry *entry = entry_of("apps/Deployment/blog/ghost", "ghost@tfe-fr", "u1");

	free(entry->id.version);
	entry->id.version = mem_strdup("v1");
	entry->hash = mem_strdup("h1");
	entry->owned = mem_strdup("o1");
	entry->source = mem_strdup("ghost/deployment \"1\".yml.j2");
	entry->prune = MANIFEST_PRUNE_ASK;
	entry->keep = entry->kept = entry->approved = true;
	entry->from = mem_strdup("blog");
	entry->stage = STATE_ON_TRIAL;
	must(state_ledger_bind(ledger, "cluster-1", &err), &err);
	must(state_ledger_put(ledger, (const struct state_entry *const *)&entry, 1, &err), &err);
	must(state_ledger_approve(ledger, "4f2c", &err), &err);
	state_entry_free(entry);
	state_ledger_free(ledger);

	ledger = open_ledger(dir);
	entry = state_ledger_get(ledger, "apps/Deployment/blog/ghost");
	ck_assert_ptr_nonnull(entry);
	ck_assert_str_eq(entry->id.group, "apps");
	ck_assert_str_eq(entry->id.version, "v1");
	ck_assert_str_eq(entry->id.ns, "blog");
	ck_assert_str_eq(entry->app, "ghost@tfe-fr");
	ck_assert_str_eq(entry->uid, "u1");
	ck_assert_str_eq(entry->hash, "h1");
	ck_assert_str_eq(entry->owned, "o1");
	ck_assert_str_eq(entry->source, "ghost/deployment \"1\".yml.j2");
	ck_assert_int_eq(entry->prune, MANIFEST_PRUNE_ASK);
	ck_assert(entry->keep && entry->kept && entry->approved);
	ck_assert_str_eq(entry->from, "blog");
	ck_assert_int_eq(entry->stage, STATE_ON_TRIAL);
	ck_assert_str_eq(state_ledger_cluster(ledger), "cluster-1");
	const struct list keys = {.items = (char *[]){entry->key}, .n = 1};
	ck_assert_int_eq(state_ledger_take_approval(ledger, "4f2d", &keys, &err), 0);
	ck_assert_int_eq(state_ledger_take_approval(ledger, "4f2c", &keys, &err), 1);
	ck_assert_int_eq(state_ledger_take_approval(ledger, "4f2c", &keys, &err), 0);
	state_entry_free(entry);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__an_app_survives_a_restart)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);
	struct state_app app = {.name = "ghost@tfe-fr",
				.revision = 15,
				.health = "ready",
				.note = "a \"note\"",
				.since = "2026-11-22T09:12:00Z",
				.hash = "h",
				.refused = "r"};

	must(state_ledger_put_app(ledger, &app, &err), &err);
	state_ledger_free(ledger);
	ledger = open_ledger(dir);
	struct state_app *read = state_ledger_app(ledger, "ghost@tfe-fr");
	ck_assert_ptr_nonnull(read);
	ck_assert_int_eq(read->revision, 15);
	ck_assert_str_eq(read->health, "ready");
	ck_assert_str_eq(read->note, "a \"note\"");
	ck_assert_str_eq(read->since, "2026-11-22T09:12:00Z");
	ck_assert_str_eq(read->hash, "h");
	ck_assert_str_eq(read->refused, "r");
	state_app_free(read);
	must(state_ledger_remove_app(ledger, "ghost@tfe-fr", &err), &err);
	ck_assert_ptr_null(state_ledger_app(ledger, "ghost@tfe-fr"));
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__a_pin_survives_everything_but_its_end)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);
	const struct state_pin pin = {.revision = 14,
				      .hash = (char *)"h",
				      .verb = (char *)"rollback",
				      .who = (char *)"root",
				      .when = (char *)"2026-11-22T09:12:00Z",
				      .why = (char *)"revision 15 was not ready"};
	const struct state_app app = {.name = (char *)"ghost", .revision = 15};

	ck_assert_int_eq(state_ledger_pin(ledger, "ghost", NULL, &err), 0);
	ck_assert_int_eq(state_ledger_pin(ledger, "ghost", &pin, &err), 1);
	must(state_ledger_put_app(ledger, &app, &err), &err);
	state_ledger_free(ledger);
	ledger = open_ledger(dir);
	struct state_app *read = state_ledger_app(ledger, "ghost");
	ck_assert_int_eq(read->revision, 15);
	ck_assert_int_eq(read->pin.revision, 14);
	ck_assert_str_eq(read->pin.hash, "h");
	ck_assert_str_eq(read->pin.verb, "rollback");
	ck_assert_str_eq(read->pin.who, "root");
	ck_assert_str_eq(read->pin.when, "2026-11-22T09:12:00Z");
	ck_assert_str_eq(read->pin.why, "revision 15 was not ready");
	state_app_free(read);
	ck_assert_int_eq(state_ledger_pin(ledger, "ghost", NULL, &err), 1);
	ck_assert_int_eq(state_ledger_pin(ledger, "ghost", NULL, &err), 0);
	read = state_ledger_app(ledger, "ghost");
	ck_assert_int_eq(read->pin.revision, 0);
	state_app_free(read);
	state_ledger_free(ledger);
}
END_TEST

static void pend(struct state_ledger *ledger, const char *app, const char *id, const char *key)
{
	cleanup_err struct err err = ERR_INIT;
	const struct state_pending pending = {
		.id = (char *)id,
		.why = (char *)"2 deletes in more than one app",
		.keys = {.items = (char *[]){(char *)key}, .n = 1},
	};

	put(ledger, key, app, "u");
	must(state_ledger_pend(ledger, app, &pending, &err), &err);
}

static bool is_approved(struct state_ledger *ledger, const char *key)
{
	struct state_entry *entry = state_ledger_get(ledger, key);
	bool approved = entry->approved;

	state_entry_free(entry);
	return approved;
}

START_TEST(test_state_ledger__an_approval_reaches_what_waited_and_nothing_else)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list ids = LIST_INIT;
	struct state_ledger *ledger = open_ledger(dir);

	pend(ledger, "one", "aaaaaa", "core/ConfigMap/default/a");
	pend(ledger, "two", "bbbbbb", "core/ConfigMap/default/b");
	put(ledger, "core/ConfigMap/default/c", "one", "u");
	state_ledger_pending(ledger, &ids);
	cleanup_free char *waiting = list_join(&ids, " ");
	ck_assert_str_eq(waiting, "aaaaaa bbbbbb");
	ck_assert_int_eq(state_ledger_approve(ledger, "aaaaaa", &err), 1);
	ck_assert(is_approved(ledger, "core/ConfigMap/default/a"));
	ck_assert(!is_approved(ledger, "core/ConfigMap/default/b"));
	ck_assert(!is_approved(ledger, "core/ConfigMap/default/c"));

	struct state_app *one = state_ledger_app(ledger, "one"),
			 *two = state_ledger_app(ledger, "two");
	ck_assert_ptr_null(one->pending.id);
	ck_assert(two->pending.insist);
	state_app_free(one);
	state_app_free(two);
	ck_assert_int_eq(state_ledger_approve(ledger, "aaaaaa", &err), 0);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__what_waits_survives_a_restart)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);

	pend(ledger, "one", "aaaaaa", "core/ConfigMap/default/a");
	state_ledger_free(ledger);
	ledger = open_ledger(dir);
	struct state_app *app = state_ledger_app(ledger, "one");
	ck_assert_str_eq(app->pending.id, "aaaaaa");
	ck_assert_str_eq(app->pending.why, "2 deletes in more than one app");
	ck_assert_str_eq(app->pending.keys.items[0], "core/ConfigMap/default/a");
	state_app_free(app);
	must(state_ledger_pend(ledger, "one", NULL, &err), &err);
	app = state_ledger_app(ledger, "one");
	ck_assert_ptr_null(app->pending.id);
	state_app_free(app);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__nobody_else_may_read_it)
{
	cleanup_free char *parent = temp_dir();
	cleanup_free char *dir = file_join(parent, "state");
	struct state_ledger *ledger = open_ledger(dir);
	struct stat st;

	put(ledger, "core/Secret/default/a", "app", "u");
	cleanup_free char *path = file_join(dir, "ledger.json");
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__the_file_is_json_with_a_schema)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger = open_ledger(dir);

	put(ledger, "core/ConfigMap/default/a", "app", "u1");
	put(ledger, "core/ConfigMap/default/b", "app", NULL);
	state_ledger_free(ledger);
	cleanup_free char *text = temp_read(dir, "ledger.json");
	json_auto_t *tree = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(json_integer_value(json_object_get(tree, "schema")), 1);
	ck_assert_uint_eq(json_object_size(json_object_get(tree, "entries")), 2);
}
END_TEST

START_TEST(test_state_ledger__a_damaged_file_is_moved_aside_and_said)
{
	static const char *const damaged[] = {"{\"schema\": 1, \"entr", "{}", "{\"schema\": 99}",
					      "[1]", ""};
	cleanup_free char *dir = temp_dir();

	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		cleanup_err struct err err = ERR_INIT;
		struct state_ledger *ledger = NULL;
		cleanup_free char *path = file_join(dir, "ledger.json");
		temp_write(dir, "ledger.json", damaged[i]);
		ck_assert_int_eq(state_ledger_open(dir, &ledger, &err), 1);
		ck_assert_ptr_nonnull(strstr(err.message, "was damaged and is now"));
		ck_assert(!file_exists(path));
		ck_assert_uint_eq(count(ledger, NULL), 0);
		state_ledger_free(ledger);
	}
}
END_TEST

START_TEST(test_state_ledger__an_unreadable_folder_is_an_error)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *below = file_join(dir, "file/state");
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = NULL;

	temp_write(dir, "file", "");
	ck_assert_int_lt(state_ledger_open(below, &ledger, &err), 0);
	ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(test_state_ledger__another_cluster_starts_empty_and_the_old_one_is_kept)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);

	ck_assert_str_eq(state_ledger_cluster(ledger), "");
	ck_assert_int_eq(state_ledger_bind(ledger, "one", &err), 0);
	put(ledger, "core/ConfigMap/default/a", "app", "u");
	must(state_ledger_approve(ledger, "4f2c", &err), &err);
	ck_assert_int_eq(state_ledger_bind(ledger, "one", &err), 0);
	ck_assert_uint_eq(count(ledger, NULL), 1);
	ck_assert_int_eq(state_ledger_bind(ledger, "two", &err), 1);
	ck_assert_uint_eq(count(ledger, NULL), 0);
	ck_assert_int_eq(state_ledger_take_approval(ledger, "4f2c", &LIST_INIT, &err), 0);
	ck_assert_str_eq(state_ledger_cluster(ledger), "two");
	cleanup_free char *old = temp_read(dir, "ledger-one.json");
	ck_assert_ptr_nonnull(strstr(old, "core/ConfigMap/default/a"));
	state_ledger_free(ledger);

	ledger = open_ledger(dir);
	ck_assert_str_eq(state_ledger_cluster(ledger), "two");
	ck_assert_uint_eq(count(ledger, NULL), 0);
	put(ledger, "core/ConfigMap/default/b", "app", "u");
	ck_assert_int_eq(state_ledger_bind(ledger, "one", &err), 1);
	ck_assert_uint_eq(count(ledger, NULL), 1);
	struct state_entry *entry = state_ledger_get(ledger, "core/ConfigMap/default/a");
	ck_assert_ptr_nonnull(entry);
	state_entry_free(entry);
	ck_assert_int_eq(state_ledger_bind(ledger, "two", &err), 1);
	ck_assert_uint_eq(count(ledger, NULL), 1);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__entries_are_found_by_app_and_by_key)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger = open_ledger(dir);
	struct map entries = MAP_INIT(state_entry_free);
	cleanup_list struct list also = LIST_INIT;

	put(ledger, "core/ConfigMap/default/a", "one", "u1");
	put(ledger, "core/ConfigMap/default/b", "two", "u2");
	put(ledger, "core/ConfigMap/default/c", "two", "u3");
	list_add(&also, "core/ConfigMap/default/c");
	list_add(&also, "core/ConfigMap/default/missing");
	state_ledger_entries(ledger, "one", &also, &entries);
	ck_assert_uint_eq(entries.n, 2);
	ck_assert(map_has(&entries, "core/ConfigMap/default/a"));
	ck_assert(map_has(&entries, "core/ConfigMap/default/c"));
	map_done(&entries);
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__names_kinds_and_namespaces_come_sorted_and_once)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct state_ledger *ledger = open_ledger(dir);
	cleanup_list struct list apps = LIST_INIT, kinds = LIST_INIT, namespaces = LIST_INIT;
	struct state_app app = {.name = "idle"};

	put(ledger, "core/Namespace//blog", "web", "u1");
	put(ledger, "core/ConfigMap/blog/b", "web", "u2");
	put(ledger, "apps/Deployment/blog/b", "web", "u3");
	put(ledger, "apps/Deployment/alpha/a", "another", "u4");
	must(state_ledger_put_app(ledger, &app, &err), &err);
	state_ledger_apps(ledger, &apps);
	state_ledger_kinds(ledger, &kinds);
	state_ledger_namespaces(ledger, &namespaces);
	cleanup_free char *a = list_join(&apps, " "), *k = list_join(&kinds, " ");
	cleanup_free char *n = list_join(&namespaces, " ");
	ck_assert_str_eq(a, "another idle web");
	ck_assert_str_eq(k, "apps/Deployment core/ConfigMap core/Namespace");
	ck_assert_str_eq(n, "alpha blog");
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__copies_are_copies)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger = open_ledger(dir);

	put(ledger, "core/ConfigMap/default/a", "app", "u1");
	struct state_entry *copy = state_ledger_get(ledger, "core/ConfigMap/default/a");
	copy->uid[0] = 'x';
	struct state_entry *again = state_ledger_get(ledger, "core/ConfigMap/default/a");
	ck_assert_str_eq(again->uid, "u1");
	state_entry_free(copy);
	state_entry_free(again);
	ck_assert_ptr_null(state_ledger_get(ledger, "core/ConfigMap/default/b"));
	state_ledger_free(ledger);
}
END_TEST

START_TEST(test_state_ledger__removed_entries_are_gone_from_the_file)
{
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	cleanup_list struct list keys = LIST_INIT;
	struct state_ledger *ledger = open_ledger(dir);

	put(ledger, "core/ConfigMap/default/a", "app", "u1");
	put(ledger, "core/ConfigMap/default/b", "app", "u2");
	list_add(&keys, "core/ConfigMap/default/a");
	list_add(&keys, "core/ConfigMap/default/missing");
	must(state_ledger_remove(ledger, &keys, &err), &err);
	state_ledger_free(ledger);
	cleanup_free char *text = temp_read(dir, "ledger.json");
	ck_assert_ptr_null(strstr(text, "default/a"));
	ck_assert_ptr_nonnull(strstr(text, "default/b"));
}
END_TEST

START_TEST(test_state_ledger__data_bearing_kinds_are_kept)
{
	struct manifest_object claim = {.id = {"", "v1", "PersistentVolumeClaim", "blog", "data"},
					.key = "core/PersistentVolumeClaim/blog/data",
					.file = "blog/data.yaml"};
	struct manifest_object config = {.id = {"", "v1", "ConfigMap", "blog", "c"},
					 .key = "core/ConfigMap/blog/c",
					 .file = "blog/c.yaml",
					 .prune = MANIFEST_PRUNE_NEVER};
	struct state_entry *kept = state_entry_new(&claim, "blog");
	struct state_entry *other = state_entry_new(&config, "blog");

	ck_assert(kept->keep);
	ck_assert_ptr_null(kept->uid);
	ck_assert_str_eq(kept->source, "blog/data.yaml");
	ck_assert(!other->keep);
	ck_assert_int_eq(other->prune, MANIFEST_PRUNE_NEVER);
	state_entry_free(kept);
	state_entry_free(other);
}
END_TEST

/* --- threads --- */

#define THREADS 4
#define ROUNDS	25

struct writer {
	struct state_ledger *ledger;
	int number;
};

static void *write_some(void *context)
{
	struct writer *writer = context;

	for (int i = 0; i < ROUNDS; i++) {
		cleanup_free char *key =
			mem_printf("core/ConfigMap/ns-%d/object-%d", writer->number, i);
		struct state_entry *entry = entry_of(key, "app", "u");
		cleanup_err struct err err = ERR_INIT;
		int r = state_ledger_put(writer->ledger, (const struct state_entry *const *)&entry,
					 1, &err);
		state_entry_free(entry);
		state_entry_free(state_ledger_get(writer->ledger, key));
		if (r < 0)
			return (void *)1;
	}
	return NULL;
}

START_TEST(test_state_ledger__many_threads_lose_nothing)
{
	cleanup_free char *dir = temp_dir();
	struct state_ledger *ledger = open_ledger(dir);
	struct writer writers[THREADS];
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ledger, i};
		pthread_create(&threads[i], NULL, write_some, &writers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	state_ledger_free(ledger);
	ledger = open_ledger(dir);
	ck_assert_uint_eq(count(ledger, NULL), THREADS * ROUNDS);
	state_ledger_free(ledger);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("state/ledger");
	TCase *tests = tcase_create("ledger");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_state_ledger__everything_survives_a_restart);
	tcase_add_test(tests, test_state_ledger__an_app_survives_a_restart);
	tcase_add_test(tests, test_state_ledger__a_pin_survives_everything_but_its_end);
	tcase_add_test(tests, test_state_ledger__an_approval_reaches_what_waited_and_nothing_else);
	tcase_add_test(tests, test_state_ledger__what_waits_survives_a_restart);
	tcase_add_test(tests, test_state_ledger__nobody_else_may_read_it);
	tcase_add_test(tests, test_state_ledger__the_file_is_json_with_a_schema);
	tcase_add_test(tests, test_state_ledger__a_damaged_file_is_moved_aside_and_said);
	tcase_add_test(tests, test_state_ledger__an_unreadable_folder_is_an_error);
	tcase_add_test(tests,
		       test_state_ledger__another_cluster_starts_empty_and_the_old_one_is_kept);
	tcase_add_test(tests, test_state_ledger__entries_are_found_by_app_and_by_key);
	tcase_add_test(tests, test_state_ledger__names_kinds_and_namespaces_come_sorted_and_once);
	tcase_add_test(tests, test_state_ledger__copies_are_copies);
	tcase_add_test(tests, test_state_ledger__removed_entries_are_gone_from_the_file);
	tcase_add_test(tests, test_state_ledger__data_bearing_kinds_are_kept);
	tcase_add_test(tests, test_state_ledger__many_threads_lose_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
