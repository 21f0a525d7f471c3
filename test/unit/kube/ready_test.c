#include "kube/ready.h"

#include "api.h"

/* Judges an object whose fields after apiVersion and kind are given as JSON. */
static void is(const char *api_version, const char *kind, const char *more, enum kube_state state,
	       const char *reason)
{
	cleanup_free char *text = mem_printf("{\"apiVersion\": \"%s\", \"kind\": \"%s\", %s}",
					     api_version, kind, more);
	json_auto_t *object = api_parse(text);
	cleanup_free char *why = NULL;

	enum kube_state found = kube_ready(object, &why);
	ck_assert_msg(found == state, "%s: %d, %s", text, found, why ? why : "-");
	if (reason)
		ck_assert_str_eq(why, reason);
	else
		ck_assert_msg(why == NULL, "%s", why);
}

START_TEST(test_kube_ready__deployment)
{
	const char *v = "apps/v1", *k = "Deployment";

	is(v, k, "\"metadata\": {\"generation\": 1}, \"spec\": {}", KUBE_WAITING,
	   "its controller has not seen the change yet");
	is(v, k,
	   "\"metadata\": {\"generation\": 2}, \"status\": {\"observedGeneration\": 1, "
	   "\"replicas\": 1, \"updatedReplicas\": 1, \"availableReplicas\": 1}",
	   KUBE_WAITING, "its controller has not seen the change yet");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 2}, \"status\": "
	   "{\"observedGeneration\": 1, \"replicas\": 2, \"updatedReplicas\": 1}",
	   KUBE_WAITING, "1 of 2 replicas are updated");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 2}, \"status\": "
	   "{\"observedGeneration\": 1, \"replicas\": 3, \"updatedReplicas\": 2}",
	   KUBE_WAITING, "1 old replicas have to end");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 2}, \"status\": "
	   "{\"observedGeneration\": 1, \"replicas\": 2, \"updatedReplicas\": 2, "
	   "\"availableReplicas\": 1}",
	   KUBE_WAITING, "1 of 2 replicas are available");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"replicas\": 1, \"updatedReplicas\": 1, \"availableReplicas\": 1}",
	   KUBE_READY, NULL);
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 0}, \"status\": "
	   "{\"observedGeneration\": 1}",
	   KUBE_READY, NULL);
}
END_TEST

START_TEST(test_kube_ready__deployment_that_gives_up)
{
	is("apps/v1", "Deployment",
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"conditions\": [{\"type\": \"Progressing\", \"status\": \"False\", \"reason\": "
	   "\"ProgressDeadlineExceeded\", \"message\": \"ReplicaSet x timed out\"}]}",
	   KUBE_FAILED, "ProgressDeadlineExceeded: ReplicaSet x timed out");
	is("apps/v1", "Deployment",
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"paused\": true}, \"status\": "
	   "{\"observedGeneration\": 1}",
	   KUBE_WAITING, "its rollout is paused");
	is("apps/v1", "Deployment",
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"conditions\": [{\"type\": \"ReplicaFailure\", \"status\": \"True\", \"reason\": "
	   "\"FailedCreate\", \"message\": \"exceeded quota\"}]}",
	   KUBE_WAITING, "FailedCreate: exceeded quota");
}
END_TEST

START_TEST(test_kube_ready__stateful_set)
{
	const char *v = "apps/v1", *k = "StatefulSet";

	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 2}, \"status\": "
	   "{\"observedGeneration\": 1, \"replicas\": 2, \"readyReplicas\": 1}",
	   KUBE_WAITING, "1 of 2 pods are ready");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"replicas\": 1, \"readyReplicas\": 1}",
	   KUBE_WAITING, "0 of 1 pods are updated");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"replicas\": 2, \"updateStrategy\": "
	   "{\"rollingUpdate\": {\"partition\": 1}}}, \"status\": {\"observedGeneration\": 1, "
	   "\"replicas\": 2, \"readyReplicas\": 2, \"updatedReplicas\": 1}",
	   KUBE_READY, NULL);
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"spec\": {\"updateStrategy\": {\"type\": "
	   "\"OnDelete\"}}, \"status\": {\"observedGeneration\": 1, \"replicas\": 1, "
	   "\"readyReplicas\": 1}",
	   KUBE_READY, NULL);
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"replicas\": 2, \"readyReplicas\": 2, \"updatedReplicas\": 2}",
	   KUBE_WAITING, "1 pods have to end");
}
END_TEST

START_TEST(test_kube_ready__daemon_set)
{
	const char *v = "apps/v1", *k = "DaemonSet";

	is(v, k, "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1}",
	   KUBE_WAITING, "its controller has not seen the change yet");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"desiredNumberScheduled\": 1, \"updatedNumberScheduled\": 1}",
	   KUBE_WAITING, "0 of 1 pods are available");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"desiredNumberScheduled\": 1, \"numberAvailable\": 1}",
	   KUBE_WAITING, "0 of 1 pods are updated");
	is(v, k,
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"desiredNumberScheduled\": 0}",
	   KUBE_READY, NULL);
}
END_TEST

START_TEST(test_kube_ready__job)
{
	const char *v = "batch/v1", *k = "Job";

	is(v, k, "\"status\": {}", KUBE_WAITING, "it has not started yet");
	is(v, k, "\"status\": {\"startTime\": \"t\", \"active\": 1}", KUBE_WAITING,
	   "0 of 1 completions, 1 active");
	is(v, k, "\"status\": {\"conditions\": [{\"type\": \"Complete\", \"status\": \"True\"}]}",
	   KUBE_READY, NULL);
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"Failed\", \"status\": \"True\", \"reason\": "
	   "\"BackoffLimitExceeded\", \"message\": \"Job has reached the limit\"}]}",
	   KUBE_FAILED, "BackoffLimitExceeded: Job has reached the limit");
	is(v, k, "\"spec\": {\"suspend\": true}", KUBE_READY, NULL);
	is(v, "CronJob", "\"status\": {}", KUBE_READY, NULL);
}
END_TEST

START_TEST(test_kube_ready__pod)
{
	const char *v = "v1", *k = "Pod";

	is(v, k, "\"status\": {\"phase\": \"Pending\"}", KUBE_WAITING, "its phase is Pending");
	is(v, k,
	   "\"status\": {\"phase\": \"Pending\", \"conditions\": [{\"type\": \"PodScheduled\", "
	   "\"status\": \"False\", \"message\": \"no node\"}]}",
	   KUBE_WAITING, "no node");
	is(v, k, "\"status\": {\"phase\": \"Failed\", \"reason\": \"Evicted\", \"message\": \"m\"}",
	   KUBE_FAILED, "Evicted: m");
	is(v, k,
	   "\"status\": {\"phase\": \"Running\", \"conditions\": [{\"type\": \"Ready\", "
	   "\"status\": "
	   "\"True\"}]}",
	   KUBE_READY, NULL);
	is(v, k, "\"status\": {\"phase\": \"Succeeded\"}", KUBE_READY, NULL);
}
END_TEST

/* k3s' local-path binds a claim only when a pod uses it. */
START_TEST(test_kube_ready__a_claim_nobody_uses_yet_is_not_waited_for)
{
	const char *v = "v1", *k = "PersistentVolumeClaim";

	is(v, k, "\"status\": {\"phase\": \"Pending\"}", KUBE_READY, NULL);
	is(v, k,
	   "\"metadata\": {\"annotations\": {\"volume.kubernetes.io/storage-provisioner\": "
	   "\"rancher.io/local-path\"}}, \"status\": {\"phase\": \"Pending\"}",
	   KUBE_WAITING, "its volume is not provisioned yet");
	is(v, k, "\"status\": {\"phase\": \"Bound\"}", KUBE_READY, NULL);
	is(v, k, "\"spec\": {\"volumeName\": \"v\"}, \"status\": {\"phase\": \"Lost\"}",
	   KUBE_FAILED, "its volume v is lost");
}
END_TEST

START_TEST(test_kube_ready__a_load_balancer_is_not_waited_for)
{
	is("v1", "Service",
	   "\"spec\": {\"type\": \"LoadBalancer\"}, \"status\": {\"loadBalancer\": {}}", KUBE_READY,
	   NULL);
}
END_TEST

START_TEST(test_kube_ready__custom_resource_definition)
{
	const char *v = "apiextensions.k8s.io/v1", *k = "CustomResourceDefinition";

	is(v, k, "\"status\": {}", KUBE_WAITING, "it is not Established yet");
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"Established\", \"status\": \"True\"}]}",
	   KUBE_READY, NULL);
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"NamesAccepted\", \"status\": \"False\", "
	   "\"reason\": \"PluralConflict\", \"message\": \"taken\"}]}",
	   KUBE_FAILED, "PluralConflict: taken");
}
END_TEST

START_TEST(test_kube_ready__replica_set_and_api_service)
{
	is("apps/v1", "ReplicaSet",
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1}",
	   KUBE_WAITING, "0 of 1 replicas are available");
	is("apps/v1", "ReplicaSet",
	   "\"metadata\": {\"generation\": 1}, \"status\": {\"observedGeneration\": 1, "
	   "\"availableReplicas\": 1}",
	   KUBE_READY, NULL);
	is("apiregistration.k8s.io/v1", "APIService",
	   "\"status\": {\"conditions\": [{\"type\": \"Available\", \"status\": \"False\", "
	   "\"reason\": \"MissingEndpoints\", \"message\": \"none\"}]}",
	   KUBE_WAITING, "MissingEndpoints: none");
	is("apiregistration.k8s.io/v1", "APIService", "\"spec\": {}", KUBE_WAITING,
	   "its controller has not seen the change yet");
}
END_TEST

START_TEST(test_kube_ready__common_conditions)
{
	const char *v = "x.dev/v1", *k = "Widget";

	is(v, k, "\"spec\": {}", KUBE_READY, NULL);
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"Ready\", \"status\": \"False\", "
	   "\"reason\": \"Busy\"}]}",
	   KUBE_WAITING, "Busy");
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"Stalled\", \"status\": \"True\", "
	   "\"message\": \"no\"}]}",
	   KUBE_FAILED, "no");
	is(v, k,
	   "\"status\": {\"conditions\": [{\"type\": \"Reconciling\", \"status\": \"True\"}]}",
	   KUBE_WAITING, "Reconciling is True");
	is(v, k, "\"metadata\": {\"generation\": 2}, \"status\": {\"observedGeneration\": 1}",
	   KUBE_WAITING, "its controller has not seen the change yet");
	is(v, k, "\"metadata\": {\"deletionTimestamp\": \"t\"}", KUBE_WAITING,
	   "it is being deleted");
	/* Only a kind's own group makes it that kind. */
	is("serving.x.dev/v1", "Deployment", "\"metadata\": {\"generation\": 1}", KUBE_READY, NULL);
}
END_TEST

Suite *test_suite(void)
{
	Suite *suite = suite_create("kube/ready");
	TCase *tests = tcase_create("ready");

	tcase_add_test(tests, test_kube_ready__deployment);
	tcase_add_test(tests, test_kube_ready__deployment_that_gives_up);
	tcase_add_test(tests, test_kube_ready__stateful_set);
	tcase_add_test(tests, test_kube_ready__daemon_set);
	tcase_add_test(tests, test_kube_ready__job);
	tcase_add_test(tests, test_kube_ready__pod);
	tcase_add_test(tests, test_kube_ready__a_claim_nobody_uses_yet_is_not_waited_for);
	tcase_add_test(tests, test_kube_ready__a_load_balancer_is_not_waited_for);
	tcase_add_test(tests, test_kube_ready__custom_resource_definition);
	tcase_add_test(tests, test_kube_ready__replica_set_and_api_service);
	tcase_add_test(tests, test_kube_ready__common_conditions);
	suite_add_tcase(suite, tests);
	return suite;
}
