#include "backup/sweep.h"

#include <string.h>

#include "base/map.h"
#include "base/mem.h"

#define UNFINISHED_S ((time_t)24 * 3600) /* no run takes longer */

static void name_objects(const struct backup_catalog *catalog, struct map *ret)
{
	for (size_t i = 0; i < catalog->count; i++) {
		const struct backup_set *set = catalog->sets[i];
		for (size_t j = 0; j < set->count; j++) {
			const struct backup_unit *unit = &set->units[j];
			for (size_t k = 0; k < unit->volume_count; k++)
				map_put(ret, unit->volumes[k].key, (void *)1);
			if (unit->index.key)
				map_put(ret, unit->index.key, (void *)1);
		}
	}
}

/* The id of the run that wrote "NODE/UNIT/ID.tgz", "... ID.idx.gz.age"; NULL for what is not ours.
 * Caller frees. */
static char *run_of(const char *key)
{
	static const char *const ends[] = {".tgz", ".idx.gz"};
	const char *name = strrchr(key, '/') + 1;
	size_t length = strcspn(name, ".");
	cleanup_free char *id = mem_strndup(name, length);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!strncmp(name + length, ends[i], strlen(ends[i])) && backup_set_time(id))
			return steal(&id);
	return NULL;
}

static bool is_left(const char *key, const char *crashed, time_t now)
{
	cleanup_free char *id = run_of(key);

	return id &&
	       ((crashed && !strcmp(id, crashed)) || now - backup_set_time(id) > UNFINISHED_S);
}

int backup_sweep(struct s3_store *store, const struct backup_catalog *catalog, const char *node,
		 const char *crashed, time_t now, const struct deadline *deadline, struct err *err)
{
	cleanup_free char *prefix = mem_printf("%s/", node);
	cleanup_s3_listing struct s3_listing listing = {0};
	struct map named = MAP_INIT(NULL);
	int count = 0;

	if (catalog->damaged.n)
		return 0;
	int r = s3_store_list(store, prefix, false, &listing, deadline, err);
	name_objects(catalog, &named);
	for (size_t i = 0; r >= 0 && i < listing.n; i++) {
		const char *key = listing.objects[i].key;
		if (map_has(&named, key) || !is_left(key, crashed, now))
			continue;
		r = s3_store_delete(store, key, deadline, err);
		count += r >= 0;
	}
	map_done(&named);
	return r < 0 ? r : count;
}
