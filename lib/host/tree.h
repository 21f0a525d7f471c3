/*
 * host/tree: directories as a whole: how large they are, and their end.
 *
 * desired deletes data of the host in one case only: `desired purge APP --yes`. Everything that
 * makes that dangerous is refused here, whoever asks: paths of the system, symbolic links on the
 * way, mount points and what lies above one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

struct host_tree {
	uint64_t bytes; /* on disk */
	size_t files;
	bool more; /* the time was over before all was seen */
};

/* Adds up what is below a directory, for at most so many milliseconds. Links are not followed,
 * other file systems not entered. ERR_NOT_FOUND. */
int host_tree_measure(const char *path, int64_t milliseconds, struct host_tree *ret,
		      struct err *err);

/* "4.1 GB, 1203 files"; caller frees. */
char *host_tree_text(const struct host_tree *tree);

/* 0 when the directory may be removed with all that is in it; `spare` are directories that must
 * neither be in it nor hold it. ERR_INVALID says why not; ERR_NOT_FOUND. */
int host_tree_check(const char *path, const struct list *spare, struct err *err);

/* Checks, and removes it. What cannot be removed stays, with everything above it. */
int host_tree_remove(const char *path, const struct list *spare, struct err *err);
