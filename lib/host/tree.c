#include "host/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/mem.h"

#define DEPTH_MAX 256

static bool within(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

/* --- what may never be removed --- */

/* Nothing below these, at any depth. */
static const char *const system_trees[] = {
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/proc",
	"/run",
	"/sbin",
	"/sys",
	"/usr",
	"/nix",
	"/var/lib/rancher",
	"/var/lib/kubelet",
	"/var/lib/containerd",
	"/var/lib/docker",
	"/var/lib/dpkg",
	"/var/lib/systemd",
	"/var/lib/apt",
};

/* Not these themselves and not what stands directly in them. */
static const char *const system_tops[] = {"/var",     "/home",	    "/root",
					  "/tmp",     "/media",	    "/var/lib",
					  "/var/log", "/var/cache", "/var/spool"};

static bool is_plain(const char *path)
{
	cleanup_free char *closed = mem_printf("%s/", path);
	size_t length = strlen(path);

	return *path == '/' && length > 1 && path[length - 1] != '/' && !strstr(closed, "/../") &&
	       !strstr(closed, "/./") && !strstr(path, "//");
}

static const char *tree_of_system(const char *path)
{
	const char *last = strrchr(path, '/');

	if (last == path)
		return "/";
	for (size_t i = 0; i < sizeof(system_trees) / sizeof(*system_trees); i++)
		if (within(path, system_trees[i]) || within(system_trees[i], path))
			return system_trees[i];
	for (size_t i = 0; i < sizeof(system_tops) / sizeof(*system_tops); i++)
		if (within(system_tops[i], path) ||
		    (strlen(system_tops[i]) == (size_t)(last - path) &&
		     within(path, system_tops[i])))
			return system_tops[i];
	return NULL;
}

static int check_name(const char *path, const struct list *spare, struct err *err)
{
	if (!is_plain(path))
		return err_set(err, ERR_INVALID, "%s is not a plain absolute path", path);
	const char *tree = tree_of_system(path);
	if (tree)
		return err_set(err, ERR_INVALID, "%s belongs to the system (%s)", path, tree);
	for (size_t i = 0; i < spare->n; i++)
		if (within(path, spare->items[i]) || within(spare->items[i], path))
			return err_set(err, ERR_INVALID, "%s: %s is needed", path, spare->items[i]);
	return 0;
}

/* --- mounts --- */

/* "\040" and its kin, as the kernel writes blanks in mountinfo; in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* The mount point of one line of mountinfo: its fifth word. */
static const char *mount_point(char *line)
{
	char *rest = line;

	for (int i = 0; i < 4; i++)
		if (!strsep(&rest, " "))
			return NULL;
	char *point = strsep(&rest, " ");
	if (point)
		unescape(point);
	return point;
}

/* ERR_INVALID when the path is a mount point, or something is mounted below it. */
static int check_mounts(const char *path, struct err *err)
{
	cleanup_free char *text = NULL;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t room = 0;
	int r = 0;

	if (!file)
		return err_errno(err, errno, "/proc/self/mountinfo");
	while (r >= 0 && getline(&text, &room, file) >= 0) {
		const char *point = mount_point(text);
		if (point && within(point, path))
			r = err_set(err, ERR_INVALID, "%s: %s is a mount point", path, point);
	}
	fclose(file);
	return r;
}

/* --- the way down --- */

/* Opens a folder without following a link anywhere on the way. */
static int open_path(const char *path, int *ret_fd, struct err *err)
{
	cleanup_list struct list parts = LIST_INIT;
	cleanup_fd int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, errno, "/");
	list_split(&parts, path, "/");
	for (size_t i = 0; i < parts.n; i++) {
		int next =
			openat(fd, parts.items[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
			return err_set(err, ERR_INVALID,
				       "%s: %s in it is a symbolic link or no directory", path,
				       parts.items[i]);
		if (next < 0)
			return err_errno(err, errno, "%s", path);
		file_close(&fd);
		fd = next;
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* Which mount a folder is in: a bind mount has the device of what it shows (kernels before 5.8 tell
 * the device only). */
static int mount_of(int fd, const char *path, uint64_t *ret, struct err *err)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_errno(err, errno, "%s", path);
	*ret = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id
					  : ((uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor);
	return 0;
}

int host_tree_check(const char *path, const struct list *spare, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = check_name(path, spare, err);

	if (r >= 0)
		r = open_path(path, &fd, err);
	return r >= 0 ? check_mounts(path, err) : r;
}

/* --- removing --- */

static int empty(int fd, const char *path, uint64_t mount, int depth, struct err *err);

static int remove_folder(int above, const char *name, const char *path, uint64_t mount, int depth,
			 struct err *err)
{
	cleanup_free char *own = mem_printf("%s/%s", path, name);
	cleanup_fd int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t here;

	if (fd < 0)
		return err_errno(err, errno, "%s", own);
	int r = mount_of(fd, own, &here, err);
	if (r >= 0 && here != mount)
		r = err_set(err, ERR_INVALID, "%s was mounted meanwhile", own);
	if (r >= 0)
		r = empty(fd, own, mount, depth, err);
	if (r >= 0 && unlinkat(above, name, AT_REMOVEDIR) < 0)
		r = err_errno(err, errno, "%s", own);
	return r;
}

static int remove_item(int fd, const char *name, const char *path, uint64_t mount, int depth,
		       struct err *err)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, errno, "%s/%s", path, name);
	if (S_ISDIR(st.st_mode))
		return remove_folder(fd, name, path, mount, depth, err);
	if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, "%s/%s", path, name);
	return 0;
}

/* Removes what is in a folder. */
static int empty(int fd, const char *path, uint64_t mount, int depth, struct err *err)
{
	int again = depth < DEPTH_MAX ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	int r = 0;

	if (!dir) {
		file_close(&again);
		return err_set(err, ERR_IO, "%s cannot be read, or is nested too deeply", path);
	}
	for (struct dirent *item; r >= 0 && (item = readdir(dir));)
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			r = remove_item(fd, item->d_name, path, mount, depth + 1, err);
	closedir(dir);
	return r;
}

int host_tree_remove(const char *path, const struct list *spare, struct err *err)
{
	cleanup_free char *above_path = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	cleanup_fd int above = -1;
	uint64_t mount;

	int r = host_tree_check(path, spare, err);
	if (r >= 0)
		r = open_path(above_path, &above, err);
	if (r >= 0)
		r = mount_of(above, above_path, &mount, err);
	return r >= 0 ? remove_folder(above, file_base(path), above_path, mount, 0, err) : r;
}

/* --- measuring --- */

struct measuring {
	struct host_tree *tree;
	struct deadline deadline;
	dev_t device;
};

static void add_folder(struct measuring *measuring, int fd, int depth);

static void add_item(struct measuring *measuring, int fd, const char *name, int depth)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	measuring->tree->bytes += (uint64_t)st.st_blocks * 512;
	measuring->tree->files += !S_ISDIR(st.st_mode);
	if (!S_ISDIR(st.st_mode) || st.st_dev != measuring->device)
		return;
	cleanup_fd int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below >= 0)
		add_folder(measuring, below, depth);
}

static void add_folder(struct measuring *measuring, int fd, int depth)
{
	int again = depth < DEPTH_MAX ? openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = again < 0 ? NULL : fdopendir(again);

	if (!dir) {
		file_close(&again);
		measuring->tree->more = true;
		return;
	}
	for (struct dirent *item; (item = readdir(dir));) {
		if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
			continue;
		if (deadline_passed(&measuring->deadline)) {
			measuring->tree->more = true;
			break;
		}
		add_item(measuring, fd, item->d_name, depth + 1);
	}
	closedir(dir);
}

int host_tree_measure(const char *path, int64_t milliseconds, struct host_tree *ret,
		      struct err *err)
{
	struct measuring measuring = {.tree = ret,
				      .deadline = deadline_in(&clock_real, NULL, milliseconds)};
	cleanup_fd int fd = -1;
	struct stat st;

	*ret = (struct host_tree){0};
	int r = is_plain(path) ? open_path(path, &fd, err)
			       : err_set(err, ERR_INVALID, "%s is not a plain absolute path", path);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	measuring.device = st.st_dev;
	add_folder(&measuring, fd, 0);
	return 0;
}

char *host_tree_text(const struct host_tree *tree)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
	double size = (double)tree->bytes;
	size_t unit = 0;

	while (size >= 1000 && unit + 1 < sizeof(units) / sizeof(*units)) {
		size /= 1000;
		unit++;
	}
	return mem_printf("%s%.*f %s, %zu file%s", tree->more ? "more than " : "",
			  unit && size < 10 ? 1 : 0, size, units[unit], tree->files,
			  tree->files == 1 ? "" : "s");
}
