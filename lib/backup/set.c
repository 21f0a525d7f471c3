#include "backup/set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "tree/path.h"

#define SCHEMA 1

static void object_done(struct backup_object *object)
{
	free(object->key);
}

void backup_unit_done(struct backup_unit *unit)
{
	free(unit->name);
	list_done(&unit->paths);
	list_done(&unit->claims);
	json_decref(unit->claim_volumes);
	for (size_t i = 0; i < unit->volume_count; i++)
		object_done(&unit->volumes[i]);
	free(unit->volumes);
	free(unit->sha256);
	free(unit->index_sha256);
	list_done(&unit->recipients);
	object_done(&unit->index);
	free(unit->fingerprint);
	free(unit->same_as);
	list_done(&unit->notes);
	free(unit->error);
	*unit = (struct backup_unit){0};
}

void backup_set_free(struct backup_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		backup_unit_done(&set->units[i]);
	free(set->units);
	free(set->id);
	free(set->node);
	free(set->version);
	free(set->cluster);
	list_done(&set->unprotected);
	list_done(&set->notes);
	free(set);
}

/* --- ids and keys --- */

/* Of two that begin in one second the later sorts behind: five digits count microseconds. */
char *backup_set_id(const struct timespec *now)
{
	unsigned int random = 0;
	struct tm tm;
	char text[32];

	gmtime_r(&now->tv_sec, &tm);
	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = (unsigned int)clock();
	return mem_printf("%s-%05lx%03x", text, (unsigned long)now->tv_nsec / 1000, random & 0xfff);
}

time_t backup_set_time(const char *id)
{
	struct tm tm = {0};
	const char *end = strptime(id, "%Y%m%dT%H%M%SZ", &tm);

	return end && *end == '-' ? timegm(&tm) : 0;
}

char *backup_set_key(const char *node, const char *id)
{
	return mem_printf("%s/_sets/%s.json", node, id);
}

/* --- units --- */

struct backup_unit *backup_set_add(struct backup_set *set, const char *name)
{
	set->units = mem_realloc(set->units, (set->count + 1) * sizeof(*set->units));
	struct backup_unit *unit = &set->units[set->count++];
	*unit = (struct backup_unit){.name = mem_strdup(name)};
	return unit;
}

struct backup_object *backup_unit_add_volume(struct backup_unit *unit)
{
	unit->volumes =
		mem_realloc(unit->volumes, (unit->volume_count + 1) * sizeof(*unit->volumes));
	unit->volumes[unit->volume_count] = (struct backup_object){0};
	return &unit->volumes[unit->volume_count++];
}

uint64_t backup_unit_stored(const struct backup_unit *unit)
{
	uint64_t stored = unit->index.size;

	for (size_t i = 0; i < unit->volume_count; i++)
		stored += unit->volumes[i].size;
	return stored;
}

const struct backup_unit *backup_set_find(const struct backup_set *set, const char *unit)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->units[i].name, unit))
			return &set->units[i];
	return NULL;
}

/* A set that says nothing of volumes has claims where local-path keeps them:
 * STORAGE/pvc-UID_NAMESPACE_NAME. */
static bool is_local_path(const char *claim, const char *path)
{
	const char *slash = strchr(claim, '/');
	cleanup_free char *end =
		slash ? mem_printf("_%.*s_%s", (int)(slash - claim), claim, slash + 1)
		      : mem_strdup(claim);
	size_t n = strlen(end), m = strlen(path);

	return slash && m > n && !strcmp(path + m - n, end);
}

const char *backup_unit_claim_at(const struct backup_unit *unit, const char *path)
{
	for (size_t i = 0; i < unit->claims.n; i++) {
		const char *claim = unit->claims.items[i];
		const char *known =
			tree_path_string(json_object_get(unit->claim_volumes, claim), "path");
		if (known ? !strcmp(known, path) : is_local_path(claim, path))
			return claim;
	}
	return NULL;
}

enum backup_state backup_set_state(const struct backup_set *set)
{
	enum backup_state worst = BACKUP_OK;

	for (size_t i = 0; i < set->count; i++)
		if (set->units[i].state > worst)
			worst = set->units[i].state;
	return worst;
}

static const char *const state_names[] = {"ok", "warning", "failed"};

const char *backup_state_name(enum backup_state state)
{
	return state_names[state];
}

static enum backup_state state_of_name(const char *name)
{
	for (int i = 0; name && i < 3; i++)
		if (!strcmp(name, state_names[i]))
			return (enum backup_state)i;
	return BACKUP_FAILED;
}

/* --- JSON --- */

static void set_text(json_t *tree, const char *key, const char *text)
{
	if (text)
		json_object_set_new(tree, key, json_string(text));
}

static void set_list(json_t *tree, const char *key, const struct list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, json_string(list->items[i]));
	json_object_set_new(tree, key, array);
}

static json_t *object_to_json(const struct backup_object *object)
{
	return json_pack("{s:s, s:I}", "key", object->key, "size", (json_int_t)object->size);
}

static json_t *volumes_to_json(const struct backup_unit *unit)
{
	json_t *array = json_array();

	for (size_t i = 0; i < unit->volume_count; i++)
		json_array_append_new(array, object_to_json(&unit->volumes[i]));
	return array;
}

static json_t *unit_to_json(const struct backup_unit *unit)
{
	json_t *tree = json_pack("{s:s, s:s, s:I, s:I, s:i}", "name", unit->name, "state",
				 backup_state_name(unit->state), "files", (json_int_t)unit->files,
				 "bytes", (json_int_t)unit->bytes, "revision", unit->revision);

	set_list(tree, "paths", &unit->paths);
	set_list(tree, "claims", &unit->claims);
	if (json_object_size(unit->claim_volumes))
		json_object_set(tree, "claimVolumes", unit->claim_volumes);
	set_list(tree, "notes", &unit->notes);
	set_text(tree, "fingerprint", unit->fingerprint);
	set_text(tree, "sameAs", unit->same_as);
	set_text(tree, "error", unit->error);
	set_text(tree, "sha256", unit->sha256);
	set_text(tree, "indexSha256", unit->index_sha256);
	if (unit->recipients.n)
		set_list(tree, "recipients", &unit->recipients);
	json_object_set_new(tree, "volumes", volumes_to_json(unit));
	if (unit->index.key)
		json_object_set_new(tree, "index", object_to_json(&unit->index));
	return tree;
}

json_t *backup_set_to_json(const struct backup_set *set)
{
	cleanup_free char *began = timespan_rfc3339(set->began);
	cleanup_free char *ended = timespan_rfc3339(set->ended);
	json_t *units = json_array();
	json_t *tree = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "schema", SCHEMA, "id",
				 set->id, "node", set->node, "desired", set->version, "state",
				 backup_state_name(backup_set_state(set)), "began", began, "ended",
				 ended, "units", units);

	set_text(tree, "cluster", set->cluster);
	set_list(tree, "unprotected", &set->unprotected);
	if (set->notes.n)
		set_list(tree, "notes", &set->notes);
	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(units, unit_to_json(&set->units[i]));
	return tree;
}

static void get_list(const json_t *tree, const char *key, struct list *ret)
{
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(tree, key), i, item)
		if (json_is_string(item))
			list_add(ret, json_string_value(item));
}

static void object_from_json(const json_t *tree, struct backup_object *ret)
{
	ret->key = mem_strdup(tree_path_string(tree, "key"));
	ret->size = (uint64_t)tree_path_integer(tree, "size", 0);
}

static void unit_from_json(const json_t *tree, struct backup_set *set)
{
	const char *name = tree_path_string(tree, "name");
	struct backup_unit *unit = backup_set_add(set, name ? name : "");
	json_t *volume;
	size_t i;

	unit->state = state_of_name(tree_path_string(tree, "state"));
	unit->files = (uint64_t)tree_path_integer(tree, "files", 0);
	unit->bytes = (uint64_t)tree_path_integer(tree, "bytes", 0);
	unit->revision = (int)tree_path_integer(tree, "revision", 0);
	get_list(tree, "paths", &unit->paths);
	get_list(tree, "claims", &unit->claims);
	unit->claim_volumes = json_incref(json_object_get(tree, "claimVolumes"));
	get_list(tree, "notes", &unit->notes);
	unit->fingerprint = mem_strdup(tree_path_string(tree, "fingerprint"));
	unit->same_as = mem_strdup(tree_path_string(tree, "sameAs"));
	unit->error = mem_strdup(tree_path_string(tree, "error"));
	unit->sha256 = mem_strdup(tree_path_string(tree, "sha256"));
	unit->index_sha256 = mem_strdup(tree_path_string(tree, "indexSha256"));
	get_list(tree, "recipients", &unit->recipients);
	json_array_foreach (json_object_get(tree, "volumes"), i, volume)
		object_from_json(volume, backup_unit_add_volume(unit));
	object_from_json(json_object_get(tree, "index"), &unit->index);
}

static time_t get_time(const json_t *tree, const char *key)
{
	const char *text = tree_path_string(tree, key);
	time_t when = text ? timespan_parse_rfc3339(text) : (time_t)-1;

	return when == (time_t)-1 ? 0 : when;
}

int backup_set_from_json(const json_t *tree, struct backup_set **ret, struct err *err)
{
	const char *id = tree_path_string(tree, "id"), *node = tree_path_string(tree, "node");
	const char *version = tree_path_string(tree, "desired");
	json_int_t schema = tree_path_integer(tree, "schema", 0);
	json_t *unit;
	size_t i;

	if (schema > SCHEMA)
		return err_set(err, ERR_INVALID,
			       "it was written by desired %s, a later version than this one",
			       version ? version : "?");
	if (schema != SCHEMA || !id || !node || !backup_set_time(id))
		return err_set(err, ERR_INVALID, "it is no marker of a backup set");
	struct backup_set *set = mem_new(struct backup_set);
	set->id = mem_strdup(id);
	set->node = mem_strdup(node);
	set->version = mem_strdup(version ? version : "");
	set->cluster = mem_strdup(tree_path_string(tree, "cluster"));
	set->began = get_time(tree, "began");
	set->ended = get_time(tree, "ended");
	get_list(tree, "unprotected", &set->unprotected);
	get_list(tree, "notes", &set->notes);
	json_array_foreach (json_object_get(tree, "units"), i, unit)
		unit_from_json(unit, set);
	*ret = set;
	return 0;
}
