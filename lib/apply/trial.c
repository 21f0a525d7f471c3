/*
 * The trial of a replaced workload. Its downtime runs, so it is looked at often, and what its pods
 * say counts at once: a container that crashes in a loop or cannot be started is a verdict.
 */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/buf.h"
#include "base/mem.h"
#include "kube/pod.h"
#include "kube/ready.h"
#include "manifest/pod.h"
#include "tree/path.h"

/* Where nothing but a running process says that it works, it has to run so long. */
#define STABLE_MS 10000

static void look_for_probe(void *context, json_t *container, const char *list, const char *path)
{
	bool *probed = context;

	(void)path;
	if (!strcmp(list, "containers"))
		*probed &= json_object_get(container, "readinessProbe") != NULL;
}

static bool is_probed(const json_t *workload)
{
	bool probed = true;

	manifest_pod_containers(workload, look_for_probe, &probed);
	return probed;
}

/* --- its pods --- */

static bool is_new(const struct apply_progress *replace, const json_t *pod)
{
	const char *uid = tree_path_string(pod, "metadata.uid");

	return !tree_path_get(pod, "metadata.deletionTimestamp") &&
	       !(replace && uid && list_has(&replace->old_pods, uid));
}

static long long starts_of(const json_t *pod)
{
	long long starts = 0;
	size_t i;
	json_t *status;

	json_array_foreach (tree_path_get(pod, "status.containerStatuses"), i, status)
		starts += (long long)tree_path_integer(status, "restartCount", 0);
	return starts;
}

/* What differs as soon as a container was started again. */
static char *fingerprint(const json_t *pods, const struct apply_progress *replace)
{
	cleanup_list struct list lines = LIST_INIT;
	size_t i;
	json_t *pod;

	json_array_foreach (pods, i, pod)
		if (is_new(replace, pod))
			list_printf(&lines, "%s %lld", tree_path_string(pod, "metadata.uid"),
				    starts_of(pod));
	list_sort(&lines);
	return list_join(&lines, "\n");
}

static char *hopeless_pod(const json_t *pods, const struct apply_progress *replace)
{
	size_t i;
	json_t *pod;

	json_array_foreach (pods, i, pod) {
		bool hopeless = false;
		if (!is_new(replace, pod))
			continue;
		cleanup_free char *trouble = kube_pod_trouble(pod, &hopeless);
		if (hopeless)
			return mem_printf("pod %s: %s", tree_path_string(pod, "metadata.name"),
					  trouble);
	}
	return NULL;
}

/* --- the verdict --- */

static enum apply_verdict not_ready(struct apply_run *run, const json_t *object, const json_t *pods,
				    const struct apply_progress *replace, char **ret_reason)
{
	struct deadline deadline = apply_deadline(run);
	char *why = hopeless_pod(pods, replace);
	bool failed;

	if (!why)
		return TRIAL_GOES_ON;
	/* The same with the container's last words. */
	char *more = object ? kube_ready_explain(run->context->client, object, &deadline, &failed)
			    : NULL;
	if (more && failed) {
		free(why);
		why = steal(&more);
	}
	free(more);
	*ret_reason = why;
	return TRIAL_FAILED;
}

static int64_t now_of(const struct apply_run *run)
{
	return run->context->clock->now(run->context->clock);
}

static enum apply_verdict is_stable(struct apply_run *run, struct apply_progress *wait,
				    const struct apply_progress *replace, const json_t *pods)
{
	cleanup_free char *print = fingerprint(pods, replace);

	if (!wait->ready_since || !wait->pods || strcmp(wait->pods, print) != 0) {
		wait->ready_since = now_of(run);
		wait->down = replace ? wait->ready_since - replace->began : 0;
		free(wait->pods);
		wait->pods = steal(&print);
	}
	return now_of(run) - wait->ready_since >= STABLE_MS ? TRIAL_PASSED : TRIAL_GOES_ON;
}

enum apply_verdict apply_trial_look(struct apply_run *run, size_t index, const json_t *object,
				    bool ready, char **ret_reason)
{
	struct apply_progress *wait = &run->steps[index], *replace = NULL;
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *pods = NULL;

	(void)apply_replacing_step(run, run->plan->steps[index].key, &replace);
	*ret_reason = NULL;
	if (ready && is_probed(object)) {
		wait->down = replace ? now_of(run) - replace->began : 0;
		return TRIAL_PASSED;
	}
	if (object && apply_pods_of(run, object, &pods, &ignored) < 0)
		return TRIAL_GOES_ON; /* no verdict without seeing them; the deadline stands */
	if (ready)
		return is_stable(run, wait, replace, pods);
	wait->ready_since = 0;
	return not_ready(run, object, pods, replace, ret_reason);
}
