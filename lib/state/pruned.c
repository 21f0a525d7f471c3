#include "state/pruned.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "state/entry.h"
#include "state/file.h"

static const char suffix[] = ".json";

static char *folder_of(const char *state_dir, const char *batch)
{
	return mem_printf("%s/pruned%s%s", state_dir, batch ? "/" : "", batch ? batch : "");
}

static char *path_of(const char *state_dir, const char *batch, const char *app)
{
	return mem_printf("%s/pruned/%s/%s%s", state_dir, batch, app, suffix);
}

/* To the millisecond: two rounds may begin within a second. */
char *state_pruned_batch(const struct timespec *now)
{
	struct tm utc;
	char text[32];

	gmtime_r(&now->tv_sec, &utc);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &utc);
	return mem_printf("%s.%03ldZ", text, now->tv_nsec / 1000000);
}

/* --- files --- */

static json_t *object_to_json(const struct state_pruned *object)
{
	json_t *tree = json_object();

	state_file_set_text(tree, "key", object->entry->key);
	json_object_set_new(tree, "entry", state_entry_to_json(object->entry));
	json_object_set(tree, "body", object->body);
	state_file_set_text(tree, "heir", object->heir);
	return tree;
}

static bool object_from_json(const json_t *tree, struct state_pruned *ret)
{
	const char *key = json_string_value(json_object_get(tree, "key"));
	json_t *body = json_object_get(tree, "body");

	if (!key || !json_is_object(body))
		return false;
	*ret = (struct state_pruned){
		.entry = state_entry_from_json(key, json_object_get(tree, "entry")),
		.heir = state_file_get_text(tree, "heir"),
	};
	if (ret->entry)
		ret->body = json_incref(body);
	else
		free(steal(&ret->heir));
	return ret->entry;
}

/* A damaged file is moved aside, and what it held cannot be undone any more. */
static int read_objects(const char *state_dir, const char *batch, const char *app, json_t **ret,
			struct err *err)
{
	cleanup_free char *path = path_of(state_dir, batch, app);
	json_auto_t *tree = NULL;
	int r = state_file_read(path, &tree, err);

	if (r < 0)
		return r;
	err_done(err);
	json_t *objects = json_object_get(tree, "objects");
	*ret = json_is_array(objects) ? json_incref(objects) : json_array();
	return 0;
}

static int make_folder(const char *state_dir, const char *batch, struct err *err)
{
	cleanup_free char *all = folder_of(state_dir, NULL), *own = folder_of(state_dir, batch);
	int r = file_make_dir(all, 0700, err);

	return r < 0 ? r : file_make_dir(own, 0700, err);
}

int state_pruned_add(const char *state_dir, const char *batch, const char *app,
		     const struct state_pruned *objects, size_t count, struct err *err)
{
	cleanup_free char *path = path_of(state_dir, batch, app);
	json_auto_t *list = NULL;

	int r = make_folder(state_dir, batch, err);
	if (r >= 0)
		r = read_objects(state_dir, batch, app, &list, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, object_to_json(&objects[i]));
	json_auto_t *tree =
		json_pack("{s:i, s:s, s:O}", "schema", STATE_SCHEMA, "app", app, "objects", list);
	return state_file_write(path, tree, err);
}

/* --- looking --- */

int state_pruned_list(const char *state_dir, struct list *ret, struct err *err)
{
	cleanup_free char *folder = folder_of(state_dir, NULL);

	return file_names(folder, ret, err);
}

int state_pruned_apps(const char *state_dir, const char *batch, struct list *ret, struct err *err)
{
	cleanup_free char *folder = folder_of(state_dir, batch);
	cleanup_list struct list names = LIST_INIT;
	size_t tail = strlen(suffix);

	if (!strchr(batch, '/') && batch[0] != '.') {
		int r = file_names(folder, &names, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < names.n; i++) {
		size_t n = strlen(names.items[i]);
		if (n > tail && !strcmp(names.items[i] + n - tail, suffix))
			list_take(ret, mem_strndup(names.items[i], n - tail));
	}
	if (!ret->n)
		return err_set(err, ERR_NOT_FOUND, "nothing is kept of a prune '%s'", batch);
	return 0;
}

int state_pruned_load(const char *state_dir, const char *batch, const char *app,
		      struct state_pruned **ret, size_t *ret_count, struct err *err)
{
	json_auto_t *list = NULL;
	json_t *tree;
	size_t i, count = 0;

	int r = read_objects(state_dir, batch, app, &list, err);
	if (r < 0)
		return r;
	struct state_pruned *objects = mem_zalloc((json_array_size(list) + 1) * sizeof(*objects));
	json_array_foreach (list, i, tree)
		count += object_from_json(tree, &objects[count]);
	*ret = objects;
	*ret_count = count;
	return 0;
}

void state_pruned_free(struct state_pruned *objects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		state_entry_free(objects[i].entry);
		json_decref(objects[i].body);
		free(objects[i].heir);
	}
	free(objects);
}

/* --- forgetting --- */

/* A folder that is not empty stays. */
static void remove_empty(const char *state_dir, const char *batch)
{
	cleanup_free char *folder = folder_of(state_dir, batch);

	(void)rmdir(folder);
}

int state_pruned_forget(const char *state_dir, const char *batch, const char *app, struct err *err)
{
	cleanup_free char *path = path_of(state_dir, batch, app);
	int r = file_remove(path, err);

	if (r >= 0)
		remove_empty(state_dir, batch);
	return r;
}

static int forget_batch(const char *state_dir, const char *batch, struct err *err)
{
	cleanup_free char *folder = folder_of(state_dir, batch);
	cleanup_list struct list names = LIST_INIT;
	int r = file_names(folder, &names, err);

	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		cleanup_free char *path = file_join(folder, names.items[i]);
		r = file_remove(path, err);
	}
	remove_empty(state_dir, batch);
	return r;
}

int state_pruned_expire(const char *state_dir, time_t now, struct err *err)
{
	const struct timespec limit = {.tv_sec = now - STATE_PRUNED_DAYS * 24 * 3600};
	cleanup_free char *oldest = state_pruned_batch(&limit);
	cleanup_list struct list batches = LIST_INIT;
	int r = state_pruned_list(state_dir, &batches, err);

	for (size_t i = 0; r >= 0 && i < batches.n; i++)
		if (strcmp(batches.items[i], oldest) < 0)
			r = forget_batch(state_dir, batches.items[i], err);
	return r;
}
