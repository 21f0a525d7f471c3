#include "backup/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/timespan.h"
#include "tree/json.h"
#include "tree/path.h"

#define KNOWN_MAX (8 << 20)

static json_t *read_or_null(const char *path)
{
	cleanup_err struct err none = ERR_INIT;
	json_t *tree = NULL;

	return tree_json_read(path, KNOWN_MAX, &tree, &none) < 0 ? NULL : tree;
}

static json_t *part(struct backup_known *known, const char *key)
{
	json_t *found = json_object_get(known->tree, key);

	if (!json_is_object(found)) {
		found = json_object();
		json_object_set_new(known->tree, key, found);
	}
	return found;
}

void backup_known_open(const char *state_dir, struct backup_known *ret)
{
	cleanup_free char *last = mem_printf("%s/backup/last.json", state_dir);

	ret->path = mem_printf("%s/backup/known.json", state_dir);
	ret->tree = read_or_null(ret->path);
	ret->last = read_or_null(last);
	if (!json_is_object(ret->tree)) {
		json_decref(ret->tree);
		ret->tree = json_object();
	}
}

void backup_known_done(struct backup_known *known)
{
	free(known->path);
	json_decref(known->tree);
	json_decref(known->last);
}

static time_t time_at(const json_t *tree, const char *key)
{
	const char *text = json_string_value(json_object_get(tree, key));
	time_t when = text ? timespan_parse_rfc3339(text) : (time_t)-1;

	return when == (time_t)-1 ? 0 : when;
}

/* When the last backup found data there; 0. */
static time_t backed_up(const struct backup_known *known, const char *path)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(known->last, "data"), i, item)
		if (json_is_string(item) && !strcmp(json_string_value(item), path))
			return time_at(known->last, "began");
	return 0;
}

enum backup_known_state backup_known_state(const struct backup_known *known, const char *path)
{
	const json_t *entry = json_object_get(json_object_get(known->tree, "paths"), path);
	time_t had = time_at(entry, "had"), saved = backed_up(known, path);
	time_t empty = time_at(entry, "empty");

	if (empty && empty >= had && empty >= saved)
		return BACKUP_MAY_BE_EMPTY;
	return had || saved ? BACKUP_HAD : BACKUP_NEVER_SEEN;
}

int backup_known_note(struct backup_known *known, const char *path, const char *app,
		      enum backup_known_state state, time_t now)
{
	json_t *paths = part(known, "paths");
	const char *key = state == BACKUP_HAD ? "had" : "empty";
	const json_t *before = json_object_get(paths, path);

	if (state == BACKUP_HAD && json_object_get(before, key))
		return 0;
	cleanup_free char *when = timespan_rfc3339(now);
	json_object_set_new(paths, path, json_pack("{s:s, s:s}", "app", app, key, when));
	return 1;
}

int backup_known_allow(struct backup_known *known, const char *app, time_t now)
{
	cleanup_free char *when = timespan_rfc3339(now);

	json_object_set_new(part(known, "allowed"), app, json_string(when));
	return 1;
}

int backup_known_take_allowed(struct backup_known *known, const char *app)
{
	return json_object_del(part(known, "allowed"), app) == 0;
}

int backup_known_forget(struct backup_known *known, const char *app, time_t now)
{
	cleanup_free char *when = timespan_rfc3339(now);
	const char *path;
	json_t *entry;
	int found = 0;

	json_object_foreach (part(known, "paths"), path, entry) {
		const char *owner = json_string_value(json_object_get(entry, "app"));
		if (!owner || strcmp(owner, app) != 0)
			continue;
		json_object_del(entry, "had");
		json_object_set_new(entry, "empty", json_string(when));
		found = 1;
	}
	return found;
}

int backup_known_write(const struct backup_known *known, struct err *err)
{
	cleanup_free char *text = tree_json_dump(known->tree);
	cleanup_free char *folder =
		mem_strndup(known->path, (size_t)(strrchr(known->path, '/') - known->path));
	int r = file_make_dir(folder, 0700, err);

	return r < 0 ? r : file_write(known->path, text, strlen(text), 0600, err);
}
