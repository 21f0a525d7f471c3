#include "backup/place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Files left by an earlier restore are not in the way of the next. */
static bool is_ours(const char *name)
{
	return !strncmp(name, ".restoring-", 11) || !strncmp(name, ".before-", 8) ||
	       !strcmp(name, "lost+found");
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = dir;

	while (dir && empty && (entry = readdir(dir)))
		empty = is_dot(entry->d_name) || is_ours(entry->d_name);
	if (dir)
		closedir(dir);
	return empty;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup("/");
}

bool backup_place_is_empty(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) /* a link that leads nowhere is something all the same */
		return lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
	return S_ISDIR(st.st_mode) ? is_empty(path) : S_ISREG(st.st_mode) && !st.st_size;
}

static bool is_mount_point(const char *path, const struct stat *st)
{
	cleanup_free char *parent = parent_of(path);
	struct stat above;

	return S_ISDIR(st->st_mode) && stat(parent, &above) == 0 && above.st_dev != st->st_dev;
}

int backup_place_choose(const char *target, const char *id, bool replace, struct backup_place *ret,
			struct err *err)
{
	struct stat st;
	bool there = lstat(target, &st) == 0;

	*ret = (struct backup_place){.mounted = there && is_mount_point(target, &st)};
	if (there && !replace && !backup_place_is_empty(target)) {
		(void)err_set(err, ERR_EXISTS, "%s is there and not empty", target);
		return err_hint(err,
				"--replace swaps it and keeps what is there as %s.before-%s; "
				"--into DIR restores below another directory",
				target, id);
	}
	const char *join = ret->mounted ? "/." : ".";
	ret->target = mem_strdup(target);
	ret->staging = mem_printf("%s%srestoring-%s", target, join, id);
	ret->before = mem_printf("%s%sbefore-%s", target, join, id);
	return 0;
}

void backup_place_done(struct backup_place *place)
{
	free(place->target);
	free(place->staging);
	free(place->before);
	*place = (struct backup_place){0};
}

static int make_parents(const char *path, struct err *err)
{
	cleanup_free char *parent = parent_of(path);

	if (file_exists(parent))
		return 0;
	int r = make_parents(parent, err);
	return r < 0 ? r : file_make_dir(parent, 0755, err);
}

int backup_place_prepare(const struct backup_place *place, struct err *err)
{
	int r = make_parents(place->target, err);

	return r < 0 ? r : file_make_dir(place->staging, 0700, err);
}

static int move_to(const char *from, const char *to, struct err *err)
{
	return rename(from, to) < 0 ? err_errno(err, errno, "%s to %s", from, to) : 0;
}

/* All entries of one directory into another, but what a restore itself left there. */
static int move_contents(const char *from, const char *to, struct err *err)
{
	struct dirent **entries;
	int count = scandir(from, &entries, NULL, NULL), r = 0;

	if (count < 0)
		return err_errno(err, errno, "%s", from);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		cleanup_free char *old = file_join(from, name), *new = file_join(to, name);
		if (r >= 0 && !is_dot(name) && !is_ours(name))
			r = move_to(old, new, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int swap_contents(const struct backup_place *place, struct err *err)
{
	bool had = !is_empty(place->target);
	int r = had ? file_make_dir(place->before, 0700, err) : 0;

	if (r >= 0 && had)
		r = move_contents(place->target, place->before, err);
	if (r >= 0)
		r = move_contents(place->staging, place->target, err);
	if (r >= 0 && rmdir(place->staging) < 0)
		r = err_errno(err, errno, "%s", place->staging);
	return r < 0 ? r : had;
}

int backup_place_swap(const struct backup_place *place, const char *name, struct err *err)
{
	cleanup_free char *new =
		name ? file_join(place->staging, name) : mem_strdup(place->staging);
	struct stat st;
	int r = 0, had = 0;

	if (place->mounted && !name)
		return swap_contents(place, err);
	if (lstat(place->target, &st) == 0) {
		if (S_ISDIR(st.st_mode) && is_empty(place->target) && rmdir(place->target) == 0)
			had = 0;
		else if (S_ISREG(st.st_mode) && !st.st_size && unlink(place->target) == 0)
			had = 0;
		else if ((r = move_to(place->target, place->before, err)) >= 0)
			had = 1;
	}
	if (r >= 0)
		r = move_to(new, place->target, err);
	if (r >= 0 && name)
		(void)rmdir(place->staging);
	return r < 0 ? r : had;
}
