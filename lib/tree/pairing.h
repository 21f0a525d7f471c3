/*
 * pairing: which item of one list is which of another.
 *
 * Kubernetes merges lists of objects by a field (containers by name, ports by containerPort);
 * people think of them in the same way.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* The field that every item of both lists has, and no two items of one list share: name, key,
 * containerPort ... NULL when there is none, or neither list has an item. */
const char *tree_pairing_field(const json_t *a, const json_t *b);

/* What the items of a list hold in that field (a number as text), each with its index: an object
 * of integers. NULL when an item lacks the field or two share it. New reference. */
json_t *tree_pairing_index(const json_t *list, const char *field);

/* True for lists of the built-in API that others may add items to (sidecars in containers): what
 * we apply is merged into them. `key` is the list's own key. */
bool tree_pairing_is_shared(const char *key);
