/* Retention: markers first, then objects that no other set names. */
#include <stdlib.h>
#include <string.h>

#include "backup/backup.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/point.h"

/* Objects of sets that stay. */
static void collect_kept(const struct backup_catalog *catalog, const bool *keep, struct map *ret)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct backup_set *set = catalog->sets[i];
		for (size_t j = 0; keep[i] && j < set->count; j++) {
			const struct backup_unit *unit = &set->units[j];
			for (size_t k = 0; k < unit->volume_count; k++)
				map_put(ret, unit->volumes[k].key, (void *)1);
			if (unit->index.key)
				map_put(ret, unit->index.key, (void *)1);
		}
	}
}

static int delete_object(struct s3_store *store, const struct backup_object *object,
			 const struct map *kept, const struct deadline *deadline, struct err *err)
{
	if (!object->key || map_has(kept, object->key))
		return 0;
	return s3_store_delete(store, object->key, deadline, err);
}

/* A crash in between leaves objects that nobody names, never a set without its objects. */
static int delete_set(const struct backup_options *options, const struct backup_set *set,
		      const struct map *kept, struct err *err)
{
	cleanup_free char *marker = backup_set_key(options->node, set->id);

	int r = s3_store_delete(options->store, marker, options->deadline, err);
	point_reached("backup-unmarked");
	for (size_t i = 0; r >= 0 && i < set->count; i++) {
		const struct backup_unit *unit = &set->units[i];
		r = delete_object(options->store, &unit->index, kept, options->deadline, err);
		for (size_t j = 0; r >= 0 && j < unit->volume_count; j++)
			r = delete_object(options->store, &unit->volumes[j], kept,
					  options->deadline, err);
	}
	return r;
}

int backup_forget(const struct backup_options *options, struct list *ret_deleted, struct err *err)
{
	cleanup_backup_catalog struct backup_catalog catalog = {0};
	struct map kept = MAP_INIT(NULL);

	int r = backup_catalog_read(options->store, options->node, options->deadline, &catalog,
				    err);
	if (r < 0)
		return r;
	cleanup_free bool *keep = mem_zalloc(catalog.count + 1);
	r = backup_retain(&catalog, &options->keep, time(NULL), keep, err);
	collect_kept(&catalog, keep, &kept);
	for (size_t i = 0; r >= 0 && i < catalog.count; i++) {
		if (keep[i])
			continue;
		list_add(ret_deleted, catalog.sets[i]->id);
		if (!options->dry_run)
			r = delete_set(options, catalog.sets[i], &kept, err);
	}
	map_done(&kept);
	return r;
}
