/* kube_ready_explain(): what is behind a workload that is not ready. */
#include "api.h"
#include "kube/ready.h"

#define PODS   "GET /api/v1/namespaces/n/pods?limit=500&labelSelector=app%3Dweb"
#define EVENTS "GET /api/v1/namespaces/n/events?limit=500&fieldSelector=involvedObject.uid%3D"
#define POD(name, time, status)                                                            \
	"{\"metadata\": {\"name\": \"" name "\", \"namespace\": \"n\", \"uid\": \"u-" name \
	"\", \"creationTimestamp\": \"2026-11-22T00:00:0" time "Z\"}, \"status\": {" status "}}"
#define CONTAINER(more) "\"containerStatuses\": [{\"name\": \"web\", " more "}]"

static json_t *workload(const char *status)
{
	cleanup_free char *text = mem_printf(
		"{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": "
		"\"web\", "
		"\"namespace\": \"n\", \"uid\": \"u\"}, \"spec\": {\"selector\": {\"matchLabels\": "
		"{\"app\": \"web\"}}}, \"status\": {%s}}",
		status);

	return api_parse(text);
}

static void explains(struct api *api, const char *status, const char *reason, bool hopeless)
{
	json_auto_t *object = workload(status);
	bool failed;
	cleanup_free char *why = kube_ready_explain(api->client, object, &api->deadline, &failed);

	if (reason)
		ck_assert_str_eq(why, reason);
	else
		ck_assert_msg(why == NULL, "%s", why);
	ck_assert_int_eq(failed, hopeless);
}

START_TEST(test_kube_explain__the_newest_pod_in_trouble_tells)
{
	struct api api = api_start();

	api_answer(
		&api, PODS, 200,
		"{\"items\": [" POD("old", "1", "\"phase\": \"Failed\", \"reason\": \"Evicted\"") ", " POD(
			"new", "2",
			"\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", "
			"\"status\": \"False\", \"message\": \"0/1 nodes are available: 1 node(s) "
			"didn't have free ports\"}]") ", " POD("fine", "3",
							       "\"phase\": \"Running\", "
							       "\"conditions\": "
							       "[{\"type\": \"Ready\", \"status\": "
							       "\"True\"}]") "]}");
	explains(&api, "", "pod new: 0/1 nodes are available: 1 node(s) didn't have free ports",
		 false);
	api_stop(&api);
}
END_TEST

#define TAINTED                                                                          \
	"{\"items\": [" POD(                                                             \
		"new", "2",                                                              \
		"\"phase\": \"Pending\", \"conditions\": [{\"type\": "                   \
		"\"PodScheduled\", \"status\": \"False\", \"message\": \"0/1 nodes are " \
		"available: 1 node(s) had untolerated taint(s). no new claims to "       \
		"deallocate, preemption: 0/1 nodes are available: 1 Preemption is "      \
		"not helpful for scheduling.\"}]") "]}"
#define NODES "GET /api/v1/nodes?limit=500"

static const struct {
	const char *node, *says;
} taints[] = {
	{"\"spec\": {\"taints\": [{\"key\": \"node.kubernetes.io/disk-pressure\", \"effect\": "
	 "\"NoSchedule\"}]}, \"status\": {\"conditions\": [{\"type\": \"DiskPressure\", "
	 "\"status\": \"True\", \"message\": \"kubelet has disk pressure\"}]}",
	 "node one has DiskPressure: kubelet has disk pressure"},
	{"\"status\": {\"conditions\": [{\"type\": \"Ready\", \"status\": \"False\", \"message\": "
	 "\"cni plugin not initialized\"}]}",
	 "node one is not ready: cni plugin not initialized"},
	{"\"spec\": {\"taints\": [{\"key\": \"gpu\", \"effect\": \"PreferNoSchedule\"}, {\"key\": "
	 "\"node-role.kubernetes.io/control-plane\", \"effect\": \"NoSchedule\"}]}",
	 "node one has the taint node-role.kubernetes.io/control-plane:NoSchedule"},
};

START_TEST(test_kube_explain__which_taint_it_was)
{
	struct api api = api_start();
	cleanup_free char *nodes = mem_printf(
		"{\"items\": [{\"metadata\": {\"name\": \"one\"}, %s}]}", taints[_i].node);
	cleanup_free char *why = mem_printf(
		"pod new: 0/1 nodes are available: 1 node(s) had untolerated taint(s) (%s)",
		taints[_i].says);

	api_answer(&api, PODS, 200, TAINTED);
	api_answer(&api, NODES, 200, nodes);
	explains(&api, "", why, false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_taint_that_nobody_tells_of)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200, TAINTED);
	api_answer(&api, NODES, 403, "{\"kind\": \"Status\"}");
	explains(&api, "", "pod new: 0/1 nodes are available: 1 node(s) had untolerated taint(s)",
		 false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__an_image_that_cannot_be_pulled)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200,
		   "{\"items\": [" POD(
			   "a", "1",
			   CONTAINER("\"state\": {\"waiting\": {\"reason\": "
				     "\"ErrImagePull\", \"message\": \"web:9 not found\"}}")) "]}");
	explains(&api, "", "pod a: container web: ErrImagePull: web:9 not found", true);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_crash_loop_tells_its_last_words)
{
	struct api api = api_start();

	api_answer(
		&api, PODS, 200,
		"{\"items\": [" POD(
			"a", "1",
			CONTAINER("\"restartCount\": 3, \"state\": {\"waiting\": {\"reason\": "
				  "\"CrashLoopBackOff\", \"message\": \"back-off 40s\"}}, "
				  "\"lastState\": {\"terminated\": {\"exitCode\": 137, \"reason\": "
				  "\"OOMKilled\"}}")) "]}");
	api_answer(&api, "GET /api/v1/namespaces/n/pods/a/log?container=web&tailLines=3", 200,
		   "connecting\n\nfatal: no database\n");
	explains(
		&api, "",
		"pod a: container web: CrashLoopBackOff: exited with code 137 (OOMKilled); its log "
		"ends: connecting | fatal: no database",
		true);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_log_that_cannot_be_read_is_no_error)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200,
		   "{\"items\": [" POD("a", "1",
				       CONTAINER("\"state\": {\"terminated\": {\"exitCode\": 1, "
						 "\"message\": \"bad flag\\n\"}}")) "]}");
	api_answer(&api, "GET /api/v1/namespaces/n/pods/a/log?container=web&tailLines=3", 500,
		   "dial tcp: refused");
	explains(&api, "", "pod a: container web: exited with code 1: bad flag", false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_failing_probe_is_in_the_events)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200,
		   "{\"items\": [" POD(
			   "a", "1",
			   "\"phase\": \"Running\", " CONTAINER(
				   "\"ready\": false, \"state\": {\"running\": {}}")) "]}");
	api_answer(&api, EVENTS "u-a%2Ctype%3DWarning", 200,
		   "{\"items\": [{\"reason\": \"Unhealthy\", \"lastTimestamp\": "
		   "\"2026-11-22T00:00:02Z\", \"message\": \"Readiness probe failed: HTTP probe "
		   "failed "
		   "with statuscode: 503\"}, {\"reason\": \"FailedMount\", \"lastTimestamp\": "
		   "\"2026-11-22T00:00:01Z\", \"message\": \"older\"}]}");
	explains(&api, "", "pod a: Readiness probe failed: HTTP probe failed with statuscode: 503",
		 false);
	api_stop(&api);
}
END_TEST

#define STARTING                                                                                  \
	"{\"items\": [{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\", \"uid\": \"u-a\"}, " \
	"\"spec\": {\"nodeName\": \"one\"}, \"status\": {\"phase\": \"Pending\", "                \
	"\"containerStatuses\": [{\"name\": \"web\", \"state\": {\"waiting\": {\"reason\": "      \
	"\"ContainerCreating\"}}}]}}]}"

START_TEST(test_kube_explain__a_host_path_that_is_not_there)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200, STARTING);
	api_answer(&api, EVENTS "u-a%2Ctype%3DWarning", 200,
		   "{\"items\": [{\"reason\": \"FailedMount\", \"lastTimestamp\": "
		   "\"2026-11-22T00:00:02Z\", \"message\": \"MountVolume.SetUp failed for volume "
		   "'data' : hostPath type check failed: /home/kube/x is not a directory\"}]}");
	explains(&api, "",
		 "pod a: FailedMount: MountVolume.SetUp failed for volume 'data' : hostPath type "
		 "check failed: /home/kube/x is not a directory",
		 false);
	api_stop(&api);
}
END_TEST

/* Its port was taken until a moment ago. */
START_TEST(test_kube_explain__what_the_scheduler_said_is_over_once_there_is_a_node)
{
	static const char events[] =
		"{\"items\": [{\"reason\": \"FailedScheduling\", \"lastTimestamp\": "
		"\"2026-11-22T00:00:02Z\", \"message\": \"didn't have free ports\"}]}";
	struct api api = api_start();

	api_answer(&api, PODS, 200, STARTING);
	api_answer(&api, EVENTS "u-a%2Ctype%3DWarning", 200, events);
	api_answer(&api, EVENTS "u%2Ctype%3DWarning", 200, "{\"items\": []}");
	explains(&api, "", NULL, false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_claim_that_nobody_provides)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200,
		   "{\"items\": [{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\", \"uid\": "
		   "\"u-a\"}, \"spec\": {\"volumes\": [{\"name\": \"data\", "
		   "\"persistentVolumeClaim\": {\"claimName\": \"data\"}}]}, \"status\": "
		   "{\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", "
		   "\"status\": \"False\", \"message\": \"0/1 nodes are available: pod has "
		   "unbound immediate PersistentVolumeClaims\"}]}}]}");
	api_answer(&api, "GET /api/v1/namespaces/n/persistentvolumeclaims/data", 200,
		   "{\"apiVersion\": \"v1\", \"kind\": \"PersistentVolumeClaim\", \"metadata\": "
		   "{\"name\": \"data\", \"uid\": \"u-c\"}, \"status\": {\"phase\": \"Pending\"}}");
	api_answer(&api, EVENTS "u-c%2Ctype%3DWarning", 200,
		   "{\"items\": [{\"reason\": \"ProvisioningFailed\", \"message\": "
		   "\"storageclass.storage.k8s.io \\\"fast\\\" not found\"}]}");
	explains(&api, "",
		 "pod a: claim data: ProvisioningFailed: storageclass.storage.k8s.io \"fast\" not "
		 "found",
		 false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__pods_that_could_not_be_made)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200, "{\"items\": []}");
	explains(&api,
		 "\"conditions\": [{\"type\": \"ReplicaFailure\", \"status\": \"True\", "
		 "\"message\": "
		 "\"serviceaccount \\\"x\\\" not found\"}]",
		 "no pod can be made: serviceaccount \"x\" not found", false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__events_of_the_workload_itself)
{
	struct api api = api_start();

	api_answer(&api, PODS, 200, "{\"items\": []}");
	api_answer(&api, EVENTS "u%2Ctype%3DWarning", 200,
		   "{\"items\": [{\"reason\": \"FailedCreate\", \"eventTime\": "
		   "\"2026-11-22T00:00:01.000Z\", \"message\": \"exceeded quota\"}]}");
	explains(&api, "", "FailedCreate: exceeded quota", false);
	api_answer(&api, PODS, 403, "{\"kind\": \"Status\"}");
	api_answer(&api, EVENTS "u%2Ctype%3DWarning", 403, "{\"kind\": \"Status\"}");
	explains(&api, "", NULL, false);
	api_stop(&api);
}
END_TEST

START_TEST(test_kube_explain__a_selector_of_expressions)
{
	struct api api = api_start();
	json_auto_t *object = workload("");
	bool failed;

	tree_path_set(
		object, "spec.selector.matchExpressions",
		api_parse("[{\"key\": \"tier\", \"operator\": \"In\", \"values\": [\"a\", \"b\"]}, "
			  "{\"key\": \"x\", \"operator\": \"DoesNotExist\"}]"));
	api_answer(&api, PODS "%2Ctier%20in%20%28a%2Cb%29%2C%21x", 200,
		   "{\"items\": [" POD("a", "1",
				       "\"phase\": \"Failed\", \"reason\": \"Evicted\", "
				       "\"message\": \"disk\"") "]}");
	cleanup_free char *why = kube_ready_explain(api.client, object, &api.deadline, &failed);
	ck_assert_str_eq(why, "pod a: Evicted: disk");
	api_stop(&api);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/explain");
	TCase *tests = tcase_create("explain");

	tcase_add_test(tests, test_kube_explain__the_newest_pod_in_trouble_tells);
	tcase_add_loop_test(tests, test_kube_explain__which_taint_it_was, 0,
			    sizeof(taints) / sizeof(*taints));
	tcase_add_test(tests, test_kube_explain__a_taint_that_nobody_tells_of);
	tcase_add_test(tests, test_kube_explain__an_image_that_cannot_be_pulled);
	tcase_add_test(tests, test_kube_explain__a_crash_loop_tells_its_last_words);
	tcase_add_test(tests, test_kube_explain__a_log_that_cannot_be_read_is_no_error);
	tcase_add_test(tests, test_kube_explain__a_failing_probe_is_in_the_events);
	tcase_add_test(tests, test_kube_explain__a_host_path_that_is_not_there);
	tcase_add_test(tests,
		       test_kube_explain__what_the_scheduler_said_is_over_once_there_is_a_node);
	tcase_add_test(tests, test_kube_explain__a_claim_that_nobody_provides);
	tcase_add_test(tests, test_kube_explain__pods_that_could_not_be_made);
	tcase_add_test(tests, test_kube_explain__events_of_the_workload_itself);
	tcase_add_test(tests, test_kube_explain__a_selector_of_expressions);
	suite_add_tcase(suite, tests);
	return suite;
}
