/* Whether the images of new pods are on the node, and the pod that pulls those that are not. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "manifest/image.h"
#include "manifest/pod.h"
#include "plan/internal.h"
#include "tree/path.h"

/* Nothing of this name is in any image, so the container never runs. */
#define IMPOSSIBLE "/desired-pulls-only"

struct search {
	struct plan_run *run;
	const json_t *node, *old;
	json_t *containers; /* of the pod that pulls */
	struct list seen;
	char *problem;
	bool complete;
};

struct use {
	const char *image;
	bool found;
};

static void compare(void *context, json_t *container, const char *list, const char *path)
{
	struct use *use = context;
	const char *image = tree_path_string(container, "image");

	(void)list, (void)path;
	use->found |= image && manifest_image_same(image, use->image);
}

static bool is_running(const json_t *workload)
{
	const char *phase = tree_path_string(workload, "status.phase");

	return tree_path_integer(workload, "status.readyReplicas", 0) > 0 ||
	       tree_path_integer(workload, "status.numberReady", 0) > 0 ||
	       plan_same(phase, "Running");
}

/* A running pod's image is on the node. */
static bool is_used_by(const json_t *old, const char *image)
{
	struct use use = {.image = image};

	if (is_running(old))
		manifest_pod_containers(old, compare, &use);
	return use.found;
}

static bool is_on_the_node(const json_t *node, const char *image)
{
	size_t i;
	json_t *there;

	json_array_foreach (json_object_get(node, "images"), i, there)
		if (manifest_image_same(json_string_value(there), image))
			return true;
	return false;
}

static json_t *puller(const char *image, const char *policy, size_t number)
{
	cleanup_free char *name = mem_printf("image-%zu", number);

	return json_pack("{s:s, s:s, s:s, s:[s], s:{s:{s:s, s:s}, s:{s:s, s:s}},"
			 " s:{s:b, s:b, s:{s:[s]}, s:{s:s}}}",
			 "name", name, "image", image, "imagePullPolicy", policy, "command",
			 IMPOSSIBLE, "resources", "requests", "cpu", "10m", "memory", "16Mi",
			 "limits", "cpu", "10m", "memory", "16Mi", "securityContext",
			 "allowPrivilegeEscalation", 0, "runAsNonRoot", 1, "capabilities", "drop",
			 "ALL", "seccompProfile", "type", "RuntimeDefault");
}

/* With Always the kubelet asks the registry even for what is there, so it has to answer. */
static void look_at(void *context, json_t *container, const char *list, const char *path)
{
	struct search *search = context;
	const char *image = tree_path_string(container, "image");
	const char *policy = manifest_image_policy(container);

	(void)list, (void)path;
	if (!image || search->problem || list_has(&search->seen, image))
		return;
	list_add(&search->seen, image);
	bool there = is_used_by(search->old, image);
	if (strcmp(policy, "Always") != 0 && there)
		return;
	if (!there && !search->node)
		search->node = plan_know_node(search->run);
	if (!there && !search->node) {
		search->complete = false;
		return;
	}
	there |= is_on_the_node(search->node, image);
	if (!strcmp(policy, "Never") && !there)
		search->problem = mem_printf("image %s is not on the node, and imagePullPolicy is "
					     "Never",
					     image);
	else if (!there || !strcmp(policy, "Always"))
		json_array_append_new(
			search->containers,
			puller(image, policy, json_array_size(search->containers) + 1));
}

static void copy(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	if (value)
		json_object_set(to, key, value);
}

/* Without labels, volumes, environment and token: nothing selects it and it can do nothing. It goes
 * where the new pods go, with the ServiceAccount and Secrets that they pull with. */
static json_t *pull_pod(const struct plan_step *step, json_t *containers)
{
	static const char *const fields[] = {"imagePullSecrets", "serviceAccountName",
					     "nodeSelector",	 "affinity",
					     "tolerations",	 "nodeName"};
	const json_t *pods = manifest_pod_spec(step->body, NULL);
	cleanup_free char *seed = mem_printf("%s %s", step->key, step->hash);
	cleanup_free char *digest = digest_sha256_hex(seed, strlen(seed));
	cleanup_free char *name = mem_printf("desired-pull-%.12s", digest);
	json_t *spec = json_pack("{s:s, s:b, s:b, s:i, s:O}", "restartPolicy", "Never",
				 "automountServiceAccountToken", 0, "enableServiceLinks", 0,
				 "terminationGracePeriodSeconds", 0, "containers", containers);

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		copy(spec, pods, fields[i]);
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o}", "apiVersion", "v1", "kind",
			 "Pod", "metadata", "name", name, "namespace", step->id.ns, "annotations",
			 "desired.dev/pulls-for", step->key, "spec", spec);
}

static void tell(const struct search *search, struct list *proof)
{
	const char *node =
		json_string_value(json_array_get(json_object_get(search->node, "nodes"), 0));

	if (json_array_size(search->containers))
		return;
	const char *what = search->seen.n > 1 ? "images" : "image";
	if (search->node && node)
		list_printf(proof, "%s present on %s", what, node);
	else
		list_printf(proof, "%s in use already", what);
}

char *plan_prove_images(struct plan_run *run, struct plan_step *step, const json_t *old,
			bool *complete, struct list *proof)
{
	json_auto_t *containers = json_array();
	struct search search = {.run = run, .old = old, .containers = containers, .complete = true};

	manifest_pod_containers(step->body, look_at, &search);
	*complete &= search.complete;
	if (!search.problem && search.complete)
		tell(&search, proof);
	if (!search.problem && json_array_size(containers))
		step->pull = pull_pod(step, containers);
	list_done(&search.seen);
	return search.problem;
}
