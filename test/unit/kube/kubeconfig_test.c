#include "kube/kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define cleanup_config __attribute__((cleanup(kube_kubeconfig_done)))

static int read_in(const char *dir, struct kube_kubeconfig *ret, struct err *err)
{
	cleanup_free char *path = file_join(dir, "config");

	return kube_kubeconfig_read(path, ret, err);
}

/* What a kubeconfig of one cluster and one user says, with the user's lines as given. */
static void write_config(const char *dir, const char *cluster, const char *user)
{
	cleanup_free char *text =
		mem_printf("apiVersion: v1\nkind: Config\ncurrent-context: here\n"
			   "clusters:\n- name: c\n  cluster:\n    %s\n"
			   "contexts:\n- name: here\n  context: {cluster: c, user: u}\n"
			   "users:\n- name: u\n  user:\n    %s\n",
			   cluster, user);
	temp_write(dir, "config", text);
}

static void refused(const char *dir, const char *message)
{
	struct kube_kubeconfig config;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(read_in(dir, &config, &err), -ERR_INVALID);
	ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
}

START_TEST(test_kube_kubeconfig__reads_inline_certificates_as_k3s_writes_them)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *ca = digest_base64("CA", 2), *key = digest_base64("KEY", 3);
	cleanup_free char *cluster = mem_printf(
		"certificate-authority-data: %s\n    server: https://127.0.0.1:6443/", ca);
	cleanup_free char *user =
		mem_printf("client-certificate-data: %s\n    client-key-data: %s", ca, key);
	cleanup_config struct kube_kubeconfig config = {0};
	cleanup_err struct err err = ERR_INIT;

	write_config(dir, cluster, user);
	must(read_in(dir, &config, &err), &err);
	ck_assert_uint_eq(config.count, 1);
	ck_assert_str_eq(config.endpoints[0].server, "https://127.0.0.1:6443");
	ck_assert_str_eq(config.endpoints[0].ca, "CA");
	ck_assert_str_eq(config.certificate, "CA");
	ck_assert_str_eq(config.key, "KEY");
	ck_assert_ptr_null(config.token);
}
END_TEST

START_TEST(test_kube_kubeconfig__files_count_from_its_own_folder)
{
	cleanup_free char *dir = temp_dir();
	cleanup_config struct kube_kubeconfig config = {0};
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "pki/ca.crt", "CA");
	temp_write(dir, "token", "secret\n");
	write_config(dir, "{server: 'https://h:1', certificate-authority: pki/ca.crt}",
		     "{tokenFile: token, token: other}");
	must(read_in(dir, &config, &err), &err);
	ck_assert_str_eq(config.endpoints[0].ca, "CA");
	ck_assert_str_eq(config.token, "secret");
}
END_TEST

START_TEST(test_kube_kubeconfig__passwords_and_tls_settings)
{
	cleanup_free char *dir = temp_dir();
	cleanup_config struct kube_kubeconfig config = {0};
	cleanup_err struct err err = ERR_INIT;

	write_config(dir,
		     "{server: 'https://h:1', insecure-skip-tls-verify: true, tls-server-name: k}",
		     "{username: me, password: pw}");
	must(read_in(dir, &config, &err), &err);
	ck_assert(config.endpoints[0].insecure);
	ck_assert_str_eq(config.endpoints[0].server_name, "k");
	ck_assert_str_eq(config.user, "me");
	ck_assert_str_eq(config.password, "pw");
}
END_TEST

START_TEST(test_kube_kubeconfig__contexts_of_the_same_user_are_further_endpoints)
{
	cleanup_free char *dir = temp_dir();
	cleanup_config struct kube_kubeconfig config = {0};
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "config",
		   "current-context: two\n"
		   "clusters:\n"
		   "- {name: a, cluster: {server: 'https://a:1'}}\n"
		   "- {name: b, cluster: {server: 'https://b:1'}}\n"
		   "- {name: b2, cluster: {server: 'https://b:1/'}}\n"
		   "- {name: c, cluster: {server: 'https://c:1'}}\n"
		   "contexts:\n"
		   "- {name: one, context: {cluster: a, user: u}}\n"
		   "- {name: two, context: {cluster: b, user: u}}\n"
		   "- {name: again, context: {cluster: b2, user: u}}\n"
		   "- {name: other, context: {cluster: c, user: v}}\n"
		   "users:\n"
		   "- {name: u, user: {token: t}}\n"
		   "- {name: v, user: {token: t}}\n");
	must(read_in(dir, &config, &err), &err);
	ck_assert_uint_eq(config.count, 2);
	ck_assert_str_eq(config.endpoints[0].server, "https://b:1");
	ck_assert_str_eq(config.endpoints[1].server, "https://a:1");
}
END_TEST

START_TEST(test_kube_kubeconfig__plugins_are_refused_by_name)
{
	cleanup_free char *dir = temp_dir();
	struct kube_kubeconfig config;
	cleanup_err struct err err = ERR_INIT;

	write_config(dir, "{server: 'https://h:1'}", "exec: {command: aws}");
	ck_assert_int_eq(read_in(dir, &config, &err), -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "user u logs in by exec"));
	ck_assert_ptr_nonnull(strstr(err.hint, "/etc/rancher/k3s/k3s.yaml"));
	write_config(dir, "{server: 'https://h:1'}", "auth-provider: {name: gcp}");
	refused(dir, "auth-provider");
}
END_TEST

START_TEST(test_kube_kubeconfig__what_is_wrong_is_named)
{
	cleanup_free char *dir = temp_dir();

	temp_write(dir, "config", "clusters: []\n");
	refused(dir, "no current-context is set");
	temp_write(dir, "config", "current-context: gone\n");
	refused(dir, "there is no context gone");
	temp_write(dir, "config",
		   "current-context: x\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\n");
	refused(dir, "context x names no cluster");
	write_config(dir, "{server: 'ftp://h'}", "{token: t}");
	refused(dir, "cluster c has no server URL");
	write_config(dir, "{server: 'https://h:1'}", "{client-certificate-data: aGk=}");
	refused(dir, "without its key");
	write_config(dir, "{server: 'https://h:1'}", "{client-key-data: '***'}");
	refused(dir, "client-key-data");
	write_config(dir, "{server: 'https://h:1', proxy-url: 'http://p'}", "{token: t}");
	refused(dir, "proxy-url is not supported");
	temp_write(dir, "config",
		   "current-context: x\ncontexts:\n- {name: x, context: {cluster: c, user: u}}\n"
		   "clusters:\n- {name: c, cluster: {server: 'https://h:1'}}\n");
	refused(dir, "there is no user u");
	temp_write(dir, "config", "just text\n");
	refused(dir, "is no kubeconfig");
}
END_TEST

START_TEST(test_kube_kubeconfig__a_missing_one_tells_where_it_is_looked_for)
{
	cleanup_free char *dir = temp_dir();
	struct kube_kubeconfig config;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(read_in(dir, &config, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.hint, "--kubeconfig"));
}
END_TEST

START_TEST(test_kube_kubeconfig__a_missing_certificate_is_named)
{
	cleanup_free char *dir = temp_dir();
	struct kube_kubeconfig config;
	cleanup_err struct err err = ERR_INIT;

	write_config(dir, "{server: 'https://h:1', certificate-authority: gone.crt}", "{token: t}");
	ck_assert_int_eq(read_in(dir, &config, &err), -ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, "certificate-authority"));
	ck_assert_ptr_nonnull(strstr(err.message, "gone.crt"));
}
END_TEST

START_TEST(test_kube_kubeconfig__notices_that_any_of_its_files_was_replaced)
{
	cleanup_free char *dir = temp_dir();
	cleanup_config struct kube_kubeconfig config = {0};
	cleanup_err struct err err = ERR_INIT;

	temp_write(dir, "token", "one");
	write_config(dir, "{server: 'https://h:1'}", "{tokenFile: token}");
	must(read_in(dir, &config, &err), &err);
	ck_assert(!kube_kubeconfig_changed(&config));
	cleanup_free char *token = file_join(dir, "token");
	must(file_write(token, "two", 3, 0600, &err), &err);
	ck_assert(kube_kubeconfig_changed(&config));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/kubeconfig");
	TCase *tests = tcase_create("kubeconfig");

	tcase_add_test(tests, test_kube_kubeconfig__reads_inline_certificates_as_k3s_writes_them);
	tcase_add_test(tests, test_kube_kubeconfig__files_count_from_its_own_folder);
	tcase_add_test(tests, test_kube_kubeconfig__passwords_and_tls_settings);
	tcase_add_test(tests,
		       test_kube_kubeconfig__contexts_of_the_same_user_are_further_endpoints);
	tcase_add_test(tests, test_kube_kubeconfig__plugins_are_refused_by_name);
	tcase_add_test(tests, test_kube_kubeconfig__what_is_wrong_is_named);
	tcase_add_test(tests, test_kube_kubeconfig__a_missing_one_tells_where_it_is_looked_for);
	tcase_add_test(tests, test_kube_kubeconfig__a_missing_certificate_is_named);
	tcase_add_test(tests, test_kube_kubeconfig__notices_that_any_of_its_files_was_replaced);
	suite_add_tcase(suite, tests);
	return suite;
}
