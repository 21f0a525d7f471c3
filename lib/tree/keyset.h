/* keyset: scalar nodes by their text; finds the key of a mapping that is already there. */
#pragma once

#include <stddef.h>

#include "tree/yaml.h"

struct tree_keyset {
	const struct tree_yaml_node **slots;
	size_t count; /* a power of two, more than twice the keys */
};

#define cleanup_keyset __attribute__((cleanup(tree_keyset_done)))

/* Room for so many keys; not one more may be added. */
void tree_keyset_init(struct tree_keyset *set, size_t keys);
/* NULL when the key is new; otherwise the one that was there before it, which stays. */
const struct tree_yaml_node *tree_keyset_add(struct tree_keyset *set,
					     const struct tree_yaml_node *key);
void tree_keyset_done(struct tree_keyset *set);
