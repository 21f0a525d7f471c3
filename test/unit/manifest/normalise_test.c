#include "manifest/normalise.h"

#include "base/mem.h"
#include "body.h"
#include "manifest/ignore.h"

static json_t *normalised(const char *text, struct list *warnings)
{
	json_t *body = body_of(text);
	struct err err = ERR_INIT;

	must(manifest_normalise(body, &(struct manifest_served){0}, warnings, &err), &err);
	return body;
}

static void refused(const char *text, const char *message, const char *hint)
{
	json_auto_t *body = body_of(text);
	cleanup_list struct list warnings = LIST_INIT;
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(manifest_normalise(body, &(struct manifest_served){0}, &warnings, &err),
			 -ERR_INVALID);
	ck_assert_str_eq(err.message, message);
	if (hint) {
		ck_assert_ptr_nonnull(err.hint);
		ck_assert_msg(strstr(err.hint, hint), "hint: %s", err.hint);
	}
}

START_TEST(test_manifest_normalise__exported_yaml_loses_what_the_server_wrote)
{
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *body = normalised(
		"apiVersion: apps/v1\nkind: Deployment\n"
		"metadata:\n  name: x\n  uid: u\n  resourceVersion: '1'\n  generation: 2\n"
		"  creationTimestamp: null\n  managedFields: []\n  selfLink: s\n"
		"  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{}'\n"
		"    mine: yes it is\n"
		"spec: {template: {metadata: {creationTimestamp: null, labels: {a: b}}}}\n"
		"status: {replicas: 1}\n",
		&warnings);
	cleanup_free char *text = tree_json_canonical(body);

	ck_assert_str_eq(text, "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{"
			       "\"annotations\":{\"mine\":\"yes it is\"},\"name\":\"x\"},\"spec\":{"
			       "\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}}}}}");
	ck_assert_uint_eq(warnings.n, 0);
}
END_TEST

START_TEST(test_manifest_normalise__string_data_becomes_data)
{
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *body = normalised("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n"
				       "data: {a: b2xk, b: a2VlcA==}\nstringData: {a: new}\n",
				       &warnings);

	ck_assert_str_eq(tree_path_string(body, "data.a"), "bmV3");
	ck_assert_str_eq(tree_path_string(body, "data.b"), "a2VlcA==");
	ck_assert_ptr_null(tree_path_get(body, "stringData"));
}
END_TEST

START_TEST(test_manifest_normalise__ports_get_their_protocol)
{
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *service =
		normalised("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n"
			   "spec: {ports: [{port: 80}, {port: 53, protocol: UDP}]}\n",
			   &warnings);
	json_auto_t *cron = normalised(
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: "
		"{spec: {template: {spec: {containers: [{ports: [{containerPort: 1}]}]}}}}}\n",
		&warnings);

	ck_assert_str_eq(tree_path_string(service, "spec.ports[0].protocol"), "TCP");
	ck_assert_str_eq(tree_path_string(service, "spec.ports[1].protocol"), "UDP");
	ck_assert_str_eq(tree_path_string(cron, "spec.jobTemplate.spec.template.spec.containers[0]"
						".ports[0].protocol"),
			 "TCP");
}
END_TEST

START_TEST(test_manifest_normalise__refuses_by_name)
{
	refused("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n",
		"metadata.generateName cannot be kept in a desired state", "metadata.name");
	refused("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {port: 25}\n",
		"stringData.port is not a text", "quotes");
}
END_TEST

START_TEST(test_manifest_upgrade__rewrites_where_only_the_version_changed)
{
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *role = normalised("apiVersion: rbac.authorization.k8s.io/v1beta1\n"
				       "kind: ClusterRole\nmetadata: {name: x}\n",
				       &warnings);
	json_auto_t *deployment = normalised("apiVersion: extensions/v1beta1\nkind: Deployment\n"
					     "metadata: {name: x}\nspec: {selector: {}}\n",
					     &warnings);

	ck_assert_str_eq(tree_path_string(role, "apiVersion"), "rbac.authorization.k8s.io/v1");
	ck_assert_str_eq(tree_path_string(deployment, "apiVersion"), "apps/v1");
	ck_assert_uint_eq(warnings.n, 2);
	ck_assert_str_eq(warnings.items[0],
			 "rbac.authorization.k8s.io/v1beta1 ClusterRole was removed in Kubernetes "
			 "1.22; read as rbac.authorization.k8s.io/v1");
}
END_TEST

START_TEST(test_manifest_upgrade__names_the_replacement_where_more_changed)
{
	refused("apiVersion: traefik.containo.us/v1alpha1\nkind: IngressRoute\nmetadata: {name: "
		"x}\n",
		"traefik.containo.us/v1alpha1 IngressRoute is gone since Traefik 3; use "
		"traefik.io/v1alpha1",
		"traefik.io/v1alpha1");
	refused("apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\n"
		"metadata: {name: x}\n",
		"apiextensions.k8s.io/v1beta1 CustomResourceDefinition was removed in Kubernetes "
		"1.22; use apiextensions.k8s.io/v1",
		"openAPIV3Schema");
	refused("apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: x}\n",
		"apps/v1beta1 Deployment was removed in Kubernetes 1.16; use apps/v1", "selector");
	refused("apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: x}\n",
		"policy/v1beta1 PodSecurityPolicy was removed in Kubernetes 1.25", "delete it");
}
END_TEST

START_TEST(test_manifest_upgrade__a_kind_under_a_wrong_group)
{
	refused("apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\n",
		"there is no kind Deployment in v1", "apiVersion: apps/v1");
	refused("apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: x}\n",
		"there is no kind Deploymnet in apps/v1", "'Deployment'");
}
END_TEST

START_TEST(test_manifest_upgrade__unknown_groups_are_the_servers_affair)
{
	cleanup_list struct list warnings = LIST_INIT;
	json_auto_t *body = normalised("apiVersion: example.org/v1\nkind: Deploymnet\n"
				       "metadata: {name: x}\n",
				       &warnings);

	ck_assert_str_eq(tree_path_string(body, "apiVersion"), "example.org/v1");
}
END_TEST

START_TEST(test_manifest_ignore__rules_and_annotation_take_fields_out)
{
	json_auto_t *rules = body_of("[{kind: Deployment, fields: [spec.replicas]}, "
				     "{kind: Deployment, name: other, fields: [spec.paused]}]");
	json_auto_t *body = body_of(
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, annotations: "
		"{desired.dev/ignore: 'spec.minReadySeconds, spec.list[name=b].value'}}\n"
		"spec: {replicas: 2, paused: true, minReadySeconds: 3, list: [{name: a, value: 1}, "
		"{name: b, value: 2}]}\n");

	manifest_ignore_wishes(body, rules);
	cleanup_free char *text = tree_json_canonical(json_object_get(body, "spec"));
	ck_assert_str_eq(text, "{\"list\":[{\"name\":\"a\",\"value\":1},{\"name\":\"b\"}],"
			       "\"paused\":true}");
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/normalise");
	TCase *tests = tcase_create("normalise");

	tcase_add_test(tests, test_manifest_normalise__exported_yaml_loses_what_the_server_wrote);
	tcase_add_test(tests, test_manifest_normalise__string_data_becomes_data);
	tcase_add_test(tests, test_manifest_normalise__ports_get_their_protocol);
	tcase_add_test(tests, test_manifest_normalise__refuses_by_name);
	tcase_add_test(tests, test_manifest_upgrade__rewrites_where_only_the_version_changed);
	tcase_add_test(tests, test_manifest_upgrade__names_the_replacement_where_more_changed);
	tcase_add_test(tests, test_manifest_upgrade__a_kind_under_a_wrong_group);
	tcase_add_test(tests, test_manifest_upgrade__unknown_groups_are_the_servers_affair);
	tcase_add_test(tests, test_manifest_ignore__rules_and_annotation_take_fields_out);
	suite_add_tcase(suite, tests);
	return suite;
}
