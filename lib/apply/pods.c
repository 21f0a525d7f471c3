/* The pods of a workload that is on its way out. */
#include "apply/internal.h"
#include "base/mem.h"
#include "tree/path.h"

struct deadline apply_uninterrupted(const struct apply_run *run)
{
	struct deadline deadline = deadline_in(run->context->clock, NULL, run->context->timeout_ms);

	deadline.pause = 20;
	deadline.pause_max = 500;
	return deadline;
}

/* "app=ghost,tier=web" from spec.selector.matchLabels; caller frees. NULL when there is none. */
static char *selector_of(const json_t *object)
{
	cleanup_list struct list pairs = LIST_INIT;
	const char *key;
	json_t *value;

	json_object_foreach (tree_path_get(object, "spec.selector.matchLabels"), key, value)
		list_printf(&pairs, "%s=%s", key, json_string_value(value));
	return pairs.n ? list_join(&pairs, ",") : NULL;
}

int apply_wait_pods_gone(struct apply_run *run, const json_t *old, struct deadline *deadline,
			 struct err *err)
{
	cleanup_free char *selector = selector_of(old);
	const char *ns = tree_path_string(old, "metadata.namespace");

	while (selector) {
		json_auto_t *pods = NULL;
		int r = kube_client_select(run->context->client, "", "Pod", ns, selector, NULL,
					   deadline, &pods, err);
		if (r < 0)
			return r;
		if (!json_array_size(pods))
			return 0;
		if ((r = deadline_back_off(deadline, err)) < 0)
			return err_wrap(err, "its old pods are not gone");
	}
	return 0;
}
