#include "kube/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"
#include "tree/path.h"

#define LIST(items) "{\"kind\": \"APIGroupDiscoveryList\", \"items\": [" items "]}"
#define RESOURCE(plural, kind, scope)                                                          \
	"{\"resource\": \"" plural "\", \"responseKind\": {\"group\": \"\", \"kind\": \"" kind \
	"\"}, \"scope\": \"" scope "\"}"

static json_t *parsed(const char *text, const json_t *previous)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *part;

	must(kube_discovery_parse(text, strlen(text), "\"e\"", previous, &part, &err), &err);
	return part;
}

START_TEST(test_kube_discovery__knows_plural_scope_and_versions_in_their_order)
{
	json_auto_t *part = parsed(
		LIST("{\"metadata\": {\"name\": \"apps\"}, \"versions\": ["
		     "{\"version\": \"v1\", \"resources\": [" RESOURCE(
			     "deployments", "Deployment",
			     "Namespaced") "]},"
					   "{\"version\": \"v1beta1\", \"resources\": [" RESOURCE(
						   "deployments", "Deployment",
						   "Namespaced") "]}]}"),
		NULL);
	const json_t *known = kube_discovery_find(part, "apps", "Deployment");

	ck_assert_str_eq(tree_path_string(known, "plural"), "deployments");
	ck_assert(tree_path_true(known, "namespaced"));
	ck_assert_str_eq(tree_path_string(known, "versions[0]"), "v1");
	ck_assert_str_eq(tree_path_string(known, "versions[1]"), "v1beta1");
	ck_assert_str_eq(tree_path_string(part, "etag"), "\"e\"");
	ck_assert_ptr_null(kube_discovery_find(part, "apps", "StatefulSet"));
}
END_TEST

START_TEST(test_kube_discovery__the_legacy_group_has_no_name)
{
	json_auto_t *part =
		parsed(LIST("{\"metadata\": {}, \"versions\": [{\"version\": \"v1\", "
			    "\"resources\": [" RESOURCE("nodes", "Node", "Cluster") "]}]}"),
		       NULL);

	ck_assert(!tree_path_true(kube_discovery_find(part, "", "Node"), "namespaced"));
	cleanup_free char *key = kube_discovery_key("", "Node");
	ck_assert_str_eq(key, "core/Node");
}
END_TEST

/* The API server of metrics is down: nothing can be said of its kinds, what was known stays. */
START_TEST(test_kube_discovery__an_incomplete_group_is_unknown_not_absent)
{
	json_auto_t *before =
		parsed(LIST("{\"metadata\": {\"name\": \"metrics\"}, \"versions\": [{\"version\": "
			    "\"v1\", \"resources\": [" RESOURCE("pods", "PodMetrics",
								"Namespaced") "]}]}"),
		       NULL);
	json_auto_t *now = parsed(LIST("{\"metadata\": {\"name\": \"metrics\"}, \"versions\": "
				       "[{\"version\": \"v1\", \"freshness\": \"Stale\"}]}"),
				  before);

	ck_assert(!kube_discovery_incomplete(before, "metrics"));
	ck_assert(kube_discovery_incomplete(now, "metrics"));
	ck_assert(!kube_discovery_incomplete(now, "apps"));
	ck_assert_ptr_nonnull(kube_discovery_find(now, "metrics", "PodMetrics"));
}
END_TEST

START_TEST(test_kube_discovery__an_old_server_is_named)
{
	static const char text[] = "{\"kind\": \"APIVersions\", \"versions\": [\"v1\"]}";
	cleanup_err struct err err = ERR_INIT;
	json_t *part;

	ck_assert_int_eq(kube_discovery_parse(text, strlen(text), NULL, NULL, &part, &err),
			 -ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.hint, "1.27"));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/discovery");
	TCase *tests = tcase_create("discovery");

	tcase_add_test(tests, test_kube_discovery__knows_plural_scope_and_versions_in_their_order);
	tcase_add_test(tests, test_kube_discovery__the_legacy_group_has_no_name);
	tcase_add_test(tests, test_kube_discovery__an_incomplete_group_is_unknown_not_absent);
	tcase_add_test(tests, test_kube_discovery__an_old_server_is_named);
	suite_add_tcase(suite, tests);
	return suite;
}
