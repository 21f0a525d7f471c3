/* What a revision stores of an app, and back. */
#include <string.h>

#include "base/mem.h"
#include "manifest/set.h"
#include "tree/path.h"

#define SCHEMA 1

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *list_to_json(const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *directories_to_json(const struct manifest_options *options)
{
	json_t *array = json_array();

	for (size_t i = 0; i < options->directory_count; i++) {
		const struct manifest_directory *directory = &options->directories[i];
		json_array_append_new(
			array, json_pack("{s:s, s:i, s:I, s:I}", "path", directory->path, "mode",
					 (int)directory->mode, "uid", (json_int_t)directory->uid,
					 "gid", (json_int_t)directory->gid));
	}
	return array;
}

json_t *manifest_options_to_json(const struct manifest_options *options)
{
	json_t *tree = json_object();

	json_object_set_new(tree, "namespace", text_or_null(options->ns));
	json_object_set_new(tree, "dependsOn", list_to_json(&options->depends_on));
	json_object_set_new(tree, "redeploy", json_integer(options->redeploy));
	json_object_set_new(tree, "prune", json_integer(options->prune));
	json_object_set_new(tree, "suspend", json_boolean(options->suspend));
	json_object_set_new(tree, "rollbackAutomatic", json_boolean(options->rollback_automatic));
	json_object_set_new(tree, "tags", list_to_json(&options->tags));
	json_object_set_new(tree, "timeoutMs", json_integer(options->timeout_ms));
	json_object_set_new(tree, "directories", directories_to_json(options));
	json_object_set(tree, "ignore", options->ignore ? options->ignore : json_null());
	if (options->replace)
		json_object_set(tree, "replace", options->replace);
	json_object_set(tree, "backup", options->backup ? options->backup : json_null());
	return tree;
}

static json_t *object_to_json(const struct manifest_object *object)
{
	json_t *tree = json_pack(
		"{s:O, s:s, s:s, s:i, s:i, s:b, s:b, s:i, s:i, s:b}", "body", object->body, "hash",
		object->hash, "file", object->file, "line", object->line, "column", object->column,
		"namespaced", object->namespaced, "scopeGuessed", object->scope_guessed, "redeploy",
		(int)object->redeploy, "prune", (int)object->prune, "suspend", object->suspend);

	return tree;
}

json_t *manifest_app_to_json(const struct manifest_app *app)
{
	json_t *tree = json_object(), *objects = json_array();

	json_object_set_new(tree, "schema", json_integer(SCHEMA));
	json_object_set_new(tree, "app", json_string(app->app));
	json_object_set_new(tree, "instance", text_or_null(app->instance));
	json_object_set_new(tree, "hash", text_or_null(app->hash));
	json_object_set_new(tree, "options", manifest_options_to_json(&app->options));
	for (size_t i = 0; i < app->count; i++)
		json_array_append_new(objects, object_to_json(app->objects[i]));
	json_object_set_new(tree, "objects", objects);
	return tree;
}

static void list_from_json(struct list *list, const json_t *array)
{
	size_t i;
	json_t *item;

	json_array_foreach ((json_t *)array, i, item) {
		if (json_is_string(item))
			list_add(list, json_string_value(item));
	}
}

static void directories_from_json(struct manifest_options *options, const json_t *array)
{
	size_t i;
	json_t *item;

	options->directories =
		mem_zalloc((json_array_size(array) + 1) * sizeof(struct manifest_directory));
	json_array_foreach ((json_t *)array, i, item) {
		const char *path = tree_path_string(item, "path");
		if (!path)
			continue;
		options->directories[options->directory_count++] = (struct manifest_directory){
			.path = mem_strdup(path),
			.mode = (unsigned int)tree_path_integer(item, "mode", 0755),
			.uid = (long)tree_path_integer(item, "uid", -1),
			.gid = (long)tree_path_integer(item, "gid", -1),
		};
	}
}

static json_t *block(const json_t *tree, const char *key)
{
	json_t *value = json_object_get(tree, key);

	return value && !json_is_null(value) ? json_incref(value) : NULL;
}

static void options_from_json(struct manifest_options *options, const json_t *tree)
{
	options->ns = mem_strdup(tree_path_string(tree, "namespace"));
	list_from_json(&options->depends_on, json_object_get(tree, "dependsOn"));
	options->redeploy = (enum manifest_redeploy)tree_path_integer(tree, "redeploy", 0);
	options->prune = (enum manifest_prune)tree_path_integer(tree, "prune", 0);
	options->suspend = tree_path_true(tree, "suspend");
	options->rollback_automatic = tree_path_true(tree, "rollbackAutomatic");
	list_from_json(&options->tags, json_object_get(tree, "tags"));
	options->timeout_ms = tree_path_integer(tree, "timeoutMs", options->timeout_ms);
	directories_from_json(options, json_object_get(tree, "directories"));
	options->ignore = block(tree, "ignore");
	options->replace = block(tree, "replace");
	options->backup = block(tree, "backup");
}

static int object_from_json(const json_t *tree, struct manifest_object **ret, struct err *err)
{
	struct manifest_id id;
	json_t *body = json_object_get(tree, "body");
	const char *hash = tree_path_string(tree, "hash"), *file = tree_path_string(tree, "file");

	int r = manifest_id_of(body, &id, err);
	if (r < 0)
		return r;
	struct manifest_object *object = mem_new(struct manifest_object);
	object->id = id;
	object->key = manifest_id_key(&id);
	object->namespaced = tree_path_true(tree, "namespaced");
	object->scope_guessed = tree_path_true(tree, "scopeGuessed");
	object->body = json_incref(body);
	object->hash = mem_strdup(hash ? hash : "");
	object->file = mem_strdup(file ? file : "");
	object->line = (int)tree_path_integer(tree, "line", 0);
	object->column = (int)tree_path_integer(tree, "column", 0);
	object->redeploy = (enum manifest_redeploy)tree_path_integer(tree, "redeploy", 0);
	object->prune = (enum manifest_prune)tree_path_integer(tree, "prune", 0);
	object->suspend = tree_path_true(tree, "suspend");
	*ret = object;
	return 0;
}

static int objects_from_json(struct manifest_app *app, const json_t *array, struct err *err)
{
	size_t i;
	json_t *item;

	json_array_foreach ((json_t *)array, i, item) {
		struct manifest_object *object;
		int r = object_from_json(item, &object, err);
		if (r < 0)
			return r;
		manifest_app_add(app, object);
	}
	return 0;
}

int manifest_app_from_json(const json_t *tree, struct manifest_app **ret, struct err *err)
{
	const char *name = tree_path_string(tree, "app");
	json_int_t schema = tree_path_integer(tree, "schema", 0);

	if (schema != SCHEMA || !name)
		return err_set(err, ERR_INVALID, "not a stored app of schema %d", SCHEMA);
	struct manifest_app *app = manifest_app_new(name, tree_path_string(tree, "instance"));
	options_from_json(&app->options, json_object_get(tree, "options"));
	int r = objects_from_json(app, json_object_get(tree, "objects"), err);
	if (r < 0) {
		manifest_app_unref(app);
		return err_wrap(err, "stored app %s", name);
	}
	app->hash = mem_strdup(tree_path_string(tree, "hash"));
	*ret = app;
	return 0;
}
