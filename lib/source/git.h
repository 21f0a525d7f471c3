/* source/git: which commit a checkout is at, read without git. */
#pragma once

/* The first seven digits of HEAD of the work tree that dir is in, with "+dirty" when a tracked file
 * below dir differs from the index; NULL when it is in none. Caller frees. */
char *source_git_head(const char *dir);
