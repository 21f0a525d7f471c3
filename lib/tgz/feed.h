/*
 * feed: index and archive side by side: entries as the index has them, and the tar stream that
 * belongs to them.
 *
 * The index is read ahead just so far that the members which the selection wants keep the threads
 * of pull busy. A stretch is a range of the archive without a gap; its tar stream begins where the
 * first wanted entry does.
 */
#pragma once

#include "base/err.h"
#include "tgz/index_reader.h"
#include "tgz/pull.h"
#include "tgz/selection.h"

struct tgz_feed;

/* All are borrowed. The index is read from where it stands. */
struct tgz_feed *tgz_feed_new(struct tgz_index_reader *index, struct tgz_pull *pull,
			      const struct tgz_selection *selection);
void tgz_feed_free(struct tgz_feed *feed); /* NULL is fine */

/* The next entry, borrowed until the next call; its number counts from 0. 1: it is there, 0: that
 * was the last. */
int tgz_feed_entry(struct tgz_feed *feed, const struct tgz_index_entry **ret, size_t *ret_number,
		   struct err *err);

/* From now on the tar stream is that of this range, from the entry's header on. */
void tgz_feed_open(struct tgz_feed *feed, const struct tgz_range *range,
		   const struct tgz_index_entry *entry);

/* The next bytes of the tar stream, borrowed until the next call. 1, or 0 at the end of the range.
 */
int tgz_feed_bytes(struct tgz_feed *feed, const char **ret, size_t *ret_length, struct err *err);
