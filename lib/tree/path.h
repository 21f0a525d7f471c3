/*
 * tree/path: places inside a tree.
 *
 * Written as people read them in messages: spec.template.spec.containers[0].image,
 * metadata.annotations["desired.dev/source"]; [name=x] picks the list item that has that field.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/* Borrowed value at the path, or NULL. */
json_t *tree_path_get(const json_t *tree, const char *path);
const char *tree_path_string(const json_t *tree, const char *path); /* NULL unless a string */
bool tree_path_true(const json_t *tree, const char *path);	    /* a JSON true stands there */
json_int_t tree_path_integer(const json_t *tree, const char *path, json_int_t otherwise);

/* Sets a value (new reference is taken over), creating objects on the way. */
void tree_path_set(json_t *tree, const char *path, json_t *value_stolen);
/* Removes what stands there; objects that become empty stay. True when there was something. */
bool tree_path_remove(json_t *tree, const char *path);

/* Appends ".key" or ["key.with.dots"], or [3]. */
void tree_path_add_key(struct buf *path, const char *key);
void tree_path_add_index(struct buf *path, size_t index);
