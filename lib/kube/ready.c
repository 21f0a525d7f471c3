#include "kube/ready.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kube/pod.h"
#include "tree/path.h"

/* --- reading --- */

static const char *text(const json_t *object, const char *path)
{
	const char *found = tree_path_string(object, path);

	return found ? found : "";
}

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static long long number(const json_t *object, const char *path, long long otherwise)
{
	return (long long)tree_path_integer(object, path, otherwise);
}

static const json_t *condition(const json_t *object, const char *type)
{
	json_t *item;
	size_t i;

	json_array_foreach (tree_path_get(object, "status.conditions"), i, item)
		if (is(text(item, "type"), type))
			return item;
	return NULL;
}

static bool condition_is(const json_t *object, const char *type, const char *status)
{
	return is(text(condition(object, type), "status"), status);
}

/* --- verdicts --- */

static enum kube_state __attribute__((format(printf, 3, 4)))
because(enum kube_state state, char **ret_reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*ret_reason = mem_vprintf(format, args);
	va_end(args);
	return state;
}

/* "ProgressDeadlineExceeded: ReplicaSet x has timed out progressing". */
static enum kube_state because_of(enum kube_state state, const json_t *cause, char **ret_reason)
{
	const char *reason = text(cause, "reason"), *message = text(cause, "message");

	if (!*reason && !*message)
		return because(state, ret_reason, "%s is %s", text(cause, "type"),
			       text(cause, "status"));
	return because(state, ret_reason, "%s%s%s", reason, *reason && *message ? ": " : "",
		       message);
}

static enum kube_state not_seen(char **ret_reason)
{
	return because(KUBE_WAITING, ret_reason, "its controller has not seen the change yet");
}

/* --- workloads --- */

static bool is_seen(const json_t *object)
{
	return number(object, "status.observedGeneration", -1) >=
	       number(object, "metadata.generation", 0);
}

static enum kube_state judge_deployment(const json_t *object, char **ret_reason)
{
	long long want = number(object, "spec.replicas", 1);
	long long there = number(object, "status.replicas", 0);
	long long updated = number(object, "status.updatedReplicas", 0);
	long long available = number(object, "status.availableReplicas", 0);
	const json_t *progress = condition(object, "Progressing");

	if (!is_seen(object))
		return not_seen(ret_reason);
	if (is(text(progress, "reason"), "ProgressDeadlineExceeded"))
		return because_of(KUBE_FAILED, progress, ret_reason);
	if (updated < want && tree_path_true(object, "spec.paused"))
		return because(KUBE_WAITING, ret_reason, "its rollout is paused");
	if (updated < want && condition_is(object, "ReplicaFailure", "True"))
		return because_of(KUBE_WAITING, condition(object, "ReplicaFailure"), ret_reason);
	if (updated < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld replicas are updated",
			       updated, want);
	if (there > updated)
		return because(KUBE_WAITING, ret_reason, "%lld old replicas have to end",
			       there - updated);
	if (available < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld replicas are available",
			       available, want);
	return KUBE_READY;
}

static enum kube_state judge_replica_set(const json_t *object, char **ret_reason)
{
	long long want = number(object, "spec.replicas", 1);
	long long available = number(object, "status.availableReplicas", 0);

	if (!is_seen(object))
		return not_seen(ret_reason);
	if (condition_is(object, "ReplicaFailure", "True"))
		return because_of(KUBE_WAITING, condition(object, "ReplicaFailure"), ret_reason);
	if (available < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld replicas are available",
			       available, want);
	return KUBE_READY;
}

/* How many pods a rolling update of a StatefulSet has to renew: those from `partition` on. */
static long long to_update(const json_t *object, long long want)
{
	long long partition = number(object, "spec.updateStrategy.rollingUpdate.partition", 0);

	return partition < want ? want - partition : 0;
}

static enum kube_state judge_stateful_set(const json_t *object, char **ret_reason)
{
	long long want = number(object, "spec.replicas", 1);
	long long there = number(object, "status.replicas", 0);
	long long ready = number(object, "status.readyReplicas", 0);
	long long updated = number(object, "status.updatedReplicas", 0);
	bool by_hand = is(text(object, "spec.updateStrategy.type"), "OnDelete");

	if (!is_seen(object))
		return not_seen(ret_reason);
	if (there > want)
		return because(KUBE_WAITING, ret_reason, "%lld pods have to end", there - want);
	if (ready < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld pods are ready", ready,
			       want);
	if (!by_hand && updated < to_update(object, want))
		return because(KUBE_WAITING, ret_reason, "%lld of %lld pods are updated", updated,
			       to_update(object, want));
	return KUBE_READY;
}

static enum kube_state judge_daemon_set(const json_t *object, char **ret_reason)
{
	long long want = number(object, "status.desiredNumberScheduled", -1);
	long long updated = number(object, "status.updatedNumberScheduled", 0);
	long long available = number(object, "status.numberAvailable", 0);
	bool by_hand = is(text(object, "spec.updateStrategy.type"), "OnDelete");

	if (!is_seen(object) || want < 0)
		return not_seen(ret_reason);
	if (!by_hand && updated < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld pods are updated", updated,
			       want);
	if (available < want)
		return because(KUBE_WAITING, ret_reason, "%lld of %lld pods are available",
			       available, want);
	return KUBE_READY;
}

/* Ready when complete: kstatus is content once it runs, but whoever deploys a Job wants to know
 * whether it worked. */
static enum kube_state judge_job(const json_t *object, char **ret_reason)
{
	long long want = number(object, "spec.completions", number(object, "spec.parallelism", 1));

	if (condition_is(object, "Complete", "True") || tree_path_true(object, "spec.suspend"))
		return KUBE_READY;
	if (condition_is(object, "Failed", "True"))
		return because_of(KUBE_FAILED, condition(object, "Failed"), ret_reason);
	if (!*text(object, "status.startTime"))
		return because(KUBE_WAITING, ret_reason, "it has not started yet");
	return because(KUBE_WAITING, ret_reason, "%lld of %lld completions, %lld active",
		       number(object, "status.succeeded", 0), want,
		       number(object, "status.active", 0));
}

static enum kube_state judge_pod(const json_t *object, char **ret_reason)
{
	const char *phase = text(object, "status.phase");
	bool hopeless;

	if (is(phase, "Succeeded") || condition_is(object, "Ready", "True"))
		return KUBE_READY;
	*ret_reason = kube_pod_trouble(object, &hopeless);
	if (!*ret_reason)
		*ret_reason = mem_printf("its phase is %s", *phase ? phase : "not known yet");
	return is(phase, "Failed") ? KUBE_FAILED : KUBE_WAITING;
}

/* --- other kinds --- */

/* With volumeBindingMode WaitForFirstConsumer (k3s' local-path) a claim stays Pending until a pod
 * uses it, and it may be nobody's turn: only a claim for which provisioning began is waited for.
 * A pod that lacks its claim says so itself. */
static enum kube_state judge_claim(const json_t *object, char **ret_reason)
{
	static const char begun[] =
		"metadata.annotations[\"volume.kubernetes.io/storage-provisioner\"]";
	const char *phase = text(object, "status.phase");

	if (is(phase, "Lost"))
		return because(KUBE_FAILED, ret_reason, "its volume %s is lost",
			       text(object, "spec.volumeName"));
	if (is(phase, "Bound") || !*text(object, begun))
		return KUBE_READY;
	return because(KUBE_WAITING, ret_reason, "its volume is not provisioned yet");
}

static enum kube_state judge_crd(const json_t *object, char **ret_reason)
{
	if (condition_is(object, "NamesAccepted", "False"))
		return because_of(KUBE_FAILED, condition(object, "NamesAccepted"), ret_reason);
	if (condition_is(object, "Established", "True"))
		return KUBE_READY;
	return because(KUBE_WAITING, ret_reason, "it is not Established yet");
}

static enum kube_state judge_api_service(const json_t *object, char **ret_reason)
{
	const json_t *available = condition(object, "Available");

	if (is(text(available, "status"), "True"))
		return KUBE_READY;
	return available ? because_of(KUBE_WAITING, available, ret_reason) : not_seen(ret_reason);
}

/* What a custom resource says by the common conditions. */
static enum kube_state judge_generic(const json_t *object, char **ret_reason)
{
	const json_t *ready = condition(object, "Ready");
	long long seen = number(object, "status.observedGeneration", -1);

	if (seen >= 0 && !is_seen(object))
		return not_seen(ret_reason);
	if (condition_is(object, "Stalled", "True"))
		return because_of(KUBE_FAILED, condition(object, "Stalled"), ret_reason);
	if (condition_is(object, "Reconciling", "True"))
		return because_of(KUBE_WAITING, condition(object, "Reconciling"), ret_reason);
	if (ready && !is(text(ready, "status"), "True"))
		return because_of(KUBE_WAITING, ready, ret_reason);
	return KUBE_READY;
}

/* A load balancer is not waited for: a node without its controller would never get one. */
static enum kube_state judge_present(const json_t *object, char **ret_reason)
{
	(void)object, (void)ret_reason;
	return KUBE_READY;
}

static const struct {
	const char *group, *kind;
	enum kube_state (*judge)(const json_t *object, char **ret_reason);
} judges[] = {
	{"apps/", "Deployment", judge_deployment},
	{"apps/", "StatefulSet", judge_stateful_set},
	{"apps/", "DaemonSet", judge_daemon_set},
	{"apps/", "ReplicaSet", judge_replica_set},
	{"batch/", "Job", judge_job},
	{"batch/", "CronJob", judge_present},
	{"v1", "Pod", judge_pod},
	{"v1", "Service", judge_present},
	{"v1", "PersistentVolumeClaim", judge_claim},
	{"v1", "Namespace", judge_present},
	{"apiextensions.k8s.io/", "CustomResourceDefinition", judge_crd},
	{"apiregistration.k8s.io/", "APIService", judge_api_service},
};

enum kube_state kube_ready(const json_t *object, char **ret_reason)
{
	const char *version = text(object, "apiVersion"), *kind = text(object, "kind");

	*ret_reason = NULL;
	if (tree_path_get(object, "metadata.deletionTimestamp"))
		return because(KUBE_WAITING, ret_reason, "it is being deleted");
	for (size_t i = 0; i < sizeof(judges) / sizeof(*judges); i++)
		if (is(kind, judges[i].kind) &&
		    !strncmp(version, judges[i].group, strlen(judges[i].group)))
			return judges[i].judge(object, ret_reason);
	return judge_generic(object, ret_reason);
}
