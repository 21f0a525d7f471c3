#include "tree/diff.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"
#include "tree/path.h"
#include "tree/yaml.h"

static json_t *read_yaml(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	struct tree_yaml_documents documents;
	json_t *tree;

	if (!text)
		return NULL;
	must(tree_yaml_parse(text, strlen(text), "test", &documents, &err), &err);
	must(tree_yaml_to_json(documents.roots[0], "test", &tree, &err), &err);
	tree_yaml_done(&documents);
	return tree;
}

/* "path: from -> to" lines; "(none)" for what is not there. */
static char *text_of(const struct tree_diff *diff)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < diff->n; i++)
		buf_printf(&out, "%s: %s -> %s\n", diff->items[i].path,
			   diff->items[i].from ? diff->items[i].from : "(none)",
			   diff->items[i].to ? diff->items[i].to : "(none)");
	return buf_steal(&out);
}

static void assert_diff(const char *from_text, const char *to_text, const char *expected)
{
	json_auto_t *from = read_yaml(from_text), *to = read_yaml(to_text);
	cleanup_tree_diff struct tree_diff diff;

	tree_diff(from, to, &diff);
	cleanup_free char *text = text_of(&diff);
	ck_assert_str_eq(text, expected);
}

static void assert_wanted(const char *live_text, const char *wanted_text, const char *expected)
{
	json_auto_t *live = read_yaml(live_text), *wanted = read_yaml(wanted_text);
	cleanup_tree_diff struct tree_diff diff;

	tree_diff_wanted(live, wanted, &diff);
	cleanup_free char *text = text_of(&diff);
	ck_assert_str_eq(text, expected);
	ck_assert_int_eq(tree_covers(live, wanted), !*expected);
}

START_TEST(test_tree_diff__fields_that_came_went_and_changed)
{
	assert_diff("{spec: {replicas: 1, paused: true, x: {a: 1}}}",
		    "{spec: {replicas: 2, strategy: {type: Recreate}, x: {a: 1.0}}}",
		    "spec.replicas: 1 -> 2\n"
		    "spec.strategy: (none) -> {\"type\":\"Recreate\"}\n"
		    "spec.paused: true -> (none)\n");
	assert_diff("{a: 1}", "{a: 1}", "");
	assert_diff("{a: 1}", "{a: '1'}", "a: 1 -> 1\n");
	assert_diff("{a: [1]}", "{a: {b: 1}}", "a: [1] -> {\"b\":1}\n");
	assert_diff("{a: }", "{a: ''}", "a: null -> \"\"\n");
	assert_diff("{}", "{metadata: {annotations: {desired.dev/x: v}}}",
		    "metadata: (none) -> {\"annotations\":{\"desired.dev/x\":\"v\"}}\n");
	assert_diff("{m: {a.b/c: 1}}", "{m: {a.b/c: 2}}", "m[\"a.b/c\"]: 1 -> 2\n");
	assert_diff(NULL, "{a: 1}", ": (none) -> {\"a\":1}\n");
}
END_TEST

START_TEST(test_tree_diff__items_are_called_by_their_name)
{
	assert_diff("spec: {containers: [{name: traefik, image: 'traefik:v3.7.12'}, {name: old}]}",
		    "spec: {containers: [{name: new}, {name: traefik, image: 'traefik:v3.7.13'}]}",
		    "spec.containers[new]: (none) -> {\"name\":\"new\"}\n"
		    "spec.containers[traefik].image: traefik:v3.7.12 -> traefik:v3.7.13\n"
		    "spec.containers[old]: {\"name\":\"old\"} -> (none)\n");
	assert_diff("ports: [{containerPort: 80, hostPort: 80}]",
		    "ports: [{containerPort: 80, hostPort: 81}]", "ports[80].hostPort: 80 -> 81\n");
	/* one volume mounted twice: its name tells nothing apart, the path does */
	assert_diff("m: [{name: v, mountPath: /a, s: 1}, {name: v, mountPath: /b, s: 1}]",
		    "m: [{name: v, mountPath: /a, s: 1}, {name: v, mountPath: /b, s: 2}]",
		    "m[/b].s: 1 -> 2\n");
	assert_diff("env: [{name: A}, {name: B}]", "env: [{name: B}, {name: A}]",
		    "env: order A, B -> order B, A\n");
}
END_TEST

START_TEST(test_tree_diff__other_items_go_by_place)
{
	assert_diff("args: [--a, --b]", "args: [--a, --c]", "args[1]: --b -> --c\n");
	assert_diff("args: [--a, --b]", "args: [--new, --a, --b]", "args[0]: (none) -> --new\n");
	assert_diff("args: [--a, --b, --c]", "args: [--a, --c]", "args[1]: --b -> (none)\n");
	assert_diff("r: [{verbs: [get]}, {verbs: [list]}]", "r: [{verbs: [get]}, {verbs: [watch]}]",
		    "r[1].verbs[0]: list -> watch\n");
	assert_diff("a: []", "a: [1]", "a[0]: (none) -> 1\n");
}
END_TEST

START_TEST(test_tree_diff__place_can_be_found_in_the_tree)
{
	json_auto_t *from = read_yaml("c: [{name: a, x: 1}, {name: b, gone: 3}]");
	json_auto_t *to = read_yaml("c: [{name: a, x: 2}, {name: b}]");
	cleanup_tree_diff struct tree_diff diff;

	tree_diff(from, to, &diff);
	ck_assert_uint_eq(diff.n, 2);
	ck_assert_str_eq(diff.items[0].place, "c[name=a].x");
	ck_assert_int_eq(tree_path_integer(to, diff.items[0].place, 0), 2);
	ck_assert_int_eq(tree_path_integer(from, diff.items[1].place, 0), 3);
}
END_TEST

START_TEST(test_tree_diff__what_the_server_writes_is_left_out)
{
	const char *live =
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: u, generation: 3,"
		" resourceVersion: '7', creationTimestamp: x, managedFields: [{}]}\n"
		"data: {a: b}\nstatus: {x: 1}\n";

	assert_diff(live, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}",
		    "");
	assert_diff("{a: {uid: 1}, status: 1}", "{a: {uid: 2}, status: 2}",
		    "a.uid: 1 -> 2\nstatus: 1 -> 2\n");
}
END_TEST

START_TEST(test_tree_diff__long_values_are_short)
{
	json_auto_t *from = json_object(), *to = json_object();
	cleanup_tree_diff struct tree_diff diff;
	cleanup_buf struct buf text = BUF_INIT;

	for (int i = 0; i < 1000; i++)
		buf_addstr(&text, "é");
	json_object_set_new(to, "a", json_string(text.data));
	tree_diff(from, to, &diff);
	ck_assert_uint_eq(strlen(diff.items[0].to), 2 * 200 + 3);
}
END_TEST

START_TEST(test_tree_diff__of_several_lines_the_first_that_differs_is_told)
{
	assert_diff("{a: \"x\\ny\\nz\\n\"}", "{a: \"x\\nq\\nz\\n\"}",
		    "a: line 2: y -> line 2: q\n");
	assert_diff("{a: \"x\\n\"}", "{a: \"x\\ny\\n\"}", "a: ends before line 2 -> line 2: y\n");
	assert_diff("{a: \"x\"}", "{a: \"x\\ny\"}", "a: ends in line 1 -> line 2: y\n");
	assert_diff("{a: \"x\"}", "{a: \"x\\n\"}", "a: ends in line 1 -> ends after line 1\n");
	assert_diff("{a: \"x\\nyy\"}", "{a: \"x\\ny\"}", "a: line 2: yy -> line 2: y\n");
	assert_diff("{}", "{a: \"x\\ny\"}", "a: (none) -> x\\ny\n");
}
END_TEST

#define SECRET "apiVersion: v1\nkind: Secret\n"

START_TEST(test_tree_diff__secrets_are_never_shown)
{
	assert_diff(SECRET "data: {p: aHVudGVyMg==, same: YQ==}\n",
		    SECRET "data: {p: aHVudGVyMzM=, same: YQ==, new: aHVudGVyMg==}\n",
		    "data.p: 7 bytes -> 8 bytes, changed\n"
		    "data.new: (none) -> 7 bytes\n");
	assert_diff(SECRET "data: {p: aHVudGVyMg==}\n", SECRET, "data.p: 7 bytes -> (none)\n");
	assert_diff(SECRET, SECRET "stringData: {p: hunter2}\n",
		    "stringData.p: (none) -> 7 bytes\n");
	assert_diff(
		NULL, SECRET "data: {p: aHVudGVyMg==}\n",
		"apiVersion: (none) -> v1\nkind: (none) -> Secret\ndata.p: (none) -> 7 bytes\n");
	assert_diff(SECRET "data: [aHVudGVyMg==]\n", SECRET "data: hunter2\n",
		    "data: not shown -> 5 bytes, changed\n");
	assert_diff(SECRET "metadata: {}\n",
		    SECRET
		    "metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: "
		    "'{\"data\":{\"p\":\"aHVudGVyMg==\"}}'}}\n",
		    "metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]: "
		    "(none) "
		    "-> 29 bytes\n");
}
END_TEST

START_TEST(test_tree_diff__secrets_inside_of_something_are_not_shown_either)
{
	json_auto_t *from = read_yaml("items: [{kind: ConfigMap}]");
	json_auto_t *to =
		read_yaml("items: [{kind: Secret, data: {p: aHVudGVyMg==}}, [{kind: Secret, "
			  "stringData: {q: hunter2}}]]");
	cleanup_tree_diff struct tree_diff diff, gone;

	tree_diff(from, to, &diff);
	tree_diff(to, NULL, &gone);
	cleanup_free char *text = text_of(&diff), *text_gone = text_of(&gone);
	ck_assert_ptr_null(strstr(text, "unter"));
	ck_assert_ptr_null(strstr(text, "aHVu"));
	ck_assert_ptr_null(strstr(text_gone, "unter"));
	ck_assert_ptr_null(strstr(text_gone, "aHVu"));
	ck_assert_ptr_nonnull(strstr(text, "7 bytes"));
}
END_TEST

START_TEST(test_tree_diff__wanted_ignores_what_others_added)
{
	assert_wanted("{spec: {replicas: 0, added: 1}, status: {}}", "{spec: {replicas: 1}}",
		      "spec.replicas: 0 -> 1\n");
	assert_wanted("spec: {containers: [{name: a, image: x, tty: false}, {name: sidecar}]}",
		      "spec: {containers: [{name: a, image: x}]}", "");
	assert_wanted("metadata: {finalizers: [theirs, ours]}", "metadata: {finalizers: [ours]}",
		      "");
	assert_wanted("metadata: {finalizers: [theirs]}", "metadata: {finalizers: [ours]}",
		      "metadata.finalizers[0]: (none) -> ours\n");
	assert_wanted(NULL, "{a: 1}", ": (none) -> {\"a\":1}\n");
}
END_TEST

START_TEST(test_tree_diff__wanted_owns_lists_that_nobody_shares)
{
	assert_wanted("{rules: [{a: 1}, {b: 2}]}", "{rules: [{a: 1}]}",
		      "rules[1]: {\"b\":2} -> (none)\n");
	assert_wanted("{args: [a, b]}", "{args: [a]}", "args[1]: b -> (none)\n");
	assert_wanted("{apiVersion: traefik.io/v1alpha1, routes: [{match: a, x: 1}]}",
		      "{apiVersion: traefik.io/v1alpha1, routes: [{match: a}]}", "");
	assert_wanted("{apiVersion: traefik.io/v1alpha1, env: [{name: a}, {name: b}]}",
		      "{apiVersion: traefik.io/v1alpha1, env: [{name: a}]}",
		      "env[b]: {\"name\":\"b\"} -> (none)\n");
	assert_wanted("{apiVersion: apps/v1, env: [{name: a}, {name: b}]}",
		      "{apiVersion: apps/v1, env: [{name: a}]}", "");
}
END_TEST

START_TEST(test_tree_diff__the_servers_spelling_is_no_drift)
{
	assert_wanted("resources: {limits: {cpu: '1', memory: 1Gi}, requests: {cpu: 500m}}",
		      "resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: 0.5}}",
		      "");
	assert_wanted("resources: {limits: {cpu: '1'}}", "resources: {limits: {cpu: 1001m}}",
		      "resources.limits.cpu: 1 -> 1001m\n");
	assert_wanted("data: {cpu: '1'}", "data: {cpu: 1000m}", "data.cpu: 1 -> 1000m\n");
	assert_wanted("emptyDir: {sizeLimit: 1Gi}", "emptyDir: {sizeLimit: 1024Mi}", "");
	assert_wanted(
		"spec: {}",
		"spec: {args: [], value: '', nothing: , nodeSelector: {}, hostNetwork: false, "
		"initialDelaySeconds: 0}",
		"");
	assert_wanted("spec: {}", "spec: {emptyDir: {}}", "spec.emptyDir: (none) -> {}\n");
	assert_wanted("spec: {}", "spec: {replicas: 0, automountServiceAccountToken: false}",
		      "spec.replicas: (none) -> 0\n"
		      "spec.automountServiceAccountToken: (none) -> false\n");
	assert_wanted("a: 1", "a: '1'", "a: 1 -> 1\n");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("tree/diff");
	TCase *tests = tcase_create("diff");

	tcase_add_test(tests, test_tree_diff__fields_that_came_went_and_changed);
	tcase_add_test(tests, test_tree_diff__items_are_called_by_their_name);
	tcase_add_test(tests, test_tree_diff__other_items_go_by_place);
	tcase_add_test(tests, test_tree_diff__place_can_be_found_in_the_tree);
	tcase_add_test(tests, test_tree_diff__what_the_server_writes_is_left_out);
	tcase_add_test(tests, test_tree_diff__long_values_are_short);
	tcase_add_test(tests, test_tree_diff__of_several_lines_the_first_that_differs_is_told);
	tcase_add_test(tests, test_tree_diff__secrets_are_never_shown);
	tcase_add_test(tests, test_tree_diff__secrets_inside_of_something_are_not_shown_either);
	tcase_add_test(tests, test_tree_diff__wanted_ignores_what_others_added);
	tcase_add_test(tests, test_tree_diff__wanted_owns_lists_that_nobody_shares);
	tcase_add_test(tests, test_tree_diff__the_servers_spelling_is_no_drift);
	suite_add_tcase(suite, tests);
	return suite;
}
