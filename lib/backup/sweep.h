/*
 * backup/sweep: what runs that never ended left in the store.
 *
 * An archive without a marker is no backup, and nobody sees it; but it is billed. Deleted is what
 * no set names, that lies where our archives lie, and that belongs to a run which cannot end any
 * more: the one that crashed here, or one that began more than a day ago.
 */
#pragma once

#include "backup/catalog.h"

/* Nothing is deleted while a marker is damaged: it may name anything. crashed: the id of a run of
 * this node that has ended without a marker, or NULL. Returns how many objects went. */
int backup_sweep(struct s3_store *store, const struct backup_catalog *catalog, const char *node,
		 const char *crashed, time_t now, const struct deadline *deadline, struct err *err);
