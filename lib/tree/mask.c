#include "tree/mask.h"

#include <stdlib.h>

#include "base/mem.h"

static void mask_one(struct mask *mask, json_t *string)
{
	cleanup_buf struct buf masked = BUF_INIT;

	if (mask_bytes(mask, json_string_value(string), json_string_length(string), &masked))
		json_string_setn(string, masked.data, masked.len);
}

static void mask_all(struct mask *mask, json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(tree))
		mask_one(mask, tree);
	json_object_foreach (tree, key, value) {
		mask_all(mask, value);
	}
	json_array_foreach (tree, i, value) {
		mask_all(mask, value);
	}
}

static bool holds_secret(struct mask *mask, const json_t *tree)
{
	cleanup_buf struct buf masked = BUF_INIT;
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(tree))
		return mask_bytes(mask, json_string_value(tree), json_string_length(tree), &masked);
	json_object_foreach ((json_t *)tree, key, value) {
		if (holds_secret(mask, value))
			return true;
	}
	json_array_foreach (tree, i, value) {
		if (holds_secret(mask, value))
			return true;
	}
	return false;
}

json_t *tree_mask(struct mask *mask, json_t *tree)
{
	if (!mask || !holds_secret(mask, tree))
		return tree;
	json_t *copy = json_deep_copy(tree);
	json_decref(tree);
	mask_all(mask, copy);
	return copy;
}
