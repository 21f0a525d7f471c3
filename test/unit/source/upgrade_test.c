/*
 * Every folder of test/golden/upgrade is a directory with old APIs (dir/) and what becomes of it
 * (expected.txt): the difference, and what is left to a person. What was rewritten is looked at
 * once more, and must be left alone then. UPDATE_GOLDEN=1 writes the expectations anew.
 */
#include "source/upgrade.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/unified.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define ROOT	   GOLDEN "/upgrade"
#define TEXT_LIMIT (1u << 20)

static const struct list all;

static int upgrade(const char *dir, const struct list *wanted, json_t *kinds,
		   struct source_upgrade *ret, struct err *err)
{
	json_auto_t *facts = json_object();
	const struct source_options options = {.dir = dir,
					       .lint = true,
					       .node_name = "kube1.example.net",
					       .k3s_version = "v1.35.4",
					       .facts = facts,
					       .kinds = kinds};

	return source_upgrade(&options, wanted, ret, err);
}

static char *describe(const struct source_upgrade *upgraded)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < upgraded->count; i++) {
		const struct source_upgrade_file *file = &upgraded->files[i];
		unified_diff(file->path, file->before, file->before_length, file->after,
			     file->after_length, &out);
	}
	buf_printf(&out, "%zu objects\n", upgraded->objects);
	for (size_t i = 0; i < upgraded->findings.n; i++)
		diag_print(&upgraded->findings.items[i], &out);
	return buf_steal(&out);
}

/* A copy of dir/ with what was rewritten in it. Caller frees. */
static char *rewritten(const struct source_upgrade *upgraded)
{
	char *folder = temp_dir();
	cleanup_free char *command =
		mem_printf("cp -R dir/. %s && chmod -R u+w %s", folder, folder);

	ck_assert_int_eq(system(command), 0);
	for (size_t i = 0; i < upgraded->count; i++)
		temp_write(folder, upgraded->files[i].path, upgraded->files[i].after);
	return folder;
}

static void check_case(const char *name)
{
	cleanup_free char *folder = file_join(ROOT, name);
	cleanup_free char *expected = NULL;
	struct source_upgrade first, second;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(chdir(folder), 0);
	must(upgrade("dir", &all, NULL, &first, &err), &err);
	cleanup_free char *got = describe(&first);
	if (getenv("UPDATE_GOLDEN"))
		must(file_write("expected.txt", got, strlen(got), 0644, &err), &err);
	must(file_read("expected.txt", TEXT_LIMIT, &expected, NULL, &err), &err);
	if (strcmp(expected, got) != 0)
		ck_abort_msg("%s: expected\n%s\ngot\n%s", name, expected, got);
	cleanup_free char *copy = rewritten(&first);
	must(upgrade(copy, &all, NULL, &second, &err), &err);
	ck_assert_uint_eq(second.count, 0);
	ck_assert_uint_eq(diag_count(&second.findings, DIAG_ERROR),
			  diag_count(&first.findings, DIAG_ERROR));
	source_upgrade_done(&first);
	source_upgrade_done(&second);
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

START_TEST(test_source_upgrade__golden)
{
	cleanup_list struct list cases = LIST_INIT;

	cases_list(&cases);
	check_case(cases.items[_i]);
}
END_TEST

static const char role[] = "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: Role\n"
			   "metadata: {name: a, namespace: default}\nrules: []\n";

START_TEST(test_source_upgrade__only_what_is_named)
{
	static const char *const names[] = {"one", "two/role.yaml"};
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "one/role.yaml", role);
	temp_write(dir, "two/role.yaml", role);
	temp_write(dir, "three/role.yaml", role);
	for (int i = 0; i < 2; i++) {
		cleanup_list struct list wanted = LIST_INIT;
		struct source_upgrade upgraded;
		list_add(&wanted, names[i]);
		must(upgrade(dir, &wanted, NULL, &upgraded, &err), &err);
		ck_assert_uint_eq(upgraded.count, 1);
		ck_assert_str_eq(upgraded.files[0].path, i ? "two/role.yaml" : "one/role.yaml");
		source_upgrade_done(&upgraded);
	}
	cleanup_list struct list unknown = LIST_INIT;
	struct source_upgrade upgraded;
	list_add(&unknown, "four");
	ck_assert_int_eq(upgrade(dir, &unknown, NULL, &upgraded, &err), -ERR_NOT_FOUND);
	ck_assert_str_eq(err.message, "there is no file and no app 'four'");
}
END_TEST

START_TEST(test_source_upgrade__what_the_server_does_not_have_yet)
{
	json_auto_t *kinds =
		json_pack("{s:{s:[s]}}", "networking.k8s.io/IPAddress", "versions", "v1beta1");
	cleanup_free char *dir = temp_dir();
	cleanup_err struct err err = ERR_INIT;
	struct source_upgrade upgraded;

	temp_write(dir, "a.yaml",
		   "apiVersion: networking.k8s.io/v1beta1\nkind: IPAddress\n"
		   "metadata: {name: 10.0.0.1}\n");
	must(upgrade(dir, &all, kinds, &upgraded, &err), &err);
	ck_assert_uint_eq(upgraded.count, 0);
	ck_assert_uint_eq(upgraded.findings.n, 1);
	ck_assert_str_eq(upgraded.findings.items[0].err.message,
			 "the server does not serve networking.k8s.io/v1 IPAddress yet, only "
			 "v1beta1");
	source_upgrade_done(&upgraded);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/upgrade");
	TCase *tests = tcase_create("golden");
	cleanup_list struct list cases = LIST_INIT;

	cases_list(&cases);
	tcase_add_loop_test(tests, test_source_upgrade__golden, 0, cases.n ? (int)cases.n : 1);
	tcase_add_test(tests, test_source_upgrade__only_what_is_named);
	tcase_add_test(tests, test_source_upgrade__what_the_server_does_not_have_yet);
	suite_add_tcase(suite, tests);
	return suite;
}
