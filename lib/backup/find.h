/*
 * backup/find: which set has a path.
 *
 * It is looked for by the path alone, over all units: an app that was renamed, or split in two,
 * finds its data all the same.
 */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"

/* The newest set that has something at or below the path: 1 and the set (borrowed), 0 when none
 * has. Reads indexes where a unit's own path lies above; one that no identity (NULL: none) can
 * read is taken to have it. */
int backup_find_path(struct s3_store *store, const struct backup_catalog *catalog, const char *path,
		     const struct age_identities *identities, const struct deadline *deadline,
		     const struct backup_set **ret, struct err *err);
