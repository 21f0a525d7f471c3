/*
 * index_writer: the index, as the archive comes into being.
 *
 * An entry is told twice: where it begins in the tar stream, and where it ends with what was found
 * while reading it. Its line is written once the members that hold it are known.
 */
#pragma once

#include "base/err.h"
#include "tgz/index.h"
#include "tgz/press.h"
#include "tgz/tgz.h"

/* The last member of an index: stored, so that its length is always the same. */
#define TGZ_INDEX_POINTER      67
#define TGZ_INDEX_POINTER_TEXT 34

struct tgz_index_writer;

struct tgz_index_writer *tgz_index_writer_new(const struct tgz_sink *sink);

/* Offsets, lengths and sha256 of the entry do not count yet. Copies. */
void tgz_index_writer_begin(struct tgz_index_writer *writer, const struct tgz_index_entry *entry,
			    uint64_t tar_offset);
/* The one that was begun last: where it ends, and its digest ("" but for files). */
void tgz_index_writer_end(struct tgz_index_writer *writer, uint64_t tar_end, const char *sha256);

void tgz_index_writer_note(struct tgz_index_writer *writer, const struct tgz_note *note);

/* A member went out. */
int tgz_index_writer_member(struct tgz_index_writer *writer, const struct tgz_member *member,
			    struct err *err);

/* After the last member. */
int tgz_index_writer_finish(struct tgz_index_writer *writer,
			    const struct tgz_index_summary *archive, struct err *err);

/* Of what was written. ret has room for 65. */
uint64_t tgz_index_writer_size(const struct tgz_index_writer *writer);
void tgz_index_writer_sha256(struct tgz_index_writer *writer, char *ret);

void tgz_index_writer_free(struct tgz_index_writer *writer); /* NULL is fine */
