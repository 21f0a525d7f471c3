#include "backup/find.h"

#include <string.h>

#include "backup/path.h"
#include "backup/reader.h"
#include "backup/source.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "tgz/index.h"
#include "tree/path.h"

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
		if (backup_path_within(unit->paths.items[i], finding->path))
			return 1;
		if (backup_path_within(finding->path, unit->paths.items[i]))
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

/* --- claims --- */

static void add_claims(const struct backup_set *set, const struct backup_unit *unit,
		       const struct manifest_app *app, struct backup_found_claim **ret,
		       size_t *count)
{
	for (size_t i = 0; i < unit->paths.n; i++) {
		const char *path = unit->paths.items[i];
		const char *claim = backup_unit_claim_at(unit, path);
		if (!claim || !backup_sources_owns_claim(
				      app, claim, json_object_get(unit->claim_volumes, claim)))
			continue;
		*ret = mem_realloc(*ret, (*count + 1) * sizeof(**ret));
		(*ret)[(*count)++] = (struct backup_found_claim){claim, path, set};
	}
}

void backup_find_claims(const struct backup_catalog *catalog, const struct manifest_app *app,
			struct backup_found_claim **ret, size_t *ret_count)
{
	*ret = NULL;
	*ret_count = 0;
	for (size_t i = catalog->count; !*ret_count && i-- > 0;) {
		const struct backup_set *set = catalog->sets[i];
		for (size_t j = 0; j < set->count; j++)
			if (set->units[j].state != BACKUP_FAILED && set->units[j].index.key)
				add_claims(set, &set->units[j], app, ret, ret_count);
	}
}

static bool names_claims(const struct manifest_object *object)
{
	json_t *volume;
	size_t i;

	if (!strcmp(object->id.kind, "PersistentVolumeClaim") ||
	    !strcmp(object->id.kind, "HelmChart") ||
	    json_array_size(tree_path_get(object->body, "spec.volumeClaimTemplates")))
		return true;
	json_array_foreach (json_object_get(manifest_pod_spec(object->body, NULL), "volumes"), i,
			    volume)
		if (json_object_get(volume, "persistentVolumeClaim"))
			return true;
	return false;
}

bool backup_find_may_have_claims(const struct manifest_app *app)
{
	for (size_t i = 0; i < app->count; i++)
		if (names_claims(app->objects[i]))
			return true;
	return false;
}
