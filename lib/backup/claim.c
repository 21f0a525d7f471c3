/* Claims: volumes that Kubernetes gives out of the node's disk; and what live pods have. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/path.h"
#include "backup/source.h"
#include "base/file.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tree/path.h"

#define UID_LENGTH 36 /* of "pvc-UID_" */

/* The apps of this run. */
struct apps {
	const struct manifest_app *const *items;
	size_t count;
};

static const char *text(const json_t *tree, const char *path)
{
	const char *found = tree_path_string(tree, path);

	return found ? found : "";
}

/* Caller frees. */
static char *path_of(const json_t *item)
{
	return backup_path_clean(json_is_string(item) ? json_string_value(item) : "");
}

/* --- whose is it --- */

static bool is_chart(const struct manifest_object *object, const char *ns, const char *release)
{
	const char *target = tree_path_string(object->body, "spec.targetNamespace");

	return !strcmp(object->id.kind, "HelmChart") && !strcmp(object->id.name, release) &&
	       !strcmp(target ? target : object->id.ns, ns);
}

const char *backup_sources_owner(const char *kind, const char *ns, const char *name,
				 const char *release, const struct manifest_app *const *apps,
				 size_t app_count)
{
	for (size_t i = 0; i < app_count; i++)
		for (size_t j = 0; j < apps[i]->count; j++) {
			const struct manifest_object *object = apps[i]->objects[j];
			bool made = !strcmp(object->id.kind, kind) && !strcmp(object->id.ns, ns) &&
				    !strcmp(object->id.name, name);
			if (made || (*release && is_chart(object, ns, release)))
				return apps[i]->name;
		}
	return NULL;
}

static const char *owner_of_pod(const json_t *pod, const struct apps *apps)
{
	return backup_sources_owner(text(pod, "kind"), text(pod, "namespace"), text(pod, "name"),
				    text(pod, "release"), apps->items, apps->count);
}

static bool names_claim(const struct manifest_object *object, const char *ns, const char *name)
{
	json_t *volume;
	size_t i;

	if (strcmp(object->id.ns, ns) != 0)
		return false;
	if (!strcmp(object->id.kind, "PersistentVolumeClaim"))
		return !strcmp(object->id.name, name);
	json_array_foreach (json_object_get(manifest_pod_spec(object->body, NULL), "volumes"), i,
			    volume) {
		const char *claim = tree_path_string(volume, "persistentVolumeClaim.claimName");
		if (claim && !strcmp(claim, name))
			return true;
	}
	/* A StatefulSet's are called TEMPLATE-SET-0 ... */
	json_array_foreach (tree_path_get(object->body, "spec.volumeClaimTemplates"), i, volume) {
		const char *template = tree_path_string(volume, "metadata.name");
		cleanup_free char *prefix =
			mem_printf("%s-%s-", template ? template : "", object->id.name);
		if (!strncmp(name, prefix, strlen(prefix)))
			return true;
	}
	return false;
}

bool backup_sources_owns_claim(const struct manifest_app *app, const char *claim,
			       const json_t *volume)
{
	const char *slash = strchr(claim, '/'), *release = text(volume, "release");
	cleanup_free char *ns = mem_strndup(claim, slash ? (size_t)(slash - claim) : 0);

	for (size_t i = 0; slash && i < app->count; i++)
		if (names_claim(app->objects[i], ns, slash + 1) ||
		    (*release && is_chart(app->objects[i], ns, release)))
			return true;
	return false;
}

static bool uses_claim(const json_t *pod, const char *ns, const char *name)
{
	json_t *claim;
	size_t i;

	if (strcmp(text(pod, "namespace"), ns) != 0)
		return false;
	json_array_foreach (json_object_get(pod, "claims"), i, claim)
		if (json_is_string(claim) && !strcmp(json_string_value(claim), name))
			return true;
	return false;
}

/* By the manifests, by a pod that uses it, by its Helm release. */
static const char *owner_of_claim(const char *ns, const char *name, const json_t *live,
				  const struct apps *apps)
{
	cleanup_free char *key = mem_printf("%s/%s", ns, name);
	const char *owner;
	json_t *pod;
	size_t k;

	for (size_t i = 0; i < apps->count; i++)
		for (size_t j = 0; j < apps->items[i]->count; j++)
			if (names_claim(apps->items[i]->objects[j], ns, name))
				return apps->items[i]->name;
	json_array_foreach (json_object_get(live, "pods"), k, pod)
		if (uses_claim(pod, ns, name) && (owner = owner_of_pod(pod, apps)))
			return owner;
	const json_t *claim = json_object_get(json_object_get(live, "claims"), key);
	owner = backup_sources_owner("", ns, "", text(claim, "release"), apps->items, apps->count);
	return owner ? owner : BACKUP_CLAIMS;
}

/* --- live pods --- */

void backup_sources_add_live(struct backup_sources *sources, const json_t *live,
			     const struct manifest_app *const *apps, size_t app_count)
{
	const struct apps all = {apps, app_count};
	json_t *pod, *item;
	size_t i, j;

	json_array_foreach (json_object_get(live, "pods"), i, pod) {
		const char *owner = owner_of_pod(pod, &all);
		json_array_foreach (json_object_get(pod, "paths"), j, item) {
			cleanup_free char *path = path_of(item);
			if (owner && !backup_path_is_system(path))
				backup_sources_add_tree(sources, backup_sources_of(sources, owner),
							path, NULL, NULL);
		}
	}
}

/* --- claims --- */

/* "NAMESPACE/NAME" of "pvc-UID_NAMESPACE_NAME": neither part has an underscore. */
static char *claim_of(const char *folder)
{
	const char *rest = folder + strlen("pvc-") + UID_LENGTH;

	if (strncmp(folder, "pvc-", 4) != 0 || strlen(folder) < 4 + UID_LENGTH + 4 || *rest != '_')
		return NULL;
	if (strstr(rest, ".before-") || strstr(rest, ".restoring-"))
		return NULL; /* of a restore */
	const char *ns = rest + 1, *name = strchr(ns, '_');
	return name && name > ns && name[1] ? mem_printf("%.*s/%s", (int)(name - ns), ns, name + 1)
					    : NULL;
}

static void add_claim(struct backup_sources *sources, const char *claim, const char *path,
		      const json_t *live, const struct apps *apps)
{
	const json_t *volume = json_object_get(json_object_get(live, "claims"), claim);
	const char *slash = strchr(claim, '/');
	cleanup_free char *ns = mem_strndup(claim, (size_t)(slash - claim));
	const char *owner = owner_of_claim(ns, slash + 1, live, apps);
	cleanup_free char *clean = backup_path_clean(path);

	backup_sources_add_tree(sources, backup_sources_of(sources, owner), clean, claim, volume);
}

static void add_live_claims(struct backup_sources *sources, const json_t *live,
			    const struct apps *apps)
{
	const char *claim;
	json_t *volume;

	json_object_foreach (json_object_get(live, "claims"), claim, volume) {
		const char *path = tree_path_string(volume, "path");
		if (path && strchr(claim, '/'))
			add_claim(sources, claim, path, live, apps);
	}
}

/* A folder of the storage directory. */
struct folder {
	char *path, *claim;
	time_t changed;
};

static void folder_done(struct folder *folder)
{
	free(folder->path);
	free(folder->claim);
}

static int newest_first(const void *a, const void *b)
{
	const struct folder *one = a, *other = b;

	if (one->changed != other->changed)
		return one->changed > other->changed ? -1 : 1;
	return strcmp(one->path, other->path);
}

static int list_folders(const char *storage, struct folder **ret, size_t *ret_count,
			struct err *err)
{
	struct dirent **entries;
	int count = scandir(storage, &entries, NULL, NULL);
	struct stat st;

	*ret_count = 0;
	if (count < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", storage);
	*ret = mem_zalloc(((size_t)count + 1) * sizeof(**ret));
	for (int i = 0; i < count; i++) {
		char *claim = claim_of(entries[i]->d_name);
		if (claim) {
			struct folder *folder = &(*ret)[(*ret_count)++];
			folder->claim = claim;
			folder->path = file_join(storage, entries[i]->d_name);
			folder->changed = stat(folder->path, &st) == 0 ? st.st_ctime : 0;
		}
		free(entries[i]);
	}
	free(entries);
	qsort(*ret, *ret_count, sizeof(**ret), newest_first);
	return 0;
}

/* A claim that was made anew leaves the folder of the old one behind: it is archived only once, and
 * the newest is it where nobody says more. */
static void add_folder(struct backup_sources *sources, const struct folder *folder,
		       const json_t *live, const struct apps *apps)
{
	if (backup_sources_cover(sources, folder->path))
		return;
	if (!backup_sources_has_claim(sources, folder->claim)) {
		add_claim(sources, folder->claim, folder->path, live, apps);
		return;
	}
	list_printf(&sources->unprotected, "%s (an earlier volume of the claim %s)", folder->path,
		    folder->claim);
}

int backup_sources_add_claims(struct backup_sources *sources, const json_t *live,
			      const char *storage, const struct manifest_app *const *apps,
			      size_t app_count, struct err *err)
{
	const struct apps all = {apps, app_count};
	struct folder *folders = NULL;
	size_t count;

	add_live_claims(sources, live, &all);
	int r = list_folders(storage, &folders, &count, err);
	for (size_t i = 0; r >= 0 && i < count; i++)
		add_folder(sources, &folders[i], live, &all);
	for (size_t i = 0; i < count; i++)
		folder_done(&folders[i]);
	free(folders);
	return r;
}

/* --- what nobody covers --- */

static void check_pod(struct backup_sources *sources, const json_t *pod)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(pod, "paths"), i, item) {
		cleanup_free char *path = path_of(item);
		if (backup_path_is_system(path) || backup_sources_cover(sources, path))
			continue;
		cleanup_free char *line = mem_printf("%s (pod %s)", path, text(pod, "pod"));
		list_add_new(&sources->unprotected, line);
	}
}

void backup_sources_find_unprotected(struct backup_sources *sources, const json_t *live)
{
	const char *claim;
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(live, "pods"), i, item)
		check_pod(sources, item);
	json_object_foreach (json_object_get(live, "claims"), claim, item) {
		const char *where = tree_path_string(item, "elsewhere");
		if (where)
			list_printf(&sources->unprotected, "claim %s (its volume is not here: %s)",
				    claim, where);
	}
}
