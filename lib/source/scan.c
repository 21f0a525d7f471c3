#include "source/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "source/name.h"
#include "source/tree.h"

#define DEPTH_LIMIT 16
#define FILE_LIMIT  20000

static int explain_open(int number, int root, const char *path, struct err *err)
{
	char target[256];
	ssize_t length = readlinkat(root, path, target, sizeof(target) - 1);
	bool link = length >= 0;

	target[link ? length : 0] = '\0';
	if (number == ENOENT && link) {
		(void)err_set(err, ERR_NOT_FOUND, "the link points to '%s', which does not exist",
			      target);
		return err_hint(err, "restore the target or remove the link");
	}
	if (number == EXDEV || (number == ELOOP && link)) {
		(void)err_set(err, ERR_INVALID, "the link points to '%s', %s", target,
			      number == ELOOP ? "in a circle" : "which is outside the directory");
		return err_hint(err, "copy the file in, or make the link relative and inside");
	}
	(void)err_errno(err, number, "cannot be opened");
	if (number == EACCES || number == EPERM)
		(void)err_hint(err, "make it readable: chmod u+r, chown root");
	return -(int)err->code;
}

int source_scan_open(int root, const char *path, bool folder, int *ret_fd, struct err *err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (folder ? O_DIRECTORY : 0),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd < 0)
		return explain_open(errno, root, path, err);
	*ret_fd = (int)fd;
	return 0;
}

char *source_scan_real(int fd)
{
	cleanup_free char *link = mem_printf("/proc/self/fd/%d", fd);
	char path[PATH_MAX];
	ssize_t length = readlink(link, path, sizeof(path) - 1);

	return length > 0 ? mem_strndup(path, (size_t)length) : NULL;
}

/* Notes where a link led; "/" when that cannot be told, which is no place beneath the directory. */
static void note_real(struct source_tree *tree, const char *path, int fd)
{
	cleanup_free char *root = source_scan_real(tree->root), *real = source_scan_real(fd);
	size_t length = root ? strlen(root) : 0;
	bool beneath = root && real && !strncmp(real, root, length) && real[length] == '/';

	if (!beneath || strcmp(real + length + 1, path) != 0)
		map_put(&tree->real, path, mem_strdup(beneath ? real + length + 1 : "/"));
}

/* The folders from the directory down to the one that is being listed: a link back to one of
 * them would never end. */
struct ancestors {
	const struct ancestors *above;
	dev_t device;
	ino_t inode;
	int depth;
	bool linked; /* one of them, or this one, is a link */
};

static void add_problem(struct source_tree *tree, const char *path, enum diag_severity severity,
			struct err *err)
{
	mem_grow(tree->problems, &tree->problem_cap, tree->problem_count + 1);
	struct source_problem *problem = &tree->problems[tree->problem_count++];
	*problem = (struct source_problem){.path = mem_strdup(path), .severity = severity};
	(void)err_move(&problem->err, err);
	(void)err_at(&problem->err, *path ? path : tree->dir, 0, 0);
}

/* Who may change a file decides what runs in the cluster. */
static void check_trust(struct source_tree *tree, const char *path, const struct stat *st)
{
	struct err err = ERR_INIT;
	const char *shown = *path ? path : tree->dir;

	if (st->st_mode & S_IWOTH) {
		(void)err_set(&err, ERR_DENIED, "writable by everybody");
		(void)err_hint(&err, "chmod o-w %s", shown);
	} else if (st->st_uid != 0 && st->st_uid != geteuid()) {
		(void)err_set(&err, ERR_DENIED, "owned by user %u, neither root nor the daemon's",
			      (unsigned int)st->st_uid);
		(void)err_hint(&err, "chown root %s", shown);
	} else {
		return;
	}
	add_problem(tree, path, tree->lint ? DIAG_WARNING : DIAG_ERROR, &err);
}

static void add_file(struct source_tree *tree, const char *path, const struct stat *st, bool linked)
{
	struct source_file *file = mem_new(struct source_file);

	file->linked = linked;

	file->path = mem_strdup(path);
	file->st = *st;
	mem_grow(tree->files, &tree->cap, tree->count + 1);
	tree->files[tree->count++] = file;
	map_put(&tree->by_path, path, file);
}

static void scan_folder(struct source_tree *tree, const char *path, int fd_stolen,
			const struct ancestors *above);

static void enter_folder(struct source_tree *tree, const char *path, int fd_stolen,
			 const struct stat *st, const struct ancestors *above, bool linked)
{
	struct ancestors self = {above, st->st_dev, st->st_ino, above ? above->depth + 1 : 0,
				 linked};
	struct err err = ERR_INIT;

	for (const struct ancestors *one = above; one; one = one->above)
		if (one->device == st->st_dev && one->inode == st->st_ino)
			(void)err_set(&err, ERR_INVALID,
				      "the link leads back to a folder above it");
	if (self.depth > DEPTH_LIMIT)
		(void)err_set(&err, ERR_INVALID, "more than %d folders deep", DEPTH_LIMIT);
	if (err.code) {
		close(fd_stolen);
		add_problem(tree, path, DIAG_ERROR, &err);
		return;
	}
	list_add(&tree->folders, path);
	check_trust(tree, path, st);
	scan_folder(tree, path, fd_stolen, &self);
}

static void scan_entry(struct source_tree *tree, const char *path, const struct ancestors *above)
{
	struct err err = ERR_INIT;
	struct stat st;
	int fd = -1;

	/* A socket cannot even be opened: ask what it is before. */
	bool known = !fstatat(tree->root, path, &st, AT_SYMLINK_NOFOLLOW);
	bool linked = known && S_ISLNK(st.st_mode);
	if (known && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !linked) {
		(void)err_set(&err, ERR_INVALID, "neither a regular file nor a folder");
		(void)err_hint(&err, "remove it, or let its name begin with a dot");
		add_problem(tree, path, DIAG_ERROR, &err);
		return;
	}
	if (source_scan_open(tree->root, path, false, &fd, &err) < 0) {
		add_problem(tree, path, DIAG_ERROR, &err);
		return;
	}
	if (linked || above->linked)
		note_real(tree, path, fd);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		enter_folder(tree, path, fd, &st, above, linked || above->linked);
		return;
	}
	close(fd);
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(&err, ERR_INVALID, "not a regular file");
		add_problem(tree, path, DIAG_ERROR, &err);
		return;
	}
	check_trust(tree, path, &st);
	add_file(tree, path, &st, linked);
}

/* All names first: a listing that ends early must not pass for a short folder. */
static int list_names(int fd_stolen, struct list *names, struct err *err)
{
	DIR *folder = fdopendir(fd_stolen);
	const struct dirent *entry;

	if (!folder) {
		close(fd_stolen);
		return err_errno(err, errno, "cannot be listed");
	}
	while ((void)(errno = 0), (entry = readdir(folder)))
		if (!source_name_ignored(entry->d_name))
			list_add(names, entry->d_name);
	int number = errno;
	closedir(folder);
	list_sort(names);
	return number ? err_errno(err, number, "cannot be listed") : 0;
}

static void scan_folder(struct source_tree *tree, const char *path, int fd_stolen,
			const struct ancestors *above)
{
	cleanup_list struct list names = LIST_INIT;
	struct err err = ERR_INIT;

	if (list_names(fd_stolen, &names, &err) < 0) {
		tree->unreadable = tree->unreadable || !*path;
		add_problem(tree, path, DIAG_ERROR, &err);
		return;
	}
	for (size_t i = 0; i < names.n && tree->count < FILE_LIMIT; i++) {
		cleanup_free char *below =
			*path ? file_join(path, names.items[i]) : mem_strdup(names.items[i]);
		scan_entry(tree, below, above);
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct source_file *const *)a)->path,
		      (*(struct source_file *const *)b)->path);
}

static char *fingerprint(const struct source_tree *tree)
{
	cleanup_buf struct buf all = BUF_INIT;

	for (size_t i = 0; i < tree->count; i++) {
		const struct stat *st = &tree->files[i]->st;
		buf_printf(&all, "%s %llu %lld %lld.%09ld %lld.%09ld %o %u\n", tree->files[i]->path,
			   (unsigned long long)st->st_ino, (long long)st->st_size,
			   (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			   (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, st->st_mode,
			   st->st_uid);
	}
	for (size_t i = 0; i < tree->folders.n; i++)
		buf_printf(&all, "%s/\n", tree->folders.items[i]);
	for (size_t i = 0; i < tree->problem_count; i++)
		buf_printf(&all, "%s: %s\n", tree->problems[i].path, tree->problems[i].err.message);
	return digest_sha256_hex(buf_str(&all), all.len);
}

static void scan_root(struct source_tree *tree)
{
	struct err err = ERR_INIT;
	struct stat st;

	tree->root = open(tree->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tree->root < 0 || fstat(tree->root, &st) < 0) {
		tree->unreadable = true;
		(void)err_errno(&err, errno, "cannot be opened");
		add_problem(tree, "", DIAG_ERROR, &err);
		return;
	}
	int fd = openat(tree->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		enter_folder(tree, "", fd, &st, NULL, false);
	if (tree->count >= FILE_LIMIT) {
		(void)err_set(&err, ERR_INVALID, "more than %d files", FILE_LIMIT);
		add_problem(tree, "", DIAG_ERROR, &err);
	}
}

static bool out_of_descriptors(const struct source_tree *tree, struct err *err)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		(void)err_errno(err, errno, "%s", tree->dir);
		return true;
	}
	close(fd);
	return false;
}

int source_tree_scan(const char *dir, bool lint, struct source_tree **ret, struct err *err)
{
	struct source_tree *tree = mem_new(struct source_tree);

	tree->dir = mem_strdup(dir);
	tree->lint = lint;
	tree->root = -1;
	tree->by_path = MAP_INIT(NULL);
	tree->real = MAP_INIT(free);
	scan_root(tree);
	if (tree->problem_count && out_of_descriptors(tree, err)) {
		source_tree_free(tree);
		return -(int)err->code;
	}
	if (tree->count > 1)
		qsort(tree->files, tree->count, sizeof(struct source_file *), by_path);
	tree->fingerprint = fingerprint(tree);
	*ret = tree;
	return 0;
}
