/*
 * template/dict: Python's dict: any hashable key, pairs in the order of their arrival.
 *
 * The dict owns a reference of each key and item. Keys must be hashable (value_hashable).
 */
#pragma once

#include "template/types.h"

/* The item of a key; borrowed, NULL when it is not there. */
struct value *template_dict_get(const struct dict *dict, const struct value *key);
struct value *template_dict_get_text(const struct dict *dict, const char *text, size_t length);
/* The entry of a string with that hash; NULL when it is not there. */
struct dict_entry *template_dict_find(const struct dict *dict, const struct value *key);
/* Takes over key and item; a key that is there keeps its place and its key. Returns the entry. */
struct dict_entry *template_dict_put(struct dict *dict, struct value *key_stolen,
				     struct value *item_stolen);
/* Removes an entry; the order of the rest stays. */
void template_dict_remove(struct dict *dict, struct dict_entry *entry);
void template_dict_clear(struct dict *dict);

/* FNV-1a of text, never 0. */
size_t template_dict_hash_text(const char *text, size_t length);
