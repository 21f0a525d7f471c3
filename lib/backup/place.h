/* backup/place: swapping a restored tree with what stands at its place. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct backup_place {
	char *target;  /* "/home/kube/blog" */
	char *staging; /* where it is unpacked */
	char *before;  /* where what was there goes */
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

/* staging/NAME becomes the target; NULL: staging itself does. Returns 1 when something was there
 * and is in `before` now. */
int backup_place_swap(const struct backup_place *place, const char *name, struct err *err);
