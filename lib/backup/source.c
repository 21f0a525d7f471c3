#include "backup/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tree/path.h"

#define UID_LENGTH 36 /* of "pvc-UID_" */

static void source_done(struct backup_source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		free(source->trees[i].path);
		free(source->trees[i].name);
		free(source->trees[i].claim);
	}
	free(source->trees);
	free(source->name);
	list_done(&source->exclude);
	json_decref(source->options);
}

void backup_sources_done(struct backup_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		source_done(&sources->items[i]);
	free(sources->items);
	list_done(&sources->unprotected);
	*sources = (struct backup_sources){0};
}

static struct backup_source *source_of(struct backup_sources *sources, const char *name)
{
	for (size_t i = 0; i < sources->count; i++)
		if (!strcmp(sources->items[i].name, name))
			return &sources->items[i];
	sources->items =
		mem_realloc(sources->items, (sources->count + 1) * sizeof(*sources->items));
	struct backup_source *source = &sources->items[sources->count++];
	*source = (struct backup_source){.name = mem_strdup(name)};
	return source;
}

/* --- paths --- */

/* "/a/b" is within "/a" and within itself. */
static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

bool backup_sources_cover(const struct backup_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++)
		for (size_t j = 0; j < sources->items[i].count; j++)
			if (is_within(path, sources->items[i].trees[j].path))
				return true;
	return false;
}

/* Without slashes at the end and doubled ones. Caller frees. */
static char *clean(const char *path)
{
	struct buf out = BUF_INIT;

	for (; *path; path++)
		if (*path != '/' || (path[1] != '/' && path[1]))
			buf_addch(&out, *path);
	return buf_steal(&out);
}

/* What the machine makes anew, and what is no app's own. */
static bool is_system(const char *path)
{
	static const char *const folders[] = {
		"/dev",
		"/proc",
		"/sys",
		"/run",
		"/var/run",
		"/usr",
		"/bin",
		"/sbin",
		"/lib",
		"/lib64",
		"/boot",
		"/tmp",
		"/etc",
		"/root",
		"/var/log",
		"/var/tmp",
		"/var/lib/kubelet",
		"/var/lib/rancher",
		"/var/lib/containerd",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (is_within(path, folders[i]))
			return true;
	return !*path || !strcmp(path, "/");
}

static void drop_tree(struct backup_source *source, size_t index)
{
	free(source->trees[index].path);
	free(source->trees[index].name);
	free(source->trees[index].claim);
	source->count--;
	memmove(&source->trees[index], &source->trees[index + 1],
		(source->count - index) * sizeof(*source->trees));
}

/* A path that lies in another one is in the archive already. */
static void add_tree(struct backup_sources *sources, struct backup_source *source, const char *path,
		     const char *claim)
{
	if (backup_sources_cover(sources, path))
		return;
	for (size_t i = source->count; i-- > 0;)
		if (is_within(source->trees[i].path, path))
			drop_tree(source, i);
	source->trees = mem_realloc(source->trees, (source->count + 1) * sizeof(*source->trees));
	source->trees[source->count++] = (struct backup_tree){
		.path = mem_strdup(path),
		.name = claim ? mem_printf("_claims/%s", claim) : mem_strdup(path + 1),
		.claim = mem_strdup(claim),
	};
}

/* --- apps --- */

static bool is_data(const json_t *volume)
{
	static const char *const special[] = {"Socket", "CharDevice", "BlockDevice"};
	const char *type = tree_path_string(volume, "hostPath.type");

	for (size_t i = 0; type && i < sizeof(special) / sizeof(*special); i++)
		if (!strcmp(type, special[i]))
			return false;
	return true;
}

static void add_volume(struct backup_sources *sources, const struct manifest_app *app,
		       struct backup_source *source, const json_t *volume)
{
	const char *written = tree_path_string(volume, "hostPath.path");

	if (!written || *written != '/' || !is_data(volume))
		return;
	cleanup_free char *path = clean(written);
	if (!is_system(path)) {
		add_tree(sources, source, path, NULL);
		return;
	}
	cleanup_free char *text =
		mem_printf("%s (app %s: a directory of the system)", path, app->name);
	list_add_new(&sources->unprotected, text);
}

static void add_paths(struct backup_sources *sources, struct backup_source *source,
		      const json_t *paths)
{
	json_t *item;
	size_t i;

	json_array_foreach (paths, i, item) {
		const char *written = json_string_value(item);
		if (!written || *written != '/')
			continue;
		cleanup_free char *path = clean(written);
		add_tree(sources, source, path, NULL);
	}
}

static void add_patterns(struct backup_source *source, const json_t *patterns)
{
	json_t *item;
	size_t i;

	json_array_foreach (patterns, i, item)
		if (json_is_string(item))
			list_add_new(&source->exclude, json_string_value(item));
}

void backup_sources_add_app(struct backup_sources *sources, const struct manifest_app *app,
			    int revision)
{
	struct backup_source *source = source_of(sources, app->name);
	const json_t *options = app->options.backup;
	json_t *volume;
	size_t j;

	source->revision = revision;
	json_decref(source->options);
	source->options = json_incref(app->options.backup);
	for (size_t i = 0; i < app->count; i++)
		json_array_foreach (
			json_object_get(manifest_pod_spec(app->objects[i]->body, NULL), "volumes"),
			j, volume)
			add_volume(sources, app, source, volume);
	add_paths(sources, source, json_object_get(options, "paths"));
	add_patterns(source, json_object_get(options, "exclude"));
}

/* --- claims --- */

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

static const char *owner_of(const char *ns, const char *name,
			    const struct manifest_app *const *apps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < apps[i]->count; j++)
			if (names_claim(apps[i]->objects[j], ns, name))
				return apps[i]->name;
	return BACKUP_CLAIMS;
}

/* "pvc-UID_NAMESPACE_NAME": neither part has an underscore. */
static char *claim_of(const char *folder)
{
	const char *rest = folder + strlen("pvc-") + UID_LENGTH;

	if (strncmp(folder, "pvc-", 4) != 0 || strlen(folder) < 4 + UID_LENGTH + 4 || *rest != '_')
		return NULL;
	const char *ns = rest + 1, *name = strchr(ns, '_');
	return name && name > ns && name[1] ? mem_printf("%.*s/%s", (int)(name - ns), ns, name + 1)
					    : NULL;
}

static void add_claim(struct backup_sources *sources, const char *storage, const char *folder,
		      const struct manifest_app *const *apps, size_t count)
{
	cleanup_free char *claim = claim_of(folder), *path = file_join(storage, folder);

	if (!claim)
		return;
	char *slash = strchr(claim, '/');
	*slash = '\0';
	const char *owner = owner_of(claim, slash + 1, apps, count);
	*slash = '/';
	add_tree(sources, source_of(sources, owner), path, claim);
}

static int by_text(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int backup_sources_add_claims(struct backup_sources *sources, const char *storage,
			      const struct manifest_app *const *apps, size_t app_count,
			      struct err *err)
{
	struct dirent **entries;
	int count = scandir(storage, &entries, NULL, by_text);

	if (count < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s", storage);
	for (int i = 0; i < count; i++) {
		add_claim(sources, storage, entries[i]->d_name, apps, app_count);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/* --- the node itself --- */

void backup_sources_add_system(struct backup_sources *sources, const char *dir, const char *state,
			       const char *k3s, const json_t *paths)
{
	static const char *const parts[] = {"db", "token", "cred/passwd"};
	struct backup_source *source = source_of(sources, BACKUP_SYSTEM);

	add_tree(sources, source, dir, NULL);
	add_tree(sources, source, state, NULL);
	/* What a backup itself needs while it runs. */
	list_take(&source->exclude, mem_printf("%s/backup", state));
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		cleanup_free char *path = file_join(k3s, parts[i]);
		if (file_exists(path))
			add_tree(sources, source, path, NULL);
	}
	add_paths(sources, source, paths);
}
