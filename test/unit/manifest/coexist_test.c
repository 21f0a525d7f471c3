#include "manifest/coexist.h"

#include <stdlib.h>

#include "base/mem.h"
#include "body.h"

#define POD(spec)  "template: {metadata: {labels: {a: b}}, spec: {" spec "}}"
#define HEAD(kind) "apiVersion: apps/v1\nkind: " kind "\nmetadata: {name: x, namespace: blog}\n"
#define WEB(port)  "containers: [{name: c, ports: [{containerPort: 80, hostPort: " port "}]}]"
#define DISK(path)                                                               \
	"containers: [{name: c, volumeMounts: [{name: d, mountPath: /data}]}], " \
	"volumes: [{name: d, hostPath: {path: " path "}}]"
#define CLAIM(more)                                                                      \
	"containers: [{name: c, volumeMounts: [{name: d, mountPath: /data" more "}]}], " \
	"volumes: [{name: d, persistentVolumeClaim: {claimName: store}}]"

struct coexist_case {
	const char *old_text, *new_text;
	enum manifest_coexist answer;
	const char *why;
};

static const struct coexist_case cases[] = {
	{NULL, HEAD("Deployment") "spec: {" POD(WEB("80")) "}", MANIFEST_CLASH_PORTS,
	 "host port 80"},
	{HEAD("Deployment") "spec: {" POD(WEB("80")) "}",
	 HEAD("Deployment") "spec: {" POD(WEB("8080")) "}", MANIFEST_COEXIST, NULL},
	{NULL, HEAD("Deployment") "spec: {strategy: {type: Recreate}, " POD(WEB("80")) "}",
	 MANIFEST_COEXIST, NULL},
	{NULL,
	 HEAD("Deployment") "spec: {strategy: {rollingUpdate: {maxSurge: 0}}, " POD(WEB("80")) "}",
	 MANIFEST_COEXIST, NULL},
	{NULL,
	 HEAD("Deployment") "spec: {strategy: {rollingUpdate: {maxSurge: 25%}}, " POD(
		 WEB("80")) "}",
	 MANIFEST_CLASH_PORTS, "host port 80"},
	{NULL, HEAD("Deployment") "spec: {replicas: 0, " POD(WEB("80")) "}", MANIFEST_COEXIST,
	 NULL},
	{NULL,
	 HEAD("Deployment") "spec: {" POD(
		 "hostNetwork: true, containers: [{name: c, ports: [{containerPort: 80}, "
		 "{containerPort: 443}]}]") "}",
	 MANIFEST_CLASH_PORTS, "host ports 80 443"},
	{NULL, HEAD("DaemonSet") "spec: {" POD(WEB("80")) "}", MANIFEST_COEXIST, NULL},
	{NULL,
	 HEAD("DaemonSet") "spec: {updateStrategy: {rollingUpdate: {maxSurge: 1}}, " POD(
		 WEB("80")) "}",
	 MANIFEST_CLASH_PORTS, "host port 80"},
	{NULL, HEAD("StatefulSet") "spec: {" POD(DISK("/srv/db")) "}", MANIFEST_COEXIST, NULL},
	{NULL, HEAD("Deployment") "spec: {" POD(DISK("/srv/db/")) "}", MANIFEST_CLASH_WRITERS,
	 "two pods would write /srv/db"},
	{NULL,
	 HEAD("Deployment") "spec: {strategy: {rollingUpdate: {maxSurge: 0}}, " POD(
		 DISK("/srv/db")) "}",
	 MANIFEST_CLASH_WRITERS, "two pods would write /srv/db"},
	{HEAD("Deployment") "spec: {" POD(DISK("/srv")) "}",
	 HEAD("Deployment") "spec: {" POD(DISK("/srv/db")) "}", MANIFEST_CLASH_WRITERS,
	 "two pods would write /srv/db"},
	{HEAD("Deployment") "spec: {" POD(DISK("/srv/db2")) "}",
	 HEAD("Deployment") "spec: {" POD(DISK("/srv/db")) "}", MANIFEST_COEXIST, NULL},
	{NULL, HEAD("Deployment") "spec: {replicas: 2, " POD(DISK("/srv/db")) "}", MANIFEST_COEXIST,
	 NULL},
	{NULL, HEAD("Deployment") "spec: {" POD(DISK("/var/run/docker.sock")) "}", MANIFEST_COEXIST,
	 NULL},
	{NULL, HEAD("Deployment") "spec: {" POD(CLAIM("")) "}", MANIFEST_CLASH_WRITERS,
	 "two pods would write claim blog/store"},
	{NULL, HEAD("Deployment") "spec: {" POD(CLAIM(", readOnly: true")) "}", MANIFEST_COEXIST,
	 NULL},
	{NULL, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", MANIFEST_COEXIST, NULL},
};

START_TEST(test_manifest_coexist__table)
{
	const struct coexist_case *one = &cases[_i];
	json_auto_t *old_body = one->old_text ? body_of(one->old_text) : NULL;
	json_auto_t *new_body = body_of(one->new_text);
	cleanup_free char *why = NULL;

	ck_assert_int_eq(manifest_coexists(old_body, new_body, NULL, &why), one->answer);
	if (one->why)
		ck_assert_str_eq(why, one->why);
	else
		ck_assert_ptr_null(why);
}
END_TEST

START_TEST(test_manifest_coexist__a_shared_claim_has_many_writers)
{
	json_auto_t *body = body_of(HEAD("Deployment") "spec: {" POD(CLAIM("")) "}");
	json_auto_t *claims = json_pack("[s]", "blog/store");
	cleanup_free char *why = NULL;

	ck_assert_int_eq(manifest_coexists(NULL, body, claims, &why), MANIFEST_COEXIST);
}
END_TEST

START_TEST(test_manifest_coexist__ports_clash_on_overlapping_addresses)
{
	struct manifest_port all = {80, "TCP", ""}, one = {80, "TCP", "10.0.0.1"};
	struct manifest_port other = {80, "TCP", "10.0.0.2"}, udp = {80, "UDP", ""};

	ck_assert(manifest_ports_clash(&all, &one));
	ck_assert(!manifest_ports_clash(&one, &other));
	ck_assert(!manifest_ports_clash(&all, &udp));
}
END_TEST

START_TEST(test_manifest_coexist__init_containers_hold_ports_only_as_side_cars)
{
	json_auto_t *plain = body_of(HEAD("Deployment") "spec: {" POD(
		"initContainers: [{name: i, ports: [{containerPort: 1, hostPort: 1}]}]") "}");
	json_auto_t *side = body_of(HEAD("Deployment") "spec: {" POD(
		"initContainers: [{name: i, restartPolicy: Always, "
		"ports: [{containerPort: 1, hostPort: 1}]}]") "}");
	struct manifest_holdings held;

	manifest_holdings(plain, NULL, &held);
	ck_assert_uint_eq(held.port_count, 0);
	manifest_holdings_done(&held);
	manifest_holdings(side, NULL, &held);
	ck_assert_uint_eq(held.port_count, 1);
	manifest_holdings_done(&held);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/coexist");
	TCase *tests = tcase_create("coexist");

	tcase_add_loop_test(tests, test_manifest_coexist__table, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, test_manifest_coexist__a_shared_claim_has_many_writers);
	tcase_add_test(tests, test_manifest_coexist__ports_clash_on_overlapping_addresses);
	tcase_add_test(tests, test_manifest_coexist__init_containers_hold_ports_only_as_side_cars);
	suite_add_tcase(suite, tests);
	return suite;
}
