/*
 * backup/dump: whether what a dump command printed could be loaded again, as far as the dump itself
 * says.
 */
#pragma once

#include "base/deadline.h"
#include "base/err.h"

/* One line about it: "custom format of PostgreSQL, 57 entries", "SQL, 12 tables, 3.1 MB". Caller
 * frees. ERR_INVALID when it is empty, cut short or cannot be listed. */
int backup_dump_list(const char *path, const struct deadline *deadline, char **ret,
		     struct err *err);
