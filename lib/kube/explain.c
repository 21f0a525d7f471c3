/* Why a workload is not ready: kube_ready_explain() of kube/ready.h. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "kube/log.h"
#include "kube/pod.h"
#include "kube/private.h"
#include "kube/ready.h"
#include "manifest/selector.h"
#include "tree/path.h"

#define LOG_LINES 3
#define PODS_MAX  5 /* the newest ones tell */
#define LOG_MAX	  400

struct question {
	struct kube_client *client;
	const struct deadline *deadline;
	const char *ns;
	bool hopeless;
};

static const char *text(const json_t *object, const char *path)
{
	const char *found = tree_path_string(object, path);

	return found ? found : "";
}

/* --- events --- */

/* RFC 3339 texts compare as times. */
static const char *event_time(const json_t *event)
{
	const char *last = text(event, "lastTimestamp");
	const char *series = text(event, "series.lastObservedTime");

	if (*last)
		return last;
	return *series ? series : text(event, "eventTime");
}

/* What the scheduler said is over once the pod has a node: who replaces a workload waits for its
 * port, and that is no cause of what comes after. */
static bool is_over(const json_t *event, const json_t *object)
{
	return !strcmp(text(event, "reason"), "FailedScheduling") && *text(object, "spec.nodeName");
}

/* The newest warning about an object; "Readiness probe failed: ...". NULL when there is none. */
static char *newest_warning(struct question *question, const json_t *object)
{
	cleanup_free char *selector =
		mem_printf("involvedObject.uid=%s,type=Warning", text(object, "metadata.uid"));
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *events = NULL;
	const json_t *newest = NULL;
	json_t *event;
	size_t i;

	if (kube_client_select(question->client, "", "Event", question->ns, NULL, selector,
			       question->deadline, &events, &ignored) < 0)
		return NULL;
	json_array_foreach (events, i, event)
		if (!is_over(event, object) &&
		    (!newest || strcmp(event_time(event), event_time(newest)) >= 0))
			newest = event;
	if (!newest)
		return NULL;
	if (!*text(newest, "message"))
		return mem_strdup(text(newest, "reason"));
	/* "Unhealthy" and "BackOff" repeat their message; FailedCreate and FailedMount do not. */
	bool told = !strcmp(text(newest, "reason"), "Unhealthy");
	return mem_printf("%s%s%s", told ? "" : text(newest, "reason"), told ? "" : ": ",
			  text(newest, "message"));
}

/* --- the last words of a container --- */

/* The lines that say something, "one | two | three"; NULL when there are none. */
static char *as_one_line(const char *log)
{
	cleanup_list struct list lines = LIST_INIT;
	cleanup_free char *joined = NULL;

	list_split(&lines, log, "\r\n");
	joined = list_join(&lines, " | ");
	return *joined ? mem_strndup(joined, strnlen(joined, LOG_MAX)) : NULL;
}

/* NULL when there are none, or the node cannot be asked. */
static char *last_words(struct question *question, const json_t *pod, const char *container,
			bool previous)
{
	cleanup_free char *log =
		kube_log(question->client, pod, container, previous, LOG_LINES, question->deadline);

	return log ? as_one_line(log) : NULL;
}

/* --- pods --- */

static int newest_first(const void *a, const void *b)
{
	const json_t *const *one = a, *const *other = b;

	return strcmp(text(*other, "metadata.creationTimestamp"),
		      text(*one, "metadata.creationTimestamp"));
}

static bool is_fine(const json_t *pod)
{
	const char *phase = text(pod, "status.phase");

	return !strcmp(phase, "Succeeded") ||
	       !strcmp(text(pod, "status.conditions[type=Ready].status"), "True");
}

static char *with_last_words(struct question *question, const json_t *pod, char *trouble_stolen)
{
	cleanup_free char *trouble = trouble_stolen;
	const char *container = kube_pod_suspect(pod);
	bool ended = container && strstr(trouble, "exited with code");

	if (!ended)
		return steal(&trouble);
	/* Between two starts the container that ended is the current one, not the previous. */
	cleanup_free char *words = last_words(question, pod, container, false);
	if (!words && kube_pod_restarts(pod, container) > 0)
		words = last_words(question, pod, container, true);
	return words ? mem_printf("%s; its log ends: %s", trouble, words) : steal(&trouble);
}

/* --- claims --- */

static char *explain_claim(struct question *question, const char *name)
{
	const struct manifest_id id = {
		.group = (char *)"",
		.version = (char *)"v1",
		.kind = (char *)"PersistentVolumeClaim",
		.ns = (char *)(question->ns ? question->ns : "default"),
		.name = (char *)name,
	};
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *claim = NULL;

	if (kube_client_get(question->client, &id, question->deadline, &claim, &err) < 0)
		return err.code == ERR_NOT_FOUND ? mem_printf("claim %s does not exist", name)
						 : NULL;
	if (!strcmp(text(claim, "status.phase"), "Bound"))
		return NULL;
	cleanup_free char *why = newest_warning(question, claim);
	return why ? mem_printf("claim %s: %s", name, why) : NULL;
}

/* What keeps a pod that waits for its claims: the scheduler only says that they are unbound. */
static char *explain_claims(struct question *question, const json_t *pod)
{
	json_t *volume;
	char *why = NULL;
	size_t i;

	json_array_foreach (tree_path_get(pod, "spec.volumes"), i, volume) {
		const char *name = text(volume, "persistentVolumeClaim.claimName");
		if (!why && *name)
			why = explain_claim(question, name);
	}
	return why;
}

/* --- nodes --- */

static bool has_condition(const json_t *node, const char *type, const char *status,
			  const char **ret_message)
{
	json_t *condition;
	size_t i;

	json_array_foreach (tree_path_get(node, "status.conditions"), i, condition) {
		if (strcmp(text(condition, "type"), type) != 0 ||
		    strcmp(text(condition, "status"), status) != 0)
			continue;
		*ret_message = text(condition, "message");
		return true;
	}
	return false;
}

/* What of the node's own state keeps pods away. */
static char *explain_condition(const json_t *node)
{
	static const char *const pressures[] = {"DiskPressure", "MemoryPressure", "PIDPressure"};
	const char *name = text(node, "metadata.name"), *message;

	for (size_t i = 0; i < sizeof(pressures) / sizeof(*pressures); i++)
		if (has_condition(node, pressures[i], "True", &message))
			return mem_printf("node %s has %s: %s", name, pressures[i], message);
	if (has_condition(node, "Ready", "False", &message) ||
	    has_condition(node, "Ready", "Unknown", &message))
		return mem_printf("node %s is not ready: %s", name, message);
	return NULL;
}

static void explain_node(const json_t *node, struct list *says)
{
	char *condition = explain_condition(node);
	json_t *taint;
	size_t i;

	if (condition) {
		list_take(says, condition);
		return;
	}
	json_array_foreach (tree_path_get(node, "spec.taints"), i, taint)
		if (strcmp(text(taint, "effect"), "PreferNoSchedule") != 0)
			list_printf(says, "node %s has the taint %s:%s",
				    text(node, "metadata.name"), text(taint, "key"),
				    text(taint, "effect"));
}

/* The scheduler does not say which taint it was. Takes trouble over. */
static char *with_taints(struct question *question, char *trouble_stolen)
{
	cleanup_free char *trouble = trouble_stolen;
	cleanup_list struct list says = LIST_INIT;
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *nodes = NULL;
	json_t *node;
	size_t i;

	if (!strstr(trouble, "untolerated taint") ||
	    kube_client_select(question->client, "", "Node", NULL, NULL, NULL, question->deadline,
			       &nodes, &ignored) < 0)
		return steal(&trouble);
	json_array_foreach (nodes, i, node)
		explain_node(node, &says);
	cleanup_free char *all = list_join(&says, "; ");
	return says.n ? mem_printf("%s (%s)", trouble, all) : steal(&trouble);
}

/* --- a pod --- */

/* "pod x: why", or NULL when this pod says nothing. */
static char *explain_pod(struct question *question, const json_t *pod)
{
	bool hopeless;
	cleanup_free char *trouble = kube_pod_trouble(pod, &hopeless);
	bool unbound = trouble && strcasestr(trouble, "persistentvolumeclaim");
	cleanup_free char *claim = unbound ? explain_claims(question, pod) : NULL;

	if (claim) {
		free(trouble);
		trouble = steal(&claim);
	} else if (trouble)
		trouble = with_taints(question, with_last_words(question, pod, steal(&trouble)));
	else
		trouble = newest_warning(question, pod);
	if (!trouble)
		return NULL;
	question->hopeless |= hopeless;
	return mem_printf("pod %s: %s", text(pod, "metadata.name"), trouble);
}

static char *explain_pods(struct question *question, const json_t *pods)
{
	size_t count = json_array_size(pods), looked = 0;
	cleanup_free const json_t **sorted = mem_alloc((count + 1) * sizeof(*sorted));
	char *why = NULL;

	for (size_t i = 0; i < count; i++)
		sorted[i] = json_array_get(pods, i);
	qsort(sorted, count, sizeof(*sorted), newest_first);
	for (size_t i = 0; i < count && !why && looked < PODS_MAX; i++) {
		if (is_fine(sorted[i]) || tree_path_get(sorted[i], "metadata.deletionTimestamp"))
			continue;
		looked++;
		why = explain_pod(question, sorted[i]);
	}
	return why;
}

static char *explain_workload(struct question *question, const json_t *workload)
{
	cleanup_free char *selector = manifest_selector_text(workload);
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *pods = NULL;

	if (!selector || kube_client_select(question->client, "", "Pod", question->ns, selector,
					    NULL, question->deadline, &pods, &ignored) < 0)
		return NULL;
	return explain_pods(question, pods);
}

/* Pods that could not even be made: quota, a missing ServiceAccount, an admission policy. */
static char *explain_failed_create(const json_t *workload)
{
	const char *status = text(workload, "status.conditions[type=ReplicaFailure].status");
	const char *message = text(workload, "status.conditions[type=ReplicaFailure].message");

	return !strcmp(status, "True") && *message ? mem_printf("no pod can be made: %s", message)
						   : NULL;
}

char *kube_ready_explain(struct kube_client *client, const json_t *object,
			 const struct deadline *deadline, bool *ret_failed)
{
	const char *ns = text(object, "metadata.namespace");
	struct question question = {.client = client, .deadline = deadline, .ns = *ns ? ns : NULL};
	char *why = NULL;

	if (!strcmp(text(object, "kind"), "Pod"))
		why = explain_pod(&question, object);
	else
		why = explain_workload(&question, object);
	if (!why)
		why = explain_failed_create(object);
	if (!why && *text(object, "metadata.uid"))
		why = newest_warning(&question, object);
	*ret_failed = question.hopeless;
	return why;
}
