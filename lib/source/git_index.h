/* source/git_index: do the tracked files differ from what git's index says of them? */
#pragma once

#include <stdbool.h>

/* Looks at the regular files below the folder `below` ("" for all) of the work tree. A file whose
 * size and time are those of the index is taken as the same; else its content decides. False when
 * the index cannot be read (no version 2 or 3). */
bool source_git_index_differs(const char *git, const char *work_tree, const char *below);
