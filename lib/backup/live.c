#include "backup/live.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

#define LIVE_MAX  (64u << 20)
#define ANSWER_MS 5000 /* all of it: backups do not wait for an API server */

static const char *text(const json_t *tree, const char *path)
{
	const char *found = tree_path_string(tree, path);

	return found ? found : "";
}

static void set_text(json_t *tree, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(tree, key, json_string(value));
}

/* --- the node --- */

static bool is_machine(const json_t *node, const char *machine)
{
	const char *label = text(node, "metadata.labels[\"kubernetes.io/hostname\"]");

	return !strcasecmp(text(node, "metadata.name"), machine) || !strcasecmp(label, machine);
}

/* The only one, or the one that bears the machine's name; NULL. */
static const char *find_node(const json_t *nodes, const char *machine)
{
	json_t *node;
	size_t i;

	json_array_foreach (nodes, i, node)
		if (json_array_size(nodes) == 1 || is_machine(node, machine))
			return tree_path_string(node, "metadata.name");
	return NULL;
}

/* --- pods --- */

/* "blog-7c9d8" without "-7c9d8"; caller frees. */
static char *without_end(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	if (m && n > m + 1 && name[n - m - 1] == '-' && !strcmp(name + n - m, end))
		n -= m + 1;
	return mem_strndup(name, n);
}

/* A CronJob's Jobs are called NAME-MINUTES. */
static bool is_cron_name(const char *name)
{
	const char *dash = strrchr(name, '-');

	return dash && dash > name && strlen(dash + 1) >= 8 &&
	       strspn(dash + 1, "0123456789") == strlen(dash + 1);
}

/* What made the pod, without asking for what is in between. */
static void put_owner(json_t *facts, const json_t *pod)
{
	const char *kind = text(pod, "metadata.ownerReferences[0].kind");
	const char *name = text(pod, "metadata.ownerReferences[0].name");
	cleanup_free char *made = NULL;

	if (!strcmp(kind, "ReplicaSet")) {
		const char *hash = text(pod, "metadata.labels[\"pod-template-hash\"]");
		made = without_end(name, hash);
		kind = *hash ? "Deployment" : kind;
	} else if (!strcmp(kind, "Job") && is_cron_name(name)) {
		made = mem_strndup(name, (size_t)(strrchr(name, '-') - name));
		kind = "CronJob";
	}
	set_text(facts, "kind", *kind ? kind : "Pod");
	set_text(facts, "name", made ? made : *name ? name : text(pod, "metadata.name"));
}

static const char *release_of(const json_t *object)
{
	const char *release = text(object, "metadata.annotations[\"meta.helm.sh/release-name\"]");

	if (!*release)
		release = text(object, "metadata.labels[\"app.kubernetes.io/instance\"]");
	return *release ? release : text(object, "metadata.labels.release");
}

static bool is_directory(const json_t *volume)
{
	static const char *const special[] = {"Socket", "CharDevice", "BlockDevice"};
	const char *type = text(volume, "hostPath.type");

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (!strcmp(type, special[i]))
			return false;
	return true;
}

static void put_volumes(json_t *facts, const json_t *pod)
{
	json_t *paths = json_array(), *claims = json_array(), *volume;
	size_t i;

	json_array_foreach (tree_path_get(pod, "spec.volumes"), i, volume) {
		const char *path = tree_path_string(volume, "hostPath.path");
		const char *claim = tree_path_string(volume, "persistentVolumeClaim.claimName");
		if (path && is_directory(volume))
			json_array_append_new(paths, json_string(path));
		if (claim)
			json_array_append_new(claims, json_string(claim));
	}
	json_object_set_new(facts, "paths", paths);
	json_object_set_new(facts, "claims", claims);
}

/* NULL for a pod that keeps nothing here. */
static json_t *pod_facts(const json_t *pod, const char *node)
{
	const char *ns = text(pod, "metadata.namespace"), *phase = text(pod, "status.phase");
	json_t *facts = json_object();

	put_volumes(facts, pod);
	bool keeps = json_array_size(json_object_get(facts, "paths")) ||
		     json_array_size(json_object_get(facts, "claims"));
	bool elsewhere = node && strcmp(text(pod, "spec.nodeName"), node) != 0;
	if (!keeps || elsewhere || !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed")) {
		json_decref(facts);
		return NULL;
	}
	cleanup_free char *full = mem_printf("%s/%s", ns, text(pod, "metadata.name"));
	set_text(facts, "pod", full);
	set_text(facts, "namespace", ns);
	set_text(facts, "release", release_of(pod));
	put_owner(facts, pod);
	return facts;
}

/* --- claims --- */

/* What a volume is that has no directory on a node: "nfs", "csi". */
static const char *kind_of_volume(const json_t *volume)
{
	static const char *const common[] = {"capacity",
					     "accessModes",
					     "claimRef",
					     "persistentVolumeReclaimPolicy",
					     "storageClassName",
					     "volumeMode",
					     "mountOptions",
					     "nodeAffinity",
					     "volumeAttributesClassName"};
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(volume, "spec"), key, value) {
		bool known = false;
		for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
			known |= !strcmp(key, common[i]);
		if (!known)
			return key;
	}
	return "?";
}

/* Whether its node affinity allows this node; only names of nodes are looked at. */
static bool is_here(const json_t *volume, const char *node)
{
	json_t *term, *rule, *value;
	size_t i, j, k;
	bool named = false;

	json_array_foreach (tree_path_get(volume, "spec.nodeAffinity.required.nodeSelectorTerms"),
			    i, term)
		json_array_foreach (json_object_get(term, "matchExpressions"), j, rule) {
			if (strcmp(text(rule, "key"), "kubernetes.io/hostname") != 0)
				continue;
			named = true;
			json_array_foreach (json_object_get(rule, "values"), k, value)
				if (node && !strcmp(json_string_value(value), node))
					return true;
		}
	return !named || !node;
}

static void copy(json_t *facts, const char *key, const json_t *object, const char *path)
{
	json_t *value = tree_path_get(object, path);

	if (value)
		json_object_set(facts, key, value);
}

static json_t *volume_facts(const json_t *volume, const char *node)
{
	json_t *facts = json_object();
	const char *local = text(volume, "spec.local.path");
	const char *path = *local ? local : text(volume, "spec.hostPath.path");

	if (!*path || !is_here(volume, node)) {
		set_text(facts, "elsewhere", *path ? "another node" : kind_of_volume(volume));
		return facts;
	}
	set_text(facts, "path", path);
	set_text(facts, "form", *local ? "local" : "hostPath");
	copy(facts, "volume", volume, "metadata.name");
	copy(facts, "class", volume, "spec.storageClassName");
	copy(facts, "capacity", volume, "spec.capacity.storage");
	copy(facts, "accessModes", volume, "spec.accessModes");
	copy(facts, "volumeMode", volume, "spec.volumeMode");
	return facts;
}

/* Releases are written on claims, not on volumes. */
static const char *release_of_claim(const json_t *claims, const char *ns, const char *name)
{
	json_t *claim;
	size_t i;

	json_array_foreach (claims, i, claim)
		if (!strcmp(text(claim, "metadata.namespace"), ns) &&
		    !strcmp(text(claim, "metadata.name"), name))
			return release_of(claim);
	return "";
}

static json_t *claim_facts(const json_t *volumes, const json_t *claims, const char *node)
{
	json_t *facts = json_object(), *volume;
	size_t i;

	json_array_foreach (volumes, i, volume) {
		const char *ns = text(volume, "spec.claimRef.namespace");
		const char *name = text(volume, "spec.claimRef.name");
		if (!*name || strcmp(text(volume, "status.phase"), "Bound") != 0)
			continue;
		cleanup_free char *key = mem_printf("%s/%s", ns, name);
		json_t *one = volume_facts(volume, node);
		set_text(one, "release", release_of_claim(claims, ns, name));
		json_object_set_new(facts, key, one);
	}
	return facts;
}

json_t *backup_live_facts(const json_t *nodes, const json_t *pods, const json_t *volumes,
			  const json_t *claims, const char *machine)
{
	const char *node = find_node(nodes, machine);
	json_t *list = json_array(), *pod;
	size_t i;

	json_array_foreach (pods, i, pod) {
		json_t *facts = pod_facts(pod, node);
		if (facts)
			json_array_append_new(list, facts);
	}
	json_t *facts =
		json_pack("{s:o, s:o}", "pods", list, "claims", claim_facts(volumes, claims, node));
	set_text(facts, "node", node);
	return facts;
}

/* --- asking and remembering --- */

static char *live_path(const char *state_dir)
{
	return mem_printf("%s/backup/live.json", state_dir);
}

static int ask(struct kube_client *client, const char *kind, const struct deadline *deadline,
	       json_t **ret, struct err *err)
{
	return kube_client_select(client, "", kind, NULL, NULL, NULL, deadline, ret, err);
}

static void remember(const char *state_dir, const json_t *facts)
{
	cleanup_free char *path = live_path(state_dir), *dump = tree_json_dump(facts);
	cleanup_err struct err ignored = ERR_INIT;

	(void)file_write(path, dump, strlen(dump), 0600, &ignored);
}

int backup_live_ask(struct kube_client *client, const char *node, const char *state_dir,
		    const struct deadline *deadline, json_t **ret, struct err *err)
{
	json_auto_t *nodes = NULL, *pods = NULL, *volumes = NULL, *claims = NULL;
	const struct deadline soon = deadline_in(deadline->clock, deadline->cancel, ANSWER_MS);

	int r = ask(client, "Node", &soon, &nodes, err);
	if (r >= 0)
		r = ask(client, "Pod", &soon, &pods, err);
	if (r >= 0)
		r = ask(client, "PersistentVolume", &soon, &volumes, err);
	if (r >= 0)
		r = ask(client, "PersistentVolumeClaim", &soon, &claims, err);
	if (r < 0)
		return r;
	cleanup_free char *now = timespan_rfc3339(time(NULL));
	*ret = backup_live_facts(nodes, pods, volumes, claims, node);
	set_text(*ret, "when", now);
	if (state_dir)
		remember(state_dir, *ret);
	return 0;
}

json_t *backup_live_recall(const char *state_dir)
{
	cleanup_free char *path = live_path(state_dir);
	cleanup_err struct err ignored = ERR_INIT;
	json_t *facts = NULL;

	return tree_json_read(path, LIVE_MAX, &facts, &ignored) < 0 ? NULL : facts;
}
