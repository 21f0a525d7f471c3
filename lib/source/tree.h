/*
 * source/tree: a snapshot of the files below a directory.
 *
 * Scanning takes names and what stat says of them, nothing else; contents are read when asked for
 * and must still be the file that was scanned. A pass that used a tree asks source_tree_changed()
 * at its end and starts again when something moved: so no half-written state is ever taken up.
 *
 * Files are opened beneath the directory only: a symbolic link must stay inside, whoever made it.
 * What may not be trusted (owned by somebody else, writable by others) or cannot be read is a
 * *problem*, which belongs to a path; the rest of the tree goes on.
 *
 *	source_tree_scan(dir, lint, &tree, err);
 *	file = source_tree_find(tree, "ghost/app.yaml");
 *	source_tree_read(tree, file, SOURCE_TEMPLATE_LIMIT, err);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"

#define SOURCE_TEMPLATE_LIMIT (1u << 20) /* templates, variables, app.yaml, raw files */
#define SOURCE_MANIFEST_LIMIT (3u << 20) /* plain manifests: CRDs are large */

struct source_file {
	char *path; /* relative to the directory: "ghost/templates/service.yml.j2" */
	struct stat st;
	bool linked; /* a symbolic link leads to it */
	char *text;  /* NULL until it was read */
	size_t length;
	bool secret; /* it was encrypted: text is what it holds (source/secret.h) */
	bool sealed; /* it could not be opened: text is a placeholder */
};

struct source_problem {
	char *path;
	enum diag_severity severity;
	struct err err;
};

struct source_tree {
	char *dir; /* as it was given: messages about the directory itself */
	int root;
	bool lint;
	struct source_file **files; /* sorted by path; ignored names are not in it */
	size_t count, cap;
	struct map by_path;  /* path -> struct source_file, borrowed */
	struct list folders; /* relative; "" is the directory itself */
	struct map real; /* path -> where links lead, relative, char *; only where that differs */
	struct source_problem *problems;
	size_t problem_count, problem_cap;
	bool unreadable; /* the directory is missing or cannot be listed; problem says why */
	bool moved;	 /* a file was not the one that was scanned when it was read */
	char *fingerprint;
	const struct map *instead; /* path -> struct buf: read instead of the file; or NULL */
};

/* Negative only when descriptors or the like ran out. */
int source_tree_scan(const char *dir, bool lint, struct source_tree **ret, struct err *err);

/* Borrowed, or NULL. */
struct source_file *source_tree_find(const struct source_tree *tree, const char *path);
bool source_tree_has_folder(const struct source_tree *tree, const char *path);

/* Where a file or folder of the tree is when every link is followed: `path` itself, or what stands
 * elsewhere beneath the directory. Borrowed. */
const char *source_tree_real(const struct source_tree *tree, const char *path);

/* The error that stands on a path or on a folder above it; NULL: none. Borrowed. */
const struct err *source_tree_problem(const struct source_tree *tree, const char *path);

/* Fills file->text, once. ERR_INVALID for more than limit bytes (told from its size), ERR_BUSY when
 * it is not the file that was scanned. Errors name the path as their place. */
int source_tree_read(struct source_tree *tree, struct source_file *file, size_t limit,
		     struct err *err);

/* The same for text: ERR_INVALID also for a NUL character. */
int source_tree_read_text(struct source_tree *tree, struct source_file *file, size_t limit,
			  struct err *err);

/* Scans again and compares. True also when a file moved while it was read. */
bool source_tree_changed(const struct source_tree *tree);

/* Milliseconds since the newest change of anything in the tree, by the clock of its files. */
long source_tree_age_ms(const struct source_tree *tree);

/* The text of a line, from 1; borrowed, with its length. NULL when the file was not read or has no
 * such line. */
const char *source_file_line(const struct source_file *file, int line, int *ret_length);

void source_tree_free(struct source_tree *tree);
