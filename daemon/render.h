/* render: one template with one file of variables, for `desired render --file`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Files that the template includes or looks up are found beside it. vars may be NULL. */
int render_file(const char *file, const char *vars, struct buf *ret, struct err *err);
