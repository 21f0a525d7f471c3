#include "tgz/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tgz/hash.h"

#define READ_BYTES ((size_t)256 << 10)

struct tgz_disk {
	struct tgz_disk_options options;
	char *into; /* without symlinks */
	int fd;	    /* of it */
	bool is_root;
	struct archive *archive;
	struct archive_entry *entry; /* for those that the index makes */
	char *path;		     /* in the archive, of the entry that is under way */
	char *parent;		     /* below into: no symlink is in it; or NULL */
	struct existing *existing;
	size_t existing_count, existing_cap;
};

/* A directory that was there before: libarchive sets its time too early. */
struct existing {
	char *path;
	struct timespec mtime;
};

int tgz_disk_open(const struct tgz_disk_options *options, struct tgz_disk **ret, struct err *err)
{
	int flags = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_ACL |
		    ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_NODOTDOT;
	cleanup_free char *into = realpath(options->into, NULL);
	cleanup_fd int fd = into ? open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return err_errno(err, errno, "%s", options->into);
	struct tgz_disk *disk = mem_new(struct tgz_disk);
	disk->options = *options;
	disk->is_root = geteuid() == 0;
	disk->archive = archive_write_disk_new();
	disk->entry = archive_entry_new();
	archive_write_disk_set_options(disk->archive,
				       flags | (disk->is_root ? ARCHIVE_EXTRACT_OWNER : 0));
	disk->into = steal(&into);
	disk->fd = fd;
	fd = -1;
	*ret = disk;
	return 0;
}

void tgz_disk_free(struct tgz_disk *disk)
{
	if (!disk)
		return;
	archive_write_free(disk->archive);
	archive_entry_free(disk->entry);
	file_close(&disk->fd);
	for (size_t i = 0; i < disk->existing_count; i++)
		free(disk->existing[i].path);
	free(disk->existing);
	free(disk->into);
	free(disk->path);
	free(disk->parent);
	free(disk);
}

/* ---- Paths. */

int tgz_disk_check_path(const char *path, struct err *err)
{
	bool good = *path && *path != '/';

	for (const char *piece = path; good; piece++) {
		size_t length = strcspn(piece, "/");
		good = !(length == 2 && !strncmp(piece, "..", 2));
		piece += length;
		if (!*piece)
			break;
	}
	if (good)
		return 0;
	err_set(err, ERR_INVALID,
		"the archive has an entry '%s', which could lead out of the directory", path);
	return err_hint(err, "it was not written by desired, or was tampered with");
}

/* Whether the path below into, as far as it is there, has no symlink in it. */
static bool is_free_of_symlinks(const struct tgz_disk *disk, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	cleanup_fd int fd = (int)syscall(SYS_openat2, disk->fd, path, &how, sizeof(how));

	if (fd >= 0)
		return true;
	const char *slash = strrchr(path, '/');
	if (errno != ENOENT)
		return false;
	cleanup_free char *above = slash ? mem_strndup(path, (size_t)(slash - path)) : NULL;
	return !above || is_free_of_symlinks(disk, above);
}

static int refuse_symlink(const char *path, struct err *err)
{
	err_set(err, ERR_INVALID,
		"the archive has an entry '%s', which leads through a symbolic link", path);
	return err_hint(err, "it was not written by desired, or was tampered with");
}

/* libarchive would look at every directory above every entry; most have the same as the one before.
 */
static int check_parent(struct tgz_disk *disk, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (!length || (disk->parent && strlen(disk->parent) == length &&
			!strncmp(disk->parent, path, length)))
		return 0;
	free(disk->parent);
	disk->parent = mem_strndup(path, length);
	if (is_free_of_symlinks(disk, disk->parent))
		return 0;
	free(steal(&disk->parent));
	return refuse_symlink(path, err);
}

/* A directory that is there is used: it must be one itself. */
static int check_directory(struct tgz_disk *disk, const char *path, struct timespec mtime,
			   struct err *err)
{
	struct stat st;

	if (fstatat(disk->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISLNK(st.st_mode))
		return refuse_symlink(path, err);
	mem_grow(disk->existing, &disk->existing_cap, disk->existing_count + 1);
	disk->existing[disk->existing_count++] = (struct existing){mem_strdup(path), mtime};
	return 0;
}

/* Where that path of the archive is below into. Caller frees. */
static int place(struct tgz_disk *disk, const char *path, char **ret, struct err *err)
{
	const struct tgz_disk_options *options = &disk->options;
	cleanup_free char *renamed =
		options->rename ? options->rename(options->context, path) : mem_strdup(path);

	int r = tgz_disk_check_path(path, err);
	if (r >= 0)
		r = tgz_disk_check_path(renamed, err);
	if (r >= 0)
		r = check_parent(disk, renamed, err);
	if (r >= 0)
		*ret = steal(&renamed);
	return r;
}

/* ---- Failures. */

static int explain(struct tgz_disk *disk, struct err *err)
{
	int number = archive_errno(disk->archive);
	const char *text = archive_error_string(disk->archive);

	if (number <= 0)
		return err_set(err, ERR_INVALID, "%s was refused: %s", disk->path, text);
	return err_errno(err, number, "%s below %s", disk->path, disk->options.into);
}

/* What could not be kept is a note; the content is there. */
static int judge(struct tgz_disk *disk, int result, struct err *err)
{
	if (result == ARCHIVE_OK)
		return 0;
	if (result != ARCHIVE_WARN)
		return explain(disk, err);
	const struct tgz_note note = {TGZ_NOT_KEPT, disk->path,
				      archive_error_string(disk->archive)};
	if (disk->options.note)
		disk->options.note(disk->options.context, &note);
	return 0;
}

/* ---- Entries. */

static mode_t file_type(enum tgz_type type)
{
	switch (type) {
	case TGZ_DIRECTORY:
		return AE_IFDIR;
	case TGZ_SYMLINK:
		return AE_IFLNK;
	case TGZ_FIFO:
		return AE_IFIFO;
	default:
		return AE_IFREG;
	}
}

static void fill_from_index(struct archive_entry *to, const struct tgz_index_entry *entry)
{
	archive_entry_clear(to);
	archive_entry_set_mode(to, file_type(entry->type) | entry->mode);
	archive_entry_set_uid(to, entry->uid);
	archive_entry_set_gid(to, entry->gid);
	archive_entry_set_size(to, (la_int64_t)entry->size);
	if (entry->type == TGZ_SYMLINK)
		archive_entry_copy_symlink(to, entry->target);
}

static void set_paths(const struct tgz_disk *disk, struct archive_entry *header, const char *path,
		      const char *link)
{
	cleanup_free char *whole = file_join(disk->into, path);
	cleanup_free char *whole_link = link ? file_join(disk->into, link) : NULL;

	archive_entry_copy_pathname(header, whole);
	if (!link)
		return;
	archive_entry_copy_hardlink(header, whole_link);
	archive_entry_unset_size(header);
}

int tgz_disk_begin(struct tgz_disk *disk, const struct tgz_index_entry *entry,
		   struct archive_entry *header, const char *path, struct err *err)
{
	const struct timespec mtime = {.tv_sec = entry->mtime, .tv_nsec = entry->mtime_ns};
	cleanup_free char *target = NULL, *link = NULL;

	free(disk->path);
	disk->path = mem_strdup(path ? path : entry->path);
	int r = place(disk, disk->path, &target, err);
	if (r >= 0 && entry->type == TGZ_HARDLINK)
		r = place(disk, entry->target, &link, err);
	if (r >= 0 && entry->type == TGZ_DIRECTORY)
		r = check_directory(disk, target, mtime, err);
	if (r < 0)
		return r;
	if (entry->type != TGZ_FILE)
		free(steal(&disk->parent)); /* it may become something else */
	if (!header)
		fill_from_index(header = disk->entry, entry);
	set_paths(disk, header, target, link);
	archive_entry_set_mtime(header, mtime.tv_sec, mtime.tv_nsec);
	return judge(disk, archive_write_header(disk->archive, header), err);
}

int tgz_disk_write(struct tgz_disk *disk, const void *bytes, size_t length, int64_t offset,
		   struct err *err)
{
	return judge(disk, (int)archive_write_data_block(disk->archive, bytes, length, offset),
		     err);
}

int tgz_disk_end(struct tgz_disk *disk, struct err *err)
{
	return judge(disk, archive_write_finish_entry(disk->archive), err);
}

static void set_times_of_existing(struct tgz_disk *disk)
{
	for (size_t i = 0; i < disk->existing_count; i++) {
		const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, disk->existing[i].mtime};
		(void)!utimensat(disk->fd, disk->existing[i].path, times, AT_SYMLINK_NOFOLLOW);
	}
}

int tgz_disk_finish(struct tgz_disk *disk, struct err *err)
{
	free(disk->path);
	disk->path = mem_strdup("a directory");
	int r = judge(disk, archive_write_close(disk->archive), err);
	set_times_of_existing(disk);
	if (r >= 0 && syncfs(disk->fd) < 0)
		return err_errno(err, errno, "%s", disk->options.into);
	return r;
}

/* ---- What is there already. */

static bool is_same(const struct tgz_disk *disk, const struct stat *st,
		    const struct tgz_index_entry *entry)
{
	return S_ISREG(st->st_mode) && (uint64_t)st->st_size == entry->size &&
	       st->st_mtim.tv_sec == entry->mtime && st->st_mtim.tv_nsec == entry->mtime_ns &&
	       (st->st_mode & 07777) == entry->mode &&
	       (!disk->is_root || (st->st_uid == entry->uid && st->st_gid == entry->gid));
}

static bool hashes_to(int fd, const char *sha256)
{
	struct tgz_hash *hash = tgz_hash_new();
	cleanup_free char *bytes = mem_alloc(READ_BYTES);
	char found[65];
	ssize_t n;

	while ((n = read(fd, bytes, READ_BYTES)) > 0)
		tgz_hash_add(hash, bytes, (size_t)n);
	tgz_hash_hex(hash, found);
	tgz_hash_free(hash);
	return n == 0 && !strcmp(found, sha256);
}

bool tgz_disk_has(struct tgz_disk *disk, const struct tgz_index_entry *entry)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *path = NULL;
	struct stat st;

	if (place(disk, entry->path, &path, &err) < 0)
		return false;
	cleanup_fd int fd =
		openat(disk->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd >= 0 && fstat(fd, &st) >= 0 && is_same(disk, &st, entry) &&
	       hashes_to(fd, entry->sha256);
}
