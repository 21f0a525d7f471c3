/* Whether k3s runs here, and which of the parts it brings are on: from its files alone. */
#include "host/packaged.h"

#include <stdlib.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"

#define CONFIG	  "etc/rancher/k3s/config.yaml"
#define UNIT	  "etc/systemd/system/k3s.service"
#define MANIFESTS "var/lib/rancher/k3s/server/manifests"

struct one {
	const char *files[6]; /* name, text ... */
	bool there, traefik, servicelb;
};

static const struct one cases[] = {
	/* No k3s, whatever else there is. */
	{{"etc/hosts", ""}, false, false, false},
	/* As it comes. */
	{{CONFIG, "write-kubeconfig-mode: '0600'\n"}, true, true, true},
	{{MANIFESTS "/traefik.yaml", ""}, true, true, true},
	/* Turned off by the configuration, in each of its forms. */
	{{CONFIG, "disable: traefik\n"}, true, false, true},
	{{CONFIG, "disable: [traefik, servicelb]\n"}, true, false, false},
	{{CONFIG, "disable: traefik,servicelb\n"}, true, false, false},
	{{CONFIG, "a: b\n", CONFIG ".d/10.yaml", "disable+: [servicelb]\n"}, true, true, false},
	{{CONFIG, "disable: [metrics-server]\n"}, true, true, true},
	/* By the unit, as the installer writes it and as people do. */
	{{CONFIG, "", UNIT,
	  "ExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--disable=traefik' \\\n"},
	 true,
	 false,
	 true},
	{{CONFIG, "", UNIT, "ExecStart=/usr/local/bin/k3s server --disable traefik,servicelb\n"},
	 true,
	 false,
	 false},
	/* By k3s' own switch, and because k3s has deleted the file of what is disabled. */
	{{MANIFESTS "/traefik.yaml", "", MANIFESTS "/traefik.yaml.skip", ""}, true, false, true},
	{{MANIFESTS "/coredns.yaml", ""}, true, false, true},
	/* What cannot be read counts as it comes. */
	{{CONFIG, "disable: [traefik\n"}, true, true, true},
};

START_TEST(test_host_packaged__table)
{
	const struct one *one = &cases[_i];
	cleanup_free char *root = temp_dir();
	struct host_packaged found;

	for (size_t i = 0; one->files[i]; i += 2)
		temp_write(root, one->files[i], one->files[i + 1]);
	host_packaged(root, &found);
	ck_assert_int_eq(found.there, one->there);
	ck_assert_int_eq(found.traefik, one->traefik);
	ck_assert_int_eq(found.servicelb, one->servicelb);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("host/packaged");
	TCase *tests = tcase_create("packaged");

	tcase_add_loop_test(tests, test_host_packaged__table, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, tests);
	return suite;
}
