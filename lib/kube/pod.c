#include "kube/pod.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tree/path.h"

static const char *text(const json_t *object, const char *path)
{
	const char *found = tree_path_string(object, path);

	return found ? found : "";
}

/* Init containers first: nothing else starts before them. */
static const char *const status_lists[] = {"status.initContainerStatuses",
					   "status.containerStatuses"};

/* The kubelet goes on trying with most of these, but what it needs is a person. */
static bool is_hopeless(const char *reason)
{
	static const char *const reasons[] = {
		"CrashLoopBackOff",	      "ErrImagePull",	      "ImagePullBackOff",
		"ErrImageNeverPull",	      "InvalidImageName",     "ImageInspectError",
		"CreateContainerConfigError", "CreateContainerError", "RunContainerError",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(reason, reasons[i]))
			return true;
	return false;
}

/* "exited with code 1 (Error): last words". */
static void add_end(struct buf *out, const json_t *terminated)
{
	const char *reason = text(terminated, "reason"), *message = text(terminated, "message");
	long long code = (long long)tree_path_integer(terminated, "exitCode", 0);
	size_t length = strlen(message);

	while (length && strchr(" \r\n\t", message[length - 1]))
		length--;
	buf_printf(out, "exited with code %lld", code);
	if (*reason && strcmp(reason, "Error"))
		buf_printf(out, " (%s)", reason);
	if (length)
		buf_printf(out, ": %.*s", (int)length, message);
}

/* The end that matters now: of the container that does not run, or the one before its restart. */
static const json_t *bad_end(const json_t *status)
{
	const json_t *now = tree_path_get(status, "state.terminated");
	const json_t *last = tree_path_get(status, "lastState.terminated");
	const json_t *end = now ? now : last;

	if (tree_path_get(status, "state.running") && tree_path_true(status, "ready"))
		return NULL;
	return end && tree_path_integer(end, "exitCode", 0) != 0 ? end : NULL;
}

static bool add_waiting(struct buf *out, const json_t *status, const json_t *end,
			bool *ret_hopeless)
{
	const char *reason = text(status, "state.waiting.reason");
	const char *message = text(status, "state.waiting.message");

	if (!is_hopeless(reason))
		return false;
	*ret_hopeless = true;
	buf_addstr(out, reason);
	/* "back-off 40s restarting failed container" says nothing that the exit code does not. */
	if (end && !strcmp(reason, "CrashLoopBackOff")) {
		buf_addstr(out, ": ");
		add_end(out, end);
	} else if (*message) {
		buf_printf(out, ": %s", message);
	}
	return true;
}

/* What one container says; false when it is fine or just on its way. */
static bool add_container(struct buf *out, const json_t *status, bool *ret_hopeless)
{
	const json_t *end = bad_end(status);
	struct buf says = BUF_INIT;

	if (!add_waiting(&says, status, end, ret_hopeless) && end)
		add_end(&says, end);
	if (says.len)
		buf_printf(out, "container %s: %s", text(status, "name"), buf_str(&says));
	bool something = says.len > 0;
	buf_done(&says);
	return something;
}

/* Which pods could make room for it, that none did, and what of its claims: a tail that says
 * nothing where one node is all there is. */
static size_t without_preemption(const char *message)
{
	static const char *const tails[] = {". no new claims to deallocate", ". preemption: "};
	size_t length = strlen(message);

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		const char *found = strstr(message, tails[i]);
		if (found && (size_t)(found - message) < length)
			length = (size_t)(found - message);
	}
	return length;
}

static bool add_scheduling(struct buf *out, const json_t *pod)
{
	json_t *condition;
	size_t i;

	json_array_foreach (tree_path_get(pod, "status.conditions"), i, condition) {
		if (strcmp(text(condition, "type"), "PodScheduled") ||
		    strcmp(text(condition, "status"), "False"))
			continue;
		const char *message = text(condition, "message");
		if (*message)
			buf_add(out, message, without_preemption(message));
		else
			buf_addstr(out, "it is not scheduled yet");
		return true;
	}
	return false;
}

char *kube_pod_trouble(const json_t *pod, bool *ret_hopeless)
{
	struct buf out = BUF_INIT;
	json_t *status;
	size_t i;

	*ret_hopeless = false;
	if (add_scheduling(&out, pod))
		return buf_steal(&out);
	for (size_t list = 0; list < 2; list++)
		json_array_foreach (tree_path_get(pod, status_lists[list]), i, status)
			if (add_container(&out, status, ret_hopeless))
				return buf_steal(&out);
	/* Evicted, DeadlineExceeded, NodeAffinity: the pod as a whole failed. */
	if (!strcmp(text(pod, "status.phase"), "Failed") && *text(pod, "status.reason"))
		return mem_printf("%s: %s", text(pod, "status.reason"),
				  text(pod, "status.message"));
	return NULL;
}

const char *kube_pod_suspect(const json_t *pod)
{
	const char *not_ready = NULL;
	json_t *status;
	size_t i;

	for (size_t list = 0; list < 2; list++)
		json_array_foreach (tree_path_get(pod, status_lists[list]), i, status) {
			if (bad_end(status))
				return tree_path_string(status, "name");
			bool done = tree_path_get(status, "state.terminated") != NULL;
			if (!not_ready && !done && !tree_path_true(status, "ready"))
				not_ready = tree_path_string(status, "name");
		}
	return not_ready;
}

long long kube_pod_restarts(const json_t *pod, const char *container)
{
	json_t *status;
	size_t i;

	for (size_t list = 0; list < 2; list++)
		json_array_foreach (tree_path_get(pod, status_lists[list]), i, status)
			if (!strcmp(text(status, "name"), container))
				return (long long)tree_path_integer(status, "restartCount", 0);
	return 0;
}
