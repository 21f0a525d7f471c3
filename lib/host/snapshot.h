/*
 * snapshot: a btrfs subvolume as it is in one moment.
 *
 * It lies beside the subvolume (or in it, where that is a mount point of its own), and is called
 * .desired-snapshot-ID. It can be written to, so that a database in it can be opened.
 */
#pragma once

#include "base/err.h"

/* 1 and its path (caller frees); 0 and NULL when `path` is no subvolume of btrfs. What earlier
 * processes left behind there is deleted first, so one process at a time. */
int host_snapshot_make(const char *path, const char *id, char **ret, struct err *err);

/* Deletes it. */
int host_snapshot_delete(const char *snapshot, struct err *err);
