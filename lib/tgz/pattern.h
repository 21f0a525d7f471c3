/* pattern: names that people leave out. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* ERR_INVALID when it is empty or has a bracket that does not end. */
int tgz_pattern_check(const char *pattern, struct err *err);

/* Whether a thing is meant. `file` is its path below the root of the walk, `path` that on the
 * machine. A pattern without a slash is compared with the last part, one that begins with a slash
 * with path, others with file. One that ends in a slash means directories only. */
bool tgz_pattern_matches(const char *pattern, const char *file, const char *path,
			 bool is_directory);
