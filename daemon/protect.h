/* protect: what `check` says about data that no backup would have. */
#pragma once

#include "manifest/set.h"
#include "source/settings.h"

/* Directories that pods use and that are left out of backups unless somebody says otherwise.
 * Nothing where no backup target is set. */
void protect_check(const struct source_settings *settings, const struct manifest_set *set,
		   struct diag_list *findings);
