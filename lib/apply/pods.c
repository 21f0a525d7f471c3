/* The pods of a workload that is replaced. */
#include <string.h>

#include "apply/internal.h"
#include "base/mem.h"
#include "manifest/selector.h"
#include "tree/path.h"

/* A request may take long on a node that is busy pulling images. */
#define REQUEST_MS 60000

struct deadline apply_uninterrupted(const struct apply_run *run)
{
	return deadline_in(run->context->clock, NULL, REQUEST_MS);
}

int apply_pods_of(struct apply_run *run, const json_t *workload, json_t **ret, struct err *err)
{
	const char *kind = tree_path_string(workload, "kind");
	const char *name = tree_path_string(workload, "metadata.name");
	cleanup_free char *selector = manifest_selector_text(workload), *itself = NULL;
	struct deadline deadline = apply_uninterrupted(run);

	*ret = NULL;
	if (kind && name && !strcmp(kind, "Pod"))
		itself = mem_printf("metadata.name=%s", name);
	if (!selector && !itself)
		return 0;
	return kube_client_select(run->context->client, "", "Pod",
				  tree_path_string(workload, "metadata.namespace"), selector,
				  itself, &deadline, ret, err);
}

int apply_pods_gone(struct apply_run *run, const json_t *old, struct err *err)
{
	json_auto_t *pods = NULL;
	int r = apply_pods_of(run, old, &pods, err);

	return r < 0 ? r : !json_array_size(pods);
}
