/*
 * index_reader: the lines of an index, one after the other, from its start or from a block on.
 */
#pragma once

#include "base/err.h"
#include "tgz/index.h"
#include "tgz/press.h"
#include "tgz/tgz.h"

struct tgz_index_reader;

enum tgz_line_kind {
	TGZ_LINE_END,
	TGZ_LINE_MEMBER,
	TGZ_LINE_ENTRY,
	TGZ_LINE_NOTE,
};

/* Texts are borrowed until the next line is read. */
struct tgz_line {
	enum tgz_line_kind kind;
	struct tgz_member member;
	struct tgz_index_entry entry;
	struct tgz_note note;
};

/* Reads the root. ERR_INVALID when it is no index, damaged, or cut short. */
int tgz_index_reader_new(const struct tgz_source *source, struct tgz_index_reader **ret,
			 struct err *err);
void tgz_index_reader_free(struct tgz_index_reader *reader); /* NULL is fine */

const struct tgz_index_summary *tgz_index_reader_summary(const struct tgz_index_reader *reader);

/* The next line; TGZ_LINE_END after the last. */
int tgz_index_reader_next(struct tgz_index_reader *reader, struct tgz_line *ret, struct err *err);

/* Goes on from the first block again. */
void tgz_index_reader_rewind(struct tgz_index_reader *reader);

/* Goes on from the block that holds the first entry not before `path`, reading block by block from
 * there. An index that is not sorted is read from its start. */
void tgz_index_reader_seek(struct tgz_index_reader *reader, const char *path);

bool tgz_index_reader_is_sorted(const struct tgz_index_reader *reader);
