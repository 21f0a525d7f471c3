#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* A folder on the way down that did not say otherwise. */
#define MODE_ABOVE 0755

static bool below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && (!path[length] || path[length] == '/');
}

static int check_path(const char *path, struct err *err)
{
	static const char *const kernel[] = {"/proc", "/sys", "/dev"};
	cleanup_free char *dotted = mem_printf("%s/", path);

	if (*path != '/')
		return err_set(err, ERR_INVALID, "directory %s is not absolute", path);
	if (strstr(dotted, "/../") || strstr(dotted, "/./") || strstr(path, "//"))
		return err_set(err, ERR_INVALID, "directory %s is not a plain path", path);
	for (size_t i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++)
		if (below(path, kernel[i]))
			return err_set(err, ERR_INVALID, "directory %s belongs to the kernel",
				       path);
	return 0;
}

/* 1 and the folder opened, or 0 when it is not there. Links are followed: /home may be one. */
static int open_folder(int above, const char *name, const char *path, int *ret_fd, struct err *err)
{
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, errno, "directory %s", path);
	*ret_fd = fd;
	return 1;
}

static int own(int fd, const struct manifest_directory *directory, struct err *err)
{
	if ((directory->uid >= 0 || directory->gid >= 0) &&
	    fchown(fd, (uid_t)directory->uid, (gid_t)directory->gid) < 0)
		return err_errno(err, errno, "directory %s: cannot be given to %ld:%ld",
				 directory->path, directory->uid, directory->gid);
	if (fchmod(fd, directory->mode) < 0)
		return err_errno(err, errno, "directory %s", directory->path);
	return 0;
}

/* Made under another name first: after a crash there is none, or one with its mode and owner, since
 * what is there is never changed. */
static int make_last(int above, const char *name, const struct manifest_directory *directory,
		     struct err *err)
{
	cleanup_free char *draft = mem_printf(".%s.new", name);
	cleanup_fd int fd = -1;

	if (mkdirat(above, draft, 0700) < 0 && errno != EEXIST)
		return err_errno(err, errno, "directory %s", directory->path);
	int r = open_folder(above, draft, directory->path, &fd, err);
	if (r < 0)
		return r;
	r = own(fd, directory, err);
	if (r < 0)
		return r;
	if (renameat2(above, draft, above, name, RENAME_NOREPLACE) < 0)
		return err_errno(err, errno, "directory %s", directory->path);
	return 1;
}

static int step_down(int *fd, const char *name, const struct manifest_directory *directory,
		     struct err *err)
{
	int next = -1;

	int r = open_folder(*fd, name, directory->path, &next, err);
	if (r < 0)
		return r;
	if (!r) {
		if (mkdirat(*fd, name, MODE_ABOVE) < 0 && errno != EEXIST)
			return err_errno(err, errno, "directory %s", directory->path);
		r = open_folder(*fd, name, directory->path, &next, err);
		if (r < 0)
			return r;
	}
	file_close(fd);
	*fd = next;
	return 0;
}

/* Walks down from the root, making what is missing; only the last folder gets mode and owner. */
static int make_one(const struct manifest_directory *directory, struct err *err)
{
	cleanup_list struct list parts = LIST_INIT;
	cleanup_fd int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), there = -1;

	if (fd < 0)
		return err_errno(err, errno, "/");
	list_split(&parts, directory->path, "/");
	for (size_t i = 0; i + 1 < parts.n; i++) {
		int r = step_down(&fd, parts.items[i], directory, err);
		if (r < 0)
			return r;
	}
	if (!parts.n)
		return 0;
	const char *last = parts.items[parts.n - 1];
	int r = open_folder(fd, last, directory->path, &there, err);
	if (r)
		return r < 0 ? r : 0;
	return make_last(fd, last, directory, err);
}

int host_directories_make(const struct manifest_directory *directories, size_t count,
			  struct err *err)
{
	int made = 0;

	for (size_t i = 0; i < count; i++) {
		int r = check_path(directories[i].path, err);
		if (r >= 0)
			r = make_one(&directories[i], err);
		if (r < 0)
			return r;
		made += r;
	}
	return made;
}
