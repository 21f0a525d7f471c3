/* Which objects the pods of a workload name. */
#include <string.h>

#include "base/mem.h"
#include "manifest/pod.h"
#include "plan/internal.h"
#include "tree/path.h"

struct search {
	const struct manifest_id *id;
	bool found;
};

static void compare(void *context, const struct manifest_reference *reference)
{
	struct search *search = context;

	search->found |= !strcmp(reference->kind, search->id->kind) &&
			 !strcmp(reference->name, search->id->name);
}

static bool names_claim(const json_t *spec, const char *name)
{
	json_t *volume;
	size_t i;

	json_array_foreach (json_object_get(spec, "volumes"), i, volume)
		if (plan_same(tree_path_string(volume, "persistentVolumeClaim.claimName"), name))
			return true;
	return false;
}

static bool names_pull_secret(const json_t *spec, const char *name)
{
	json_t *secret;
	size_t i;

	json_array_foreach (json_object_get(spec, "imagePullSecrets"), i, secret)
		if (plan_same(tree_path_string(secret, "name"), name))
			return true;
	return false;
}

bool plan_pods_name(const json_t *workload, const struct manifest_id *id)
{
	const char *ns = tree_path_string(workload, "metadata.namespace");
	const json_t *spec = manifest_pod_spec(workload, NULL);
	struct search search = {.id = id};

	if (*id->group || strcmp(id->ns, ns ? ns : "default") != 0)
		return false;
	if (!strcmp(id->kind, "ServiceAccount"))
		return plan_same(tree_path_string(spec, "serviceAccountName"), id->name);
	if (!strcmp(id->kind, "PersistentVolumeClaim"))
		return names_claim(spec, id->name);
	if (!strcmp(id->kind, "Secret") && names_pull_secret(spec, id->name))
		return true;
	manifest_pod_references(workload, compare, &search);
	return search.found;
}

/* --- whether what pods name is there --- */

struct proof {
	struct plan_run *run;
	const char *ns;
	char *problem;
	bool complete;
};

static bool has_key(const json_t *body, const char *key)
{
	return json_object_get(json_object_get(body, "data"), key) ||
	       json_object_get(json_object_get(body, "binaryData"), key) ||
	       json_object_get(json_object_get(body, "stringData"), key);
}

/* What the plan refuses to make or is not allowed to touch does not come. */
static bool is_refused(const struct proof *proof, const char *kind, const char *name)
{
	for (size_t i = 0; i < proof->run->plan->count; i++) {
		const struct plan_step *step = &proof->run->plan->steps[i];
		if (step->action == PLAN_REFUSE && !step->uid && !*step->id.group &&
		    !strcmp(step->id.kind, kind) && !strcmp(step->id.name, name) &&
		    !strcmp(step->id.ns, proof->ns))
			return true;
	}
	return false;
}

static void need(struct proof *proof, const char *kind, const char *name, const char *key)
{
	const json_t *body = NULL;

	if (proof->problem)
		return;
	if (!plan_know(proof->run, kind, proof->ns, name, &body))
		proof->complete = false;
	else if (!body)
		proof->problem = mem_printf("its pods name %s %s/%s, which is not there and is "
					    "not in the files",
					    kind, proof->ns, name);
	else if (is_refused(proof, kind, name))
		proof->problem = mem_printf("its pods name %s %s/%s, which is refused", kind,
					    proof->ns, name);
	else if (key && !has_key(body, key))
		proof->problem = mem_printf("its pods name key '%s' of %s %s/%s, which has none of "
					    "that name",
					    key, kind, proof->ns, name);
}

static void need_reference(void *context, const struct manifest_reference *reference)
{
	if (!reference->optional)
		need(context, reference->kind, reference->name, reference->key);
}

char *plan_prove_references(struct plan_run *run, const struct plan_step *step, bool *complete)
{
	const json_t *spec = manifest_pod_spec(step->body, NULL);
	const char *account = tree_path_string(spec, "serviceAccountName");
	struct proof proof = {.run = run, .ns = step->id.ns, .complete = true};
	size_t i;
	json_t *volume;

	manifest_pod_references(step->body, need_reference, &proof);
	if (account && strcmp(account, "default") != 0)
		need(&proof, "ServiceAccount", account, NULL);
	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		const char *claim = tree_path_string(volume, "persistentVolumeClaim.claimName");
		if (claim)
			need(&proof, "PersistentVolumeClaim", claim, NULL);
	}
	*complete &= proof.complete;
	return proof.problem;
}
