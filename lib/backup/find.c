#include "backup/find.h"

#include <string.h>

#include "backup/reader.h"
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

/* What is looked for, and where. */
struct finding {
	struct s3_store *store;
	const char *path;
	const struct age_identities *identities;
	const struct deadline *deadline;
};

/* The unit has a directory above the path: whether the path itself was there, its index says. */
static int is_in_archive(const struct finding *finding, const struct backup_unit *unit,
			 struct err *err)
{
	struct backup_reader reader;
	bool found = false;
	const struct tgz_index_visitor visitor = {.entry = on_entry, .context = &found};

	int r = backup_reader_open(&reader, finding->store, unit, finding->identities,
				   finding->deadline, err);
	if (r >= 0)
		r = tgz_index_find(&reader.index, finding->path + 1, &visitor, err);
	backup_reader_done(&reader);
	if (r != -ERR_NOT_FOUND && r != -ERR_DENIED)
		return r < 0 ? r : found;
	found = r == -ERR_DENIED;
	err_done(err);
	return found;
}

static int unit_has(const struct finding *finding, const struct backup_unit *unit, struct err *err)
{
	int r = 0;

	if (unit->state == BACKUP_FAILED || !unit->index.key)
		return 0;
	for (size_t i = 0; r == 0 && i < unit->paths.n; i++) {
		if (is_within(unit->paths.items[i], finding->path))
			return 1;
		if (is_within(finding->path, unit->paths.items[i]))
			r = is_in_archive(finding, unit, err);
	}
	return r;
}

int backup_find_path(struct s3_store *store, const struct backup_catalog *catalog, const char *path,
		     const struct age_identities *identities, const struct deadline *deadline,
		     const struct backup_set **ret, struct err *err)
{
	const struct finding finding = {store, path, identities, deadline};
	int r = 0;

	for (size_t i = catalog->count; r == 0 && i-- > 0;) {
		const struct backup_set *set = catalog->sets[i];
		for (size_t j = 0; r == 0 && j < set->count; j++)
			r = unit_has(&finding, &set->units[j], err);
		if (r > 0)
			*ret = set;
	}
	return r;
}
