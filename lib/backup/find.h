/*
 * backup/find: which set has a path.
 *
 * It is looked for by the path alone, over all units: an app that was renamed, or split in two,
 * finds its data all the same.
 */
#pragma once

#include "age/age.h"
#include "backup/catalog.h"
#include "manifest/set.h"

/* The newest set that has something at or below the path: 1 and the set (borrowed), 0 when none
 * has. Reads indexes where a unit's own path lies above; one that no identity (NULL: none) can
 * read is taken to have it. */
int backup_find_path(struct s3_store *store, const struct backup_catalog *catalog, const char *path,
		     const struct age_identities *identities, const struct deadline *deadline,
		     const struct backup_set **ret, struct err *err);

/* A claim of an app, as a set has it. */
struct backup_found_claim {
	const char *claim, *path; /* "NAMESPACE/NAME"; its directory then. Borrowed from the set */
	const struct backup_set *set;
};

/* The claims that are the app's, in the newest set that has any. Caller frees *ret. */
void backup_find_claims(const struct backup_catalog *catalog, const struct manifest_app *app,
			struct backup_found_claim **ret, size_t *ret_count);
/* True when an app may have claims: it names some, or has a Helm chart. */
bool backup_find_may_have_claims(const struct manifest_app *app);
