#include "template/dict.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FEW 8 /* up to here entries are compared one by one */

size_t template_dict_hash_text(const char *text, size_t length)
{
	size_t hash = 1469598103934665603u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
	return hash ? hash : 1;
}

static bool is_key(const struct dict_entry *entry, const struct value *key, size_t hash)
{
	if (entry->hash != hash || entry->key == key)
		return entry->hash == hash;
	if (key->kind != VALUE_STRING || entry->key->kind != VALUE_STRING)
		return value_equal(entry->key, key);
	return key->string.length == entry->key->string.length &&
	       !memcmp(key->string.text, entry->key->string.text, key->string.length);
}

static struct dict_entry *find(const struct dict *dict, const struct value *key, size_t hash)
{
	if (!dict->slots) {
		for (size_t i = 0; i < dict->n; i++)
			if (is_key(&dict->entries[i], key, hash))
				return &dict->entries[i];
		return NULL;
	}
	for (size_t at = hash & (dict->slot_count - 1); dict->slots[at];
	     at = (at + 1) & (dict->slot_count - 1))
		if (is_key(&dict->entries[dict->slots[at] - 1], key, hash))
			return &dict->entries[dict->slots[at] - 1];
	return NULL;
}

static void index_entry(struct dict *dict, size_t i)
{
	size_t at = dict->entries[i].hash & (dict->slot_count - 1);

	while (dict->slots[at])
		at = (at + 1) & (dict->slot_count - 1);
	dict->slots[at] = (uint32_t)i + 1;
}

static void reindex(struct dict *dict)
{
	free(dict->slots);
	dict->slots = NULL;
	if (dict->n <= FEW)
		return;
	dict->slot_count = 16;
	while (dict->slot_count < dict->n * 3)
		dict->slot_count *= 2;
	dict->slots = mem_zalloc(dict->slot_count * sizeof(*dict->slots));
	for (size_t i = 0; i < dict->n; i++)
		index_entry(dict, i);
}

struct dict_entry *template_dict_find(const struct dict *dict, const struct value *key)
{
	if (!dict->n)
		return NULL;
	bool hashed = key->kind == VALUE_STRING && key->string.hash;
	return find(dict, key, hashed ? key->string.hash : value_hash(key));
}

struct value *template_dict_get(const struct dict *dict, const struct value *key)
{
	struct dict_entry *entry = template_dict_find(dict, key);

	return entry ? entry->item : NULL;
}

struct value *template_dict_get_text(const struct dict *dict, const char *text, size_t length)
{
	struct value key = {.refs = -1, .kind = VALUE_STRING};

	key.string.text = text;
	key.string.length = length;
	return template_dict_get(dict, &key);
}

void template_dict_put(struct dict *dict, struct value *key, struct value *item)
{
	size_t hash = value_hash(key);
	struct dict_entry *entry = find(dict, key, hash);

	if (entry) {
		value_unref(entry->item);
		value_unref(key);
		entry->item = item;
		return;
	}
	mem_grow(dict->entries, &dict->cap, dict->n + 1);
	dict->entries[dict->n++] = (struct dict_entry){key, item, hash};
	if (dict->n <= FEW)
		return;
	if (!dict->slots || dict->n * 2 > dict->slot_count)
		reindex(dict);
	else
		index_entry(dict, dict->n - 1);
}

void template_dict_remove(struct dict *dict, struct dict_entry *entry)
{
	value_unref(entry->key);
	value_unref(entry->item);
	memmove(entry, entry + 1, (size_t)(dict->entries + dict->n - entry - 1) * sizeof(*entry));
	dict->n--;
	reindex(dict);
}

void template_dict_clear(struct dict *dict)
{
	for (size_t i = 0; i < dict->n; i++) {
		value_unref(dict->entries[i].key);
		value_unref(dict->entries[i].item);
	}
	free(dict->entries);
	free(dict->slots);
	*dict = (struct dict){0};
}
