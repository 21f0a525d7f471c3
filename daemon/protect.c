#include "protect.h"

#include <string.h>

#include "backup/path.h"
#include "backup/source.h"
#include "base/mem.h"
#include "manifest/pod.h"
#include "store.h"
#include "tree/path.h"

static void warn(const struct manifest_app *app, const struct manifest_object *object,
		 const char *place, const char *path, struct diag_list *findings)
{
	struct err err = ERR_INIT;
	const char *file;
	int line, column;

	manifest_object_place(object, place, &file, &line, &column);
	(void)err_set(&err, ERR_INVALID, "%s is a directory of the system, and in no backup", path);
	(void)err_hint(&err,
		       "in app.yaml, backup: {paths: [%s]} saves it, backup: {exclude: [%s]} says "
		       "that it need not be",
		       path, path);
	(void)err_at(&err, file, line, column);
	diag_add(findings, DIAG_WARNING, app->name, &err);
}

static void check_object(const struct backup_sources *sources, const struct manifest_app *app,
			 const struct manifest_object *object, struct diag_list *findings)
{
	const char *at = "";
	const json_t *spec = manifest_pod_spec(object->body, &at);
	json_t *volume;
	size_t i;

	json_array_foreach (json_object_get(spec, "volumes"), i, volume) {
		const char *written = tree_path_string(volume, "hostPath.path");
		cleanup_free char *path = backup_path_clean(written ? written : "");
		cleanup_free char *line =
			mem_printf("%s (app %s: a directory of the system)", path, app->name);
		cleanup_free char *place = mem_printf("%s.volumes[%zu].hostPath.path", at, i);
		if (written && list_has(&sources->unprotected, line))
			warn(app, object, place, path, findings);
	}
}

void protect_check(const struct source_settings *settings, const struct manifest_set *set,
		   struct diag_list *findings)
{
	if (!store_wanted(settings))
		return;
	for (size_t i = 0; i < set->count; i++) {
		struct backup_sources sources = {0};
		backup_sources_add_app(&sources, set->apps[i], 0);
		for (size_t j = 0; sources.unprotected.n && j < set->apps[i]->count; j++)
			check_object(&sources, set->apps[i], set->apps[i]->objects[j], findings);
		backup_sources_done(&sources);
	}
}
