#include "source/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "harness/vault.h"
#include "source/load.h"
#include "tree/path.h"

#define CONFIG_MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\ndata:\n"

/* A directory with a password file, and what was read of it. */
struct world {
	char *dir, *password_dir;
	bool lint;
	struct source_settings settings;
	struct mask *mask;
	struct source_vault_cache *cache;
	struct manifest_set *set;
};

static void write_password(struct world *world, const char *label, const char *text, mode_t mode)
{
	cleanup_free char *path = file_join(world->password_dir, label);

	temp_write(world->password_dir, label, text);
	ck_assert_int_eq(chmod(path, mode), 0);
	list_add(&world->settings.vault_labels, label);
	list_add(&world->settings.vault_files, path);
}

static void setup(struct world *world)
{
	unsetenv("CREDENTIALS_DIRECTORY");
	*world = (struct world){
		.dir = temp_dir(),
		.password_dir = temp_dir(),
		.mask = mask_new(),
		.cache = source_vault_cache_new(),
	};
}

static void load(struct world *world)
{
	struct source_options options = {.dir = world->dir,
					 .node_name = "kube1",
					 .settings = &world->settings,
					 .lint = world->lint,
					 .mask = world->mask,
					 .vault = world->cache};
	struct err err = ERR_INIT;

	manifest_set_unref(world->set);
	must(source_load(&options, &world->set, &err), &err);
}

static void teardown(struct world *world)
{
	manifest_set_unref(world->set);
	source_settings_done(&world->settings);
	source_vault_cache_free(world->cache);
	mask_free(world->mask);
	free(world->dir);
	free(world->password_dir);
}

static void write_vaulted(const struct world *world, const char *name, const char *text)
{
	cleanup_free char *encrypted = vault_encrypt(text, "pw", NULL);

	temp_write(world->dir, name, encrypted);
}

static const char *data(const struct world *world, const char *app, const char *key)
{
	const struct manifest_app *found = manifest_set_find(world->set, app);
	cleanup_free char *path = mem_printf("data.%s", key);

	ck_assert_ptr_nonnull(found);
	if (found->broken)
		ck_abort_msg("%s", world->set->findings.items[0].err.message);
	ck_assert_uint_ge(found->count, 1);
	return tree_path_string(found->objects[0]->body, path);
}

static const struct err *first_error(const struct world *world)
{
	ck_assert_uint_ge(world->set->findings.n, 1);
	return &world->set->findings.items[0].err;
}

static void expect_masked(const struct world *world, const char *value)
{
	cleanup_free char *text = mem_printf("<%s>", value);
	cleanup_free char *masked = mask_text(world->mask, text, strlen(text));

	ck_assert_msg(masked && !strcmp(masked, "<***>"), "%s is %s", text, masked);
}

/* --- opening --- */

START_TEST(test_source_secret__variables_may_stand_in_encrypted_files)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", " pw \n", 0600);
	write_vaulted(&world, "vars.yaml", "a: in vars.yaml\nb: 1\n");
	write_vaulted(&world, "vars.d/x.yaml", "c: 'in vars.d {{ b }}'\n");
	write_vaulted(&world, "app/defaults/main.yml", "d: in defaults\n");
	write_vaulted(&world, "app/vars/main.yml", "e: in role vars\n");
	write_vaulted(&world, "app/vars.yaml", "f: in app vars\n");
	temp_write(world.dir, "app/templates/x.yaml",
		   CONFIG_MAP("x") "  all: {{ a }}, {{ b }}, {{ c }}, {{ d }}, {{ e }}, {{ f }}\n");
	load(&world);
	ck_assert_str_eq(data(&world, "app", "all"),
			 "in vars.yaml, 1, in vars.d 1, in defaults, in role vars, in app vars");
	expect_masked(&world, "in vars.yaml");
	expect_masked(&world, "in vars.d 1");
	expect_masked(&world, "in app vars");
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__values_may_be_encrypted_one_by_one)
{
	struct world world;
	cleanup_free char *one = vault_inline("it is {{ not }} a template", "pw");
	cleanup_free char *two = vault_inline("12", "pw");
	cleanup_free char *vars = mem_printf("a: %s\nb:\n  - c: %s\n", one, two);

	setup(&world);
	write_password(&world, "default", "pw", 0400);
	temp_write(world.dir, "vars.yaml", vars);
	temp_write(world.dir, "app.yaml.j2",
		   CONFIG_MAP("x") "  a: '{{ a }}'\n  b: '{{ b[0].c is string }}{{ b[0].c }}'\n");
	load(&world);
	ck_assert_str_eq(data(&world, "app", "a"), "it is {{ not }} a template");
	ck_assert_str_eq(data(&world, "app", "b"), "True12");
	expect_masked(&world, "it is {{ not }} a template");
	ck_assert(mask_is_value(world.mask, "12", 2));
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__files_and_templates_may_be_encrypted)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	write_vaulted(&world, "app/files/key", "line number one\nline number two\n");
	write_vaulted(&world, "app/files/x.env", "USER=somebody\nPASSWORD=hunter2x\n");
	write_vaulted(&world, "app/files/x.json", "{\"pass\": \"in some json\"}");
	write_vaulted(&world, "app/part.j2", "  part: part of {{ desired.app }}\n");
	write_vaulted(&world, "app/b.yaml.j2",
		      CONFIG_MAP("b") "  b: secret of {{ desired.app }}\n");
	write_vaulted(&world, "app/c.yaml", CONFIG_MAP("c") "  c: plainly secret\n");
	temp_write(world.dir, "app/app.yaml", "secrets: {env: {env: x.env}}\n");
	temp_write(world.dir, "app/a.yaml.j2",
		   CONFIG_MAP("a") "  file: {{ lookup('file', 'key') | to_json }}\n"
				   "  json: {{ (lookup('file', 'x.json') | from_json).pass }}\n"
				   "{% include 'part.j2' %}\n");
	load(&world);
	const struct manifest_app *app = manifest_set_find(world.set, "app");
	ck_assert(!app->broken);
	ck_assert_uint_eq(app->count, 4);
	expect_masked(&world, "line number one\nline number two");
	expect_masked(&world, "line number two");
	expect_masked(&world, "hunter2x");
	expect_masked(&world, "in some json");
	expect_masked(&world, "secret of app");
	expect_masked(&world, "plainly secret");
	cleanup_free char *kind = mask_text(world.mask, "kind: ConfigMap", 15);
	ck_assert_ptr_null(kind);
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__labels_name_passwords)
{
	struct world world;
	cleanup_free char *prod = vault_encrypt("a: of prod\n", "pw of prod", "prod");

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	write_password(&world, "prod", "pw of prod", 0600);
	temp_write(world.dir, "vars.d/a.yaml", prod);
	write_vaulted(&world, "vars.d/b.yaml", "b: of default\n");
	temp_write(world.dir, "app.yaml.j2", CONFIG_MAP("x") "  a: {{ a }} {{ b }}\n");
	load(&world);
	ck_assert_str_eq(data(&world, "app", "a"), "of prod of default");
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__a_credential_of_systemd_is_a_password)
{
	struct world world;
	cleanup_free char *credentials = temp_dir();
	cleanup_free char *path = file_join(credentials, "vault-password");
	cleanup_free char *prod = vault_encrypt("b: of prod\n", "pw of prod", "prod");

	setup(&world);
	temp_write(credentials, "vault-password", "pw\n");
	temp_write(credentials, "vault-password.prod", "pw of prod\n");
	temp_write(credentials, "other", "no\n");
	ck_assert_int_eq(chmod(path, 0440), 0);
	cleanup_free char *second = file_join(credentials, "vault-password.prod");
	ck_assert_int_eq(chmod(second, 0400), 0);
	setenv("CREDENTIALS_DIRECTORY", credentials, 1);
	write_vaulted(&world, "vars.d/a.yaml", "a: of default\n");
	temp_write(world.dir, "vars.d/b.yaml", prod);
	temp_write(world.dir, "app.yaml.j2", CONFIG_MAP("x") "  a: {{ a }} {{ b }}\n");
	load(&world);
	ck_assert_str_eq(data(&world, "app", "a"), "of default of prod");
	ck_assert_int_eq(chmod(path, 0444), 0);
	load(&world);
	ck_assert(world.set->fatal);
	teardown(&world);
}
END_TEST

/* --- what is wrong --- */

START_TEST(test_source_secret__a_missing_password_is_an_error_with_a_place)
{
	struct world world;
	cleanup_free char *value = vault_inline("hunter2x", "pw");
	cleanup_free char *vars = mem_printf("a: 1\nb: %s", value);

	setup(&world);
	temp_write(world.dir, "app/vars.yaml", vars);
	temp_write(world.dir, "app/x.yaml.j2", CONFIG_MAP("x") "  b: {{ b }}\n");
	temp_write(world.dir, "good.yaml", CONFIG_MAP("good") "  a: b\n");
	load(&world);
	ck_assert(!world.set->fatal);
	ck_assert(manifest_set_find(world.set, "app")->broken);
	ck_assert(!manifest_set_find(world.set, "good")->broken);
	ck_assert_str_eq(first_error(&world)->message,
			 "encrypted by ansible-vault, and there is no password");
	ck_assert_ptr_nonnull(strstr(first_error(&world)->hint, "passwordFile"));
	ck_assert_str_eq(first_error(&world)->place.file, "app/vars.yaml");
	ck_assert_int_eq(first_error(&world)->place.line, 2);
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__a_wrong_password_is_told_apart_from_damage)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", "wrong", 0600);
	write_vaulted(&world, "app/vars.yaml", "a: b\n");
	temp_write(world.dir, "app/x.yaml", CONFIG_MAP("x") "  a: b\n");
	load(&world);
	ck_assert_str_eq(first_error(&world)->message, "the vault password does not fit this text");
	ck_assert_int_eq(first_error(&world)->place.line, 1);
	temp_write(world.dir, "app/vars.yaml", "$ANSIBLE_VAULT;1.1;AES256\n61\nxy\n");
	load(&world);
	ck_assert_str_eq(first_error(&world)->message,
			 "damaged ansible-vault text: not a hexadecimal digit");
	ck_assert_int_eq(first_error(&world)->place.line, 3);
	teardown(&world);
}
END_TEST

static const struct {
	const char *text;
	mode_t mode;
	const char *message, *hint;
} refused[] = {
	{"pw", 0640, "others may read the vault password (mode 0640)", "chmod 600 "},
	{"pw", 0604, "others may read the vault password (mode 0604)", "chmod 600 "},
	{"pw", 0602, "others may read the vault password (mode 0602)", "chmod 600 "},
	{"#!/bin/sh", 0700, "a vault password is not asked of a program", "write the password"},
	{" \n", 0600, "the vault password is empty", NULL},
};

/* Also where files are only checked: such a password is known to others. */
START_TEST(test_source_secret__a_password_that_others_may_read_is_refused)
{
	struct world world;

	setup(&world);
	world.lint = true;
	write_password(&world, "default", refused[_i].text, refused[_i].mode);
	write_vaulted(&world, "vars.yaml", "a: b\n");
	temp_write(world.dir, "app.yaml", CONFIG_MAP("x") "  a: b\n");
	load(&world);
	ck_assert(world.set->fatal);
	const struct err *err = first_error(&world);
	ck_assert_msg(strstr(err->message, refused[_i].message), "%s", err->message);
	ck_assert(!refused[_i].hint || !strncmp(err->hint, refused[_i].hint, 10));
	ck_assert_str_eq(err->place.file, "vars.yaml");
	teardown(&world);
}
END_TEST

/* A password file that is named and missing: an error on the node, a placeholder in a checkout. */
START_TEST(test_source_secret__who_only_checks_needs_no_password)
{
	struct world world;

	setup(&world);
	list_add(&world.settings.vault_labels, "default");
	list_add(&world.settings.vault_files, "/does/not/exist");
	write_vaulted(&world, "vars.yaml", "a: b\n");
	write_vaulted(&world, "app/files/key", "b");
	temp_write(world.dir, "app/x.yaml.j2",
		   CONFIG_MAP("x") "  a: {{ a }}\n  b: {{ lookup('file', 'key') }}\n");
	load(&world);
	ck_assert(world.set->fatal);
	ck_assert_str_eq(
		first_error(&world)->message,
		"encrypted by ansible-vault, and /does/not/exist: No such file or directory");
	world.lint = true;
	load(&world);
	ck_assert_str_eq(data(&world, "app", "a"), SOURCE_UNSEAL_PLACEHOLDER);
	ck_assert_str_eq(data(&world, "app", "b"), SOURCE_UNSEAL_PLACEHOLDER);
	ck_assert_uint_eq(diag_count(&world.set->findings, DIAG_ERROR), 0);
	ck_assert_uint_eq(diag_count(&world.set->findings, DIAG_WARNING), 1);
	ck_assert_str_eq(first_error(&world)->place.file, "vars.yaml");
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__errors_show_no_line_of_an_encrypted_file)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	write_vaulted(&world, "app/vars.yaml", "password: hunter2x{{ nobody }}\n");
	write_vaulted(&world, "app/x.yaml.j2", CONFIG_MAP("x") "  b: hunter3x {{ nothing }}\n");
	temp_write(world.dir, "app/y.yaml.j2", CONFIG_MAP("y") "  b: {{ password }}\n");
	load(&world);
	ck_assert_uint_ge(world.set->findings.n, 2);
	for (size_t i = 0; i < world.set->findings.n; i++) {
		cleanup_buf struct buf out = BUF_INIT;
		diag_print(&world.set->findings.items[i], &out);
		ck_assert_msg(!strstr(buf_str(&out), "hunter"), "%s", buf_str(&out));
	}
	teardown(&world);
}
END_TEST

/* --- what was opened before --- */

START_TEST(test_source_secret__nothing_is_opened_without_the_password)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	write_vaulted(&world, "vars.yaml", "a: b\n");
	temp_write(world.dir, "app.yaml.j2", CONFIG_MAP("x") "  a: {{ a }}\n");
	load(&world);
	load(&world);
	ck_assert_str_eq(data(&world, "app", "a"), "b");
	temp_write(world.password_dir, "default", "other");
	load(&world);
	ck_assert(world.set->fatal);
	list_done(&world.settings.vault_files);
	list_done(&world.settings.vault_labels);
	load(&world);
	ck_assert(world.set->fatal);
	teardown(&world);
}
END_TEST

/* --- the mask --- */

static void collect(void *context, const char *app, const char *file, const char *text,
		    size_t length)
{
	(void)app, (void)file;
	buf_add(context, text, length);
}

static char *render(const struct world *world, bool reveal)
{
	struct source_options options = {.dir = world->dir,
					 .settings = &world->settings,
					 .lint = true,
					 .mask = world->mask,
					 .reveal = reveal};
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	must(source_render(&options, NULL, collect, &out, &findings, &err), &err);
	ck_assert_uint_eq(diag_count(&findings, DIAG_ERROR), 0);
	return buf_steal(&out);
}

/* What filters and other variables make of a secret, the mask knows. */
START_TEST(test_source_secret__masks_what_filters_made_of_it)
{
	static const char secret[] = "it's \"s3cr\\et\" <pass> gr\xc3\xbc\xc3\x9f"
				     "e & more\nand 2nd line\n";
	static const char *const expressions[] = {
		"{{ s }}",
		"{{ s | b64encode }}",
		"{{ ('some prefix' ~ s ~ 'and more') | b64encode }}",
		"{{ ('some prefix.' ~ s ~ 'and more') | b64encode }}",
		"{{ ('some prefix..' ~ s ~ 'and more') | b64encode }}",
		"{{ {'a': s} | to_json }}",
		"{{ {'a': s} | to_nice_json }}",
		"{{ {'a': [s]} | to_yaml }}",
		"{{ {'a': {'b': s}} | to_nice_yaml }}",
		"{{ {'a': {'b': s}} | to_nice_yaml(width=20) }}",
		"{{ {'a': s} | to_nice_yaml | b64encode }}",
		"{{ {'a': s} | to_json | b64encode }}",
		"{{ {'a': s} | to_json | to_json }}",
		"{{ {'a': s | b64encode} | to_json | b64encode }}",
		"{{ s | indent(8, true) }}",
		"{{ s | quote }}",
		"{{ s | urlencode }}",
		"{{ s | e }}",
		"{{ s | tojson }}",
		"{{ s | trim }}",
		"{{ [s] }}",
		"{{ {'a': s} }}",
		"{{ s | comment }}",
		"{{ s.split('\\n')[1] }}",
		"{{ t }}",
		"{{ t | b64encode }}",
	};
	struct world world;
	cleanup_free char *s = vault_inline(secret, "pw");
	cleanup_free char *vars = mem_printf("s: %s\nt: 'around {{ s }} and so on'\n", s);

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	temp_write(world.dir, "vars.yaml", vars);
	cleanup_free char *template = mem_printf("[%s]\n", expressions[_i]);
	temp_write(world.dir, "app/files/t.j2", template);
	temp_write(world.dir, "app/app.yaml", "configMaps: {x: [t.j2]}\n");
	cleanup_free char *rendered = render(&world, false);
	cleanup_free char *masked = mask_text(world.mask, rendered, strlen(rendered));
	ck_assert_msg(masked, "%s gave %s", expressions[_i], rendered);
	ck_assert_ptr_nonnull(strstr(masked, "***"));
	static const char *const parts[] = {"s3cr", "2nd", "aXQn", "czNjc", "M2Ny", "zY3J"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		ck_assert_msg(!strstr(masked, parts[i]), "%s gave %s", expressions[_i], masked);
	teardown(&world);
}
END_TEST

START_TEST(test_source_secret__render_shows_encrypted_files_to_who_asks)
{
	struct world world;

	setup(&world);
	write_password(&world, "default", "pw", 0600);
	write_vaulted(&world, "app/b.yaml.j2", CONFIG_MAP("b") "  b: not for everybody\n");
	cleanup_free char *hidden = render(&world, false);
	ck_assert_ptr_null(strstr(hidden, "everybody"));
	ck_assert_ptr_nonnull(strstr(hidden, "--show-secrets"));
	cleanup_free char *shown = render(&world, true);
	ck_assert_ptr_nonnull(strstr(shown, "b: not for everybody"));
	teardown(&world);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/secret");
	TCase *tests = tcase_create("secret");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_source_secret__variables_may_stand_in_encrypted_files);
	tcase_add_test(tests, test_source_secret__values_may_be_encrypted_one_by_one);
	tcase_add_test(tests, test_source_secret__files_and_templates_may_be_encrypted);
	tcase_add_test(tests, test_source_secret__labels_name_passwords);
	tcase_add_test(tests, test_source_secret__a_credential_of_systemd_is_a_password);
	tcase_add_test(tests, test_source_secret__a_missing_password_is_an_error_with_a_place);
	tcase_add_test(tests, test_source_secret__a_wrong_password_is_told_apart_from_damage);
	tcase_add_loop_test(tests, test_source_secret__a_password_that_others_may_read_is_refused,
			    0, (int)(sizeof(refused) / sizeof(*refused)));
	tcase_add_test(tests, test_source_secret__who_only_checks_needs_no_password);
	tcase_add_test(tests, test_source_secret__errors_show_no_line_of_an_encrypted_file);
	tcase_add_test(tests, test_source_secret__nothing_is_opened_without_the_password);
	tcase_add_loop_test(tests, test_source_secret__masks_what_filters_made_of_it, 0, 26);
	tcase_add_test(tests, test_source_secret__render_shows_encrypted_files_to_who_asks);
	suite_add_tcase(suite, tests);
	return suite;
}
