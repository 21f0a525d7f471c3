#include "backup/inflight.h"

#include <jansson.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tree/json.h"
#include "tree/path.h"

#define LIMIT ((size_t)1 << 20)

static json_t *read_note(const char *path)
{
	cleanup_err struct err ignored = ERR_INIT;
	json_t *note = NULL;

	return tree_json_read(path, LIMIT, &note, &ignored) < 0 ? NULL : note;
}

static void write_note(const char *path, const json_t *note)
{
	cleanup_err struct err ignored = ERR_INIT;
	cleanup_free char *text = tree_json_dump(note);

	(void)file_write(path, text, strlen(text), 0600, &ignored);
}

void backup_inflight_begin(const char *path, const char *set)
{
	json_auto_t *note = json_pack("{s:s, s:{}}", "set", set, "uploads");

	write_note(path, note);
}

void backup_inflight_upload(const char *path, const char *key, const char *upload_id)
{
	json_auto_t *note = read_note(path);

	if (!json_is_object(json_object_get(note, "uploads")))
		return;
	json_object_set_new(json_object_get(note, "uploads"), key, json_string(upload_id));
	write_note(path, note);
}

char *backup_inflight_end(const char *path, struct s3_store *store, const struct deadline *deadline,
			  struct list *ret_notes)
{
	json_auto_t *note = read_note(path);
	const char *key;
	json_t *id;

	if (!note)
		return NULL;
	json_object_foreach (json_object_get(note, "uploads"), key, id) {
		cleanup_err struct err err = ERR_INIT;
		const char *text = json_string_value(id);
		if (text && s3_store_abort(store, key, text, deadline, &err) >= 0)
			list_printf(ret_notes, "an upload that was cut off was ended: %s", key);
	}
	return mem_strdup(tree_path_string(note, "set"));
}

void backup_inflight_forget(const char *path)
{
	cleanup_err struct err ignored = ERR_INIT;

	(void)file_remove(path, &ignored);
}
