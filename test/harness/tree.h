/* tree: what is in a folder, as text, so that two of them can be compared. */
#pragma once

/* One line for each thing below the folder, sorted: path, kind, mode, owner, links, size, time,
 * where it leads, SHA-256, extended attributes (ACLs among them), blocks of files with holes.
 * Caller frees. */
char *tree_text(const char *folder);
