#include "manifest/adopt.h"

#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static json_t *parse(const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	must(tree_json_parse(text, strlen(text), "test", true, &tree, &err), &err);
	return tree;
}

static void patches(const char *live_text, bool released, const char *expected)
{
	json_auto_t *live = parse(live_text);
	json_auto_t *patch = manifest_adopt_patch(live, released);
	cleanup_free char *text = patch ? tree_json_canonical(patch) : mem_strdup("nothing");

	ck_assert_str_eq(text, expected);
}

static void leaves(const char *live_text, const char *wanted_text, const char *expected)
{
	json_auto_t *live = parse(live_text), *wanted = parse(wanted_text);
	json_auto_t *left = manifest_adopt_remains(live, wanted, false);
	json_object_del(left, "metadata");
	cleanup_free char *text = tree_json_canonical(left);

	ck_assert_str_eq(text, expected);
}

#define KUBECTL(fields)                                                                      \
	"{\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"7\",\"managedFields\":[" \
	"{\"manager\":\"kubectl-create\",\"operation\":\"Update\",\"fieldsV1\":" fields "}]}"

START_TEST(test_manifest_adopt__fields_of_tools_become_ours)
{
	patches(KUBECTL("{\"f:data\":{\"f:a\":{}}}") "}", false,
		"[{\"op\":\"replace\",\"path\":\"/metadata/managedFields\",\"value\":["
		"{\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{\"f:data\":"
		"{\"f:a\":{}}},\"manager\":\"desired\",\"operation\":\"Apply\"}]},"
		"{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]");
}
END_TEST

START_TEST(test_manifest_adopt__remarks_controllers_and_status_stay_with_their_owners)
{
	patches("{\"metadata\":{\"managedFields\":["
		"{\"manager\":\"kubectl-rollout\",\"fieldsV1\":{}},"
		"{\"manager\":\"kubectl-label\",\"fieldsV1\":{}},"
		"{\"manager\":\"kube-controller-manager\",\"fieldsV1\":{}},"
		"{\"manager\":\"helm\",\"fieldsV1\":{}},"
		"{\"manager\":\"kubectl\",\"subresource\":\"scale\",\"fieldsV1\":{}}]}}",
		false, "nothing");
}
END_TEST

START_TEST(test_manifest_adopt__a_release_takes_the_marks_off)
{
	patches("{\"metadata\":{\"resourceVersion\":\"7\",\"labels\":{"
		"\"app.kubernetes.io/managed-by\":\"Helm\",\"mine\":\"1\"},\"annotations\":{"
		"\"meta.helm.sh/release-name\":\"a\",\"objectset.rio.cattle.io/id\":\"\"}}}",
		true,
		"[{\"op\":\"remove\",\"path\":\"/metadata/labels/app.kubernetes.io~1managed-by\"},"
		"{\"op\":\"remove\",\"path\":\"/metadata/annotations/meta.helm.sh~1release-name\"},"
		"{\"op\":\"remove\",\"path\":\"/metadata/annotations/"
		"objectset.rio.cattle.io~1id\"},"
		"{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]");
	patches("{\"metadata\":{\"labels\":{\"app.kubernetes.io/managed-by\":\"Terraform\"}}}",
		true, "nothing");
}
END_TEST

START_TEST(test_manifest_adopt__what_the_files_do_not_say_goes)
{
	leaves(KUBECTL("{\"f:data\":{\"f:a\":{},\"f:b\":{}}}") ",\"data\":{\"a\":\"1\","
							       "\"b\":\"2\",\"foreign\":\"3\"}}",
	       "{\"data\":{\"a\":\"9\"}}",
	       "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"1\",\"foreign\":\"3\"}}");
}
END_TEST

START_TEST(test_manifest_adopt__an_item_that_others_own_too_stays)
{
	leaves("{\"metadata\":{\"managedFields\":["
	       "{\"manager\":\"kubectl\",\"fieldsV1\":{\"f:c\":{\"k:{\\\"name\\\":\\\"a\\\"}\":"
	       "{\".\":{},\"f:name\":{},\"f:tty\":{}},\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},"
	       "\"f:name\":{}}}}},{\"manager\":\"injector\",\"fieldsV1\":{\"f:c\":{"
	       "\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{},\"f:image\":{}}}}}]},"
	       "\"c\":[{\"name\":\"a\",\"tty\":true,\"image\":\"i\"},{\"name\":\"b\"}]}",
	       "{}", "{\"c\":[{\"image\":\"i\",\"name\":\"a\"}]}");
}
END_TEST

START_TEST(test_manifest_adopt__says_what_is_left_to_do)
{
	json_auto_t *helm = parse("{\"metadata\":{\"annotations\":{\"meta.helm.sh/release-name\":"
				  "\"r\",\"meta.helm.sh/release-namespace\":\"n\"}}}");
	json_auto_t *plain = parse("{\"metadata\":{}}");
	cleanup_free char *note = manifest_adopt_note(helm);

	ck_assert_ptr_nonnull(strstr(note, "kubectl delete secret -n n -l owner=helm,name=r"));
	ck_assert_ptr_null(manifest_adopt_note(plain));
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("manifest/adopt");
	TCase *tests = tcase_create("adopt");

	tcase_add_test(tests, test_manifest_adopt__fields_of_tools_become_ours);
	tcase_add_test(tests,
		       test_manifest_adopt__remarks_controllers_and_status_stay_with_their_owners);
	tcase_add_test(tests, test_manifest_adopt__a_release_takes_the_marks_off);
	tcase_add_test(tests, test_manifest_adopt__what_the_files_do_not_say_goes);
	tcase_add_test(tests, test_manifest_adopt__an_item_that_others_own_too_stays);
	tcase_add_test(tests, test_manifest_adopt__says_what_is_left_to_do);
	suite_add_tcase(suite, tests);
	return suite;
}
