/* name: names that people type. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The known name nearest to what was written, or NULL when none is near (more than a third of
 * its letters differ). Borrowed from known. */
const char *name_nearest(const char *written, const char *const *known, size_t count);

/* RFC 1123 label: [a-z0-9]([-a-z0-9]*[a-z0-9])?, at most 63. */
bool name_is_label(const char *name);
