#include "harness/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "harness/suite.h"

/* The process that removes the root at its end: the test program, not the child that check forks
 * for each test. */
static pid_t owner;

static char *root_path(void)
{
	const char *folder = getenv("TMPDIR");

	return mem_printf("%s/desired-test.%ld", folder && *folder ? folder : "/tmp", (long)owner);
}

__attribute__((constructor)) static void remember_owner(void)
{
	owner = getpid();
}

__attribute__((destructor)) static void remove_root(void)
{
	if (getpid() != owner)
		return;
	cleanup_free char *root = root_path();
	temp_remove(root);
}

char *temp_dir(void)
{
	cleanup_free char *root = root_path();
	char *dir = mem_printf("%s/XXXXXX", root);

	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		ck_abort_msg("%s: %s", root, strerror(errno));
	if (!mkdtemp(dir))
		ck_abort_msg("%s: %s", dir, strerror(errno));
	return dir;
}

void temp_write(const char *dir, const char *name, const char *text)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *path = file_join(dir, name);
	char *slash = strrchr(path, '/');

	*slash = '\0';
	must(file_make_dir(path, 0755, &err), &err);
	*slash = '/';
	must(file_write(path, text, strlen(text), 0644, &err), &err);
}

char *temp_read(const char *dir, const char *name)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *path = file_join(dir, name);
	char *text;

	must(file_read(path, 64 << 20, &text, NULL, &err), &err);
	return text;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st, (void)type, (void)walk;
	(void)remove(path);
	return 0;
}

/* Folders that a test made unreadable must be opened before they can be emptied. */
static int open_folder(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)walk;
	if (type == FTW_D || type == FTW_DNR)
		(void)chmod(path, st->st_mode | 0700);
	return 0;
}

void temp_remove(const char *path)
{
	(void)nftw(path, open_folder, 16, FTW_PHYS);
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
