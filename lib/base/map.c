#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t hash_of(const char *key)
{
	size_t hash = 1469598103934665603u; /* FNV-1a, 64 bit */

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211u;
	return hash;
}

/* The slot that holds the key, or the free one where it would go. */
static size_t *slot_of(const struct map *map, const char *key, size_t hash)
{
	size_t at = hash & (map->slot_count - 1);

	while (map->slots[at]) {
		const struct map_entry *entry = &map->entries[map->slots[at] - 1];
		if (entry->hash == hash && !strcmp(entry->key, key))
			break;
		at = (at + 1) & (map->slot_count - 1);
	}
	return &map->slots[at];
}

static void rehash(struct map *map, size_t slot_count)
{
	free(map->slots);
	map->slots = mem_zalloc(slot_count * sizeof(*map->slots));
	map->slot_count = slot_count;
	for (size_t i = 0; i < map->n; i++)
		*slot_of(map, map->entries[i].key, map->entries[i].hash) = i + 1;
}

static struct map_entry *find(const struct map *map, const char *key)
{
	if (!map->n)
		return NULL;
	size_t index = *slot_of(map, key, hash_of(key));
	return index ? &map->entries[index - 1] : NULL;
}

void *map_get(const struct map *map, const char *key)
{
	struct map_entry *entry = find(map, key);

	return entry ? entry->value : NULL;
}

bool map_has(const struct map *map, const char *key)
{
	return find(map, key);
}

void map_put(struct map *map, const char *key, void *value)
{
	struct map_entry *entry = find(map, key);

	if (entry) {
		if (map->release && entry->value != value)
			map->release(entry->value);
		entry->value = value;
		return;
	}
	if ((map->n + 1) * 2 > map->slot_count)
		rehash(map, map->slot_count ? map->slot_count * 2 : 16);
	mem_grow(map->entries, &map->cap, map->n + 1);
	map->entries[map->n] = (struct map_entry){mem_strdup(key), value, hash_of(key)};
	*slot_of(map, key, map->entries[map->n].hash) = map->n + 1;
	map->n++;
}

void *map_take(struct map *map, const char *key)
{
	struct map_entry *entry = find(map, key);

	if (!entry)
		return NULL;
	void *value = entry->value;
	free(entry->key);
	memmove(entry, entry + 1, (size_t)(map->entries + map->n - entry - 1) * sizeof(*entry));
	map->n--;
	rehash(map, map->slot_count);
	return value;
}

void map_remove(struct map *map, const char *key)
{
	void *value = map_take(map, key);

	if (value && map->release)
		map->release(value);
}

void map_done(struct map *map)
{
	for (size_t i = 0; i < map->n; i++) {
		free(map->entries[i].key);
		if (map->release)
			map->release(map->entries[i].value);
	}
	free(map->entries);
	free(map->slots);
	*map = (struct map){.release = map->release};
}
