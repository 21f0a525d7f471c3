#include "source/load.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/path.h"

#define CONFIG_MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"

static struct manifest_set *load(const char *dir)
{
	struct source_options options = {.dir = dir, .node_name = "kube1"};
	struct manifest_set *set;
	struct err err = ERR_INIT;

	must(source_load(&options, &set, &err), &err);
	return set;
}

static bool is_broken(const struct manifest_set *set, const char *name)
{
	const struct manifest_app *app = manifest_set_find(set, name);

	ck_assert_msg(app, "no app %s", name);
	ck_assert(!app->broken || !app->count);
	return app->broken;
}

START_TEST(test_source_load__an_empty_directory_is_empty)
{
	cleanup_free char *dir = temp_dir();
	struct manifest_set *set = load(dir);

	ck_assert(set->empty);
	ck_assert(!set->fatal);
	ck_assert_uint_eq(diag_count(&set->findings, DIAG_WARNING), 1);
	manifest_set_unref(set);
	temp_write(dir, "vars.yaml", "a: b\n");
	temp_write(dir, "desired.yaml", "{}\n");
	set = load(dir);
	ck_assert(set->empty);
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__a_missing_directory_is_empty_and_an_error)
{
	struct manifest_set *set = load("/does/not/exist");

	ck_assert(set->empty);
	ck_assert(set->fatal);
	ck_assert(diag_has_error(&set->findings, NULL));
	ck_assert_str_eq(set->findings.items[0].err.place.file, "/does/not/exist");
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__an_untrusted_file_breaks_its_app_alone)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *file = file_join(dir, "bad/x.yaml");

	temp_write(dir, "good.yaml", CONFIG_MAP("good"));
	temp_write(dir, "bad/x.yaml", CONFIG_MAP("bad"));
	ck_assert_int_eq(chmod(file, 0666), 0);
	struct manifest_set *set = load(dir);
	ck_assert(!is_broken(set, "good"));
	ck_assert(is_broken(set, "bad"));
	ck_assert_uint_eq(set->findings.n, 1);
	ck_assert_str_eq(set->findings.items[0].err.hint, "chmod o-w bad/x.yaml");
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__a_writable_directory_stops_everything)
{
	cleanup_free char *dir = temp_dir();

	temp_write(dir, "good.yaml", CONFIG_MAP("good"));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	struct manifest_set *set = load(dir);
	ck_assert(set->fatal);
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__large_and_binary_files_are_named)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *large = file_join(dir, "large.yaml");
	cleanup_free char *template = file_join(dir, "template.yaml.j2");
	cleanup_free char *binary = file_join(dir, "binary.yaml");
	struct err err = ERR_INIT;

	temp_write(dir, "good.yaml", CONFIG_MAP("good"));
	temp_write(dir, "large.yaml", "");
	temp_write(dir, "template.yaml.j2", "");
	ck_assert_int_eq(truncate(large, 2LL << 30), 0);
	ck_assert_int_eq(truncate(template, (1 << 20) + 1), 0);
	must(file_write(binary, "kind\0: x", 8, 0644, &err), &err);
	struct manifest_set *set = load(dir);
	ck_assert(!is_broken(set, "good"));
	ck_assert(is_broken(set, "large"));
	ck_assert(is_broken(set, "template"));
	ck_assert(is_broken(set, "binary"));
	ck_assert_str_eq(set->findings.items[0].err.message,
			 "a binary file: a NUL character at byte 5");
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__a_large_crd_is_fine)
{
	cleanup_free char *dir = temp_dir();
	cleanup_buf struct buf text = BUF_INIT;

	buf_addstr(&text, CONFIG_MAP("large") "data:\n");
	for (int i = 0; text.len < (2u << 20); i++)
		buf_printf(&text, "  key%d: \"%0*d\"\n", i, 100, i);
	temp_write(dir, "large.yaml", buf_str(&text));
	struct manifest_set *set = load(dir);
	ck_assert(!is_broken(set, "large"));
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__an_endless_template_breaks_its_app_alone)
{
	cleanup_free char *dir = temp_dir();

	temp_write(dir, "good.yaml", CONFIG_MAP("good"));
	temp_write(dir, "endless/a.yaml.j2", "{% include 'a.yaml.j2' %}\n");
	temp_write(
		dir, "looping/a.yaml.j2",
		"{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}");
	struct manifest_set *set = load(dir);
	ck_assert(!is_broken(set, "good"));
	ck_assert(is_broken(set, "endless"));
	ck_assert(is_broken(set, "looping"));
	ck_assert_str_eq(set->findings.items[0].err.place.file, "endless/a.yaml.j2");
	manifest_set_unref(set);
}
END_TEST

START_TEST(test_source_load__is_deterministic)
{
	cleanup_free char *dir = temp_dir();

	temp_write(dir, "a.yaml", CONFIG_MAP("a"));
	temp_write(dir, "b/x.yaml", CONFIG_MAP("b"));
	struct manifest_set *one = load(dir), *two = load(dir);
	for (size_t i = 0; i < one->count; i++)
		ck_assert_str_eq(one->apps[i]->hash, two->apps[i]->hash);
	manifest_set_unref(one);
	manifest_set_unref(two);
}
END_TEST

START_TEST(test_source_load__a_renamed_file_changes_no_hash)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *from = file_join(dir, "b/x.yaml"), *to = file_join(dir, "b/y.yaml");

	temp_write(dir, "b/x.yaml", CONFIG_MAP("b"));
	struct manifest_set *one = load(dir);
	ck_assert_int_eq(rename(from, to), 0);
	struct manifest_set *two = load(dir);
	ck_assert_str_eq(one->apps[0]->hash, two->apps[0]->hash);
	ck_assert_str_eq(tree_path_string(one->apps[0]->objects[0]->body,
					  "metadata.annotations[\"desired.dev/source\"]"),
			 "b b/x.yaml");
	ck_assert_str_eq(tree_path_string(two->apps[0]->objects[0]->body,
					  "metadata.annotations[\"desired.dev/source\"]"),
			 "b b/y.yaml");
	manifest_set_unref(one);
	manifest_set_unref(two);
}
END_TEST

static char *generate(void *context, const struct source_generated *wanted)
{
	(void)context;
	return mem_printf("%s/%s/%s/%s/%d", wanted->app, wanted->ns, wanted->secret, wanted->key,
			  wanted->length);
}

START_TEST(test_source_load__generated_values_come_from_the_caller)
{
	cleanup_free char *dir = temp_dir();
	struct source_options options = {.dir = dir, .generated = generate};
	struct manifest_set *set;
	struct err err = ERR_INIT;

	temp_write(dir, "db/app.yaml",
		   "namespace: data\nsecrets: {pass: {generate: {password: 32}}}\n");
	must(source_load(&options, &set, &err), &err);
	const struct manifest_app *app = manifest_set_find(set, "db");
	ck_assert_str_eq(tree_path_string(app->objects[0]->body, "data.password"),
			 "ZGIvZGF0YS9wYXNzL3Bhc3N3b3JkLzMy");
	ck_assert_str_eq(tree_path_string(app->objects[0]->body,
					  "metadata.annotations[\"desired.dev/generated\"]"),
			 "password");
	manifest_set_unref(set);
}
END_TEST

struct writer {
	const char *dir;
	bool stop;
};

/* Truncates and writes again, as an editor may, so that a reader can catch it half done. */
static void *rewrite(void *context)
{
	struct writer *writer = context;
	cleanup_free char *path = file_join(writer->dir, "x.yaml");

	while (!__atomic_load_n(&writer->stop, __ATOMIC_RELAXED)) {
		FILE *file = fopen(path, "w");
		fputs("apiVersion: v1\nkind: ConfigMap\n", file);
		fflush(file);
		usleep(2000);
		fputs("metadata: {name: whole}\n", file);
		fclose(file);
		usleep(60000);
	}
	return NULL;
}

START_TEST(test_source_load__never_takes_up_half_a_file)
{
	cleanup_free char *dir = temp_dir();
	struct writer writer = {.dir = dir};
	pthread_t thread;

	temp_write(dir, "x.yaml", CONFIG_MAP("whole"));
	ck_assert_int_eq(pthread_create(&thread, NULL, rewrite, &writer), 0);
	for (int i = 0; i < 5; i++) {
		struct manifest_set *set = load(dir);
		ck_assert(!is_broken(set, "x"));
		ck_assert_str_eq(set->apps[0]->objects[0]->id.name, "whole");
		manifest_set_unref(set);
	}
	__atomic_store_n(&writer.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
END_TEST

static void remember(void *context, const char *app, const char *file, const char *text,
		     size_t length)
{
	buf_printf(context, "# %s %s\n%.*s", app, file, (int)length, text);
}

START_TEST(test_source_render__gives_the_texts_of_what_is_selected)
{
	cleanup_free char *dir = temp_dir();
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	struct source_options options = {.dir = dir};
	struct err err = ERR_INIT;

	temp_write(dir, "a/app.yaml", "instances: [x, y]\nsecrets: {s: {env: s.env}}\n");
	temp_write(dir, "a/files/s.env", "A=geheim\n");
	temp_write(dir, "a/m.yaml.j2", "apiVersion: v1 # {{ item }}\n");
	temp_write(dir, "b.yaml", "not: wanted\n");
	must(source_render(&options, "a@y", remember, &out, &findings, &err), &err);
	ck_assert_msg(strstr(buf_str(&out), "# a@y a/m.yaml.j2\napiVersion: v1 # y\n"), "%s",
		      buf_str(&out));
	ck_assert(strstr(buf_str(&out), "***"));
	ck_assert(!strstr(buf_str(&out), "a@x"));
	ck_assert(!strstr(buf_str(&out), "not: wanted"));
	ck_assert(!strstr(buf_str(&out), "Z2VoZWlt"));
	ck_assert_uint_eq(findings.n, 1);
	ck_assert_str_eq(findings.items[0].err.message, "kind is missing");
}
END_TEST

static void remember_variable(void *context, const struct source_variable *variable)
{
	cleanup_free char *overridden = list_join(variable->overridden, " ");

	buf_printf(context, "%s=%s (%s; %s)\n", variable->name, variable->value, variable->origin,
		   overridden);
}

START_TEST(test_source_vars__tell_where_they_were_set)
{
	cleanup_free char *dir = temp_dir();
	cleanup_buf struct buf out = BUF_INIT;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	struct source_options options = {.dir = dir, .node_name = "kube1"};
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "vars.yaml", "port: 80\nname: all\ndb: {db_password: geheim, user: ann}\n");
	temp_write(dir, "a/vars.yaml", "\nname: \"{{ port }}-a\"\nlost: \"{{ nothing }}\"\n");
	temp_write(dir, "a/m.yaml", CONFIG_MAP("m"));
	must(source_vars(&options, "a", remember_variable, &out, &findings, &err), &err);
	ck_assert_msg(strstr(buf_str(&out), "name=\"80-a\" (a/vars.yaml:2; vars.yaml:2)\n"), "%s",
		      buf_str(&out));
	ck_assert(strstr(buf_str(&out), "port=80 (vars.yaml:1; )\n"));
	ck_assert(strstr(buf_str(&out), "inventory_hostname=\"kube1\" (built in; )\n"));
	ck_assert(strstr(buf_str(&out), "undefined"));
	ck_assert(strstr(buf_str(&out), "db={\"db_password\":\"***\",\"user\":\"ann\"}"));
	ck_assert_int_eq(source_vars(&options, "none", remember_variable, &out, &findings, &err),
			 -ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_source_watch__folders_and_where_links_lead)
{
	cleanup_free char *dir = temp_dir(), *above = temp_dir();
	cleanup_free char *link = file_join(above, "desired"), *inner = file_join(dir, "a/x.yaml");
	cleanup_free char *real = realpath(dir, NULL);
	cleanup_list struct list folders = LIST_INIT;
	struct err err = ERR_INIT;

	temp_write(dir, "_shared/deep/x.yaml", CONFIG_MAP("x"));
	temp_write(dir, "a/y.yaml", CONFIG_MAP("y"));
	ck_assert_int_eq(symlink("../_shared/deep/x.yaml", inner), 0);
	ck_assert_int_eq(symlink(dir, link), 0);
	must(source_folders(link, &folders, &err), &err);
	cleanup_free char *a = file_join(real, "a"), *deep = file_join(real, "_shared/deep");
	ck_assert(list_has(&folders, real));
	ck_assert(list_has(&folders, a));
	ck_assert(list_has(&folders, deep));
}
END_TEST

START_TEST(test_source_watch__fingerprint_follows_changes)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *one = NULL, *two = NULL, *three = NULL;
	struct err err = ERR_INIT;

	temp_write(dir, "a.yaml", "x");
	must(source_fingerprint(dir, &one, &err), &err);
	must(source_fingerprint(dir, &two, &err), &err);
	ck_assert_str_eq(one, two);
	temp_write(dir, "a.yaml", "xy");
	must(source_fingerprint(dir, &three, &err), &err);
	ck_assert_str_ne(one, three);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/load");
	TCase *tests = tcase_create("load");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, test_source_load__an_empty_directory_is_empty);
	tcase_add_test(tests, test_source_load__a_missing_directory_is_empty_and_an_error);
	tcase_add_test(tests, test_source_load__an_untrusted_file_breaks_its_app_alone);
	tcase_add_test(tests, test_source_load__a_writable_directory_stops_everything);
	tcase_add_test(tests, test_source_load__large_and_binary_files_are_named);
	tcase_add_test(tests, test_source_load__a_large_crd_is_fine);
	tcase_add_test(tests, test_source_load__an_endless_template_breaks_its_app_alone);
	tcase_add_test(tests, test_source_load__is_deterministic);
	tcase_add_test(tests, test_source_load__a_renamed_file_changes_no_hash);
	tcase_add_test(tests, test_source_load__generated_values_come_from_the_caller);
	tcase_add_test(tests, test_source_load__never_takes_up_half_a_file);
	tcase_add_test(tests, test_source_render__gives_the_texts_of_what_is_selected);
	tcase_add_test(tests, test_source_vars__tell_where_they_were_set);
	tcase_add_test(tests, test_source_watch__folders_and_where_links_lead);
	tcase_add_test(tests, test_source_watch__fingerprint_follows_changes);
	suite_add_tcase(suite, tests);
	return suite;
}
