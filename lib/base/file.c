#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int read_all(int fd, char *bytes, size_t want, size_t *ret_got)
{
	size_t got = 0;

	while (got < want) {
		ssize_t n = read(fd, bytes + got, want - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret_got = got;
	return 0;
}

int file_read_fd(int fd, const char *name, size_t limit, char **ret_text, size_t *ret_length,
		 struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", name);
	if ((size_t)st.st_size > limit)
		return err_set(err, ERR_INVALID, "%s has %lld bytes; at most %zu are read", name,
			       (long long)st.st_size, limit);

	size_t length = 0, room = (size_t)st.st_size + 1; /* one more tells whether it has grown */
	cleanup_free char *text = mem_alloc(room + 1);
	int r = read_all(fd, text, room, &length);
	if (r < 0)
		return err_errno(err, -r, "%s", name);
	if (length > (size_t)st.st_size)
		return err_set(err, ERR_BUSY, "%s grew while it was read", name);
	text[length] = '\0';
	*ret_text = steal(&text);
	if (ret_length)
		*ret_length = length;
	return 0;
}

int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_length, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	return file_read_fd(fd, path, limit, ret_text, ret_length, err);
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		length -= (size_t)n;
	}
	return 0;
}

static void sync_folder_of(const char *path)
{
	cleanup_free char *folder = mem_strdup(path);
	char *slash = strrchr(folder, '/');

	if (slash)
		*slash = '\0';
	cleanup_fd int fd =
		open(slash ? (*folder ? folder : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)fsync(fd);
}

static int write_temporary(const char *path, const void *bytes, size_t length, mode_t mode,
			   struct err *err)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	int r = write_all(fd, bytes, length);
	if (r < 0)
		return err_errno(err, -r, "%s", path);
	if (fsync(fd) < 0)
		return err_errno(err, errno, "%s", path);
	return 0;
}

/* A rename would take the place of a device, too. */
static int check_replaceable(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", path);
	return 0;
}

int file_write(const char *path, const void *bytes, size_t length, mode_t mode, struct err *err)
{
	cleanup_free char *temporary = mem_printf("%s.%d.tmp", path, gettid());
	int r = check_replaceable(path, err);

	if (r < 0)
		return r;
	r = write_temporary(temporary, bytes, length, mode, err);

	if (r >= 0 && rename(temporary, path) < 0)
		r = err_errno(err, errno, "%s", path);
	if (r < 0) {
		(void)unlink(temporary);
		return r;
	}
	sync_folder_of(path);
	return 0;
}

static int like(const char *path, const struct stat *st, struct err *err)
{
	if ((lchown(path, st->st_uid, st->st_gid) < 0 && geteuid() == 0) ||
	    chmod(path, st->st_mode & 07777) < 0)
		return err_errno(err, errno, "%s", path);
	return 0;
}

int file_rewrite(const char *path, const void *bytes, size_t length, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL);
	struct stat st;

	if (!real || stat(real, &st) < 0)
		return err_errno(err, errno, "%s", path);
	cleanup_free char *temporary = mem_printf("%s.%d.tmp", real, gettid());
	int r = write_temporary(temporary, bytes, length, 0600, err);
	if (r >= 0)
		r = like(temporary, &st, err);
	if (r >= 0 && rename(temporary, real) < 0)
		r = err_errno(err, errno, "%s", path);
	if (r < 0) {
		(void)unlink(temporary);
		return r;
	}
	sync_folder_of(real);
	return 0;
}

int file_make_dir(const char *path, mode_t mode, struct err *err)
{
	cleanup_free char *part = mem_strdup(path);

	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return err_errno(err, errno, "cannot create %s", part);
		*p = '/';
	}
	if (mkdir(part, mode) == 0)
		return 0;
	int number = errno;
	struct stat st;
	if (number == EEXIST && stat(part, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_errno(err, number == EEXIST ? ENOTDIR : number, "cannot create %s", path);
}

int file_names(const char *folder, struct list *ret, struct err *err)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return err_errno(err, errno, "%s", folder);
	errno = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			list_add(ret, entry->d_name);
	int code = errno;
	closedir(dir);
	list_sort(ret);
	return code ? err_errno(err, code, "%s", folder) : 0;
}

int file_remove(const char *path, struct err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, errno, "cannot remove %s", path);
	return 0;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int file_lock(const char *path, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, errno, "%s", path);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

char *file_join(const char *folder, const char *name)
{
	size_t n = strlen(folder);

	if (!n)
		return mem_strdup(name);
	return mem_printf("%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

const char *file_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
