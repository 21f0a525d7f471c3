/*
 * map: pointers by name, in the order in which the names came.
 *
 * The map owns its keys, and its values when it was made with a release function.
 * Replacing a value keeps the place of its key; removing keeps the order of the rest.
 *
 *	map_foreach(&map, key, value) ... (do not add or remove inside)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
	char *key;
	void *value;
	size_t hash;
};

struct map {
	struct map_entry *entries;
	size_t n;
	size_t cap;
	size_t *slots; /* index + 1 of an entry, 0 for free; open addressing */
	size_t slot_count;
	void (*release)(void *value);
};

#define MAP_INIT(release_) ((struct map){.release = (void (*)(void *))(release_)})
#define cleanup_map	   __attribute__((cleanup(map_done)))

#define map_foreach(map, key_, value_)                                                   \
	for (size_t i_ = 0; i_ < (map)->n && ((key_) = (map)->entries[i_].key,           \
					     (value_) = (map)->entries[i_].value, true); \
	     i_++)

void *map_get(const struct map *map, const char *key); /* NULL when it is not there */
bool map_has(const struct map *map, const char *key);
void map_put(struct map *map, const char *key, void *value); /* releases what stood there */
void *map_take(struct map *map, const char *key); /* out of the map, not released; or NULL */
void map_remove(struct map *map, const char *key);
void map_done(struct map *map);
