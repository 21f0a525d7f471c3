/* performance.md section 7, row by row: what the server answers and what we conclude. */
#include "kube/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "harness/suite.h"
#include "tree/json.h"

static struct http_response answer(int status, const char *body)
{
	struct http_response response = {.status = status};

	buf_addstr(&response.body, body);
	return response;
}

/* Judges an answer and compares code, message and field (NULL: none). */
static void means(int status, const char *text, enum err_code code, const char *message,
		  const char *field)
{
	struct http_response response = answer(status, text);
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *found = NULL;

	ck_assert_int_eq(kube_answer_check(&response, "Thing a/x", NULL, &found, &err), -(int)code);
	ck_assert_str_eq(err.message, message);
	if (field)
		ck_assert_str_eq(found, field);
	else
		ck_assert_ptr_null(found);
	http_response_done(&response);
}

START_TEST(test_kube_answer__a_typo_is_a_500_and_stays_wrong)
{
	means(500,
	      "{\"kind\": \"Status\", \"code\": 500, \"message\": \"failed to create typed patch "
	      "object "
	      "(default/x; apps/v1, Kind=Deployment): .spec.replica: field not declared in "
	      "schema\"}",
	      ERR_INVALID, "Thing a/x: spec.replica: field not declared in schema", "spec.replica");
	means(500,
	      "{\"kind\": \"Status\", \"code\": 500, \"message\": \"failed to create typed patch "
	      "object "
	      "(default/x; apps/v1, Kind=Deployment): errors:\\n  .spec.replica: field not "
	      "declared in "
	      "schema\\n  .spec.y: field not declared in schema\"}",
	      ERR_INVALID,
	      "Thing a/x: spec.replica: field not declared in schema; spec.y: field not declared "
	      "in "
	      "schema",
	      "spec.replica");
}
END_TEST

START_TEST(test_kube_answer__a_typo_in_a_create_is_a_400)
{
	means(400,
	      "{\"kind\": \"Status\", \"reason\": \"BadRequest\", \"message\": \"Deployment in "
	      "version "
	      "\\\"v1\\\" cannot be handled as a Deployment: strict decoding error: unknown field "
	      "\\\"spec.replica\\\"\"}",
	      ERR_INVALID, "Thing a/x: unknown field \"spec.replica\"", "spec.replica");
}
END_TEST

START_TEST(test_kube_answer__a_terminating_namespace_is_waited_for)
{
	static const char text[] = "{\"kind\": \"Status\", \"reason\": \"Forbidden\", \"message\": "
				   "\"configmaps \\\"x\\\" is "
				   "forbidden: unable to create new content in namespace a because "
				   "it is being terminated\","
				   " \"details\": {\"name\": \"x\", \"causes\": [{\"reason\": "
				   "\"NamespaceTerminating\", "
				   "\"message\": \"namespace a is being terminated\", \"field\": "
				   "\"metadata.namespace\"}]}}";
	struct http_response response = answer(403, text);

	means(403, text, ERR_CONFLICT,
	      "Thing a/x: metadata.namespace: namespace a is being terminated", NULL);
	ck_assert(kube_answer_namespace_ends(&response));
	http_response_done(&response);
}
END_TEST

START_TEST(test_kube_answer__a_conflict_has_several_meanings)
{
	means(409,
	      "{\"kind\": \"Status\", \"reason\": \"Conflict\", \"message\": \"Apply failed with 1 "
	      "conflict\", \"details\": {\"causes\": [{\"reason\": \"FieldManagerConflict\", "
	      "\"message\": "
	      "\"conflict with \\\"kubectl-edit\\\" using v1\", \"field\": \".data.a\"}]}}",
	      ERR_CONFLICT, "Thing a/x: .data.a: conflict with \"kubectl-edit\" using v1", NULL);
	means(409,
	      "{\"kind\": \"Status\", \"reason\": \"Conflict\", \"message\": \"Operation cannot be "
	      "fulfilled on configmaps \\\"x\\\": the object has been modified\"}",
	      ERR_CONFLICT,
	      "Thing a/x: Operation cannot be fulfilled on configmaps \"x\": the object has been "
	      "modified",
	      NULL);
	means(409,
	      "{\"kind\": \"Status\", \"reason\": \"AlreadyExists\", \"message\": \"configmaps "
	      "\\\"x\\\" "
	      "already exists\"}",
	      ERR_EXISTS, "Thing a/x: configmaps \"x\" already exists", NULL);
	means(409,
	      "{\"kind\": \"Status\", \"reason\": \"AlreadyExists\", \"message\": \"object is "
	      "being "
	      "deleted: configmaps \\\"x\\\" already exists\"}",
	      ERR_CONFLICT, "Thing a/x: object is being deleted: configmaps \"x\" already exists",
	      NULL);
}
END_TEST

START_TEST(test_kube_answer__an_immutable_field_is_named_without_its_value)
{
	means(422,
	      "{\"kind\": \"Status\", \"reason\": \"Invalid\", \"message\": \"long\", \"details\": "
	      "{\"causes\": [{\"reason\": \"FieldValueInvalid\", \"field\": \"spec.selector\", "
	      "\"message\": \"Invalid value: "
	      "{\\\"matchLabels\\\":{\\\"app\\\":\\\"a-rather-long-name-for-an-application-that-"
	      "goes-on\\\","
	      "\\\"tier\\\":\\\"web\\\"}}: field is immutable\"}]}}",
	      ERR_INVALID, "Thing a/x: spec.selector: Invalid value: (...): field is immutable",
	      "spec.selector");
}
END_TEST

START_TEST(test_kube_answer__all_causes_are_told)
{
	means(422,
	      "{\"kind\": \"Status\", \"details\": {\"causes\": ["
	      "{\"field\": \"spec.ports[0].port\", \"message\": \"Invalid value: 0: must be "
	      "between 1 and "
	      "65535\"}, {\"field\": \"spec.type\", \"message\": \"Unsupported value: "
	      "\\\"X\\\"\"}]}}",
	      ERR_INVALID,
	      "Thing a/x: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535; "
	      "spec.type: Unsupported value: \"X\"",
	      "spec.ports[0].port");
}
END_TEST

START_TEST(test_kube_answer__values_of_a_secret_are_hidden)
{
	json_auto_t *body = json_pack("{s:s, s:{s:i}}", "kind", "Secret", "data", "a", 12345);
	struct http_response response = answer(500, "{\"kind\": \"Status\", \"message\": \"failed "
						    "to create typed patch object (a/x; /v1, "
						    "Kind=Secret): .data.a: expected string, got "
						    "&value.valueUnstructured{Value:12345}\"}");
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(kube_answer_check(&response, "Secret a/x", body, NULL, &err),
			 -ERR_INVALID);
	ck_assert_ptr_null(strstr(err.message, "12345"));
	ck_assert_str_eq(err.message, "Secret a/x: data.a: expected string, got (hidden)");
	http_response_done(&response);
}
END_TEST

START_TEST(test_kube_answer__values_are_shown_as_they_were_written)
{
	means(500,
	      "{\"kind\": \"Status\", \"message\": \"failed to create typed patch object (a/x; "
	      "/v1, "
	      "Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:5}\"}",
	      ERR_INVALID, "Thing a/x: data.a: expected string, got 5", "data.a");
	/* Environment variables often hold passwords. */
	means(500,
	      "{\"kind\": \"Status\", \"message\": \"failed to create typed patch object (a/x; "
	      "/v1, "
	      "Kind=Pod): .spec.env[name=\\\"A\\\"].value: expected string, got "
	      "&value.valueUnstructured{Value:5}\"}",
	      ERR_INVALID, "Thing a/x: spec.env[name=\"A\"].value: expected string, got (hidden)",
	      "spec.env");
}
END_TEST

START_TEST(test_kube_answer__denials)
{
	means(403,
	      "{\"kind\": \"Status\", \"reason\": \"Forbidden\", \"message\": \"pods \\\"x\\\" is "
	      "forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2\"}",
	      ERR_DENIED,
	      "Thing a/x: pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: "
	      "pods=2, limited: pods=2",
	      NULL);
	means(401, "{\"kind\": \"Status\", \"message\": \"Unauthorized\"}", ERR_DENIED,
	      "Thing a/x: Unauthorized", NULL);
	means(400,
	      "{\"kind\": \"Status\", \"message\": \"admission webhook \\\"w.x\\\" denied the "
	      "request: "
	      "no\"}",
	      ERR_INVALID, "Thing a/x: admission webhook \"w.x\" denied the request: no", NULL);
}
END_TEST

START_TEST(test_kube_answer__a_role_beyond_ones_own_rights_has_a_hint)
{
	struct http_response response =
		answer(403, "{\"kind\": \"Status\", \"message\": \"clusterroles \\\"t\\\" is "
			    "forbidden: user \\\"d\\\" "
			    "is attempting to grant RBAC permissions not currently held: ...\"}");
	cleanup_err struct err err = ERR_INIT;

	ck_assert_int_eq(kube_answer_check(&response, "ClusterRole t", NULL, NULL, &err),
			 -ERR_DENIED);
	ck_assert_ptr_nonnull(err.hint);
	http_response_done(&response);
}
END_TEST

START_TEST(test_kube_answer__what_passes_by_itself)
{
	means(500,
	      "{\"kind\": \"Status\", \"message\": \"Internal error occurred: failed calling "
	      "webhook "
	      "\\\"check.example.com\\\": connection refused\"}",
	      ERR_CONFLICT,
	      "Thing a/x: webhook check.example.com does not work: Internal error occurred: failed "
	      "calling webhook \"check.example.com\": connection refused",
	      NULL);
	means(500, "{\"kind\": \"Status\", \"message\": \"etcdserver: request is too large\"}",
	      ERR_INVALID, "Thing a/x: etcdserver: request is too large", NULL);
	means(500, "{\"kind\": \"Status\", \"message\": \"etcdserver: leader changed\"}",
	      ERR_UNREACHABLE, "Thing a/x: etcdserver: leader changed", NULL);
	means(503, "the server is currently unable to handle the request", ERR_UNREACHABLE,
	      "Thing a/x: the server is currently unable to handle the request", NULL);
	means(504, "", ERR_TIMEOUT, "Thing a/x: the API server answered 504", NULL);
	means(429, "{\"kind\": \"Status\", \"message\": \"too many requests\"}", ERR_UNREACHABLE,
	      "Thing a/x: too many requests", NULL);
	means(410, "{\"kind\": \"Status\", \"reason\": \"Expired\", \"message\": \"too old\"}",
	      ERR_CONFLICT, "Thing a/x: too old", NULL);
}
END_TEST

START_TEST(test_kube_answer__a_404_is_about_an_object_or_a_kind)
{
	struct http_response object = answer(
		404, "{\"kind\": \"Status\", \"message\": \"m\", \"details\": {\"name\": \"x\"}}");
	struct http_response kind = answer(404, "404 page not found\n");
	struct http_response group =
		answer(404, "{\"kind\": \"Status\", \"message\": \"m\", \"details\": {}}");

	ck_assert(!kube_answer_no_kind(&object));
	ck_assert(kube_answer_no_kind(&kind));
	ck_assert(kube_answer_no_kind(&group));
	http_response_done(&object);
	http_response_done(&kind);
	http_response_done(&group);
	means(404, "404 page not found\n", ERR_NOT_FOUND, "Thing a/x: 404 page not found", NULL);
}
END_TEST

START_TEST(test_kube_answer__half_a_body_is_no_answer)
{
	struct http_response response = answer(200, "{\"kind\": \"ConfigMap\", \"data\": {");
	cleanup_err struct err err = ERR_INIT;
	json_t *tree = NULL;

	ck_assert_int_eq(kube_answer_json(&response, "x", NULL, NULL, &tree, &err),
			 -ERR_UNREACHABLE);
	http_response_done(&response);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/answer");
	TCase *tests = tcase_create("answer");

	tcase_add_test(tests, test_kube_answer__a_typo_is_a_500_and_stays_wrong);
	tcase_add_test(tests, test_kube_answer__a_typo_in_a_create_is_a_400);
	tcase_add_test(tests, test_kube_answer__a_terminating_namespace_is_waited_for);
	tcase_add_test(tests, test_kube_answer__a_conflict_has_several_meanings);
	tcase_add_test(tests, test_kube_answer__an_immutable_field_is_named_without_its_value);
	tcase_add_test(tests, test_kube_answer__all_causes_are_told);
	tcase_add_test(tests, test_kube_answer__values_of_a_secret_are_hidden);
	tcase_add_test(tests, test_kube_answer__values_are_shown_as_they_were_written);
	tcase_add_test(tests, test_kube_answer__denials);
	tcase_add_test(tests, test_kube_answer__a_role_beyond_ones_own_rights_has_a_hint);
	tcase_add_test(tests, test_kube_answer__what_passes_by_itself);
	tcase_add_test(tests, test_kube_answer__a_404_is_about_an_object_or_a_kind);
	tcase_add_test(tests, test_kube_answer__half_a_body_is_no_answer);
	suite_add_tcase(suite, tests);
	return suite;
}
