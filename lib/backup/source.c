#include "backup/source.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "backup/path.h"
#include "base/file.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tree/path.h"

static void source_done(struct backup_source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		free(source->trees[i].path);
		free(source->trees[i].name);
		free(source->trees[i].claim);
		json_decref(source->trees[i].volume);
	}
	free(source->trees);
	free(source->name);
	free(source->ns);
	list_done(&source->exclude);
	json_decref(source->options);
}

void backup_sources_done(struct backup_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		source_done(&sources->items[i]);
	free(sources->items);
	list_done(&sources->unprotected);
	free(sources->note);
	*sources = (struct backup_sources){0};
}

struct backup_source *backup_sources_of(struct backup_sources *sources, const char *name)
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

/* --- trees --- */

bool backup_sources_cover(const struct backup_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++)
		for (size_t j = 0; j < sources->items[i].count; j++)
			if (backup_path_within(path, sources->items[i].trees[j].path))
				return true;
	return false;
}

static void drop_tree(struct backup_source *source, size_t index)
{
	free(source->trees[index].path);
	free(source->trees[index].name);
	free(source->trees[index].claim);
	json_decref(source->trees[index].volume);
	source->count--;
	memmove(&source->trees[index], &source->trees[index + 1],
		(source->count - index) * sizeof(*source->trees));
}

bool backup_sources_has_claim(const struct backup_sources *sources, const char *claim)
{
	for (size_t i = 0; i < sources->count; i++)
		for (size_t j = 0; j < sources->items[i].count; j++)
			if (sources->items[i].trees[j].claim &&
			    !strcmp(sources->items[i].trees[j].claim, claim))
				return true;
	return false;
}

void backup_sources_add_tree(struct backup_sources *sources, struct backup_source *source,
			     const char *path, const char *claim, const json_t *volume)
{
	if (backup_sources_cover(sources, path))
		return;
	for (size_t i = source->count; i-- > 0;)
		if (backup_path_within(source->trees[i].path, path))
			drop_tree(source, i);
	source->trees = mem_realloc(source->trees, (source->count + 1) * sizeof(*source->trees));
	source->trees[source->count++] = (struct backup_tree){
		.path = mem_strdup(path),
		.name = claim ? mem_printf("_claims/%s", claim) : mem_strdup(path + 1),
		.claim = mem_strdup(claim),
		.volume = json_incref((json_t *)volume),
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
	cleanup_free char *path = backup_path_clean(written);
	if (!backup_path_is_system(path)) {
		backup_sources_add_tree(sources, source, path, NULL, NULL);
		return;
	}
	if (list_has(&source->exclude, path) || backup_sources_cover(sources, path))
		return;
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
		cleanup_free char *path = backup_path_clean(written);
		backup_sources_add_tree(sources, source, path, NULL, NULL);
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
	struct backup_source *source = backup_sources_of(sources, app->name);
	const json_t *options = app->options.backup;
	json_t *volume;
	size_t j;

	source->revision = revision;
	source->timeout_ms = app->options.timeout_ms;
	free(source->ns);
	source->ns = mem_strdup(app->options.ns ? app->options.ns : "default");
	json_decref(source->options);
	source->options = json_incref(app->options.backup);
	add_patterns(source, json_object_get(options, "exclude"));
	add_paths(sources, source, json_object_get(options, "paths"));
	for (size_t i = 0; i < app->count; i++)
		json_array_foreach (
			json_object_get(manifest_pod_spec(app->objects[i]->body, NULL), "volumes"),
			j, volume)
			add_volume(sources, app, source, volume);
}

/* --- the node itself --- */

static bool has_snapshots(const char *db)
{
	cleanup_free char *folder = file_join(db, "snapshots");
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, NULL);

	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	return count > 2; /* more than the dots */
}

/* k3s' datastore: SQLite's file is copied as a database; etcd's is good only as the snapshots that
 * k3s makes (docs.k3s.io/cli/etcd-snapshot), never as its live files. */
static void add_datastore(struct backup_sources *sources, struct backup_source *source,
			  const char *k3s)
{
	cleanup_free char *db = file_join(k3s, "db"), *etcd = file_join(db, "etcd");

	if (!file_exists(db))
		return;
	backup_sources_add_tree(sources, source, db, NULL, NULL);
	if (!file_exists(etcd))
		return;
	list_add(&source->exclude, etcd);
	if (!has_snapshots(db))
		list_printf(&sources->unprotected,
			    "%s (etcd without a snapshot: k3s etcd-snapshot save)", etcd);
}

void backup_sources_add_system(struct backup_sources *sources, const char *dir, const char *state,
			       const char *k3s, const json_t *paths)
{
	static const char *const parts[] = {"token", "cred/passwd"};
	struct backup_source *source = backup_sources_of(sources, BACKUP_SYSTEM);

	backup_sources_add_tree(sources, source, dir, NULL, NULL);
	backup_sources_add_tree(sources, source, state, NULL, NULL);
	/* What a backup itself needs while it runs. */
	list_take(&source->exclude, mem_printf("%s/backup", state));
	add_datastore(sources, source, k3s);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		cleanup_free char *path = file_join(k3s, parts[i]);
		if (file_exists(path))
			backup_sources_add_tree(sources, source, path, NULL, NULL);
	}
	add_paths(sources, source, paths);
}
