#include "host/k3s_settings.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

START_TEST(test_host_k3s_settings__are_told_without_secrets)
{
	cleanup_free char *dir = temp_dir(), *config = file_join(dir, "config.yaml");
	cleanup_free char *unit = file_join(dir, "k3s.service");
	cleanup_list struct list lines = LIST_INIT;

	temp_write(dir, "config.yaml",
		   "disable: [traefik, servicelb]\nnode-name: kube1\ntoken: verysecret\n");
	temp_write(dir, "k3s.service",
		   "[Service]\nType=notify\nExecStart=/usr/local/bin/k3s \\\n    server \\\n"
		   "\t'--token' \\\n\t'verysecret' \\\n\t'--flannel-backend=host-gw' \\\n"
		   "\t--agent-token=verysecret\n\nRestart=always\n");
	host_k3s_settings(config, unit, &lines);
	ck_assert_uint_eq(lines.n, 4);
	ck_assert_str_eq(lines.items[0], "disable: [\"traefik\",\"servicelb\"]");
	ck_assert_str_eq(lines.items[1], "node-name: kube1");
	ck_assert_str_eq(lines.items[2], "token: ***");
	ck_assert_str_eq(lines.items[3],
			 "server --token *** --flannel-backend=host-gw --agent-token=***");
}
END_TEST

START_TEST(test_host_k3s_settings__without_k3s_there_are_none)
{
	cleanup_list struct list lines = LIST_INIT;

	host_k3s_settings("/nowhere/config.yaml", "/nowhere/k3s.service", &lines);
	ck_assert_uint_eq(lines.n, 0);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/k3s_settings");
	TCase *tests = tcase_create("k3s_settings");

	tcase_add_test(tests, test_host_k3s_settings__are_told_without_secrets);
	tcase_add_test(tests, test_host_k3s_settings__without_k3s_there_are_none);
	suite_add_tcase(suite, tests);
	return suite;
}
