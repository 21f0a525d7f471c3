/*
 * walk: everything below a path, in the order in which it is archived: depth first, names sorted by
 * byte. Directories are held open, so what is renamed or swapped for a symlink meanwhile is not
 * followed out of the tree. Also what a dry run, a size estimate and a fingerprint look at.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/list.h"
#include "tgz/tgz.h"

struct tgz_entry {
	const char *path; /* in the archive: "home/kube/ghost/content/data" */
	const char *file; /* below the root of the walk: "data"; "" for the root itself */
	int folder;	  /* descriptor of the directory that it is in */
	const char *name; /* in that directory */
	int directory;	  /* its own descriptor when it is a directory, else -1 */
	struct stat st;	  /* of the thing itself, never of what a symlink names */
	/* May be set by the visitor: content comes from here, its size too; closed by the walk. -1.
	 */
	int content;
};

struct tgz_walk_options {
	const char *root; /* on this machine; a directory or a single file; it may be a symlink */
	const char *name; /* its path in the archive; NULL: root without its first slash */
	/* Patterns of what is left out: "*.log" and "cache" fit the last part of a path,
	 * "data/cache" the path below root, "/srv/x/y" the path on the machine. ? [] and a star do
	 * not stand for a slash, two stars do. A directory goes with all in it. */
	struct list exclude;
	bool cross_mounts;   /* go into other file systems */
	bool include_caches; /* also directories with a CACHEDIR.TAG */
	/* 0: goes on; negative: ends the walk; TGZ_LEAVE_OUT: this and what is below it is left
	 * out. */
	int (*visit)(void *context, struct tgz_entry *entry, struct err *err);
	void (*note)(void *context, const struct tgz_note *note);
	void *context;
};

#define TGZ_LEAVE_OUT 1

/* ERR_NOT_FOUND and ERR_DENIED only for the root; everything else is a note. */
int tgz_walk(const struct tgz_walk_options *options, struct err *err);

/* Whether the patterns are well-formed: ERR_INVALID names the one that is not. */
int tgz_walk_check_patterns(const struct list *exclude, struct err *err);
