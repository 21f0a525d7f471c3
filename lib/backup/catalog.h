/* backup/catalog: the sets that a store has. */
#pragma once

#include "backup/set.h"
#include "s3/store.h"

/* The nodes that have sets below the store's prefix, sorted. */
int backup_catalog_nodes(struct s3_store *store, const struct deadline *deadline, struct list *ret,
			 struct err *err);

struct backup_catalog {
	struct backup_set **sets; /* oldest first */
	size_t count;
	struct list damaged; /* "ID: why": markers that cannot be read; they protect what they name
			      * from nobody */
	time_t server_time;  /* of the listing */
};

/* All sets of a node, whole listing: an error leaves nothing. */
int backup_catalog_read(struct s3_store *store, const char *node, const struct deadline *deadline,
			struct backup_catalog *ret, struct err *err);
void backup_catalog_done(struct backup_catalog *catalog);
#define cleanup_backup_catalog __attribute__((cleanup(backup_catalog_done)))

/* One set: its id, a beginning of it that only one has, or "latest" (the newest that is not
 * failed). NULL with an error that names the newest ids. Borrowed. */
const struct backup_set *backup_catalog_find(const struct backup_catalog *catalog, const char *id,
					     struct err *err);
/* The newest set in which this unit is not failed; NULL. */
const struct backup_set *backup_catalog_newest(const struct backup_catalog *catalog,
					       const char *unit);
