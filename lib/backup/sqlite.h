/*
 * backup/sqlite: a consistent copy of a live SQLite database (sqlite.org/backup.html).
 *
 * In a child process: closing any other descriptor of the file in the same process would drop
 * SQLite's locks (sqlite.org/howtocorrupt.html, 2.2).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The 16 bytes that every database begins with (sqlite.org/fileformat.html, 1.3). */
bool backup_sqlite_is(int folder, const char *name);

/* "x.db-wal", "-shm", "-journal" of a database beside it: they are part of the copy. */
bool backup_sqlite_is_companion(int folder, const char *name);

/* Copies into an unlinked file below `scratch` and checks the copy. ret_fd stands at its start and
 * is the caller's to close. */
int backup_sqlite_copy(int folder, const char *name, const char *scratch, int *ret_fd,
		       struct err *err);

/* SQLite's own integrity check of a database that nobody uses. ERR_INVALID with its first finding.
 */
int backup_sqlite_check(int folder, const char *name, struct err *err);
