#include "manifest/hook.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "tree/path.h"

enum manifest_hook manifest_hook_of(const json_t *body)
{
	const char *kind = tree_path_string(body, "kind");
	const char *wish =
		tree_path_string(body, "metadata.annotations[\"" MANIFEST_HOOK_ANNOTATION "\"]");

	if (!wish || !kind || strcmp(kind, "Job") != 0)
		return MANIFEST_HOOK_NONE;
	if (!strcmp(wish, "before"))
		return MANIFEST_HOOK_BEFORE;
	return !strcmp(wish, "after") ? MANIFEST_HOOK_AFTER : MANIFEST_HOOK_NONE;
}

/* Independent of the order of files. */
static char *version_of(const struct manifest_app *app)
{
	cleanup_list struct list lines = LIST_INIT;

	for (size_t i = 0; i < app->count; i++)
		if (!manifest_hook_of(app->objects[i]->body))
			list_printf(&lines, "%s %s", app->objects[i]->key, app->objects[i]->hash);
	list_sort(&lines);
	cleanup_free char *all = list_join(&lines, "\n");
	cleanup_free char *digest = digest_sha256_hex(all, strlen(all));
	return mem_strndup(digest, 16);
}

void manifest_hook_stamp(struct manifest_app *app)
{
	cleanup_free char *version = NULL;

	for (size_t i = 0; i < app->count; i++) {
		json_t *body = app->objects[i]->body;
		if (!manifest_hook_of(body))
			continue;
		if (!version)
			version = version_of(app);
		tree_path_set(body,
			      "spec.template.metadata.annotations[\"" MANIFEST_HOOK_VERSION "\"]",
			      json_string(version));
	}
}
