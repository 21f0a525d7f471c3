#include "state/saved.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "state/entry.h"
#include "state/file.h"
#include "tree/path.h"

#define FOLDER "saved"

/* Keys hold slashes, and may be longer than a file name. */
static char *path_of(const char *state_dir, const char *key)
{
	cleanup_free char *digest = digest_sha256_hex(key, strlen(key));

	return mem_printf("%s/" FOLDER "/%.32s.json", state_dir, digest);
}

int state_saved_put(const char *state_dir, const struct state_saved *saved, struct err *err)
{
	cleanup_free char *folder = file_join(state_dir, FOLDER);
	cleanup_free char *path = path_of(state_dir, saved->key);
	json_auto_t *tree =
		json_pack("{s:i, s:s, s:I, s:O}", "schema", STATE_SCHEMA, "key", saved->key,
			  "since", (json_int_t)saved->since, "object", saved->object);

	if (saved->entry)
		json_object_set_new(tree, "entry", state_entry_to_json(saved->entry));
	int r = file_make_dir(folder, 0700, err);
	return r < 0 ? r : state_file_write(path, tree, err);
}

int state_saved_get(const char *state_dir, const char *key, struct state_saved **ret,
		    struct err *err)
{
	cleanup_free char *path = path_of(state_dir, key);
	json_auto_t *tree = NULL;

	int r = state_file_read(path, &tree, err);
	if (r < 0)
		return r;
	json_t *object = json_object_get(tree, "object");
	const char *there = tree_path_string(tree, "key");
	if (!there || strcmp(there, key) != 0 || !json_is_object(object))
		return err_set(err, ERR_NOT_FOUND, "%s holds nothing of %s", path, key);
	struct state_saved *saved = mem_new(struct state_saved);
	saved->key = mem_strdup(key);
	saved->object = json_incref(object);
	saved->entry = state_entry_from_json(key, json_object_get(tree, "entry"));
	saved->since = (int64_t)tree_path_integer(tree, "since", 0);
	*ret = saved;
	return 0;
}

int state_saved_drop(const char *state_dir, const char *key, struct err *err)
{
	cleanup_free char *path = path_of(state_dir, key);

	return file_remove(path, err);
}

static bool is_over(struct state_ledger *ledger, const char *path)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_auto_t *tree = NULL;

	if (state_file_read(path, &tree, &ignored) < 0)
		return false;
	const char *key = tree_path_string(tree, "key");
	struct state_entry *entry = key ? state_ledger_get(ledger, key) : NULL;
	bool over = !entry || entry->stage == STATE_SETTLED;
	state_entry_free(entry);
	return over;
}

void state_saved_sweep(const char *state_dir, struct state_ledger *ledger)
{
	cleanup_free char *folder = file_join(state_dir, FOLDER);
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_list struct list names = LIST_INIT;

	(void)file_names(folder, &names, &ignored);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *path = file_join(folder, names.items[i]);
		if (is_over(ledger, path))
			(void)file_remove(path, &ignored);
	}
}

void state_saved_free(struct state_saved *saved)
{
	if (!saved)
		return;
	free(saved->key);
	json_decref(saved->object);
	state_entry_free(saved->entry);
	free(saved);
}
