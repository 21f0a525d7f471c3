#include "state/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "state/entry.h"
#include "state/file.h"
#include "state/private.h"
#include "tree/json.h"

static void line_free(struct state_line *line)
{
	state_entry_free(line->entry);
	free(line->text);
	free(line);
}

struct state_line *state_line_new(struct state_entry *entry_stolen)
{
	struct state_line *line = mem_new(struct state_line);
	json_auto_t *tree = state_entry_to_json(entry_stolen);
	json_auto_t *key = json_string(entry_stolen->key);
	cleanup_free char *key_text = tree_json_dump(key);
	cleanup_free char *text = tree_json_dump(tree);

	line->entry = entry_stolen;
	line->text = mem_printf("%s:%s", key_text, text);
	return line;
}

static const char *cluster_of(const struct state_ledger *ledger)
{
	return ledger->clusters.items[ledger->clusters.n - 1];
}

/* --- the file --- */

static json_t *head_to_json(const struct state_ledger *ledger)
{
	json_t *tree = json_object(), *approved = json_array(), *apps = json_object();
	json_t *pods = json_object();
	const char *name, *owner;
	const struct state_app *app;

	json_object_set_new(tree, "schema", json_integer(STATE_SCHEMA));
	json_object_set_new(tree, "cluster", json_string(cluster_of(ledger)));
	for (size_t i = 0; i < ledger->approved.n; i++)
		json_array_append_new(approved, json_string(ledger->approved.items[i]));
	json_object_set_new(tree, "approved", approved);
	map_foreach (&ledger->apps, name, app)
		json_object_set_new(apps, name, state_app_to_json(app));
	json_object_set_new(tree, "apps", apps);
	map_foreach (&ledger->pods, name, owner)
		json_object_set_new(pods, name, json_string(owner));
	json_object_set_new(tree, "pods", pods);
	return tree;
}

int state_ledger_save(const struct state_ledger *ledger, struct err *err)
{
	json_auto_t *head = head_to_json(ledger);
	cleanup_free char *head_text = tree_json_dump(head);
	cleanup_buf struct buf text = BUF_INIT;
	const char *key, *end = "\n";
	const struct state_line *line;

	buf_add(&text, head_text, strlen(head_text) - 1); /* without its closing brace */
	buf_addstr(&text, ",\"entries\":{");
	map_foreach (&ledger->entries, key, line) {
		(void)key; /* stands in the line */
		buf_addstr(&text, end);
		buf_addstr(&text, line->text);
		end = ",\n";
	}
	buf_addstr(&text, "\n}}\n");
	return file_write(ledger->path, text.data, text.len, 0600, err);
}

static void take_tree(struct state_ledger *ledger, const json_t *tree)
{
	const char *cluster = json_string_value(json_object_get(tree, "cluster")), *key;
	json_t *value;
	size_t i;

	list_add(&ledger->clusters, cluster ? cluster : "");
	json_array_foreach (json_object_get(tree, "approved"), i, value)
		if (json_is_string(value))
			list_add(&ledger->approved, json_string_value(value));
	json_object_foreach (json_object_get(tree, "apps"), key, value)
		map_put(&ledger->apps, key, state_app_from_json(key, value));
	json_object_foreach (json_object_get(tree, "pods"), key, value)
		if (json_is_string(value))
			map_put(&ledger->pods, key, mem_strdup(json_string_value(value)));
	json_object_foreach (json_object_get(tree, "entries"), key, value) {
		struct state_entry *entry = state_entry_from_json(key, value);
		if (entry)
			map_put(&ledger->entries, key, state_line_new(entry));
	}
}

int state_ledger_open(const char *state_dir, struct state_ledger **ret, struct err *err)
{
	cleanup_free char *path = file_join(state_dir, "ledger.json");
	json_auto_t *tree = NULL;

	int r = file_make_dir(state_dir, 0700, err);
	if (r < 0)
		return r;
	r = state_file_read(path, &tree, err);
	if (r < 0)
		return r;
	struct state_ledger *ledger = mem_new(struct state_ledger);
	pthread_mutex_init(&ledger->lock, NULL);
	ledger->dir = mem_strdup(state_dir);
	ledger->path = steal(&path);
	ledger->entries = MAP_INIT(line_free);
	ledger->apps = MAP_INIT(state_app_free);
	ledger->pods = MAP_INIT(free);
	list_add(&ledger->clusters, "");
	if (tree)
		take_tree(ledger, tree);
	*ret = ledger;
	return r;
}

void state_ledger_free(struct state_ledger *ledger)
{
	if (!ledger)
		return;
	pthread_mutex_destroy(&ledger->lock);
	map_done(&ledger->entries);
	map_done(&ledger->apps);
	map_done(&ledger->pods);
	list_done(&ledger->approved);
	list_done(&ledger->clusters);
	free(ledger->dir);
	free(ledger->path);
	free(ledger);
}

/* --- the cluster --- */

static char *aside_path(const struct state_ledger *ledger, const char *cluster_uid)
{
	cleanup_free char *name = mem_printf("ledger-%s.json", cluster_uid);

	return file_join(ledger->dir, name);
}

/* What another cluster owns stays on disk under its name. */
static int put_aside(struct state_ledger *ledger, struct err *err)
{
	cleanup_free char *aside = aside_path(ledger, cluster_of(ledger));

	if (rename(ledger->path, aside) < 0 && errno != ENOENT)
		return err_errno(err, errno, "%s cannot be moved to %s", ledger->path, aside);
	map_done(&ledger->entries);
	map_done(&ledger->apps);
	map_done(&ledger->pods);
	list_done(&ledger->approved);
	return 1;
}

/* What was put aside when another cluster came: this one is back. */
static int take_back(struct state_ledger *ledger, const char *cluster_uid, struct err *err)
{
	cleanup_free char *aside = aside_path(ledger, cluster_uid);
	json_auto_t *tree = NULL;

	if (strchr(cluster_uid, '/'))
		return 0;
	int r = state_file_read(aside, &tree, err);
	if (r < 0)
		return r;
	err_done(err);
	if (tree)
		take_tree(ledger, tree);
	return 0;
}

static int bind_to(struct state_ledger *ledger, const char *cluster_uid, struct err *err)
{
	int moved = 0;

	if (!strcmp(cluster_of(ledger), cluster_uid))
		return 0;
	if (*cluster_of(ledger) && (moved = put_aside(ledger, err)) < 0)
		return moved;
	int r = moved ? take_back(ledger, cluster_uid, err) : 0;
	if (r < 0)
		return r;
	list_add(&ledger->clusters, cluster_uid);
	r = state_ledger_save(ledger, err);
	return r < 0 ? r : moved;
}

int state_ledger_bind(struct state_ledger *ledger, const char *cluster_uid, struct err *err)
{
	pthread_mutex_lock(&ledger->lock);
	int r = bind_to(ledger, cluster_uid, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

const char *state_ledger_cluster(const struct state_ledger *ledger)
{
	return cluster_of(ledger);
}

/* --- entries --- */

struct state_entry *state_ledger_get(struct state_ledger *ledger, const char *key)
{
	pthread_mutex_lock(&ledger->lock);
	const struct state_line *line = map_get(&ledger->entries, key);
	struct state_entry *copy = line ? state_entry_copy(line->entry) : NULL;
	pthread_mutex_unlock(&ledger->lock);
	return copy;
}

void state_ledger_entries(struct state_ledger *ledger, const char *app, const struct list *also,
			  struct map *ret)
{
	const char *key;
	const struct state_line *line;

	pthread_mutex_lock(&ledger->lock);
	map_foreach (&ledger->entries, key, line)
		if (!app || !strcmp(line->entry->app, app))
			map_put(ret, key, state_entry_copy(line->entry));
	for (size_t i = 0; also && i < also->n; i++) {
		line = map_get(&ledger->entries, also->items[i]);
		if (line && !map_has(ret, also->items[i]))
			map_put(ret, also->items[i], state_entry_copy(line->entry));
	}
	pthread_mutex_unlock(&ledger->lock);
}

size_t state_ledger_size(struct state_ledger *ledger)
{
	pthread_mutex_lock(&ledger->lock);
	size_t size = ledger->entries.n;
	pthread_mutex_unlock(&ledger->lock);
	return size;
}

void state_ledger_apps(struct state_ledger *ledger, struct list *ret)
{
	struct map names = MAP_INIT(NULL);
	const char *key;
	const struct state_line *line;
	const void *app;

	pthread_mutex_lock(&ledger->lock);
	map_foreach (&ledger->apps, key, app)
		map_put(&names, key, (void *)app);
	map_foreach (&ledger->entries, key, line)
		map_put(&names, line->entry->app, (void *)line);
	pthread_mutex_unlock(&ledger->lock);
	map_foreach (&names, key, app)
		list_add(ret, key);
	map_done(&names);
	list_sort(ret);
}

/* Collects one text of each entry, each once, sorted. */
static void collect(struct state_ledger *ledger, char *(*text_of)(const struct state_entry *entry),
		    struct list *ret)
{
	struct map texts = MAP_INIT(NULL);
	const char *key;
	struct state_line *line;

	pthread_mutex_lock(&ledger->lock);
	map_foreach (&ledger->entries, key, line) {
		cleanup_free char *text = text_of(line->entry);
		if (*text)
			map_put(&texts, text, line);
	}
	pthread_mutex_unlock(&ledger->lock);
	map_foreach (&texts, key, line)
		list_add(ret, key);
	map_done(&texts);
	list_sort(ret);
}

static char *kind_of(const struct state_entry *entry)
{
	return mem_printf("%s/%s", *entry->id.group ? entry->id.group : "core", entry->id.kind);
}

static char *namespace_of(const struct state_entry *entry)
{
	return mem_strdup(entry->id.ns);
}

void state_ledger_kinds(struct state_ledger *ledger, struct list *ret)
{
	collect(ledger, kind_of, ret);
}

void state_ledger_namespaces(struct state_ledger *ledger, struct list *ret)
{
	collect(ledger, namespace_of, ret);
}

int state_ledger_put(struct state_ledger *ledger, const struct state_entry *const *entries,
		     size_t count, struct err *err)
{
	pthread_mutex_lock(&ledger->lock);
	for (size_t i = 0; i < count; i++)
		map_put(&ledger->entries, entries[i]->key,
			state_line_new(state_entry_copy(entries[i])));
	int r = state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}

int state_ledger_remove(struct state_ledger *ledger, const struct list *keys, struct err *err)
{
	size_t before;

	pthread_mutex_lock(&ledger->lock);
	before = ledger->entries.n;
	for (size_t i = 0; i < keys->n; i++)
		map_remove(&ledger->entries, keys->items[i]);
	int r = before == ledger->entries.n ? 0 : state_ledger_save(ledger, err);
	pthread_mutex_unlock(&ledger->lock);
	return r;
}
