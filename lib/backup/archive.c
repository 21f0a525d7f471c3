#include "backup/archive.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/upload.h"
#include "tgz/hash.h"

#define DELETE_MS 30000

struct backup_archive_writer {
	struct s3_store *store;
	struct backup_archive_options options;
	char *key;
	struct deadline deadline;
	struct tgz_writer *tgz;
	struct age_writer *seal, *index_seal; /* NULL when it is not encrypted */
	struct tgz_hash *hash, *index_hash;   /* of what is stored then */
	struct s3_upload *volume, *index;
	struct backup_archive archive;
	bool finished;
};

void backup_archive_done(struct backup_archive *archive)
{
	for (size_t i = 0; i < archive->volume_count; i++)
		s3_object_done(&archive->volumes[i]);
	free(archive->volumes);
	s3_object_done(&archive->index);
	memset(archive, 0, sizeof(*archive));
}

/* ---- Volumes. */

static int open_upload(struct backup_archive_writer *writer, struct s3_upload_options options,
		       struct s3_upload **ret, struct err *err)
{
	options.content_type = writer->seal ? "application/octet-stream" : "application/gzip";
	options.began = writer->options.began;
	options.context = writer->options.context;
	return s3_upload_new(writer->store, &options, &writer->deadline, ret, err);
}

static int open_volume(struct backup_archive_writer *writer, struct err *err)
{
	size_t number = writer->archive.volume_count;
	cleanup_free char *first = mem_printf("%s.tgz%s", writer->key, writer->seal ? ".age" : "");
	cleanup_free char *key = number ? mem_printf("%s.%03zu", first, number) : steal(&first);
	uint64_t bound = writer->options.size_bound;
	const struct s3_upload_options options = {.key = key,
						  .size_bound = bound ? bound : UINT64_MAX / 2};

	return open_upload(writer, options, &writer->volume, err);
}

static int close_volume(struct backup_archive_writer *writer, struct err *err)
{
	struct backup_archive *archive = &writer->archive;

	mem_grow(archive->volumes, &archive->volume_cap, archive->volume_count + 1);
	struct s3_object *volume = &archive->volumes[archive->volume_count];
	*volume = (struct s3_object){0};
	int r = s3_upload_finish(writer->volume, volume, err);
	if (r < 0)
		return r;
	archive->volume_count++;
	s3_upload_free(steal(&writer->volume));
	return 0;
}

/* Takes what stays together: a gzip member, or a chunk of an age file. */
static int store_archive(void *context, const void *bytes, size_t length, struct err *err)
{
	struct backup_archive_writer *writer = context;
	int r = 0;

	if (length > s3_upload_room(writer->volume)) {
		r = close_volume(writer, err);
		if (r >= 0)
			r = open_volume(writer, err);
	}
	if (writer->hash)
		tgz_hash_add(writer->hash, bytes, length);
	return r < 0 ? r : s3_upload_write(writer->volume, bytes, length, err);
}

static int store_index(void *context, const void *bytes, size_t length, struct err *err)
{
	struct backup_archive_writer *writer = context;

	if (writer->index_hash)
		tgz_hash_add(writer->index_hash, bytes, length);
	return s3_upload_write(writer->index, bytes, length, err);
}

static int take_archive(void *context, const void *bytes, size_t length, struct err *err)
{
	struct backup_archive_writer *writer = context;

	return writer->seal ? age_writer_write(writer->seal, bytes, length, err)
			    : store_archive(writer, bytes, length, err);
}

static int take_index(void *context, const void *bytes, size_t length, struct err *err)
{
	struct backup_archive_writer *writer = context;

	return writer->index_seal ? age_writer_write(writer->index_seal, bytes, length, err)
				  : store_index(writer, bytes, length, err);
}

/* ---- The whole. */

static int open_all(struct backup_archive_writer *writer, struct err *err)
{
	const struct backup_archive_options *options = &writer->options;
	const struct tgz_writer_options tgz = {
		.archive = {take_archive, writer},
		.index = {take_index, writer},
		.effort = options->effort,
		.threads = options->threads,
		.cancel = writer->deadline.cancel,
		.note = options->note,
		.context = options->context,
	};
	cleanup_free char *index_key =
		mem_printf("%s.idx.gz%s", writer->key, writer->seal ? ".age" : "");

	int r = open_volume(writer, err);
	if (r >= 0)
		r = open_upload(writer,
				(struct s3_upload_options){.key = index_key, .frugal = true},
				&writer->index, err);
	if (r >= 0)
		writer->tgz = tgz_writer_new(&tgz);
	return r;
}

static void start_sealing(struct backup_archive_writer *writer)
{
	const struct age_recipients *recipients = writer->options.recipients;
	const struct age_sink archive = {store_archive, writer}, index = {store_index, writer};

	writer->seal = age_writer_new(recipients, &archive);
	writer->index_seal = age_writer_new(recipients, &index);
	writer->hash = tgz_hash_new();
	writer->index_hash = tgz_hash_new();
	if (writer->options.size_bound)
		writer->options.size_bound =
			age_writer_size(recipients->n, writer->options.size_bound);
}

int backup_archive_begin(struct s3_store *store, const struct backup_archive_options *options,
			 const struct deadline *deadline, struct backup_archive_writer **ret,
			 struct err *err)
{
	struct backup_archive_writer *writer = mem_new(struct backup_archive_writer);

	writer->store = store;
	writer->options = *options;
	writer->key = mem_strdup(options->key);
	writer->deadline = *deadline;
	if (options->recipients && options->recipients->n)
		start_sealing(writer);
	int r = open_all(writer, err);
	if (r < 0)
		backup_archive_end(writer);
	else
		*ret = writer;
	return r;
}

struct tgz_writer *backup_archive_tgz(struct backup_archive_writer *writer)
{
	return writer->tgz;
}

static void take_digests(struct backup_archive_writer *writer, struct backup_archive *archive)
{
	const struct tgz_summary *summary = &archive->summary;

	memcpy(archive->sha256, summary->archive_sha256, sizeof(archive->sha256));
	memcpy(archive->index_sha256, summary->index_sha256, sizeof(archive->index_sha256));
	if (!writer->seal)
		return;
	tgz_hash_hex(writer->hash, archive->sha256);
	tgz_hash_hex(writer->index_hash, archive->index_sha256);
}

int backup_archive_finish(struct backup_archive_writer *writer, struct backup_archive *ret,
			  struct err *err)
{
	struct backup_archive *archive = &writer->archive;

	int r = tgz_writer_finish(writer->tgz, &archive->summary, err);
	if (r >= 0 && writer->seal)
		r = age_writer_finish(writer->seal, err);
	if (r >= 0 && writer->index_seal)
		r = age_writer_finish(writer->index_seal, err);
	if (r >= 0)
		r = close_volume(writer, err);
	if (r >= 0)
		r = s3_upload_finish(writer->index, &archive->index, err);
	if (r < 0)
		return r;
	take_digests(writer, archive);
	writer->finished = true;
	*ret = *archive;
	*archive = (struct backup_archive){0};
	return 0;
}

static void delete_volumes(struct backup_archive_writer *writer)
{
	const struct deadline deadline = deadline_in(writer->deadline.clock, NULL, DELETE_MS);

	for (size_t i = 0; i < writer->archive.volume_count; i++) {
		cleanup_err struct err err = ERR_INIT;
		(void)s3_store_delete(writer->store, writer->archive.volumes[i].key, &deadline,
				      &err);
	}
}

void backup_archive_end(struct backup_archive_writer *writer)
{
	if (!writer)
		return;
	tgz_writer_free(writer->tgz);
	age_writer_free(writer->seal);
	age_writer_free(writer->index_seal);
	tgz_hash_free(writer->hash);
	tgz_hash_free(writer->index_hash);
	s3_upload_free(writer->volume);
	s3_upload_free(writer->index);
	if (!writer->finished)
		delete_volumes(writer);
	backup_archive_done(&writer->archive);
	free(writer->key);
	free(writer);
}

/* ---- Reading. */

int backup_stored_read(void *stored, uint64_t offset, size_t length, void *bytes, struct err *err)
{
	const struct backup_stored *source = stored;
	char *to = bytes;
	int r = 0;

	for (size_t i = 0; i < source->count && length && r >= 0; i++) {
		const struct s3_object *object = &source->objects[i];
		if (offset >= object->size) {
			offset -= object->size;
			continue;
		}
		size_t piece =
			object->size - offset < length ? (size_t)(object->size - offset) : length;
		r = s3_store_read(source->store, object->key, offset, piece, to, source->deadline,
				  err);
		offset = 0;
		to += piece;
		length -= piece;
	}
	if (r >= 0 && length)
		return err_set(err, ERR_INVALID, "%s ends too early", source->objects[0].key);
	return r;
}

uint64_t backup_stored_size(const struct backup_stored *stored)
{
	uint64_t size = 0;

	for (size_t i = 0; i < stored->count; i++)
		size += stored->objects[i].size;
	return size;
}

struct tgz_source backup_archive_source(struct backup_stored *stored)
{
	return (struct tgz_source){
		.read = backup_stored_read, .context = stored, .size = backup_stored_size(stored)};
}
