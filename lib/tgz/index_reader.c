#include "tgz/index_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tgz/codec.h"
#include "tgz/index_writer.h"
#include "tgz/line.h"

#define TEXT_LIMIT   ((size_t)256 << 20) /* of one member: more is not ours */
#define MEMBER_LIMIT ((size_t)256 << 20)
#define FETCH_BYTES  ((size_t)1 << 20) /* for one read when the whole is read */
#define MAX_FIELDS   13

struct block {
	uint64_t offset;
	size_t length;
	char *first_path; /* "": it has no entry */
};

struct tgz_index_reader {
	struct tgz_source source;
	struct tgz_codec *codec;
	struct block *blocks;
	size_t block_count, block_cap;
	struct tgz_index_summary summary;
	bool is_sorted;

	size_t next_block; /* to be inflated */
	size_t fetch;	   /* bytes wanted in one read */
	char *fetched;	   /* members from blocks[fetched_from].offset on */
	uint64_t fetched_at;
	size_t fetched_length;

	char *text, *line; /* of the block; the next line in it, or NULL */
};

static int damaged(const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "the index is damaged: %s", what);
}

/* ---- Members. */

/* Inflates one into text that ends with a NUL. Caller frees. */
static int inflate_text(struct tgz_index_reader *reader, const char *member, size_t length,
			char **ret, struct err *err)
{
	size_t size = 0, room = 0;

	if (length < TGZ_MEMBER_HEADER + 8)
		return damaged("a block is too short", err);
	for (int i = 4; i > 0; i--)
		room = room << 8 | (unsigned char)member[length - 5 + (size_t)i];
	if (room > TEXT_LIMIT)
		return damaged("a block is too large", err);
	cleanup_free char *text = mem_alloc(room + 1);
	int r = tgz_codec_inflate(reader->codec, member, length, text, room, &size, err);
	if (r < 0)
		return err_wrap(err, "the index");
	text[size] = '\0';
	if (strlen(text) != size || !size || text[size - 1] != '\n')
		return damaged("a block is no text", err);
	*ret = steal(&text);
	return 0;
}

static int read_member(struct tgz_index_reader *reader, uint64_t offset, size_t length, char **ret,
		       struct err *err)
{
	cleanup_free char *member = NULL;

	if (length > MEMBER_LIMIT || offset > reader->source.size ||
	    length > reader->source.size - offset)
		return damaged("a block lies outside of it", err);
	member = mem_alloc(length);
	int r = reader->source.read(reader->source.context, offset, length, member, err);
	return r < 0 ? r : inflate_text(reader, member, length, ret, err);
}

/* The line that begins at *at, without its newline; moves on. NULL at the end. */
static char *take_line(char **at)
{
	char *line = *at, *end = line ? strchr(line, '\n') : NULL;

	if (!line || !*line)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

/* ---- The root. */

static int parse_block(struct tgz_index_reader *reader, char *const *fields, int count,
		       struct err *err)
{
	struct block block = {0};
	uint64_t length;

	if (count != 5 || !tgz_line_number(fields[1], 10, &block.offset) ||
	    !tgz_line_number(fields[2], 10, &length))
		return damaged("its root", err);
	block.length = (size_t)length;
	block.first_path = mem_strdup(fields[3]);
	mem_grow(reader->blocks, &reader->block_cap, reader->block_count + 1);
	reader->blocks[reader->block_count++] = block;
	return 0;
}

static int parse_summary(struct tgz_index_reader *reader, char *const *fields, int count,
			 struct err *err)
{
	struct tgz_index_summary *summary = &reader->summary;

	if (count != 5 || !tgz_line_number(fields[1], 10, &summary->archive_size) ||
	    strlen(fields[2]) != 64 || !tgz_line_number(fields[3], 10, &summary->entries))
		return damaged("its summary", err);
	memcpy(summary->archive_sha256, fields[2], sizeof(summary->archive_sha256));
	reader->is_sorted = *fields[4] == '1';
	return 0;
}

static int parse_root(struct tgz_index_reader *reader, char *text, struct err *err)
{
	char *fields[MAX_FIELDS], *line;
	bool done = false;
	int r = 0;

	while (r >= 0 && !done && (line = take_line(&text))) {
		int count = tgz_line_split(line, fields, MAX_FIELDS);
		done = *fields[0] == 'S';
		if (done)
			r = parse_summary(reader, fields, count, err);
		else
			r = parse_block(reader, fields, count, err);
	}
	return r < 0 ? r : done ? 0 : damaged("it has no summary", err);
}

static int read_root(struct tgz_index_reader *reader, struct err *err)
{
	cleanup_free char *pointer = NULL, *root = NULL;
	char *fields[MAX_FIELDS];
	uint64_t offset, length;

	if (reader->source.size < TGZ_INDEX_POINTER)
		return damaged("it is too short", err);
	int r = read_member(reader, reader->source.size - TGZ_INDEX_POINTER, TGZ_INDEX_POINTER,
			    &pointer, err);
	if (r == -ERR_INVALID)
		return damaged("it does not end as one does", err);
	if (r < 0)
		return r;
	pointer[strlen(pointer) - 1] = '\0';
	if (tgz_line_split(pointer, fields, MAX_FIELDS) != 3 || strcmp(fields[0], "R") != 0 ||
	    !tgz_line_number(fields[1], 10, &offset) || !tgz_line_number(fields[2], 10, &length))
		return damaged("it does not end as one does", err);
	r = read_member(reader, offset, (size_t)length, &root, err);
	return r < 0 ? r : parse_root(reader, root, err);
}

int tgz_index_reader_new(const struct tgz_source *source, struct tgz_index_reader **ret,
			 struct err *err)
{
	struct tgz_index_reader *reader = mem_new(struct tgz_index_reader);

	reader->source = *source;
	reader->codec = tgz_codec_new(TGZ_FAST);
	int r = read_root(reader, err);
	if (r < 0) {
		tgz_index_reader_free(reader);
		return r;
	}
	tgz_index_reader_rewind(reader);
	*ret = reader;
	return 0;
}

void tgz_index_reader_free(struct tgz_index_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->block_count; i++)
		free(reader->blocks[i].first_path);
	free(reader->blocks);
	free(reader->fetched);
	free(reader->text);
	tgz_codec_free(reader->codec);
	free(reader);
}

const struct tgz_index_summary *tgz_index_reader_summary(const struct tgz_index_reader *reader)
{
	return &reader->summary;
}

bool tgz_index_reader_is_sorted(const struct tgz_index_reader *reader)
{
	return reader->is_sorted;
}

/* ---- Where to go on. */

static void go_on_from(struct tgz_index_reader *reader, size_t block, size_t fetch)
{
	free(steal(&reader->text));
	free(steal(&reader->fetched));
	reader->line = NULL;
	reader->fetched_length = 0;
	reader->next_block = block;
	reader->fetch = fetch;
}

void tgz_index_reader_rewind(struct tgz_index_reader *reader)
{
	go_on_from(reader, 0, FETCH_BYTES);
}

void tgz_index_reader_seek(struct tgz_index_reader *reader, const char *path)
{
	size_t from = 0;

	if (!reader->is_sorted) {
		tgz_index_reader_rewind(reader);
		return;
	}
	/* The last block that begins at the path or before it; those without an entry say nothing.
	 */
	for (size_t i = 0; i < reader->block_count; i++) {
		const char *first = reader->blocks[i].first_path;
		if (*first && tgz_line_compare_paths(first, path) > 0)
			break;
		if (*first)
			from = i;
	}
	go_on_from(reader, from, 0);
}

/* ---- Blocks, one after the other. */

/* Makes sure that the block is among what was fetched: with as many that follow as `fetch` wants.
 */
static int fetch(struct tgz_index_reader *reader, const struct block *block, struct err *err)
{
	uint64_t end = block->offset + block->length;

	if (reader->fetched_length && block->offset >= reader->fetched_at &&
	    end <= reader->fetched_at + reader->fetched_length)
		return 0;
	for (size_t i = reader->next_block + 1; i < reader->block_count; i++) {
		const struct block *next = &reader->blocks[i];
		if (next->offset != end || end + next->length - block->offset > reader->fetch)
			break;
		end += next->length;
	}
	if (end > reader->source.size || end - block->offset > MEMBER_LIMIT)
		return damaged("a block lies outside of it", err);
	free(reader->fetched);
	reader->fetched_at = block->offset;
	reader->fetched_length = (size_t)(end - block->offset);
	reader->fetched = mem_alloc(reader->fetched_length);
	return reader->source.read(reader->source.context, reader->fetched_at,
				   reader->fetched_length, reader->fetched, err);
}

static int open_block(struct tgz_index_reader *reader, struct err *err)
{
	const struct block *block = &reader->blocks[reader->next_block];

	int r = fetch(reader, block, err);
	if (r < 0)
		return r;
	free(steal(&reader->text));
	r = inflate_text(reader, reader->fetched + (block->offset - reader->fetched_at),
			 block->length, &reader->text, err);
	if (r < 0)
		return r;
	reader->line = reader->text;
	reader->next_block++;
	/* Who wants more than one block wants many. */
	reader->fetch = reader->fetch * 4 + block->length < FETCH_BYTES
				? reader->fetch * 4 + block->length
				: FETCH_BYTES;
	return 0;
}

/* ---- Lines. */

static bool parse_member(char *const *fields, int count, struct tgz_member *ret)
{
	return count == 5 && tgz_line_number(fields[1], 10, &ret->offset) &&
	       tgz_line_number(fields[2], 10, &ret->length) &&
	       tgz_line_number(fields[3], 10, &ret->tar_offset) &&
	       tgz_line_number(fields[4], 10, &ret->tar_length) &&
	       ret->length <= tgz_codec_bound(TGZ_BLOCK) && ret->tar_length <= TGZ_BLOCK;
}

/* "1795377613.030341393" */
static bool parse_time(const char *text, struct tgz_index_entry *ret)
{
	char *end;

	ret->mtime = strtoll(text, &end, 10);
	if (*end != '.' || strlen(end) != 10)
		return false;
	ret->mtime_ns = (int)strtol(end + 1, &end, 10);
	return !*end;
}

static bool cut_plus(char *mode)
{
	size_t length = strlen(mode);
	bool has = length && mode[length - 1] == '+';

	mode[length - has] = '\0';
	return has;
}

static bool parse_entry(char *const *fields, int count, struct tgz_index_entry *ret)
{
	uint64_t mode, uid, gid;

	ret->extended = count > 2 && cut_plus(fields[2]);
	if (count < 12 || strlen(fields[1]) != 1 || !strchr("fdlhp", *fields[1]) ||
	    !tgz_line_number(fields[2], 8, &mode) || !tgz_line_number(fields[3], 10, &uid) ||
	    !tgz_line_number(fields[4], 10, &gid) || !tgz_line_number(fields[5], 10, &ret->size) ||
	    !parse_time(fields[6], ret) || !tgz_line_number(fields[8], 10, &ret->offset) ||
	    !tgz_line_number(fields[9], 10, &ret->length) ||
	    !tgz_line_number(fields[10], 10, &ret->skip))
		return false;
	ret->type = (enum tgz_type) * fields[1];
	ret->mode = (unsigned int)mode;
	ret->uid = (unsigned int)uid;
	ret->gid = (unsigned int)gid;
	ret->path = fields[11];
	ret->target = count > 12 ? fields[12] : NULL;
	if (ret->type == TGZ_FILE && strlen(fields[7]) == 64)
		memcpy(ret->sha256, fields[7], sizeof(ret->sha256));
	else
		*ret->sha256 = '\0';
	return (ret->type == TGZ_FILE) == (*ret->sha256 != '\0') &&
	       (ret->type != TGZ_SYMLINK && ret->type != TGZ_HARDLINK) == !ret->target;
}

static bool parse_note(char *const *fields, int count, struct tgz_note *ret)
{
	for (int kind = TGZ_CHANGED; count == 4 && kind <= TGZ_NOT_KEPT; kind++) {
		if (strcmp(fields[1], tgz_note_name(kind)) != 0)
			continue;
		*ret = (struct tgz_note){kind, fields[2], fields[3]};
		return true;
	}
	return false;
}

/* Lines that a later version may add are passed over. */
static int parse_line(char *line, struct tgz_line *ret, struct err *err)
{
	char *fields[MAX_FIELDS];
	int count = tgz_line_split(line, fields, MAX_FIELDS);
	bool good = true;

	ret->kind = TGZ_LINE_END;
	if (!strcmp(fields[0], "M") && (good = parse_member(fields, count, &ret->member)))
		ret->kind = TGZ_LINE_MEMBER;
	else if (!strcmp(fields[0], "E") && (good = parse_entry(fields, count, &ret->entry)))
		ret->kind = TGZ_LINE_ENTRY;
	else if (!strcmp(fields[0], "N") && (good = parse_note(fields, count, &ret->note)))
		ret->kind = TGZ_LINE_NOTE;
	return good ? 0 : damaged("a line of it", err);
}

int tgz_index_reader_next(struct tgz_index_reader *reader, struct tgz_line *ret, struct err *err)
{
	int r = 0;

	ret->kind = TGZ_LINE_END;
	while (r >= 0 && ret->kind == TGZ_LINE_END) {
		char *line = take_line(&reader->line);
		if (line)
			r = parse_line(line, ret, err);
		else if (reader->next_block < reader->block_count)
			r = open_block(reader, err);
		else
			return 0;
	}
	return r;
}
