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

static bool is_same(const struct value *a, const struct value *b)
{
	if (a == b)
		return true;
	if (a->kind != VALUE_STRING || b->kind != VALUE_STRING)
		return value_equal(a, b);
	return a->string.length == b->string.length &&
	       !memcmp(a->string.text, b->string.text, a->string.length);
}

/* The index stands behind the entries that there is room for: twice as many slots, a power of two.
 * A slot holds the number of an entry, from 1; 0 is free. Slots are bytes while that is enough: an
 * index that fits a line or two of the processor's cache makes finding twice as fast. */
static bool is_indexed(const struct dict *dict)
{
	return dict->cap > FEW;
}

static size_t slot_size(size_t cap)
{
	return cap < UINT8_MAX ? sizeof(uint8_t) : sizeof(uint32_t);
}

static size_t slot_mask(const struct dict *dict)
{
	return 2 * (size_t)dict->cap - 1;
}

static size_t slot_at(const struct dict *dict, size_t at)
{
	const void *slots = dict->entries + dict->cap;

	return dict->cap < UINT8_MAX ? ((const uint8_t *)slots)[at] : ((const uint32_t *)slots)[at];
}

static struct dict_entry *find(const struct dict *dict, const struct value *key, size_t hash)
{
	size_t mask = slot_mask(dict), number;

	if (!is_indexed(dict)) {
		for (size_t i = 0; i < dict->n; i++)
			if (dict->entries[i].hash == hash && is_same(dict->entries[i].key, key))
				return &dict->entries[i];
		return NULL;
	}
	for (size_t at = hash & mask; (number = slot_at(dict, at)); at = (at + 1) & mask) {
		struct dict_entry *entry = &dict->entries[number - 1];
		if (entry->hash == hash && is_same(entry->key, key))
			return entry;
	}
	return NULL;
}

static void index_entry(struct dict *dict, uint32_t i)
{
	void *slots = dict->entries + dict->cap;
	size_t mask = slot_mask(dict), at = dict->entries[i].hash & mask;

	while (slot_at(dict, at))
		at = (at + 1) & mask;
	if (dict->cap < UINT8_MAX)
		((uint8_t *)slots)[at] = (uint8_t)(i + 1);
	else
		((uint32_t *)slots)[at] = i + 1;
}

static void reindex(struct dict *dict)
{
	if (!is_indexed(dict))
		return;
	memset(dict->entries + dict->cap, 0, 2 * (size_t)dict->cap * slot_size(dict->cap));
	for (uint32_t i = 0; i < dict->n; i++)
		index_entry(dict, i);
}

static void grow(struct dict *dict)
{
	size_t cap = dict->cap ? 2 * (size_t)dict->cap : 4;
	size_t index = cap > FEW ? 2 * cap * slot_size(cap) : 0;

	dict->entries = mem_realloc(dict->entries, cap * sizeof(*dict->entries) + index);
	dict->cap = (uint32_t)cap;
	reindex(dict);
}

static size_t hash_of(const struct value *key)
{
	return key->kind == VALUE_STRING && key->string.hash ? key->string.hash : value_hash(key);
}

struct dict_entry *template_dict_find(const struct dict *dict, const struct value *key)
{
	return dict->n ? find(dict, key, hash_of(key)) : NULL;
}

struct value *template_dict_get(const struct dict *dict, const struct value *key)
{
	struct dict_entry *entry = dict->n ? find(dict, key, hash_of(key)) : NULL;

	return entry ? entry->item : NULL;
}

struct value *template_dict_get_text(const struct dict *dict, const char *text, size_t length)
{
	struct value key = {.refs = -1, .kind = VALUE_STRING};

	key.string.text = text;
	key.string.length = length;
	return template_dict_get(dict, &key);
}

struct dict_entry *template_dict_put(struct dict *dict, struct value *key, struct value *item)
{
	size_t hash = value_hash(key);
	struct dict_entry *entry = find(dict, key, hash);

	if (entry) {
		value_unref(entry->item);
		value_unref(key);
		entry->item = item;
		return entry;
	}
	if (dict->n == dict->cap)
		grow(dict);
	dict->entries[dict->n++] = (struct dict_entry){key, item, hash};
	if (is_indexed(dict))
		index_entry(dict, dict->n - 1);
	return &dict->entries[dict->n - 1];
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
	*dict = (struct dict){0};
}
