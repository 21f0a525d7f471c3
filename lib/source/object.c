#include "source/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "manifest/hook.h"
#include "manifest/normalise.h"
#include "tree/path.h"

/* One object on its way: where it stands in its text. */
struct reading {
	struct source_build *build;
	struct manifest_text *text;
	const struct tree_yaml_node *node;
	const char *file;
	int line, column;
};

static void locate(struct reading *reading, const struct tree_yaml_node *node)
{
	reading->node = node;
	manifest_text_origin(reading->text, node->line, node->column, &reading->file,
			     &reading->line, &reading->column);
}

static void fail(const struct reading *reading, struct err *err)
{
	(void)err_at(err, reading->file, reading->line, reading->column);
	source_pass_error(reading->build->pass, reading->build->made, err);
}

static int choice(const struct manifest_object *object, const char *key, const char *const *words,
		  int count, int otherwise, int *ret, struct err *err)
{
	cleanup_free char *path = mem_printf("metadata.annotations[\"desired.dev/%s\"]", key);
	const char *text = tree_path_string(object->body, path), *file;
	int line, column;

	*ret = otherwise;
	if (!text)
		return 0;
	for (int i = 0; i < count; i++)
		if (!strcmp(words[i], text)) {
			*ret = i;
			return 0;
		}
	(void)err_set(err, ERR_INVALID, "annotation desired.dev/%s cannot be '%s'", key, text);
	const char *nearest = name_nearest(text, words, (size_t)count);
	manifest_object_place(object, path, &file, &line, &column);
	(void)err_at(err, file, line, column);
	return err_hint(err, "did you mean '%s'?", nearest ? nearest : words[0]);
}

/* The app's wishes, and what annotations say otherwise. */
static int read_wishes(const struct source_build *build, struct manifest_object *object,
		       struct err *err)
{
	static const char *const redeploy[] = {"auto", "apply", "replace"};
	static const char *const prune[] = {"auto", "ask", "never"};
	static const char *const flag[] = {"false", "true"};
	static const char *const hook[] = {"none", "before", "after"};
	const struct manifest_options *options = &build->made->options;
	int redeploy_wish, prune_wish, suspend_wish, hook_wish;

	int r = choice(object, "redeploy", redeploy, 3, options->redeploy, &redeploy_wish, err);
	if (r >= 0)
		r = choice(object, "prune", prune, 3, options->prune, &prune_wish, err);
	if (r >= 0)
		r = choice(object, "suspend", flag, 2, 0, &suspend_wish, err);
	if (r >= 0)
		r = choice(object, "hook", hook, 3, 0, &hook_wish, err);
	if (r >= 0 && hook_wish && !manifest_hook_of(object->body))
		r = err_set(err, ERR_INVALID, "only a Job can be a hook, not a %s",
			    object->id.kind);
	if (r < 0)
		return r;
	object->redeploy = (enum manifest_redeploy)redeploy_wish;
	object->prune = (enum manifest_prune)prune_wish;
	object->suspend = suspend_wish;
	return 0;
}

static void warn(const struct reading *reading, const struct list *warnings)
{
	for (size_t i = 0; i < warnings->n; i++) {
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "%s", warnings->items[i]);
		(void)err_at(&err, reading->file, reading->line, reading->column);
		source_pass_warn(reading->build->pass, reading->build->made, &err);
	}
}

static int check_metadata(const json_t *body, struct err *err)
{
	static const char *const mappings[] = {"metadata.labels", "metadata.annotations"};

	for (int i = 0; i < 2; i++) {
		const json_t *value = tree_path_get(body, mappings[i]);
		if (value && !json_is_object(value) && !json_is_null(value))
			return err_set(err, ERR_INVALID, "%s must be a mapping", mappings[i]);
	}
	return 0;
}

static int add(const struct reading *reading, json_t *body, struct err *err)
{
	cleanup_list struct list warnings = LIST_INIT;
	const struct source_options *options = reading->build->pass->options;
	const struct manifest_served served = {options->kinds, options->kube_release};
	struct manifest_id id;

	int r = manifest_normalise(body, &served, &warnings, err);
	if (r >= 0)
		r = check_metadata(body, err);
	if (r >= 0)
		r = manifest_id_of(body, &id, err);
	if (r < 0)
		return r;
	struct manifest_object *object = mem_new(struct manifest_object);
	object->id = id;
	object->body = json_incref(body);
	object->file = mem_strdup(reading->file);
	object->line = reading->line;
	object->column = reading->column;
	object->text = manifest_text_ref(reading->text);
	object->node = reading->node;
	object->text_line = reading->node ? reading->node->line : 0;
	object->text_column = reading->node ? reading->node->column : 0;
	r = read_wishes(reading->build, object, err);
	if (r < 0) {
		manifest_object_free(object);
		return r;
	}
	warn(reading, &warnings);
	manifest_app_add(reading->build->made, object);
	return 0;
}

/* kind: List, ConfigMapList ... with items in it. */
static bool is_list(const json_t *body)
{
	const char *kind = tree_path_string(body, "kind");
	size_t length = kind ? strlen(kind) : 0;

	return length >= 4 && !strcmp(kind + length - 4, "List") &&
	       json_is_array(json_object_get(body, "items"));
}

/* Items of a typed list may leave out what the list says for all of them. */
static void inherit(const json_t *list, json_t *item)
{
	const char *kind = tree_path_string(list, "kind");
	json_t *api_version = json_object_get(list, "apiVersion");

	if (!json_is_object(item) || strlen(kind) == strlen("List"))
		return;
	if (!json_object_get(item, "apiVersion") && api_version)
		json_object_set(item, "apiVersion", api_version);
	if (!json_object_get(item, "kind"))
		json_object_set_new(item, "kind",
				    json_stringn(kind, strlen(kind) - strlen("List")));
}

/* An apiVersion that is refused may have been put right in the body: then what else is wrong with
 * the object is found in the same pass. */
static void add_one(const struct reading *reading, json_t *body)
{
	const char *written = json_string_value(json_object_get(body, "apiVersion"));
	cleanup_free char *before = mem_strdup(written);
	struct err err = ERR_INIT;

	if (add(reading, body, &err) >= 0)
		return;
	fail(reading, &err);
	const char *now = json_string_value(json_object_get(body, "apiVersion"));
	if (before && now && strcmp(before, now) != 0 && add(reading, body, &err) < 0)
		fail(reading, &err);
}

static void add_body(struct reading *reading, json_t *body)
{
	const struct tree_yaml_node *node = reading->node;
	const struct tree_yaml_node *items = tree_yaml_get(node, "items");
	size_t i;
	json_t *item;

	if (!is_list(body)) {
		add_one(reading, body);
		return;
	}
	json_array_foreach (json_object_get(body, "items"), i, item) {
		if (items && items->kind == TREE_YAML_SEQUENCE && i < items->count)
			locate(reading, items->items[i]);
		inherit(body, item);
		add_body(reading, item);
	}
}

/* Conversion errors stand at a place of the rendered text. */
static void fail_conversion(const struct reading *reading, struct err *err)
{
	const char *file;
	int line, column;

	if (err->place.line > 0) {
		manifest_text_origin(reading->text, err->place.line, err->place.column, &file,
				     &line, &column);
		free(err->place.file);
		free(err->excerpt);
		err->place = (struct err_place){mem_strdup(file), line, column};
		err->excerpt = NULL;
	}
	fail(reading, err);
}

/* The nodes are many times as large as the text, and asked for only when something is wrong. */
static void forget(struct manifest_app *made, struct manifest_text *text)
{
	for (size_t i = 0; i < made->count; i++)
		if (made->objects[i]->text == text)
			made->objects[i]->node = NULL;
	manifest_text_forget(text);
}

void source_object_add_text(struct source_build *build, struct manifest_text *text)
{
	for (size_t i = 0; i < text->documents.n; i++) {
		struct reading reading = {.build = build, .text = text};
		struct err err = ERR_INIT;
		json_auto_t *body = NULL;
		if (!text->documents.roots[i])
			continue;
		locate(&reading, text->documents.roots[i]);
		if (tree_yaml_to_json(reading.node, text->file, &body, &err) < 0)
			fail_conversion(&reading, &err);
		else if (!json_is_null(body))
			add_body(&reading, body);
	}
	forget(build->made, text);
}

int source_object_add_made(struct source_build *build, json_t *body, const char *file, int line,
			   int column, struct err *err)
{
	struct reading reading = {.build = build, .file = file, .line = line, .column = column};

	return add(&reading, body, err);
}
