#include "backup/find.h"

#include <string.h>

#include "backup/restore.h"
#include "tgz/index.h"

static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

static int on_entry(void *context, const struct tgz_index_entry *entry, struct err *err)
{
	(void)entry, (void)err;
	*(bool *)context = true;
	return 1;
}

/* The unit has a directory above the path: whether the path itself was there, its index says. */
static int is_in_archive(struct s3_store *store, const struct backup_unit *unit, const char *path,
			 const struct deadline *deadline, struct err *err)
{
	struct backup_reader reader;
	bool found = false;
	const struct tgz_index_visitor visitor = {.entry = on_entry, .context = &found};

	backup_reader_open(&reader, store, unit, deadline);
	const struct tgz_source index = backup_archive_source(&reader.index_bytes);
	int r = tgz_index_find(&index, path + 1, &visitor, err);
	backup_reader_done(&reader);
	if (r == -ERR_NOT_FOUND) {
		err_done(err);
		return 0;
	}
	return r < 0 ? r : found;
}

static int unit_has(struct s3_store *store, const struct backup_unit *unit, const char *path,
		    const struct deadline *deadline, struct err *err)
{
	int r = 0;

	if (unit->state == BACKUP_FAILED || !unit->index.key)
		return 0;
	for (size_t i = 0; r == 0 && i < unit->paths.n; i++) {
		if (is_within(unit->paths.items[i], path))
			return 1;
		if (is_within(path, unit->paths.items[i]))
			r = is_in_archive(store, unit, path, deadline, err);
	}
	return r;
}

int backup_find_path(struct s3_store *store, const struct backup_catalog *catalog, const char *path,
		     const struct deadline *deadline, const struct backup_set **ret,
		     struct err *err)
{
	int r = 0;

	for (size_t i = catalog->count; r == 0 && i-- > 0;) {
		const struct backup_set *set = catalog->sets[i];
		for (size_t j = 0; r == 0 && j < set->count; j++)
			r = unit_has(store, &set->units[j], path, deadline, err);
		if (r > 0)
			*ret = set;
	}
	return r;
}
