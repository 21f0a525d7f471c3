#include "tgz/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tgz/content.h"
#include "tgz/hash.h"
#include "tgz/index_writer.h"
#include "tgz/links.h"
#include "tgz/locale.h"
#include "tgz/press.h"
#include "tgz/tar.h"

struct tgz_writer {
	struct tgz_writer_options options;
	struct tgz_press *press;
	struct tgz_tar *tar;
	struct tgz_index_writer *index;
	struct tgz_links *links;
	struct tgz_hash *file_hash, *archive_hash;
	char *buffer;
	struct tgz_summary summary;

	/* While a tree is added. */
	const struct tgz_walk_options *walk;
	const char *path; /* of the entry, for notes */
};

/* ---- Down the pipe: tar -> press -> archive and index. */

static int take_tar(void *context, const void *bytes, size_t length, struct err *err)
{
	struct tgz_writer *writer = context;

	if (cancel_raised(writer->options.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	return tgz_press_write(writer->press, bytes, length, err);
}

static int take_member(void *context, const struct tgz_member *member, const void *bytes,
		       struct err *err)
{
	struct tgz_writer *writer = context;
	const struct tgz_sink *archive = &writer->options.archive;

	tgz_hash_add(writer->archive_hash, bytes, member->length);
	writer->summary.archive_size += member->length;
	int r = archive->write(archive->context, bytes, member->length, err);
	return r < 0 ? r : tgz_index_writer_member(writer->index, member, err);
}

struct tgz_writer *tgz_writer_new(const struct tgz_writer_options *options)
{
	struct tgz_writer *writer = mem_new(struct tgz_writer);
	const struct tgz_press_options press = {.effort = options->effort,
						.threads = options->threads,
						.member = take_member,
						.context = writer};
	const struct tgz_sink tar = {take_tar, writer};

	writer->options = *options;
	writer->press = tgz_press_new(&press);
	writer->tar = tgz_tar_new(&tar);
	writer->index = tgz_index_writer_new(&options->index);
	writer->links = tgz_links_new();
	writer->file_hash = tgz_hash_new();
	writer->archive_hash = tgz_hash_new();
	writer->buffer = mem_alloc(TGZ_CONTENT_BUFFER);
	return writer;
}

void tgz_writer_free(struct tgz_writer *writer)
{
	if (!writer)
		return;
	tgz_tar_free(writer->tar);
	tgz_press_free(writer->press);
	tgz_index_writer_free(writer->index);
	tgz_links_free(writer->links);
	tgz_hash_free(writer->file_hash);
	tgz_hash_free(writer->archive_hash);
	free(writer->buffer);
	free(writer);
}

/* ---- Notes. */

static void take_note(struct tgz_writer *writer, const struct tgz_note *note)
{
	if (note->kind == TGZ_UNREADABLE)
		writer->summary.errors++;
	else
		writer->summary.notes++;
	tgz_index_writer_note(writer->index, note);
	if (writer->options.note)
		writer->options.note(writer->options.context, note);
}

static void take_walk_note(void *context, const struct tgz_note *note)
{
	struct tgz_writer *writer = context;

	take_note(writer, note);
	if (writer->walk->note)
		writer->walk->note(writer->walk->context, note);
}

static void note_entry(void *context, enum tgz_note_kind kind, const char *text)
{
	struct tgz_writer *writer = context;
	const struct tgz_note note = {kind, writer->path, text};

	take_note(writer, &note);
}

/* ---- One entry: its header, told to the index; then its content. */

static enum tgz_type type_of(const struct tgz_tar_entry *entry)
{
	switch (entry->st.st_mode & S_IFMT) {
	case S_IFDIR:
		return TGZ_DIRECTORY;
	case S_IFLNK:
		return TGZ_SYMLINK;
	case S_IFIFO:
		return TGZ_FIFO;
	default:
		return entry->hardlink ? TGZ_HARDLINK : TGZ_FILE;
	}
}

static void count(struct tgz_summary *summary, enum tgz_type type)
{
	if (type == TGZ_DIRECTORY)
		summary->directories++;
	else if (type == TGZ_SYMLINK || type == TGZ_HARDLINK)
		summary->links++;
	else
		summary->files++;
}

static int begin_entry(struct tgz_writer *writer, const struct tgz_tar_entry *what, struct err *err)
{
	struct tgz_tar_entry entry = *what;
	const struct stat *st = &what->st;

	entry.extended = tgz_tar_is_extended(what);
	const struct tgz_index_entry line = {
		.type = type_of(what),
		.mode = st->st_mode & 07777,
		.extended = entry.extended,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.size = type_of(what) == TGZ_FILE ? (uint64_t)st->st_size : 0,
		.mtime = st->st_mtim.tv_sec,
		.mtime_ns = (int)st->st_mtim.tv_nsec,
		.path = what->path,
		.target = what->symlink ? what->symlink : what->hardlink,
	};

	count(&writer->summary, line.type);
	tgz_index_writer_begin(writer->index, &line, tgz_press_offset(writer->press));
	return tgz_tar_begin(writer->tar, &entry, err);
}

static int end_entry(struct tgz_writer *writer, const char *sha256, struct err *err)
{
	int r = tgz_tar_end(writer->tar, err);

	if (r >= 0)
		tgz_index_writer_end(writer->index, tgz_press_offset(writer->press), sha256);
	return r;
}

static int add_empty(struct tgz_writer *writer, const struct tgz_tar_entry *entry, struct err *err)
{
	int r = begin_entry(writer, entry, err);

	return r < 0 ? r : end_entry(writer, "", err);
}

/* st is that of fd, which may be another file than the one that the header speaks of. */
static int add_content(struct tgz_writer *writer, const struct tgz_tar_entry *entry, int fd,
		       const struct stat *st, struct err *err)
{
	const struct tgz_content copy = {
		.tar = writer->tar,
		.hash = writer->file_hash,
		.buffer = writer->buffer,
		.fd = fd,
		.st = *st,
		.size = (uint64_t)entry->st.st_size,
		.note = note_entry,
		.context = writer,
	};
	uint64_t bytes = 0;
	char sha256[65];

	int r = begin_entry(writer, entry, err);
	if (r >= 0)
		r = tgz_content_copy(&copy, sha256, &bytes, err);
	if (r < 0)
		return r;
	writer->summary.bytes += bytes;
	return end_entry(writer, sha256, err);
}

/* ---- What the walk finds. */

static void note_open_failure(struct tgz_writer *writer, int number)
{
	cleanup_free char *text = mem_printf("it cannot be opened: %s", strerror(number));

	if (number == ENOENT)
		note_entry(writer, TGZ_VANISHED, "was gone when its turn came");
	else if (number == ELOOP || number == ENOTDIR)
		note_entry(writer, TGZ_CHANGED, "became something else before its turn came");
	else
		note_entry(writer, TGZ_UNREADABLE, text);
}

/* The owner may read without leaving a trace in the access time. */
static int open_file(const struct tgz_entry *found)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = openat(found->folder, found->name, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? openat(found->folder, found->name, flags) : fd;
}

/* Content that the visitor chose instead: the file's own owner, mode and time, the other's size. */
static int add_substitute(struct tgz_writer *writer, const struct tgz_entry *found,
			  struct tgz_tar_entry *entry, struct err *err)
{
	struct stat st;

	if (fstat(found->content, &st) < 0)
		return err_errno(err, errno, "%s", found->path);
	entry->st.st_size = st.st_size;
	return add_content(writer, entry, found->content, &st, err);
}

static int add_regular(struct tgz_writer *writer, const struct tgz_entry *found, struct err *err)
{
	cleanup_fd int fd = open_file(found);
	struct tgz_tar_entry entry = {.path = found->path, .fd = fd};

	if (fd < 0 || fstat(fd, &entry.st) < 0) {
		note_open_failure(writer, errno);
		return 0;
	}
	if (!S_ISREG(entry.st.st_mode)) {
		note_open_failure(writer, ELOOP);
		return 0;
	}
	if (found->content >= 0)
		return add_substitute(writer, found, &entry, err);
	entry.hardlink = tgz_links_see(writer->links, &entry.st, found->path);
	if (entry.hardlink)
		return add_empty(writer, &entry, err);
	entry.sparse = (off_t)entry.st.st_blocks * 512 < entry.st.st_size;
	return add_content(writer, &entry, fd, &entry.st, err);
}

static int add_symlink(struct tgz_writer *writer, const struct tgz_entry *found, struct err *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(found->folder, found->name, target, sizeof(target) - 1);
	cleanup_free char *host =
		found->folder == AT_FDCWD
			? mem_strdup(found->name)
			: mem_printf("/proc/self/fd/%d/%s", found->folder, found->name);

	if (length < 0) {
		note_open_failure(writer, errno == EINVAL ? ELOOP : errno);
		return 0;
	}
	target[length] = '\0';
	const struct tgz_tar_entry entry = {
		.path = found->path, .st = found->st, .symlink = target, .host = host, .fd = -1};
	return add_empty(writer, &entry, err);
}

static int add_other(struct tgz_writer *writer, const struct tgz_entry *found, struct err *err)
{
	const struct tgz_tar_entry entry = {
		.path = found->path, .st = found->st, .fd = found->directory};

	return add_empty(writer, &entry, err);
}

static int take_entry(void *context, struct tgz_entry *found, struct err *err)
{
	struct tgz_writer *writer = context;
	const struct tgz_walk_options *walk = writer->walk;

	if (cancel_raised(writer->options.cancel))
		return err_set(err, ERR_CANCELED, "canceled");
	int r = walk->visit ? walk->visit(walk->context, found, err) : 0;
	if (r != 0)
		return r;
	writer->path = found->path;
	if (S_ISREG(found->st.st_mode))
		return add_regular(writer, found, err);
	if (S_ISLNK(found->st.st_mode))
		return add_symlink(writer, found, err);
	return add_other(writer, found, err);
}

/* ---- The whole. */

int tgz_writer_add_tree(struct tgz_writer *writer, const struct tgz_walk_options *walk,
			struct err *err)
{
	cleanup_tgz_locale struct tgz_locale locale = tgz_locale_enter();
	struct tgz_walk_options ours = *walk;

	ours.visit = take_entry;
	ours.note = take_walk_note;
	ours.context = writer;
	writer->walk = walk;
	int r = tgz_walk(&ours, err);
	writer->walk = NULL;
	return r;
}

int tgz_writer_add_file(struct tgz_writer *writer, const struct tgz_file *file, int fd,
			struct err *err)
{
	cleanup_tgz_locale struct tgz_locale locale = tgz_locale_enter();
	struct tgz_tar_entry entry = {.path = file->path, .fd = -1};

	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", file->path);
	entry.st.st_size = st.st_size;
	entry.st.st_nlink = 1;
	entry.st.st_mtim.tv_sec = file->modified;
	entry.st.st_mode = S_IFREG | (file->mode & 07777);
	entry.st.st_uid = file->uid;
	entry.st.st_gid = file->gid;
	writer->path = file->path;
	return add_content(writer, &entry, fd, &st, err);
}

int tgz_writer_finish(struct tgz_writer *writer, struct tgz_summary *ret, struct err *err)
{
	struct tgz_summary *summary = &writer->summary;
	struct tgz_index_summary archive = {0};

	int r = tgz_tar_finish(writer->tar, err);
	if (r >= 0)
		r = tgz_press_finish(writer->press, err);
	if (r < 0)
		return r;
	tgz_hash_hex(writer->archive_hash, summary->archive_sha256);
	archive.archive_size = summary->archive_size;
	memcpy(archive.archive_sha256, summary->archive_sha256, sizeof(archive.archive_sha256));
	r = tgz_index_writer_finish(writer->index, &archive, err);
	if (r < 0)
		return r;
	summary->index_size = tgz_index_writer_size(writer->index);
	tgz_index_writer_sha256(writer->index, summary->index_sha256);
	*ret = *summary;
	return 0;
}
