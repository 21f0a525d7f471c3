/* What the files want of the one node that others have: k3s' own parts, processes, other apps. */
#include <stdlib.h>

#include "base/mem.h"
#include "body.h"
#include "manifest/lint.h"

#define PORT(name, port, more)                                                                    \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name                           \
	", namespace: default}\nspec:\n  strategy: {type: Recreate}\n  template:\n    spec: "     \
	"{" more "containers: [{name: c, image: x, ports: [{containerPort: 8000, hostPort: " port \
	"}]}]}\n"
#define BALANCED(port, more)                                                              \
	"apiVersion: v1\nkind: Service\nmetadata: {name: lb, namespace: default}\nspec: " \
	"{type: LoadBalancer, " more "ports: [{port: " port "}]}\n"

static struct manifest_set *set;
static struct diag_list findings;

static void add(const char *app_name, const char *text)
{
	struct manifest_app *app = manifest_app_new(app_name, NULL);
	struct manifest_object *object = mem_new(struct manifest_object);
	cleanup_err struct err err = ERR_INIT;

	object->body = body_of(text);
	must(manifest_id_of(object->body, &object->id, &err), &err);
	object->key = manifest_id_key(&object->id);
	object->hash = mem_strdup("hash");
	object->file = mem_printf("%s.yaml", app_name);
	object->line = 1;
	manifest_app_add(app, object);
	manifest_app_seal(app);
	manifest_set_add(set, app);
}

static void setup(void)
{
	set = manifest_set_new();
	findings = DIAG_LIST_INIT;
}

static void teardown(void)
{
	diag_done(&findings);
	manifest_set_unref(set);
}

/* The only finding. */
static void check_finding(enum diag_severity severity, const char *message, const char *hint)
{
	ck_assert_uint_eq(findings.n, 1);
	ck_assert_int_eq(findings.items[0].severity, severity);
	ck_assert_str_eq(findings.items[0].err.message, message);
	ck_assert_ptr_nonnull(strstr(findings.items[0].err.hint, hint));
}

static void look(bool traefik, bool servicelb, struct manifest_listener *listener)
{
	const struct manifest_node node = {
		.traefik = traefik,
		.servicelb = servicelb,
		.listeners = listener,
		.count = listener != NULL,
	};

	manifest_lint_on_node(set, &node, &findings);
}

START_TEST(test_lint_node__k3s_brings_a_traefik_of_its_own)
{
	add("edge", PORT("edge", "443", ""));
	look(true, true, NULL);
	check_finding(DIAG_WARNING, "port 443 is also claimed by k3s' svclb-traefik",
		      "--disable traefik --disable servicelb");
}
END_TEST

START_TEST(test_lint_node__whose_balancer_wants_the_ports_of_another_one)
{
	add("edge", BALANCED("80", ""));
	look(true, true, NULL);
	check_finding(DIAG_WARNING, "port 80 is also claimed by k3s' svclb-traefik", "disable:");
}
END_TEST

START_TEST(test_lint_node__is_silent_when_it_is_turned_off)
{
	add("edge", PORT("edge", "443", ""));
	look(false, true, NULL);
	look(true, false, NULL);
	ck_assert_uint_eq(findings.n, 0);
}
END_TEST

START_TEST(test_lint_node__other_ports_and_other_balancers_are_free)
{
	add("other", PORT("other", "8443", ""));
	add("dns", PORT("dns", "443, protocol: UDP", ""));
	add("metal", BALANCED("80", "loadBalancerClass: metallb, "));
	look(true, true, NULL);
	ck_assert_uint_eq(findings.n, 0);
}
END_TEST

START_TEST(test_lint_node__a_process_has_the_port)
{
	struct manifest_listener nginx = {{80, "TCP", ""}, "nginx (pid 812)"};

	add("edge", PORT("edge", "80", ""));
	look(false, false, &nginx);
	check_finding(DIAG_WARNING, "host port 80/TCP is held by nginx (pid 812) on this machine",
		      "stop it");
}
END_TEST

/* A hostPort is forwarded, not bound. */
START_TEST(test_lint_node__what_only_this_machine_reaches_is_beside_it)
{
	struct manifest_listener local = {{53, "TCP", "127.0.0.53"}, "systemd-resolve (pid 400)"};

	add("dns", PORT("dns", "53", ""));
	look(false, false, &local);
	ck_assert_uint_eq(findings.n, 0);
	add("host", PORT("host", "53", "hostNetwork: true, "));
	look(false, false, &local);
	check_finding(DIAG_WARNING,
		      "host port 53/TCP is held by systemd-resolve (pid 400) on this machine", "");
}
END_TEST

START_TEST(test_lint_node__a_balancer_and_a_host_port_meet)
{
	add("edge", PORT("edge", "443", ""));
	add("lb", BALANCED("443", ""));
	manifest_lint_ports(set, &findings);
	ck_assert_uint_eq(findings.n, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(findings.items[i].severity, DIAG_WARNING);
		ck_assert_ptr_nonnull(strstr(findings.items[i].err.message,
					     "port 443/TCP of the node is also claimed by "));
		ck_assert_ptr_nonnull(strstr(findings.items[i].err.hint, "k3s' ServiceLB"));
	}
}
END_TEST

/* Jobs take turns, and what is scaled to zero has no pods. */
START_TEST(test_lint_node__who_has_no_pods_has_no_ports)
{
	add("edge", PORT("edge", "443", ""));
	add("idle", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: idle, namespace: "
		    "default}\nspec:\n  replicas: 0\n  template:\n    spec: {containers: [{name: "
		    "c, image: x, ports: [{containerPort: 1, hostPort: 443}]}]}\n");
	add("job", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: job, namespace: default}\n"
		   "spec:\n  template:\n    spec: {containers: [{name: c, image: x, ports: "
		   "[{containerPort: 1, hostPort: 443}]}]}\n");
	manifest_lint_ports(set, &findings);
	ck_assert_uint_eq(findings.n, 0);
}
END_TEST

#define CLAIM(name, mode)                                                     \
	"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: " name \
	", namespace: default}\nspec: {accessModes: [" mode "]}\n"
#define WRITER(name)                                                                          \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name                       \
	", namespace: default}\nspec:\n  template:\n    spec:\n      containers: [{name: c, " \
	"image: x, volumeMounts: [{name: d, mountPath: /d}]}]\n      volumes: [{name: d, "    \
	"persistentVolumeClaim: {claimName: " name "}}]\n"

START_TEST(test_lint_node__two_writers_of_one_claim_unless_it_is_made_for_many)
{
	add("photos", WRITER("photos"));
	add("photos-claim", CLAIM("photos", "ReadWriteMany"));
	manifest_lint_rolling(set, &findings);
	ck_assert_uint_eq(findings.n, 0);
	add("mail", WRITER("mail"));
	add("mail-claim", CLAIM("mail", "ReadWriteOnce"));
	manifest_lint_rolling(set, &findings);
	check_finding(DIAG_WARNING,
		      "in a rolling update two pods would write claim default/mail at once",
		      "strategy: {type: Recreate}");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/lint_node");
	TCase *tests = tcase_create("lint_node");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_lint_node__k3s_brings_a_traefik_of_its_own);
	tcase_add_test(tests, test_lint_node__whose_balancer_wants_the_ports_of_another_one);
	tcase_add_test(tests, test_lint_node__is_silent_when_it_is_turned_off);
	tcase_add_test(tests, test_lint_node__other_ports_and_other_balancers_are_free);
	tcase_add_test(tests, test_lint_node__a_process_has_the_port);
	tcase_add_test(tests, test_lint_node__what_only_this_machine_reaches_is_beside_it);
	tcase_add_test(tests, test_lint_node__a_balancer_and_a_host_port_meet);
	tcase_add_test(tests, test_lint_node__who_has_no_pods_has_no_ports);
	tcase_add_test(tests, test_lint_node__two_writers_of_one_claim_unless_it_is_made_for_many);
	suite_add_tcase(suite, tests);
	return suite;
}
