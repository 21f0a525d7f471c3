#include "state/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/scope.h"
#include "state/file.h"

static const char *const prune_names[] = {
	[MANIFEST_PRUNE_AUTO] = "auto",
	[MANIFEST_PRUNE_ASK] = "ask",
	[MANIFEST_PRUNE_NEVER] = "never",
};

struct state_entry *state_entry_new(const struct manifest_object *object, const char *app)
{
	struct state_entry *entry = mem_new(struct state_entry);

	manifest_id_copy(&entry->id, &object->id);
	entry->key = mem_strdup(object->key);
	entry->app = mem_strdup(app);
	entry->source = mem_strdup(object->file);
	entry->prune = object->prune;
	entry->keep = manifest_kind_bears_data(object->id.group, object->id.kind);
	return entry;
}

struct state_entry *state_entry_copy(const struct state_entry *entry)
{
	struct state_entry *copy = mem_new(struct state_entry);

	*copy = *entry;
	manifest_id_copy(&copy->id, &entry->id);
	copy->key = mem_strdup(entry->key);
	copy->app = mem_strdup(entry->app);
	copy->uid = mem_strdup(entry->uid);
	copy->hash = mem_strdup(entry->hash);
	copy->owned = mem_strdup(entry->owned);
	copy->source = mem_strdup(entry->source);
	return copy;
}

void state_entry_free(struct state_entry *entry)
{
	if (!entry)
		return;
	manifest_id_done(&entry->id);
	free(entry->key);
	free(entry->app);
	free(entry->uid);
	free(entry->hash);
	free(entry->owned);
	free(entry->source);
	free(entry);
}

static void set_flag(json_t *tree, const char *key, bool flag)
{
	if (flag)
		json_object_set_new(tree, key, json_true());
}

json_t *state_entry_to_json(const struct state_entry *entry)
{
	json_t *tree = json_object();

	state_file_set_text(tree, "app", entry->app);
	state_file_set_text(tree, "version", entry->id.version);
	state_file_set_text(tree, "uid", entry->uid);
	state_file_set_text(tree, "hash", entry->hash);
	state_file_set_text(tree, "owned", entry->owned);
	state_file_set_text(tree, "source", entry->source);
	if (entry->prune != MANIFEST_PRUNE_AUTO)
		state_file_set_text(tree, "prune", prune_names[entry->prune]);
	set_flag(tree, "keep", entry->keep);
	set_flag(tree, "kept", entry->kept);
	set_flag(tree, "done", entry->done);
	set_flag(tree, "replacing", entry->replacing);
	return tree;
}

/* A word of a later version is read as the careful one. */
static enum manifest_prune prune_from_json(const json_t *tree)
{
	const char *word = json_string_value(json_object_get(tree, "prune"));

	if (!word || !strcmp(word, "auto"))
		return MANIFEST_PRUNE_AUTO;
	return !strcmp(word, "ask") ? MANIFEST_PRUNE_ASK : MANIFEST_PRUNE_NEVER;
}

struct state_entry *state_entry_from_json(const char *key, const json_t *tree)
{
	const char *version = json_string_value(json_object_get(tree, "version"));
	struct manifest_id id;

	if (!json_is_string(json_object_get(tree, "app")) || !manifest_id_of_key(key, &id))
		return NULL;
	struct state_entry *entry = mem_new(struct state_entry);
	entry->id = id;
	free(entry->id.version);
	entry->id.version = mem_strdup(version ? version : "");
	entry->key = mem_strdup(key);
	entry->app = state_file_get_text(tree, "app");
	entry->uid = state_file_get_text(tree, "uid");
	entry->hash = state_file_get_text(tree, "hash");
	entry->owned = state_file_get_text(tree, "owned");
	entry->source = state_file_get_text(tree, "source");
	entry->prune = prune_from_json(tree);
	entry->keep = json_is_true(json_object_get(tree, "keep"));
	entry->kept = json_is_true(json_object_get(tree, "kept"));
	entry->done = json_is_true(json_object_get(tree, "done"));
	entry->replacing = json_is_true(json_object_get(tree, "replacing"));
	return entry;
}

json_t *state_app_to_json(const struct state_app *app)
{
	json_t *tree = json_object();

	json_object_set_new(tree, "revision", json_integer(app->revision));
	state_file_set_text(tree, "health", app->health);
	state_file_set_text(tree, "note", app->note);
	state_file_set_text(tree, "since", app->since);
	state_file_set_text(tree, "hash", app->hash);
	state_file_set_text(tree, "refused", app->refused);
	return tree;
}

struct state_app *state_app_from_json(const char *name, const json_t *tree)
{
	struct state_app *app = mem_new(struct state_app);

	app->name = mem_strdup(name);
	app->revision = (int)json_integer_value(json_object_get(tree, "revision"));
	app->health = state_file_get_text(tree, "health");
	app->note = state_file_get_text(tree, "note");
	app->since = state_file_get_text(tree, "since");
	app->hash = state_file_get_text(tree, "hash");
	app->refused = state_file_get_text(tree, "refused");
	return app;
}

struct state_app *state_app_copy(const struct state_app *app)
{
	struct state_app *copy = mem_new(struct state_app);

	copy->name = mem_strdup(app->name);
	copy->revision = app->revision;
	copy->health = mem_strdup(app->health);
	copy->note = mem_strdup(app->note);
	copy->since = mem_strdup(app->since);
	copy->hash = mem_strdup(app->hash);
	copy->refused = mem_strdup(app->refused);
	return copy;
}

void state_app_free(struct state_app *app)
{
	if (!app)
		return;
	free(app->name);
	free(app->health);
	free(app->note);
	free(app->since);
	free(app->hash);
	free(app->refused);
	free(app);
}
