/* pack: archives in memory, for the tests of lib/tgz. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"
#include "harness/temp.h"
#include "harness/tree.h"
#include "tgz/read.h"
#include "tgz/writer.h"

struct pack {
	struct buf archive, index;
	struct list notes; /* "grew a/b" */
	struct tgz_summary summary;
	uint64_t read; /* bytes that a source gave */
};

static inline int pack_take(void *context, const void *bytes, size_t length, struct err *err)
{
	(void)err;
	buf_add(context, bytes, length);
	return 0;
}

static inline void pack_note(void *context, const struct tgz_note *note)
{
	struct pack *pack = context;

	list_printf(&pack->notes, "%s %s", tgz_note_name(note->kind), note->path);
}

static inline struct tgz_writer *pack_writer(struct pack *pack)
{
	const struct tgz_writer_options options = {
		.archive = {pack_take, &pack->archive},
		.index = {pack_take, &pack->index},
		.threads = 2,
		.note = pack_note,
		.context = pack,
	};

	return tgz_writer_new(&options);
}

static inline void pack_walk(struct pack *pack, const struct tgz_walk_options *walk)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_writer *writer = pack_writer(pack);

	must(tgz_writer_add_tree(writer, walk, &err), &err);
	must(tgz_writer_finish(writer, &pack->summary, &err), &err);
	tgz_writer_free(writer);
}

static inline void pack_tree(struct pack *pack, const char *root)
{
	pack_walk(pack, &(struct tgz_walk_options){.root = root, .name = "t"});
}

static inline int pack_read_archive(void *context, uint64_t offset, size_t length, void *bytes,
				    struct err *err)
{
	struct pack *pack = context;

	if (offset + length > pack->archive.len)
		return err_set(err, ERR_IO, "beyond the end");
	__atomic_fetch_add(&pack->read, length, __ATOMIC_RELAXED);
	memcpy(bytes, pack->archive.data + offset, length);
	return 0;
}

static inline int pack_read_index(void *context, uint64_t offset, size_t length, void *bytes,
				  struct err *err)
{
	struct pack *pack = context;

	if (offset + length > pack->index.len)
		return err_set(err, ERR_IO, "beyond the end");
	__atomic_fetch_add(&pack->read, length, __ATOMIC_RELAXED);
	memcpy(bytes, pack->index.data + offset, length);
	return 0;
}

static inline struct tgz_source pack_index(struct pack *pack)
{
	return (struct tgz_source){pack_read_index, pack, pack->index.len};
}

/* Options to read it with: the rest is the test's. */
static inline struct tgz_read_options pack_options(struct pack *pack, const char *into)
{
	return (struct tgz_read_options){
		.archive = {pack_read_archive, pack, pack->archive.len},
		.index = pack_index(pack),
		.name = "the archive",
		.into = into,
		.note = pack_note,
		.context = pack,
		.threads = 2,
	};
}

static inline void pack_unpack(struct pack *pack, const char *into)
{
	cleanup_err struct err err = ERR_INIT;
	struct tgz_read_options options = pack_options(pack, into);
	struct tgz_read_summary summary;

	must(tgz_read(&options, &summary, &err), &err);
}

static inline void pack_done(struct pack *pack)
{
	buf_done(&pack->archive);
	buf_done(&pack->index);
	list_done(&pack->notes);
}
#define cleanup_pack __attribute__((cleanup(pack_done)))

/* Both trees are equal in names, kinds, modes, owners, times, links, holes, attributes, content. */
static inline void pack_compare(const char *one, const char *other)
{
	cleanup_free char *a = tree_text(one), *b = tree_text(other);

	ck_assert_msg(!strcmp(a, b), "%s:\n%s\n\n%s:\n%s", one, a, other, b);
}
