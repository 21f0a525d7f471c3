#include "tgz/index_writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tgz/codec.h"
#include "tgz/hash.h"
#include "tgz/line.h"

#define BLOCK_BYTES ((size_t)128 << 10)

/* An entry whose members have not all gone out. */
struct pending {
	struct tgz_index_entry entry; /* path and target are ours */
	uint64_t tar_offset, tar_end;
	bool located, ended;
	struct pending *next;
};

struct tgz_index_writer {
	struct tgz_sink sink;
	struct tgz_codec *codec;
	struct tgz_hash *hash;
	uint64_t size; /* of what was written */

	struct buf text;    /* of the block */
	char *first_path;   /* of an entry in it; or NULL */
	uint64_t first_out; /* where the archive was when it began */
	struct buf root;

	struct pending *first, **last, *open; /* open: begun and not ended */
	char *previous_path;
	bool is_sorted;
	uint64_t entries;
	uint64_t tar_out, out; /* of the members so far */
};

struct tgz_index_writer *tgz_index_writer_new(const struct tgz_sink *sink)
{
	struct tgz_index_writer *writer = mem_new(struct tgz_index_writer);

	writer->sink = *sink;
	writer->codec = tgz_codec_new(TGZ_SMALL);
	writer->hash = tgz_hash_new();
	writer->last = &writer->first;
	writer->is_sorted = true;
	buf_addstr(&writer->text, "desired-index 1\n");
	return writer;
}

static void free_pending(struct pending *pending)
{
	free((char *)pending->entry.path);
	free((char *)pending->entry.target);
	free(pending);
}

void tgz_index_writer_free(struct tgz_index_writer *writer)
{
	if (!writer)
		return;
	for (struct pending *next; writer->first; writer->first = next) {
		next = writer->first->next;
		free_pending(writer->first);
	}
	tgz_codec_free(writer->codec);
	tgz_hash_free(writer->hash);
	buf_done(&writer->text);
	buf_done(&writer->root);
	free(writer->first_path);
	free(writer->previous_path);
	free(writer);
}

/* ---- Blocks. */

static int send(struct tgz_index_writer *writer, const char *member, size_t length, struct err *err)
{
	writer->size += length;
	tgz_hash_add(writer->hash, member, length);
	return writer->sink.write(writer->sink.context, member, length, err);
}

static int write_member(struct tgz_index_writer *writer, const struct buf *text, size_t *ret_length,
			struct err *err)
{
	cleanup_free char *member = mem_alloc(tgz_codec_bound(text->len));

	*ret_length = tgz_codec_compress(writer->codec, text->data, text->len, member);
	return send(writer, member, *ret_length, err);
}

static int close_block(struct tgz_index_writer *writer, struct err *err)
{
	struct buf *root = &writer->root;
	uint64_t offset = writer->size;
	size_t length;

	if (!writer->text.len)
		return 0;
	int r = write_member(writer, &writer->text, &length, err);
	if (r < 0)
		return r;
	buf_addch(root, 'B');
	tgz_line_add_number(root, offset);
	tgz_line_add_number(root, length);
	tgz_line_add_text(root, writer->first_path ? writer->first_path : "");
	tgz_line_add_number(root, writer->first_out);
	buf_addch(root, '\n');
	buf_truncate(&writer->text, 0);
	free(steal(&writer->first_path));
	writer->first_out = writer->out;
	return 0;
}

/* ---- Lines. */

static void add_entry_line(struct tgz_index_writer *writer, const struct tgz_index_entry *entry)
{
	struct buf *text = &writer->text;

	buf_printf(text, "E\t%c\t%04o%s\t%u\t%u\t%llu\t%lld.%09d\t%s\t%llu\t%llu\t%llu",
		   entry->type, entry->mode, entry->extended ? "+" : "", entry->uid, entry->gid,
		   (unsigned long long)entry->size, (long long)entry->mtime, entry->mtime_ns,
		   *entry->sha256 ? entry->sha256 : "-", (unsigned long long)entry->offset,
		   (unsigned long long)entry->length, (unsigned long long)entry->skip);
	tgz_line_add_text(text, entry->path);
	if (entry->target)
		tgz_line_add_text(text, entry->target);
	buf_addch(text, '\n');
	if (!writer->first_path)
		writer->first_path = mem_strdup(entry->path);
	if (writer->previous_path &&
	    tgz_line_compare_paths(writer->previous_path, entry->path) >= 0)
		writer->is_sorted = false;
	free(writer->previous_path);
	writer->previous_path = mem_strdup(entry->path);
	writer->entries++;
}

void tgz_index_writer_note(struct tgz_index_writer *writer, const struct tgz_note *note)
{
	buf_printf(&writer->text, "N\t%s", tgz_note_name(note->kind));
	tgz_line_add_text(&writer->text, note->path);
	tgz_line_add_text(&writer->text, note->text);
	buf_addch(&writer->text, '\n');
}

/* Entries that are whole in what has gone out get their lines. */
static int settle(struct tgz_index_writer *writer, struct err *err)
{
	int r = 0;

	while (writer->first && writer->first->ended && writer->first->tar_end <= writer->tar_out &&
	       r >= 0) {
		struct pending *pending = writer->first;
		pending->entry.length = writer->out - pending->entry.offset;
		add_entry_line(writer, &pending->entry);
		writer->first = pending->next;
		if (!writer->first)
			writer->last = &writer->first;
		free_pending(pending);
		if (writer->text.len >= BLOCK_BYTES)
			r = close_block(writer, err);
	}
	return r;
}

/* ---- What happens. */

void tgz_index_writer_begin(struct tgz_index_writer *writer, const struct tgz_index_entry *entry,
			    uint64_t tar_offset)
{
	struct pending *pending = mem_new(struct pending);

	pending->entry = *entry;
	pending->entry.path = mem_strdup(entry->path);
	pending->entry.target = mem_strdup(entry->target);
	pending->tar_offset = tar_offset;
	*writer->last = pending;
	writer->last = &pending->next;
	writer->open = pending;
}

void tgz_index_writer_end(struct tgz_index_writer *writer, uint64_t tar_end, const char *sha256)
{
	struct pending *pending = steal(&writer->open);

	pending->tar_end = tar_end;
	pending->ended = true;
	snprintf(pending->entry.sha256, sizeof(pending->entry.sha256), "%s", sha256);
}

static void locate(struct tgz_index_writer *writer, const struct tgz_member *member)
{
	uint64_t end = member->tar_offset + member->tar_length;

	for (struct pending *p = writer->first; p; p = p->next) {
		if (p->located || p->tar_offset >= end)
			continue;
		p->entry.offset = member->offset;
		p->entry.skip = p->tar_offset - member->tar_offset;
		p->located = true;
	}
}

int tgz_index_writer_member(struct tgz_index_writer *writer, const struct tgz_member *member,
			    struct err *err)
{
	buf_addch(&writer->text, 'M');
	tgz_line_add_number(&writer->text, member->offset);
	tgz_line_add_number(&writer->text, member->length);
	tgz_line_add_number(&writer->text, member->tar_offset);
	tgz_line_add_number(&writer->text, member->tar_length);
	buf_addch(&writer->text, '\n');
	writer->tar_out = member->tar_offset + member->tar_length;
	writer->out = member->offset + member->length;
	locate(writer, member);
	int r = settle(writer, err);
	return r >= 0 && writer->text.len >= BLOCK_BYTES ? close_block(writer, err) : r;
}

static int write_root(struct tgz_index_writer *writer, const struct tgz_index_summary *archive,
		      struct err *err)
{
	char pointer[TGZ_INDEX_POINTER_TEXT + 1], member[TGZ_INDEX_POINTER];
	struct buf *root = &writer->root;
	uint64_t offset = writer->size;
	size_t length;

	buf_printf(root, "S\t%llu\t%s\t%llu\t%d\n", (unsigned long long)archive->archive_size,
		   archive->archive_sha256, (unsigned long long)writer->entries, writer->is_sorted);
	int r = write_member(writer, root, &length, err);
	if (r < 0)
		return r;
	snprintf(pointer, sizeof(pointer), "R\t%020llu\t%010zu\n", (unsigned long long)offset,
		 length);
	length = tgz_codec_store(pointer, TGZ_INDEX_POINTER_TEXT, member);
	return send(writer, member, length, err);
}

int tgz_index_writer_finish(struct tgz_index_writer *writer,
			    const struct tgz_index_summary *archive, struct err *err)
{
	int r = settle(writer, err);

	if (r >= 0)
		r = close_block(writer, err);
	if (r >= 0)
		r = write_root(writer, archive, err);
	return r;
}

uint64_t tgz_index_writer_size(const struct tgz_index_writer *writer)
{
	return writer->size;
}

void tgz_index_writer_sha256(struct tgz_index_writer *writer, char *ret)
{
	tgz_hash_hex(writer->hash, ret);
}
