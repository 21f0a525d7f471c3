/* source/scan: walking the directory for source/tree. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Opens a path beneath root for reading; symbolic links are followed as long as they stay
 * inside. ERR_NOT_FOUND (also a link to nothing), ERR_DENIED, ERR_INVALID (leads outside), each
 * with what the user can do. */
int source_scan_open(int root, const char *path, bool folder, int *ret_fd, struct err *err);

/* Where an open file or folder is, without links; caller frees. NULL: the kernel does not tell. */
char *source_scan_real(int fd);
