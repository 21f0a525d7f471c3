/* reconcile/purge_internal: what the files of a purge share; not for others. */
#pragma once

#include "reconcile/purge.h"

/* --- purge_use.c: who uses a directory --- */

/* Everything that names directories of this host, but the app that is purged. */
struct reconcile_purge_use {
	struct purge_use_path {
		char *path, *who;
		bool forgiven; /* goes itself */
		bool reads;    /* mounted read-only everywhere */
	} * paths;
	size_t count, cap;
};

/* From the other apps, loaded and in force, and from every pod and volume of the cluster. */
int reconcile_purge_use(const struct reconcile_purge *purge, const struct deadline *deadline,
			struct reconcile_purge_use *ret, struct err *err);
/* Who needs the directory, or something in it, or holds it; NULL: nobody. Borrowed. */
const char *reconcile_purge_user(const struct reconcile_purge_use *use, const char *path);
void reconcile_purge_use_done(struct reconcile_purge_use *use);

/* --- purge_inside.c: what goes along --- */

/* What a Namespace or a CRD of the app would take along that is not the app's own: "3 objects that
 * are not of blog: Secret blog/x, ..."; NULL: nothing. Caller frees. */
int reconcile_purge_inside(const struct reconcile_purge *purge, const struct manifest_id *id,
			   const struct map *entries, const struct deadline *deadline,
			   char **ret_what, struct err *err);
