/* file: whole files in and out, and folders. Paths in messages are as the caller gave them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/list.h"

/* Reads the whole of a regular file of at most `limit` bytes; NUL-terminated, caller frees.
 * ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID (not regular, or larger than the limit), ERR_IO. */
int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length, struct err *err);

/* The same from a descriptor, which stays open; `name` is for messages. */
int file_read_fd(int fd, const char *name, size_t limit, char **ret_text, size_t *ret_length,
		 struct err *err);

/* Replaces a file: temporary file beside it, fsync, rename, fsync of the folder. A crash
 * leaves the old or the new content, never a mixture. ERR_INVALID: a folder, device or pipe is
 * there. */
int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct err *err);

/* The same for a file that is there: owner, group and mode stay, and a symbolic link still leads to
 * it. */
int file_rewrite(const char *path, const void *bytes, size_t length, struct err *err);

/* Creates a folder and those above it; one that is there stays as it is. */
int file_make_dir(const char *path, mode_t mode, struct err *err);

/* The names in a folder that do not begin with a dot, sorted; none when there is no such folder. */
int file_names(const char *folder, struct list *ret, struct err *err);

/* Removes a file; one that is not there is fine. */
int file_remove(const char *path, struct err *err);

bool file_exists(const char *path);

/* Takes an exclusive lock on a file (created when missing) that lasts until the descriptor is
 * closed or the process ends. ERR_BUSY when another process has it. */
int file_lock(const char *path, int *ret_fd, struct err *err);

/* "a/b" from "a" and "b"; no doubled slash. Caller frees. */
char *file_join(const char *folder, const char *name);

/* The part after the last slash. Borrowed from path. */
const char *file_base(const char *path);

void file_close(int *fd); /* cleanup: closes unless negative */
#define cleanup_fd __attribute__((cleanup(file_close)))
