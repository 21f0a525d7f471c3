#include "tgz/read.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tgz/disk.h"
#include "tgz/feed.h"
#include "tgz/hash.h"
#include "tgz/index_reader.h"
#include "tgz/locale.h"
#include "tgz/pull.h"
#include "tgz/selection.h"

#define THREADS 4

struct reading {
	const struct tgz_read_options *options;
	struct tgz_index_reader *index;
	struct tgz_pull *pull;
	struct tgz_feed *feed;
	struct tgz_disk *disk; /* NULL: verify only */
	struct tgz_selection selection;
	struct tgz_hash *hash;
	struct tgz_read_summary summary;

	struct archive *tar;	       /* of the stretch; NULL between two */
	const struct tgz_range *range; /* of it */
	struct err err;		       /* of the feed, on its way through libarchive */
};

/* ---- The tar stream of a stretch. */

static la_ssize_t feed_tar(struct archive *tar, void *context, const void **ret)
{
	struct reading *reading = context;
	const char *bytes = NULL;
	size_t length = 0;

	int r = tgz_feed_bytes(reading->feed, &bytes, &length, &reading->err);
	if (r < 0) {
		archive_set_error(tar, -1, "the source failed");
		return -1;
	}
	*ret = bytes;
	return r ? (la_ssize_t)length : 0;
}

static void close_stretch(struct reading *reading)
{
	if (reading->tar)
		archive_read_free(reading->tar);
	reading->tar = NULL;
	reading->range = NULL;
}

static int wrong(const struct reading *reading, const struct tgz_index_entry *entry,
		 const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: %s: %s", reading->options->name, entry->path, what);
}

static int explain(struct reading *reading, const struct tgz_index_entry *entry, struct err *err)
{
	if (reading->err.code == ERR_NONE)
		return wrong(reading, entry, archive_error_string(reading->tar), err);
	err_move(err, &reading->err);
	return err_wrap(err, "%s", reading->options->name);
}

static int open_stretch(struct reading *reading, const struct tgz_range *range,
			const struct tgz_index_entry *entry, struct err *err)
{
	close_stretch(reading);
	tgz_feed_open(reading->feed, range, entry);
	reading->range = range;
	reading->tar = archive_read_new();
	archive_read_support_format_tar(reading->tar);
	if (archive_read_open(reading->tar, reading, NULL, feed_tar, NULL) != ARCHIVE_OK)
		return explain(reading, entry, err);
	return 0;
}

/* ---- One entry: what the archive says of it must be what the index says. */

static enum tgz_type type_of(struct archive_entry *header)
{
	if (archive_entry_hardlink(header))
		return TGZ_HARDLINK;
	switch (archive_entry_filetype(header)) {
	case AE_IFREG:
		return TGZ_FILE;
	case AE_IFDIR:
		return TGZ_DIRECTORY;
	case AE_IFLNK:
		return TGZ_SYMLINK;
	case AE_IFIFO:
		return TGZ_FIFO;
	default:
		return (enum tgz_type)'?';
	}
}

static bool is_path(const char *found, const char *wanted)
{
	size_t length = strlen(wanted);

	return found && !strncmp(found, wanted, length) &&
	       (!found[length] || !strcmp(found + length, "/"));
}

static const char *target_of(struct archive_entry *header, enum tgz_type type)
{
	return type == TGZ_SYMLINK    ? archive_entry_symlink(header)
	       : type == TGZ_HARDLINK ? archive_entry_hardlink(header)
				      : NULL;
}

static int compare(const struct reading *reading, const struct tgz_index_entry *entry,
		   struct archive_entry *header, struct err *err)
{
	const char *target = target_of(header, entry->type);

	if (!is_path(archive_entry_pathname(header), entry->path))
		return wrong(reading, entry, "the archive has another entry in its place", err);
	if (type_of(header) != entry->type)
		return wrong(reading, entry, "the archive has it as something else", err);
	if (entry->type == TGZ_FILE && (uint64_t)archive_entry_size(header) != entry->size)
		return wrong(reading, entry, "its size differs from the index", err);
	if (entry->target && (!target || strcmp(target, entry->target) != 0))
		return wrong(reading, entry, "it leads elsewhere than the index says", err);
	if ((archive_entry_perm(header) & 07777) != entry->mode ||
	    archive_entry_uid(header) != entry->uid || archive_entry_gid(header) != entry->gid)
		return wrong(reading, entry, "its owner or mode differs from the index", err);
	return 0;
}

/* ---- Its content. */

static void hash_hole(struct tgz_hash *hash, uint64_t length)
{
	static const char zeros[65536];

	for (; length; length -= length < sizeof(zeros) ? length : sizeof(zeros))
		tgz_hash_add(hash, zeros, length < sizeof(zeros) ? (size_t)length : sizeof(zeros));
}

/* Hashes the whole, writes what is no hole. */
static int copy_content(struct reading *reading, const struct tgz_index_entry *entry,
			struct err *err)
{
	uint64_t at = 0;
	const void *bytes;
	la_int64_t offset;
	size_t length;
	int r;

	tgz_hash_start(reading->hash);
	while ((r = archive_read_data_block(reading->tar, &bytes, &length, &offset)) ==
	       ARCHIVE_OK) {
		if ((uint64_t)offset < at || (uint64_t)offset + length > entry->size)
			return wrong(reading, entry, "its content lies outside of it", err);
		hash_hole(reading->hash, (uint64_t)offset - at);
		tgz_hash_add(reading->hash, bytes, length);
		at = (uint64_t)offset + length;
		int w = reading->disk && length
				? tgz_disk_write(reading->disk, bytes, length, offset, err)
				: 0;
		if (w < 0)
			return w;
	}
	if (r != ARCHIVE_EOF)
		return explain(reading, entry, err);
	hash_hole(reading->hash, entry->size - at);
	reading->summary.bytes += entry->size;
	return 0;
}

static int check_hash(struct reading *reading, const struct tgz_index_entry *entry, struct err *err)
{
	char found[65];

	tgz_hash_hex(reading->hash, found);
	if (!strcmp(found, entry->sha256))
		return 0;
	return wrong(reading, entry, "its content is damaged: its SHA-256 is not that of the index",
		     err);
}

/* ---- Its way. */

/* header: from the archive; NULL: the index makes it. path: where to instead; or NULL. */
static int extract(struct reading *reading, const struct tgz_index_entry *entry,
		   struct archive_entry *header, const char *path, struct err *err)
{
	bool has_content = header && entry->type == TGZ_FILE;
	int r = 0;

	if (reading->disk)
		r = tgz_disk_begin(reading->disk, entry, header, path, err);
	if (r >= 0 && has_content)
		r = copy_content(reading, entry, err);
	if (r >= 0 && reading->disk)
		r = tgz_disk_end(reading->disk, err);
	if (r >= 0 && has_content)
		r = check_hash(reading, entry, err);
	return r;
}

/* Reads the header of an entry that lies in a range of the selection; NULL when the entry is not
 * wanted. */
static int read_header(struct reading *reading, const struct tgz_index_entry *entry,
		       const struct tgz_range *range, struct archive_entry **ret, struct err *err)
{
	int r = 0;

	if (reading->range != range)
		r = open_stretch(reading, range, entry, err);
	if (r < 0)
		return r;
	r = archive_read_next_header(reading->tar, ret);
	if (r == ARCHIVE_EOF)
		return wrong(reading, entry, "the archive ends before it", err);
	if (r < ARCHIVE_WARN)
		return explain(reading, entry, err);
	return compare(reading, entry, *ret, err);
}

/* An entry that stands between wanted ones. What of it was not fetched ends the stretch. */
static int pass_over(struct reading *reading, const struct tgz_index_entry *entry,
		     const struct tgz_range *range, struct err *err)
{
	if (entry->offset + entry->length > range->end) {
		close_stretch(reading);
		return 0;
	}
	return archive_read_data_skip(reading->tar) < ARCHIVE_WARN ? explain(reading, entry, err)
								   : 0;
}

/* A hard link from the index: its target may have become a file of another name. */
static int link_from_index(struct reading *reading, const struct tgz_index_entry *entry,
			   const char *instead, struct err *err)
{
	struct tgz_index_entry link = *entry;

	if (!strcmp(instead, entry->path))
		return 0;
	link.target = instead;
	return extract(reading, &link, NULL, NULL, err);
}

static int make_from_index(struct reading *reading, const struct tgz_index_entry *entry,
			   struct err *err)
{
	const char *instead = entry->type == TGZ_HARDLINK
				      ? map_get(&reading->selection.links, entry->target)
				      : NULL;

	if (instead)
		return link_from_index(reading, entry, instead, err);
	return extract(reading, entry, NULL, NULL, err);
}

static int take_entry(struct reading *reading, const struct tgz_index_entry *entry,
		      enum tgz_want want, struct err *err)
{
	const char *instead = map_get(&reading->selection.links, entry->path);
	const struct tgz_range *range = tgz_selection_range(&reading->selection, entry->offset);
	struct archive_entry *header = NULL;
	int r = tgz_disk_check_path(entry->path, err);

	if (r >= 0 && range)
		r = read_header(reading, entry, range, &header, err);
	if (r < 0)
		return r;
	if (instead || want == TGZ_FETCH)
		return extract(reading, entry, header, instead, err);
	if (range)
		r = pass_over(reading, entry, range, err);
	return r >= 0 && want == TGZ_FROM_INDEX ? make_from_index(reading, entry, err) : r;
}

/* ---- All of them. */

static int check_end(struct reading *reading, size_t entries, struct err *err)
{
	struct archive_entry *header;

	if (entries != tgz_index_reader_summary(reading->index)->entries)
		return err_set(err, ERR_INVALID, "%s: the index lacks entries",
			       reading->options->name);
	if (!reading->selection.all || !reading->tar ||
	    archive_read_next_header(reading->tar, &header) == ARCHIVE_EOF)
		return 0;
	return err_set(err, ERR_INVALID, "%s has entries that the index does not know",
		       reading->options->name);
}

static int take_all(struct reading *reading, struct err *err)
{
	const struct tgz_read_options *options = reading->options;
	const struct tgz_index_entry *entry;
	size_t number = 0, count = 0;
	int r;

	while ((r = tgz_feed_entry(reading->feed, &entry, &number, err)) > 0) {
		enum tgz_want want = tgz_selection_want(&reading->selection, number);
		if (cancel_raised(options->cancel))
			return err_set(err, ERR_CANCELED, "canceled");
		r = take_entry(reading, entry, want, err);
		if (r < 0)
			return r;
		count++;
		reading->summary.kept += want == TGZ_KEEP;
		reading->summary.entries += want == TGZ_FETCH || want == TGZ_FROM_INDEX;
		if (want != TGZ_SKIP && options->done)
			options->done(options->context, entry);
	}
	if (r >= 0)
		r = check_end(reading, count, err);
	if (r >= 0 && reading->disk)
		r = tgz_disk_finish(reading->disk, err);
	return r;
}

static int check_sizes(const struct reading *reading, struct err *err)
{
	const struct tgz_index_summary *summary = tgz_index_reader_summary(reading->index);
	uint64_t size = reading->options->archive.size;

	if (size == summary->archive_size)
		return 0;
	return err_set(err, ERR_INVALID, "%s has %llu bytes and should have %llu: it is %s",
		       reading->options->name, (unsigned long long)size,
		       (unsigned long long)summary->archive_size,
		       size < summary->archive_size ? "cut short" : "not the one of this index");
}

static int begin(struct reading *reading, struct err *err)
{
	const struct tgz_read_options *options = reading->options;
	const struct tgz_disk_options disk = {.into = options->into,
					      .rename = options->rename,
					      .note = options->note,
					      .context = options->context};

	int r = tgz_index_reader_new(&options->index, &reading->index, err);
	if (r >= 0)
		r = check_sizes(reading, err);
	if (r >= 0 && options->into)
		r = tgz_disk_open(&disk, &reading->disk, err);
	if (r >= 0)
		r = tgz_selection_make(reading->index, options, reading->disk, &reading->selection,
				       err);
	if (r < 0)
		return r;
	reading->hash = tgz_hash_new();
	reading->pull =
		tgz_pull_new(&options->archive, options->threads ? options->threads : THREADS);
	reading->feed = tgz_feed_new(reading->index, reading->pull, &reading->selection);
	return 0;
}

static void reading_done(struct reading *reading)
{
	close_stretch(reading);
	tgz_feed_free(reading->feed);
	tgz_pull_free(reading->pull);
	tgz_disk_free(reading->disk);
	tgz_index_reader_free(reading->index);
	tgz_selection_done(&reading->selection);
	tgz_hash_free(reading->hash);
	err_done(&reading->err);
}

int tgz_read(const struct tgz_read_options *options, struct tgz_read_summary *ret, struct err *err)
{
	cleanup_tgz_locale struct tgz_locale locale = tgz_locale_enter();
	__attribute__((cleanup(reading_done))) struct reading reading = {.options = options};

	int r = begin(&reading, err);
	if (r >= 0)
		r = take_all(&reading, err);
	if (r < 0)
		return r;
	reading.summary.fetched = tgz_pull_fetched(reading.pull);
	*ret = reading.summary;
	return 0;
}
