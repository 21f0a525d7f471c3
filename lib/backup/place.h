/*
 * backup/place: swapping a restored tree with what stands at its place.
 *
 * A tree is unpacked as "tree" in the staging directory beside its place, on the same file system,
 * so that swapping is two renames. A mount point cannot be renamed: its contents are moved then.
 * Whatever interrupts a swap, the same call goes on where it was.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

#define BACKUP_PLACE_TREE "tree"

struct backup_place {
	char *target;  /* "/home/kube/blog" */
	char *staging; /* where it is unpacked */
	char *before;  /* where what was there goes: a name that is free */
	bool mounted;  /* target is a mount point: staging and before are in it */
};

/* True when nothing is there: no such path, an empty directory, an empty file. What an earlier
 * restore or the file system itself left there does not count. */
bool backup_place_is_empty(const char *path);

/* Decides, touching nothing. ERR_EXISTS when something is in the way and `replace` is not set. */
int backup_place_choose(const char *target, const char *id, bool replace, struct backup_place *ret,
			struct err *err);
void backup_place_done(struct backup_place *place);

/* Makes the directory to unpack into, and the parents of the target. */
int backup_place_prepare(const struct backup_place *place, struct err *err);

/* What was unpacked becomes the target. Returns 1 when something was there and is in `before` now.
 * Done already, it does nothing. */
int backup_place_swap(const struct backup_place *place, struct err *err);

/* As it was before the swap, whole or begun; the unpacked tree is in the staging directory again.
 * Only for what is no mount point: ERR_INVALID. */
int backup_place_undo(const struct backup_place *place, struct err *err);

/* For a note that outlives a crash. from_json: false when it is none. */
json_t *backup_place_to_json(const struct backup_place *place);
bool backup_place_from_json(const json_t *tree, struct backup_place *ret);
