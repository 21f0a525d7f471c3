/*
 * backup/retain: which sets are kept. Pure.
 *
 * Of each of the newest so many days, weeks, months and years the newest good set; and the newest
 * `last` good ones, which are never fewer than three. Good is what is not failed; a failed set goes
 * when a good one came after it. Weeks are those of ISO 8601; all in UTC, as the ids are.
 */
#pragma once

#include "backup/catalog.h"

#define BACKUP_RETAIN_FLOOR 3

struct backup_retain {
	int last, daily, weekly, monthly, yearly;
	int64_t max_age_s; /* of the newest good set: an older one and nothing is deleted */
};

/* keep[i] for each set of the catalog. ERR_INVALID when nothing may be deleted now, and why: the
 * newest good set is too old, the clocks disagree by more than five minutes, or a marker is
 * damaged. All are kept then. */
int backup_retain(const struct backup_catalog *catalog, const struct backup_retain *rules,
		  time_t now, bool *keep, struct err *err);
