#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "manifest/set.h"
#include "tree/json.h"
#include "tree/path.h"

#define TIMEOUT_MS (5 * 60 * 1000)

struct manifest_app *manifest_app_new(const char *app, const char *instance)
{
	struct manifest_app *made = mem_new(struct manifest_app);

	made->references = 1;
	made->app = mem_strdup(app);
	made->instance = mem_strdup(instance);
	made->name = instance ? mem_printf("%s@%s", app, instance) : mem_strdup(app);
	made->options.timeout_ms = TIMEOUT_MS;
	return made;
}

struct manifest_app *manifest_app_ref(struct manifest_app *app)
{
	if (app)
		__atomic_add_fetch(&app->references, 1, __ATOMIC_RELAXED);
	return app;
}

static void options_done(struct manifest_options *options)
{
	free(options->ns);
	list_done(&options->depends_on);
	list_done(&options->tags);
	for (size_t i = 0; i < options->directory_count; i++)
		free(options->directories[i].path);
	free(options->directories);
	json_decref(options->ignore);
	json_decref(options->replace);
	json_decref(options->backup);
}

void manifest_app_unref(struct manifest_app *app)
{
	if (!app || __atomic_sub_fetch(&app->references, 1, __ATOMIC_ACQ_REL))
		return;
	manifest_app_clear(app);
	options_done(&app->options);
	free(app->name);
	free(app->app);
	free(app->instance);
	free(app->hash);
	free(app->source);
	free(app);
}

void manifest_app_clear(struct manifest_app *app)
{
	for (size_t i = 0; i < app->count; i++)
		manifest_object_free(app->objects[i]);
	free(app->objects);
	app->objects = NULL;
	app->count = 0;
}

void manifest_app_add(struct manifest_app *app, struct manifest_object *object_stolen)
{
	app->objects =
		mem_realloc(app->objects, (app->count + 1) * sizeof(struct manifest_object *));
	app->objects[app->count++] = object_stolen;
}

struct manifest_object *manifest_app_take(struct manifest_app *app, size_t index)
{
	struct manifest_object *object = app->objects[index];

	memmove(&app->objects[index], &app->objects[index + 1],
		(app->count - index - 1) * sizeof(struct manifest_object *));
	app->count--;
	return object;
}

const struct manifest_object *manifest_app_find(const struct manifest_app *app, const char *key)
{
	for (size_t i = 0; i < app->count; i++)
		if (!strcmp(app->objects[i]->key, key))
			return app->objects[i];
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Independent of the order of files: moving an object to another file is no change. */
void manifest_app_seal(struct manifest_app *app)
{
	cleanup_list struct list lines = LIST_INIT;

	for (size_t i = 0; i < app->count; i++) {
		const struct manifest_object *object = app->objects[i];
		list_printf(&lines, "%s %s %d %d %d", object->key, object->hash, object->redeploy,
			    object->prune, object->suspend);
	}
	if (lines.n > 1)
		qsort(lines.items, lines.n, sizeof(*lines.items), by_text);
	json_auto_t *options = manifest_options_to_json(&app->options);
	list_take(&lines, tree_json_canonical(options));
	cleanup_free char *all = list_join(&lines, "\n");
	free(app->hash);
	app->hash = digest_sha256_hex(all, strlen(all));
}

bool manifest_options_replace(const struct manifest_options *options, const struct manifest_id *id)
{
	size_t i;
	json_t *rule;

	json_array_foreach (options->replace, i, rule) {
		const char *kind = tree_path_string(rule, "kind");
		const char *name = tree_path_string(rule, "name");
		if (kind && name && !strcmp(kind, id->kind) && !strcmp(name, id->name))
			return true;
	}
	return false;
}

/* Any of the words is a tag of the app, or a comma separated list of such. */
static bool tagged(const struct list *app, const struct list *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		cleanup_list struct list words = LIST_INIT;
		list_split(&words, wanted->items[i], ", ");
		for (size_t j = 0; j < words.n; j++)
			if (list_has(app, words.items[j]))
				return true;
	}
	return false;
}

bool manifest_app_selected(const struct manifest_app *app, const char *selected,
			   const struct list *tags, const struct list *skip_tags)
{
	if (selected && strcmp(selected, app->name) != 0 && strcmp(selected, app->app) != 0 &&
	    (!app->instance || strcmp(selected, app->instance) != 0))
		return false;
	if (tags && tags->n && !tagged(&app->options.tags, tags))
		return false;
	return !skip_tags || !tagged(&app->options.tags, skip_tags);
}
