/*
 * selection: which entries of an archive are wanted, and which of its bytes that takes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "tgz/disk.h"
#include "tgz/index_reader.h"
#include "tgz/read.h"

enum tgz_want {
	TGZ_SKIP,
	TGZ_FETCH,	/* header and content from the archive */
	TGZ_FROM_INDEX, /* the index knows all of it */
	TGZ_KEEP,	/* it is there already */
};

struct tgz_range {
	uint64_t offset, end; /* in the archive */
};

struct tgz_selection {
	bool all;	      /* nothing below counts: everything is fetched */
	unsigned char *wants; /* enum tgz_want, by the entry's number */
	size_t count, cap;
	struct tgz_range *ranges; /* sorted, apart from each other */
	size_t range_count, range_cap;
	/* Hard links without their target: by the target's path the path (char *) that gets its
	 * content. */
	struct map links;
};

/* Reads the index to its end, and rewinds it. disk may be NULL. */
int tgz_selection_make(struct tgz_index_reader *index, const struct tgz_read_options *options,
		       struct tgz_disk *disk, struct tgz_selection *ret, struct err *err);
void tgz_selection_done(struct tgz_selection *selection);

enum tgz_want tgz_selection_want(const struct tgz_selection *selection, size_t number);

/* The range that holds that byte of the archive, or NULL. */
const struct tgz_range *tgz_selection_range(const struct tgz_selection *selection, uint64_t offset);
