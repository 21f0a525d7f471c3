/*
 * Every folder of test/golden/source is a directory as people have it (dir/) and what is made of it
 * (expected.txt): the apps with their objects, and all findings as `check` prints them. With
 * UPDATE_GOLDEN=1 the expectations are written anew, to be read before they are committed.
 */
#include "source/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "tree/yaml.h"

#define ROOT	   GOLDEN "/source"
#define TEXT_LIMIT (1u << 20)

static void add_list(struct buf *out, const char *name, const struct list *list)
{
	cleanup_free char *all = list_join(list, " ");

	if (list->n)
		buf_printf(out, " %s=%s", name, all);
}

static void add_options(struct buf *out, const struct manifest_options *options)
{
	if (options->ns)
		buf_printf(out, " namespace=%s", options->ns);
	add_list(out, "dependsOn", &options->depends_on);
	add_list(out, "tags", &options->tags);
	if (options->suspend)
		buf_addstr(out, " suspend");
	for (size_t i = 0; i < options->directory_count; i++) {
		const struct manifest_directory *directory = &options->directories[i];
		buf_printf(out, " directory=%s,%o,%ld:%ld", directory->path, directory->mode,
			   directory->uid, directory->gid);
	}
	buf_addch(out, '\n');
}

static void add_app(struct buf *out, const struct manifest_app *app)
{
	buf_printf(out, "app %s%s", app->name, app->broken ? " BROKEN" : "");
	add_options(out, &app->options);
	for (size_t i = 0; i < app->count; i++) {
		const struct manifest_object *object = app->objects[i];
		cleanup_free char *body = tree_yaml_dump(object->body);
		buf_printf(out, "--- %s (%s:%d)\n%s", object->key, object->file, object->line,
			   body);
	}
	buf_addch(out, '\n');
}

static char *describe(const struct manifest_set *set)
{
	struct buf out = BUF_INIT;

	if (set->fatal)
		buf_addstr(&out, "FATAL\n");
	if (set->empty)
		buf_addstr(&out, "EMPTY\n");
	for (size_t i = 0; i < set->broken_folders.n; i++)
		buf_printf(&out, "folder %s BROKEN\n", set->broken_folders.items[i]);
	for (size_t i = 0; i < set->count; i++)
		add_app(&out, set->apps[i]);
	for (size_t i = 0; i < set->findings.n; i++)
		diag_print(&set->findings.items[i], &out);
	return buf_steal(&out);
}

/* A machine that is the same everywhere. */
static json_t *facts(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:{}, s:[s, s]}", "nodename",
			 "kube1.example.net", "hostname", "kube1", "fqdn", "kube1.example.net",
			 "distribution", "Debian", "default_ipv4", "address", "192.0.2.7",
			 "interface", "eth0", "default_ipv6", "all_ipv4_addresses", "192.0.2.7",
			 "192.0.2.8");
}

static void check_case(const char *name)
{
	cleanup_free char *folder = file_join(ROOT, name);
	cleanup_free char *expected = NULL, *got = NULL;
	struct manifest_set *set;
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *machine = facts();

	ck_assert_int_eq(chdir(folder), 0);
	struct source_options options = {.dir = "dir",
					 .lint = true,
					 .node_name = "kube1.example.net",
					 .k3s_version = "v1.35.4",
					 .facts = machine};
	must(source_load(&options, &set, &err), &err);
	got = describe(set);
	manifest_set_unref(set);
	if (getenv("UPDATE_GOLDEN"))
		must(file_write("expected.txt", got, strlen(got), 0644, &err), &err);
	must(file_read("expected.txt", TEXT_LIMIT, &expected, NULL, &err), &err);
	if (strcmp(expected, got) != 0)
		ck_abort_msg("%s: expected\n%s\ngot\n%s", name, expected, got);
}

/* The cases by name; the test is a loop over them. */
static void cases_list(struct list *ret)
{
	DIR *folder = opendir(ROOT);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (*entry->d_name != '.')
			list_add(ret, entry->d_name);
	if (folder)
		closedir(folder);
	list_sort(ret);
}

START_TEST(test_source_load__golden)
{
	cleanup_list struct list cases = LIST_INIT;

	cases_list(&cases);
	check_case(cases.items[_i]);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/golden");
	TCase *tests = tcase_create("golden");
	cleanup_list struct list cases = LIST_INIT;

	cases_list(&cases);
	tcase_add_loop_test(tests, test_source_load__golden, 0, cases.n ? (int)cases.n : 1);
	suite_add_tcase(suite, tests);
	return suite;
}
