#include "host/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"

#define PREFIX	      ".desired-snapshot-"
#define SUBVOLUME_INO 256 /* BTRFS_FIRST_FREE_OBJECTID: the root of every subvolume */

static bool is_subvolume(const char *path)
{
	struct statfs fs;
	struct stat st;

	return statfs(path, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC && stat(path, &st) == 0 &&
	       st.st_ino == SUBVOLUME_INO;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup("/");
}

static int destroy(int folder, const char *name)
{
	struct btrfs_ioctl_vol_args args = {0};

	snprintf(args.name, sizeof(args.name), "%s", name);
	return ioctl(folder, BTRFS_IOC_SNAP_DESTROY, &args) < 0 ? -errno : 0;
}

static void sweep(const char *folder)
{
	cleanup_list struct list names = LIST_INIT;
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			list_add(&names, entry->d_name);
	for (size_t i = 0; i < names.n; i++)
		(void)destroy(dirfd(dir), names.items[i]);
	if (dir)
		closedir(dir);
}

/* Of the subvolume into the folder; -errno. */
static int create(int subvolume, const char *folder, const char *name)
{
	struct btrfs_ioctl_vol_args_v2 args = {.fd = subvolume};
	cleanup_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(args.name, sizeof(args.name), "%s", name);
	return ioctl(fd, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0 ? -errno : 0;
}

int host_snapshot_make(const char *path, const char *id, char **ret, struct err *err)
{
	cleanup_free char *real = realpath(path, NULL), *name = mem_printf(PREFIX "%s", id);

	*ret = NULL;
	if (!real || !is_subvolume(real))
		return 0;
	cleanup_free char *parent = parent_of(real);
	const char *const folders[] = {parent, real};
	cleanup_fd int fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : -EXDEV;
	for (int i = 0; i < 2 && r < 0 && fd >= 0; i++) {
		sweep(folders[i]);
		if ((r = create(fd, folders[i], name)) >= 0)
			*ret = file_join(folders[i], name);
	}
	return r < 0 ? err_errno(err, -r, "snapshot of the btrfs subvolume %s", path) : 1;
}

int host_snapshot_delete(const char *snapshot, struct err *err)
{
	cleanup_free char *parent = parent_of(snapshot);
	cleanup_fd int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : destroy(fd, file_base(snapshot));

	return r < 0 ? err_errno(err, -r, "deleting the snapshot %s", snapshot) : 0;
}
