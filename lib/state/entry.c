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

static const char *const stage_names[] = {
	[STATE_SETTLED] = "settled",
	[STATE_REPLACING] = "replacing",
	[STATE_ON_TRIAL] = "on-trial",
	[STATE_PUT_BACK] = "put-back",
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
	copy->from = mem_strdup(entry->from);
	copy->size = mem_strdup(entry->size);
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
	free(entry->from);
	free(entry->size);
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
	if (entry->stage != STATE_SETTLED)
		state_file_set_text(tree, "stage", stage_names[entry->stage]);
	set_flag(tree, "approved", entry->approved);
	state_file_set_text(tree, "from", entry->from);
	state_file_set_text(tree, "size", entry->size);
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

static enum state_stage stage_from_json(const json_t *tree)
{
	const char *word = json_string_value(json_object_get(tree, "stage"));

	for (size_t i = 0; word && i < sizeof(stage_names) / sizeof(*stage_names); i++)
		if (!strcmp(word, stage_names[i]))
			return (enum state_stage)i;
	return STATE_SETTLED;
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
	entry->stage = stage_from_json(tree);
	entry->approved = json_is_true(json_object_get(tree, "approved"));
	entry->from = state_file_get_text(tree, "from");
	entry->size = state_file_get_text(tree, "size");
	return entry;
}
