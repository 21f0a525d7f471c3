/*
 * backup/calm: a unit's directories hold still while they are read.
 *
 * `cold: true` stops the app (backup/halt.h); a btrfs subvolume is read from a snapshot. Where all
 * are subvolumes, the app goes on as soon as the snapshots are made.
 */
#pragma once

#include <stdbool.h>

#include "backup/halt.h"
#include "backup/source.h"

struct backup_calm_options {
	struct kube_client *client; /* may be NULL; then nothing can be cold */
	const char *state_dir, *id; /* of the set */
	const struct deadline *deadline;
	struct event_sink *sink;
};

struct backup_calm {
	const struct backup_source *source;
	struct backup_halt *halt;
	char **snapshots; /* one a tree, or NULL */
	bool was_cold;
};

/* An error leaves all as it was. */
int backup_calm_begin(const struct backup_calm_options *options, const struct backup_source *source,
		      struct backup_calm *ret, struct err *err);
/* Starts the app again if it is still stopped, and deletes the snapshots; whatever happened. */
int backup_calm_end(struct backup_calm *calm, struct err *err);

/* Where the tree is to be read. Borrowed. */
const char *backup_calm_root(const struct backup_calm *calm, size_t tree);
/* True when nobody writes to what is read there. */
bool backup_calm_holds(const struct backup_calm *calm, size_t tree);
