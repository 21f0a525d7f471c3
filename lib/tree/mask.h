/* tree/mask: a tree without the values that nobody may read (base/mask.h). */
#pragma once

#include <jansson.h>

#include "base/mask.h"

/* The tree, or a copy with every text in it masked (names of fields are not looked at). Takes tree
 * over; a new reference. */
json_t *tree_mask(struct mask *mask, json_t *tree_stolen);
