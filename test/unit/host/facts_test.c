#include "host/facts.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "tree/path.h"

START_TEST(test_host_facts__bear_the_names_that_ansible_gives_them)
{
	static const char *const texts[] = {"nodename", "hostname", "fqdn",
					    "system",	"kernel",   "architecture"};
	static const char *const lists[] = {"interfaces", "all_ipv4_addresses",
					    "all_ipv6_addresses"};
	json_auto_t *facts = host_facts();
	struct utsname names;

	uname(&names);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		ck_assert_msg(tree_path_string(facts, texts[i]), "no %s", texts[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		ck_assert_msg(json_is_array(json_object_get(facts, lists[i])), "no %s", lists[i]);
	ck_assert_str_eq(tree_path_string(facts, "nodename"), names.nodename);
	ck_assert_ptr_null(strchr(tree_path_string(facts, "hostname"), '.'));
	ck_assert_int_gt(tree_path_integer(facts, "processor_vcpus", 0), 0);
	ck_assert_int_gt(tree_path_integer(facts, "memtotal_mb", 0), 0);
	ck_assert_str_eq(tree_path_string(facts, "lo.ipv4.address"), "127.0.0.1");
	ck_assert_str_eq(tree_path_string(facts, "lo.ipv4.prefix"), "8");
	ck_assert(json_is_object(json_object_get(facts, "default_ipv4")));
	ck_assert(json_is_object(json_object_get(facts, "default_ipv6")));
}
END_TEST

/* The address by which others reach the machine is one of those it has. */
START_TEST(test_host_facts__the_default_address_is_one_of_all)
{
	json_auto_t *facts = host_facts();
	const char *address = tree_path_string(facts, "default_ipv4.address");
	const char *interface = tree_path_string(facts, "default_ipv4.interface");
	bool found = !address; /* a machine without a way out has none */
	size_t i;
	json_t *one;

	json_array_foreach (json_object_get(facts, "all_ipv4_addresses"), i, one)
		found |= !strcmp(json_string_value(one), address);
	ck_assert(found);
	ck_assert(!address || interface);
}
END_TEST

START_TEST(test_host_facts__are_the_same_every_time)
{
	json_auto_t *one = host_facts(), *two = host_facts();

	ck_assert(json_equal(one, two));
}
END_TEST

START_TEST(test_host_facts__the_node_is_named_as_kubernetes_has_it)
{
	cleanup_free char *name = host_node_name();

	ck_assert(*name);
	for (const char *c = name; *c; c++)
		ck_assert(!isupper((unsigned char)*c));
}
END_TEST

static char *program(const char *dir, const char *text)
{
	char *path = file_join(dir, "k3s");

	temp_write(dir, "k3s", text);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

START_TEST(test_host_facts__k3s_tells_its_version)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *k3s =
		program(dir, "#!/bin/sh\n[ \"$1\" = --version ] && echo 'k3s version v1.35.4+k3s1 "
			     "(1234abcd)'\necho 'go version go1.26'\n");
	cleanup_free char *version = host_k3s_version(k3s);

	ck_assert_str_eq(version, "v1.35.4+k3s1");
}
END_TEST

START_TEST(test_host_facts__no_version_without_k3s)
{
	cleanup_free char *dir = temp_dir();
	cleanup_free char *silent = program(dir, "#!/bin/sh\nexit 1\n");
	cleanup_free char *none = host_k3s_version("/does/not/exist");
	cleanup_free char *nothing = host_k3s_version(silent);

	ck_assert_str_eq(none, "");
	ck_assert_str_eq(nothing, "");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/facts");
	TCase *tests = tcase_create("facts");

	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, test_host_facts__bear_the_names_that_ansible_gives_them);
	tcase_add_test(tests, test_host_facts__the_default_address_is_one_of_all);
	tcase_add_test(tests, test_host_facts__are_the_same_every_time);
	tcase_add_test(tests, test_host_facts__the_node_is_named_as_kubernetes_has_it);
	tcase_add_test(tests, test_host_facts__k3s_tells_its_version);
	tcase_add_test(tests, test_host_facts__no_version_without_k3s);
	suite_add_tcase(suite, tests);
	return suite;
}
