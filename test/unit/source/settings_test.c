#include "source/settings.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/path.h"

static int read_text(const char *text, struct source_settings *ret, struct diag_list *findings)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *file = file_join(dir, "desired.yaml");
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "desired.yaml", text);
	return source_settings_read(file, ret, findings, &err);
}

START_TEST(test_source_settings__every_setting_has_a_default)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
	struct err err = ERR_INIT;

	must(source_settings_read("/does/not/exist", &settings, &findings, &err), &err);
	ck_assert_str_eq(settings.kubeconfig, "/etc/rancher/k3s/k3s.yaml");
	ck_assert(!settings.follow_files);
	ck_assert_int_eq(settings.interval_ms, 300000);
	ck_assert_int_eq(settings.revisions, 20);
	ck_assert_uint_eq(findings.n, 0);
	source_settings_done(&settings);
}
END_TEST

START_TEST(test_source_settings__are_read)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	ck_assert_int_eq(read_text("follow: files\ninterval: 1min 30s\nrevisions: 3\n"
				   "keepKinds: [Volume.longhorn.io]\nenv: HOME\nalert: [mail, -s]\n"
				   "limits: {output: 64MiB, steps: 20000000, depth: 100, "
				   "regex: 5000000, digits: 10000}\n"
				   "backup: {target: 's3://b/p', keep: {last: 3}, encrypt: none, "
				   "bandwidth: 5MiB, cpu: 50%}\n",
				   &settings, &findings),
			 0);
	ck_assert(settings.follow_files);
	ck_assert_int_eq(settings.interval_ms, 90000);
	ck_assert_int_eq(settings.revisions, 3);
	ck_assert(list_has(&settings.keep_kinds, "Volume.longhorn.io"));
	ck_assert(list_has(&settings.env, "HOME"));
	ck_assert_uint_eq(settings.alert.n, 2);
	ck_assert_uint_eq(settings.limits.output, 64u << 20);
	ck_assert_uint_eq(settings.limits.steps, 20000000);
	ck_assert_int_eq(settings.limits.depth, 100);
	ck_assert_uint_eq(settings.limits.regex, 5000000);
	ck_assert_int_eq(settings.limits.digits, 10000);
	ck_assert_str_eq(tree_path_string(settings.backup, "target"), "s3://b/p");
	ck_assert_int_eq(tree_path_integer(settings.backup, "bandwidth", 0), 5 << 20);
	ck_assert_int_eq(tree_path_integer(settings.backup, "cpu", 0), 50);
	source_settings_done(&settings);
}
END_TEST

START_TEST(test_source_settings__all_mistakes_come_in_one_pass)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	ck_assert_int_lt(read_text("folow: files\nfollow: filse\ninterval: often\nrevisions: many\n"
				   "limits: {depth: 500, output: much}\n"
				   "backup: {cpu: half, keep: {lats: 3}}\n",
				   &settings, &findings),
			 0);
	diag_sort(&findings);
	ck_assert_uint_eq(diag_count(&findings, DIAG_ERROR), 8);
	ck_assert_str_eq(findings.items[0].err.message, "unknown key 'folow'");
	ck_assert_str_eq(findings.items[0].err.hint, "did you mean 'follow'?");
	ck_assert_int_eq(findings.items[0].err.place.line, 1);
	ck_assert_str_eq(findings.items[1].err.message, "follow cannot be 'filse'");
	ck_assert_int_eq(findings.items[1].err.place.column, 9);
	ck_assert_str_eq(findings.items[3].err.message, "revisions must be a whole number");
	ck_assert_str_eq(findings.items[4].err.message, "limits.depth can be at most 400");
	ck_assert_str_eq(findings.items[5].err.message, "limits.output must be a size, not 'much'");
	ck_assert_str_eq(findings.items[findings.n - 1].err.message, "unknown key 'lats'");
}
END_TEST

START_TEST(test_source_settings__what_has_no_effect_is_not_ignored_in_silence)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	ck_assert_int_eq(
		read_text("follow: files\npeers: [kube2]\nalert: []\n", &settings, &findings), 0);
	ck_assert_uint_eq(findings.n, 1);
	ck_assert_int_eq((int)findings.items[0].severity, DIAG_WARNING);
	ck_assert_int_eq(findings.items[0].err.place.line, 2);
	ck_assert_int_eq(strncmp(findings.items[0].err.message, "peers has no effect", 19), 0);
	source_settings_done(&settings);
}
END_TEST

START_TEST(test_source_settings__metrics_are_a_file_or_an_address)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	ck_assert_int_eq(read_text("metrics: 127.0.0.1:9477\n", &settings, &findings), 0);
	ck_assert_str_eq(settings.metrics, "127.0.0.1:9477");
	source_settings_done(&settings);
	ck_assert_int_eq(read_text("metrics: /var/lib/x.prom\n", &settings, &findings), 0);
	source_settings_done(&settings);
	ck_assert_uint_eq(findings.n, 0);
	ck_assert_int_lt(read_text("metrics: yes please\n", &settings, &findings), 0);
	ck_assert_int_eq(findings.items[0].err.place.line, 1);
}
END_TEST

START_TEST(test_source_settings__who_may_read_backups_is_said_and_checked)
{
	static const struct {
		const char *text, *says;
		enum diag_severity severity;
	} cases[] = {
		{"backup: {target: 's3://b/p'}\n", "does not say who may read", DIAG_WARNING},
		{"backup: {target: 's3://b/p', encrypt: none}\n", NULL, DIAG_NOTE},
		{"backup: {target: 's3://b/p', encrypt: [age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzr"
		 "ye869xeexvn73equnujwj]}\n",
		 NULL, DIAG_NOTE},
		{"backup: {target: 's3://b/p', encrypt: [age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzr"
		 "ye869xeexvn73equnujwk]}\n",
		 "its checksum is wrong", DIAG_ERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct source_settings settings = {0};
		cleanup_diag struct diag_list findings = DIAG_LIST_INIT;
		(void)read_text(cases[i].text, &settings, &findings);
		ck_assert_uint_eq(findings.n, cases[i].says ? 1 : 0);
		if (cases[i].says) {
			ck_assert_ptr_nonnull(strstr(findings.items[0].err.message, cases[i].says));
			ck_assert_int_eq((int)findings.items[0].severity, (int)cases[i].severity);
			ck_assert_int_eq(findings.items[0].err.place.line, 1);
		}
		source_settings_done(&settings);
	}
}
END_TEST

START_TEST(test_source_settings__broken_yaml_is_a_finding_with_its_place)
{
	struct source_settings settings;
	cleanup_diag struct diag_list findings = DIAG_LIST_INIT;

	ck_assert_int_lt(read_text("follow: [\n", &settings, &findings), 0);
	ck_assert_uint_eq(findings.n, 1);
	ck_assert_int_gt(findings.items[0].err.place.line, 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("source/settings");
	TCase *tests = tcase_create("settings");

	tcase_add_test(tests, test_source_settings__every_setting_has_a_default);
	tcase_add_test(tests, test_source_settings__are_read);
	tcase_add_test(tests, test_source_settings__all_mistakes_come_in_one_pass);
	tcase_add_test(tests, test_source_settings__what_has_no_effect_is_not_ignored_in_silence);
	tcase_add_test(tests, test_source_settings__metrics_are_a_file_or_an_address);
	tcase_add_test(tests, test_source_settings__who_may_read_backups_is_said_and_checked);
	tcase_add_test(tests, test_source_settings__broken_yaml_is_a_finding_with_its_place);
	suite_add_tcase(suite, tests);
	return suite;
}
