/* source/mention: what looks as if it should be read and is not; for `check`. */
#pragma once

#include "base/diag.h"
#include "source/layout.h"

/* Adds a note for each file that looks like a manifest and is none of the layout's members, and one
 * for each Ansible role that names the folders that are not read. */
void source_mention(struct source_tree *tree, const struct source_layout *layout,
		    struct diag_list *findings);
