#include "backup/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tree/json.h"

#define MARKER_MAX (8 << 20)

int backup_catalog_nodes(struct s3_store *store, const struct deadline *deadline, struct list *ret,
			 struct err *err)
{
	cleanup_s3_listing struct s3_listing listing = {0};
	int r = s3_store_list(store, "", true, &listing, deadline, err);

	for (size_t i = 0; r >= 0 && i < listing.folder_count; i++) {
		cleanup_s3_listing struct s3_listing sets = {0};
		const char *folder = listing.folders[i];
		cleanup_free char *prefix = mem_printf("%s_sets/", folder);
		r = s3_store_list(store, prefix, true, &sets, deadline, err);
		if (r >= 0 && sets.n)
			list_take(ret, mem_strndup(folder, strlen(folder) - 1));
	}
	return r;
}

static int read_set(struct s3_store *store, const char *key, const struct deadline *deadline,
		    struct backup_set **ret, struct err *err)
{
	cleanup_buf struct buf text = BUF_INIT;
	json_auto_t *tree = NULL;

	int r = s3_store_get(store, key, MARKER_MAX, &text, deadline, err);
	if (r >= 0)
		r = tree_json_parse(buf_str(&text), text.len, key, false, &tree, err);
	if (r >= 0)
		r = backup_set_from_json(tree, ret, err);
	return r;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

/* What cannot be read for a reason that passes must not look like a set that is not there. */
static int add(struct s3_store *store, const char *key, const struct deadline *deadline,
	       struct backup_catalog *catalog, struct err *err)
{
	struct backup_set *set = NULL;
	cleanup_err struct err why = ERR_INIT;

	if (!ends_with(key, ".json"))
		return 0;
	int r = read_set(store, key, deadline, &set, &why);
	if (r == -ERR_INVALID) {
		list_printf(&catalog->damaged, "%s: %s", key, why.message);
		return 0;
	}
	if (r < 0)
		return r == -ERR_NOT_FOUND ? 0 : err_move(err, &why);
	catalog->sets = mem_realloc(catalog->sets, (catalog->count + 1) * sizeof(set));
	catalog->sets[catalog->count++] = set;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct backup_set *const *one = a, *const *other = b;

	return strcmp((*one)->id, (*other)->id);
}

int backup_catalog_read(struct s3_store *store, const char *node, const struct deadline *deadline,
			struct backup_catalog *ret, struct err *err)
{
	cleanup_free char *prefix = mem_printf("%s/_sets/", node);
	cleanup_s3_listing struct s3_listing listing = {0};

	*ret = (struct backup_catalog){0};
	int r = s3_store_list(store, prefix, false, &listing, deadline, err);
	for (size_t i = 0; r >= 0 && i < listing.n; i++)
		r = add(store, listing.objects[i].key, deadline, ret, err);
	if (r < 0) {
		backup_catalog_done(ret);
		return r;
	}
	ret->server_time = listing.server_time;
	if (ret->count > 1)
		qsort(ret->sets, ret->count, sizeof(*ret->sets), by_id);
	return 0;
}

void backup_catalog_done(struct backup_catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		backup_set_free(catalog->sets[i]);
	free(catalog->sets);
	list_done(&catalog->damaged);
	*catalog = (struct backup_catalog){0};
}

static const struct backup_set *newest_good(const struct backup_catalog *catalog)
{
	for (size_t i = catalog->count; i-- > 0;)
		if (backup_set_state(catalog->sets[i]) != BACKUP_FAILED)
			return catalog->sets[i];
	return NULL;
}

static const struct backup_set *find_by_beginning(const struct backup_catalog *catalog,
						  const char *id, size_t *ret_matches)
{
	const struct backup_set *found = NULL;

	*ret_matches = 0;
	for (size_t i = 0; i < catalog->count; i++) {
		if (strncmp(catalog->sets[i]->id, id, strlen(id)) != 0)
			continue;
		found = catalog->sets[i];
		++*ret_matches;
	}
	return found;
}

const struct backup_set *backup_catalog_find(const struct backup_catalog *catalog, const char *id,
					     struct err *err)
{
	const struct backup_set *found;
	size_t matches = 1;

	if (!catalog->count) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no backup set");
		return NULL;
	}
	if (!strcmp(id, "latest"))
		found = newest_good(catalog);
	else
		found = find_by_beginning(catalog, id, &matches);
	if (found && matches == 1)
		return found;
	if (!strcmp(id, "latest"))
		(void)err_set(err, ERR_NOT_FOUND, "no backup set is complete");
	else
		(void)err_set(err, ERR_NOT_FOUND,
			      matches ? "several backup sets begin with '%s'"
				      : "there is no backup set '%s'",
			      id);
	(void)err_hint(err, "the newest is %s; all of them: desired backup list",
		       catalog->sets[catalog->count - 1]->id);
	return NULL;
}

const struct backup_set *backup_catalog_newest(const struct backup_catalog *catalog,
					       const char *unit)
{
	for (size_t i = catalog->count; i-- > 0;) {
		const struct backup_unit *found = backup_set_find(catalog->sets[i], unit);
		if (found && found->state != BACKUP_FAILED)
			return catalog->sets[i];
	}
	return NULL;
}
