#include "tree/keyset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tree_keyset_init(struct tree_keyset *set, size_t keys)
{
	set->count = 4;
	while (set->count < keys * 2)
		set->count *= 2;
	set->slots = mem_zalloc(set->count * sizeof(const struct tree_yaml_node *));
}

static size_t hash_of(const struct tree_yaml_node *key)
{
	size_t hash = 1469598103934665603u; /* FNV-1a, 64 bit */

	for (size_t i = 0; i < key->length; i++)
		hash = (hash ^ (unsigned char)key->text[i]) * 1099511628211u;
	return hash ^ hash >> 32;
}

const struct tree_yaml_node *tree_keyset_add(struct tree_keyset *set,
					     const struct tree_yaml_node *key)
{
	size_t at = hash_of(key) & (set->count - 1);

	for (; set->slots[at]; at = (at + 1) & (set->count - 1)) {
		const struct tree_yaml_node *there = set->slots[at];
		if (there->length == key->length && !memcmp(there->text, key->text, key->length))
			return there;
	}
	set->slots[at] = key;
	return NULL;
}

void tree_keyset_done(struct tree_keyset *set)
{
	free(set->slots);
	*set = (struct tree_keyset){0};
}
