/* backup/pick: which trees of a set a restore is about, and where each goes. Touches nothing. */
#pragma once

#include "backup/place.h"
#include "backup/restore.h"

/* One tree: a directory that is in a unit, or what is asked for of it. */
struct backup_picked {
	const struct backup_unit *unit;
	const char *claim; /* that it is, or is part of; NULL */
	char *name;	   /* in the archive */
	char *path;	   /* as it was on the node */
	struct backup_place place;
	json_t *volume; /* to be made for it; NULL */
};

struct backup_picks {
	struct backup_picked *items; /* those of one unit stand together */
	size_t count;
};

/* live: as backup/live.h has it; NULL: not known. ERR_EXISTS when something is in the way,
 * ERR_NOT_FOUND when nothing of the set is meant. */
int backup_pick(const struct backup_restore_options *options, const json_t *live,
		struct backup_picks *ret, struct err *err);
void backup_picks_done(struct backup_picks *picks);
#define cleanup_backup_picks __attribute__((cleanup(backup_picks_done)))
