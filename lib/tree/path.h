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

/* Sets a value (new reference is taken over), creating what is missing on the way: objects, and
 * for [..] lists; an index past the end appends, [name=x] appends an object that has it. */
void tree_path_set(json_t *tree, const char *path, json_t *value_stolen);
/* Removes what stands there; what becomes empty stays. True when there was something. */
bool tree_path_remove(json_t *tree, const char *path);

/* One step of a path: a key, [3], or [name=x]. */
struct tree_path_step {
	enum tree_path_step_kind {
		TREE_PATH_KEY,
		TREE_PATH_INDEX,
		TREE_PATH_FIELD,
	} kind;
	struct buf name;  /* the key, or the field */
	struct buf value; /* what the field holds */
	size_t index;
};

#define cleanup_path_step __attribute__((cleanup(tree_path_step_done)))

/* Takes the first step off the path into step (which is used again and again, zeroed before the
 * first). False at the end of the path. */
bool tree_path_next(const char **path, struct tree_path_step *step);
void tree_path_step_done(struct tree_path_step *step);

/* Appends ".key" or ["key.with.dots"], or [3]. */
void tree_path_add_key(struct buf *path, const char *key);
void tree_path_add_index(struct buf *path, size_t index);
/* Appends [name=x]. */
void tree_path_add_field(struct buf *path, const char *field, const char *value);
