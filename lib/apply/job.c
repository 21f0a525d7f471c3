/* Jobs that ended: the ledger remembers that they are done, the journal what hooks had to say. */
#include <stdlib.h>
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "kube/log.h"
#include "manifest/hook.h"
#include "tree/path.h"

#define LOG_LINES 50
#define LOG_MS	  10000

/* One of several containers is named. */
static void say_log(struct apply_run *run, const struct plan_step *step, const json_t *pod,
		    const char *container, const struct deadline *deadline)
{
	bool alone = json_array_size(tree_path_get(pod, "spec.containers")) < 2;
	cleanup_list struct list lines = LIST_INIT;
	cleanup_free char *log =
		kube_log(run->context->client, pod, container, false, LOG_LINES, deadline);

	if (log)
		list_split(&lines, log, "\r\n");
	for (size_t i = 0; i < lines.n; i++)
		apply_say(run, step, EVENT_HOOK, "%s%ssays: %s", alone ? "" : container,
			  alone ? "" : " ", lines.items[i]);
}

static void say_logs(struct apply_run *run, const struct plan_step *step)
{
	struct deadline deadline = deadline_in(run->context->clock, run->context->cancel, LOG_MS);
	cleanup_free char *selector = mem_printf("batch.kubernetes.io/job-name=%s", step->id.name);
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *pods = NULL;
	json_t *pod, *container;
	size_t i, j;

	if (kube_client_select(run->context->client, "", "Pod", step->id.ns, selector, NULL,
			       &deadline, &pods, &ignored) < 0)
		return;
	json_array_foreach (pods, i, pod)
		json_array_foreach (tree_path_get(pod, "spec.containers"), j, container)
			if (tree_path_string(container, "name"))
				say_log(run, step, pod, tree_path_string(container, "name"),
					&deadline);
}

bool apply_job_vanished(const struct plan_step *step, const json_t *object)
{
	return !object && step->object && plan_step_is_job(step) &&
	       tree_path_get(step->object->body, "spec.ttlSecondsAfterFinished");
}

int apply_job_ended(struct apply_run *run, const struct plan_step *step, bool well, struct err *err)
{
	if (!step->object || !plan_step_is_job(step))
		return 0;
	enum manifest_hook hook = manifest_hook_of(step->object->body);
	if (hook)
		say_logs(run, step);
	if (hook && well)
		apply_say(run, step, EVENT_HOOK, "succeeded (hook %s)",
			  hook == MANIFEST_HOOK_BEFORE ? "before" : "after");
	if (!well || tree_path_true(step->object->body, "spec.suspend"))
		return 0;
	struct state_entry *entry = state_ledger_get(run->context->ledger, step->key);
	int r = 0;
	if (entry && !entry->done) {
		entry->done = true;
		r = state_ledger_put(run->context->ledger,
				     (const struct state_entry *const *)&entry, 1, err);
	}
	state_entry_free(entry);
	return r;
}
