#include "tgz/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "tgz/pattern.h"

#define CACHE_TAG	"CACHEDIR.TAG"
#define CACHE_SIGNATURE "Signature: 8a477f597d28d172789f06886806bc55"

struct walk {
	const struct tgz_walk_options *options;
	struct buf path; /* in the archive */
	struct buf file; /* below the root */
	struct buf host; /* on this machine, for patterns */
	dev_t device;
};

/* The names in a directory: packed, so that a million of them are not a million allocations. */
struct names {
	struct buf text;
	size_t *offsets;
	size_t n, cap;
};

static void names_done(struct names *names)
{
	buf_done(&names->text);
	free(names->offsets);
}

static void note(const struct walk *walk, enum tgz_note_kind kind, const char *text)
{
	const struct tgz_note what = {kind, buf_str(&walk->path), text};

	if (walk->options->note)
		walk->options->note(walk->options->context, &what);
}

/* What went wrong with the thing that the walk stands at. */
static void note_errno(const struct walk *walk, int number, const char *what)
{
	cleanup_free char *text = mem_printf("%s: %s", what, strerror(number));

	note(walk, number == ENOENT ? TGZ_VANISHED : TGZ_UNREADABLE,
	     number == ENOENT ? "was gone when its turn came" : text);
}

/* ---- Names. */

static int by_name(const void *a, const void *b, void *text)
{
	return strcmp((const char *)text + *(const size_t *)a,
		      (const char *)text + *(const size_t *)b);
}

static int read_names(int fd, struct names *ret)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!dir) {
		int number = errno;
		file_close(&copy);
		return -number;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		mem_grow(ret->offsets, &ret->cap, ret->n + 1);
		ret->offsets[ret->n++] = ret->text.len;
		buf_add(&ret->text, entry->d_name, strlen(entry->d_name) + 1);
	}
	int number = errno;
	closedir(dir);
	if (ret->n)
		qsort_r(ret->offsets, ret->n, sizeof(*ret->offsets), by_name, ret->text.data);
	return -number;
}

/* ---- What is left out. */

static bool is_excluded(const struct walk *walk, bool is_directory)
{
	const struct list *exclude = &walk->options->exclude;

	for (size_t i = 0; i < exclude->n; i++)
		if (tgz_pattern_matches(exclude->items[i], buf_str(&walk->file),
					buf_str(&walk->host), is_directory))
			return true;
	return false;
}

static bool is_cache(int folder)
{
	cleanup_fd int fd =
		openat(folder, CACHE_TAG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[sizeof(CACHE_SIGNATURE) - 1];

	return fd >= 0 && read(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
	       !memcmp(text, CACHE_SIGNATURE, sizeof(text));
}

static const char *special_kind(mode_t mode)
{
	if (S_ISSOCK(mode))
		return "a socket is not archived";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "a device is not archived";
	return NULL;
}

/* ---- Walking. */

static int walk_thing(struct walk *walk, int folder, const char *name, struct err *err);

/* The result of the visitor; TGZ_LEAVE_OUT: nothing below it either. */
static int visit(const struct walk *walk, int folder, const char *name, int directory,
		 const struct stat *st, struct err *err)
{
	struct tgz_entry entry = {
		.path = walk->path.len ? buf_str(&walk->path) : ".",
		.file = buf_str(&walk->file),
		.folder = folder,
		.name = name,
		.directory = directory,
		.st = *st,
		.content = -1,
	};

	int r = walk->options->visit(walk->options->context, &entry, err);
	file_close(&entry.content);
	return r;
}

/* The paths are those of a child for the time of its turn. */
static int walk_child(struct walk *walk, int folder, const char *name, struct err *err)
{
	size_t path = walk->path.len, file = walk->file.len, host = walk->host.len;

	buf_printf(&walk->path, "%s%s", path ? "/" : "", name);
	buf_printf(&walk->file, "%s%s", file ? "/" : "", name);
	buf_printf(&walk->host, "/%s", name);
	int r = walk_thing(walk, folder, name, err);
	buf_truncate(&walk->path, path);
	buf_truncate(&walk->file, file);
	buf_truncate(&walk->host, host);
	return r;
}

static int walk_children(struct walk *walk, int directory, struct err *err)
{
	__attribute__((cleanup(names_done))) struct names names = {.text = BUF_INIT};

	int r = read_names(directory, &names);
	if (r < 0) {
		note_errno(walk, -r, "the directory cannot be read");
		return 0;
	}
	for (size_t i = 0; i < names.n && r >= 0; i++)
		r = walk_child(walk, directory, names.text.data + names.offsets[i], err);
	return r;
}

static int walk_directory(struct walk *walk, int folder, const char *name, struct err *err)
{
	cleanup_fd int fd =
		openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		note_errno(walk, errno, "the directory cannot be opened");
		return 0;
	}
	int r = visit(walk, folder, name, fd, &st, err);
	if (r < 0 || r == TGZ_LEAVE_OUT)
		return r < 0 ? r : 0;
	if (st.st_dev != walk->device && !walk->options->cross_mounts) {
		note(walk, TGZ_MOUNT, "is another file system; what is in it is not archived");
		return 0;
	}
	if (!walk->options->include_caches && is_cache(fd)) {
		note(walk, TGZ_CACHE, "is a cache (" CACHE_TAG "); what is in it is not archived");
		return walk_child(walk, fd, CACHE_TAG, err);
	}
	return walk_children(walk, fd, err);
}

static int walk_thing(struct walk *walk, int folder, const char *name, struct err *err)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		note_errno(walk, errno, "it cannot be looked at");
		return 0;
	}
	if (is_excluded(walk, S_ISDIR(st.st_mode)))
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk_directory(walk, folder, name, err);
	if (special_kind(st.st_mode)) {
		note(walk, TGZ_SPECIAL, special_kind(st.st_mode));
		return 0;
	}
	if (st.st_dev != walk->device && !walk->options->cross_mounts) {
		note(walk, TGZ_MOUNT, "is mounted from another file system and not archived");
		return 0;
	}
	int r = visit(walk, folder, name, -1, &st, err);
	return r < 0 ? r : 0;
}

/* ---- The whole. */

static void walk_done(struct walk *walk)
{
	buf_done(&walk->path);
	buf_done(&walk->file);
	buf_done(&walk->host);
}

static void add_path(struct buf *buf, const char *path)
{
	size_t length = strlen(path);

	while (length && path[length - 1] == '/')
		length--;
	buf_add(buf, path, length);
}

static void set_paths(struct walk *walk)
{
	const char *name = walk->options->name ? walk->options->name : walk->options->root;

	add_path(&walk->path, name + strspn(name, "/"));
	add_path(&walk->host, walk->options->root);
}

int tgz_walk_check_patterns(const struct list *exclude, struct err *err)
{
	for (size_t i = 0; i < exclude->n; i++) {
		int r = tgz_pattern_check(exclude->items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int tgz_walk(const struct tgz_walk_options *options, struct err *err)
{
	__attribute__((cleanup(walk_done))) struct walk walk = {.options = options};
	cleanup_free char *root = realpath(options->root, NULL); /* it may be a symlink itself */
	struct stat st;

	int r = tgz_walk_check_patterns(&options->exclude, err);
	if (r < 0)
		return r;
	if (!root || stat(root, &st) < 0 || access(root, R_OK) < 0)
		return err_errno(err, errno, "%s", options->root);
	walk.device = st.st_dev;
	set_paths(&walk);
	return walk_thing(&walk, AT_FDCWD, root, err);
}
