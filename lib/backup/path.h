/* backup/path: absolute paths on the node. */
#pragma once

#include <stdbool.h>

/* "/a/b" is within "/a" and within itself. */
bool backup_path_within(const char *path, const char *folder);

/* Without slashes at the end and doubled ones; "/" becomes "". Caller frees. */
char *backup_path_clean(const char *path);

/* What the machine makes anew, and what is no app's own: /run, /etc, /usr ... */
bool backup_path_is_system(const char *path);

/* Without symbolic links, as far as it is there: what is missing of it stays as it is written.
 * Caller frees. */
char *backup_path_real(const char *path);
