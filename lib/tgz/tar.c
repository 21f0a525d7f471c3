#include "tgz/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tgz/plain.h"

struct tgz_tar {
	struct archive *archive;
	struct archive *disk; /* reads attributes and ACLs */
	struct archive_entry *entry;
	struct tgz_sink sink;
	struct buf *header; /* takes what is written, while an entry begins */
	bool mute;	    /* the sink takes nothing more */
	struct err err;	    /* of the sink */
};

/* libarchive (3.6) loses memory once a sink has failed, so it never learns of it. */
static la_ssize_t pass_on(struct archive *archive, void *context, const void *bytes, size_t length)
{
	struct tgz_tar *tar = context;

	(void)archive;
	if (tar->header)
		buf_add(tar->header, bytes, length);
	else if (!tar->mute && tar->sink.write(tar->sink.context, bytes, length, &tar->err) < 0)
		tar->mute = true;
	return (la_ssize_t)length;
}

struct tgz_tar *tgz_tar_new(const struct tgz_sink *sink)
{
	struct tgz_tar *tar = mem_new(struct tgz_tar);

	tar->sink = *sink;
	tar->archive = archive_write_new();
	tar->disk = archive_read_disk_new();
	tar->entry = archive_entry_new();
	archive_write_set_format_pax_restricted(tar->archive);
	/* The records that GNU tar and star know, not libarchive's own beside them. */
	archive_write_set_format_option(tar->archive, "pax", "xattrheader", "SCHILY");
	archive_write_set_bytes_per_block(tar->archive, 0);
	archive_read_disk_set_behavior(tar->disk,
				       ARCHIVE_READDISK_NO_FFLAGS | ARCHIVE_READDISK_NO_SPARSE);
	if (archive_write_open(tar->archive, tar, NULL, pass_on, NULL) != ARCHIVE_OK)
		abort(); /* no memory */
	return tar;
}

/* Without a word to the sink. */
void tgz_tar_free(struct tgz_tar *tar)
{
	if (!tar)
		return;
	tar->mute = true;
	archive_write_free(tar->archive);
	archive_read_free(tar->disk);
	archive_entry_free(tar->entry);
	err_done(&tar->err);
	free(tar);
}

/* What the sink or libarchive could not do. */
static int judge(struct tgz_tar *tar, bool fine, const char *path, struct err *err)
{
	if (fine && !tar->mute)
		return 0;
	if (tar->err.code != ERR_NONE)
		return err_move(err, &tar->err);
	return err_set(err, ERR_INVALID, "%s cannot be archived: %s", path,
		       archive_error_string(tar->archive));
}

/* ---- Headers. */

bool tgz_tar_is_extended(const struct tgz_tar_entry *entry)
{
	if (entry->fd >= 0)
		return flistxattr(entry->fd, NULL, 0) > 0;
	return entry->host && llistxattr(entry->host, NULL, 0) > 0;
}

/* libarchive asks much. */
static void add_attributes(struct tgz_tar *tar, const struct tgz_tar_entry *entry)
{
	if (!entry->extended)
		return;
	cleanup_free char *path =
		entry->host ? mem_strdup(entry->host) : mem_printf("/proc/self/fd/%d", entry->fd);
	archive_entry_copy_sourcepath(tar->entry, path); /* a default ACL has no call by fd */
	archive_read_disk_entry_from_file(tar->disk, tar->entry, entry->fd, &entry->st);
}

/* Where there is data; nothing when there are no holes. */
static void add_holes(struct archive_entry *archive_entry, const struct tgz_tar_entry *entry)
{
	off_t size = entry->st.st_size, data = 0, hole = 0;

	while (hole < size && (data = lseek(entry->fd, hole, SEEK_DATA)) >= 0 && data < size) {
		hole = lseek(entry->fd, data, SEEK_HOLE);
		if (hole < 0 || (data == 0 && hole >= size))
			break;
		if (hole > size)
			hole = size;
		archive_entry_sparse_add_entry(archive_entry, data, hole - data);
	}
	if (data < 0 && errno == ENXIO && !archive_entry_sparse_count(archive_entry))
		archive_entry_sparse_add_entry(archive_entry, 0, 0); /* nothing but a hole */
	(void)lseek(entry->fd, 0, SEEK_SET);
}

static void fill(struct tgz_tar *tar, const struct tgz_tar_entry *entry)
{
	struct archive_entry *to = tar->entry;

	archive_entry_clear(to);
	archive_entry_copy_pathname(to, entry->path);
	archive_entry_copy_stat(to, &entry->st);
	add_attributes(tar, entry);
	/* Only what a restore sets again. */
	archive_entry_unset_atime(to);
	archive_entry_unset_ctime(to);
	archive_entry_unset_birthtime(to);
	archive_entry_copy_uname(to, NULL);
	archive_entry_copy_gname(to, NULL);
	if (entry->symlink)
		archive_entry_copy_symlink(to, entry->symlink);
	if (entry->hardlink) {
		archive_entry_copy_hardlink(to, entry->hardlink);
		archive_entry_unset_size(to);
	}
	if (!S_ISREG(entry->st.st_mode))
		archive_entry_set_size(to, 0);
	if (entry->sparse)
		add_holes(to, entry);
}

int tgz_tar_begin(struct tgz_tar *tar, const struct tgz_tar_entry *entry, struct err *err)
{
	cleanup_buf struct buf header = BUF_INIT;

	fill(tar, entry);
	tar->header = &header;
	bool fine = archive_write_header(tar->archive, tar->entry) >= ARCHIVE_WARN;
	tar->header = NULL;
	tgz_plain(&header, entry->path, entry->symlink ? entry->symlink : entry->hardlink);
	(void)pass_on(tar->archive, tar, buf_str(&header), header.len);
	return judge(tar, fine, entry->path, err);
}

int tgz_tar_write(struct tgz_tar *tar, const void *bytes, size_t length, struct err *err)
{
	bool fine = archive_write_data(tar->archive, bytes, length) >= 0;

	return judge(tar, fine, archive_entry_pathname(tar->entry), err);
}

int tgz_tar_end(struct tgz_tar *tar, struct err *err)
{
	bool fine = archive_write_finish_entry(tar->archive) == ARCHIVE_OK;

	return judge(tar, fine, archive_entry_pathname(tar->entry), err);
}

int tgz_tar_finish(struct tgz_tar *tar, struct err *err)
{
	bool fine = archive_write_close(tar->archive) == ARCHIVE_OK;

	return judge(tar, fine, "the archive", err);
}
