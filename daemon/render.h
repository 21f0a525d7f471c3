/* render: one template with one file of variables, for `desired render --file`. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/mask.h"
#include "source/settings.h"

/* Files that the template includes or looks up are found beside it; settings say which variables of
 * the environment it sees, and where the passwords of encrypted files are. vars and mask may be
 * NULL; warnings are about vars. */
int render_file(const char *file, const char *vars, const struct source_settings *settings,
		struct mask *mask, struct diag_list *warnings, struct buf *ret, struct err *err);
