#include "backup/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/point.h"

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

/* The same set may be restored twice. */
static char *free_name(char *name_stolen)
{
	cleanup_free char *name = name_stolen;
	char *found = mem_strdup(name);

	for (int i = 2; file_exists(found); i++) {
		free(found);
		found = mem_printf("%s.%d", name, i);
	}
	return found;
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
	ret->before = free_name(mem_printf("%s%sbefore-%s", target, join, id));
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

/* --- swapping --- */

static int move_to(const char *from, const char *to, struct err *err)
{
	return rename(from, to) < 0 ? err_errno(err, errno, "%s to %s", from, to) : 0;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_empty_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && !st.st_size;
}

/* Names are on the disk when this returns. */
static void sync_folder(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
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
	sync_folder(to);
	return r;
}

/* The old contents go to BEFORE.part, which becomes BEFORE when they are all there: from then on
 * whatever is in the target is new. */
static int empty_target(const struct backup_place *place, struct err *err)
{
	cleanup_free char *part = mem_printf("%s.part", place->before);

	if (is_there(place->before))
		return 0;
	int r = file_make_dir(part, 0700, err);
	if (r >= 0)
		r = move_contents(place->target, part, err);
	return r < 0 ? r : move_to(part, place->before, err);
}

static int swap_contents(const struct backup_place *place, const char *fresh, struct err *err)
{
	int r = empty_target(place, err);

	if (r >= 0)
		r = move_contents(fresh, place->target, err);
	if (r >= 0 && rmdir(fresh) < 0)
		r = err_errno(err, errno, "%s", fresh);
	return r;
}

static int swap_whole(const struct backup_place *place, const char *fresh, struct err *err)
{
	int r = 0;

	if (is_directory(place->target) && is_empty(place->target))
		(void)rmdir(place->target);
	else if (is_empty_file(place->target))
		(void)unlink(place->target);
	if (is_there(place->target)) {
		/* Made by somebody between the two renames of a swap that was cut off. */
		cleanup_free char *before = free_name(mem_strdup(place->before));
		r = move_to(place->target, before, err);
		point_reached("restore-moved-away");
	}
	return r < 0 ? r : move_to(fresh, place->target, err);
}

int backup_place_swap(const struct backup_place *place, struct err *err)
{
	cleanup_free char *fresh = file_join(place->staging, BACKUP_PLACE_TREE);
	cleanup_free char *parent = parent_of(place->target);
	int r = 0;

	if (is_there(fresh))
		r = place->mounted && is_directory(fresh) ? swap_contents(place, fresh, err)
							  : swap_whole(place, fresh, err);
	if (r < 0)
		return r;
	point_reached("restore-placed");
	(void)rmdir(place->staging);
	if (place->mounted)
		(void)rmdir(place->before); /* when nothing was there */
	sync_folder(parent);
	return is_there(place->before);
}

int backup_place_undo(const struct backup_place *place, struct err *err)
{
	cleanup_free char *fresh = file_join(place->staging, BACKUP_PLACE_TREE);
	int r = 0;

	if (place->mounted)
		return err_set(err, ERR_INVALID, "%s is a mount point: what was moved stays in %s",
			       place->target, place->before);
	if (!is_there(fresh) && is_there(place->target)) {
		r = file_make_dir(place->staging, 0700, err);
		if (r >= 0)
			r = move_to(place->target, fresh, err);
	}
	if (r >= 0 && is_there(place->before))
		r = move_to(place->before, place->target, err);
	return r;
}

/* --- notes --- */

json_t *backup_place_to_json(const struct backup_place *place)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "target", place->target, "staging", place->staging,
			 "before", place->before, "mounted", place->mounted);
}

bool backup_place_from_json(const json_t *tree, struct backup_place *ret)
{
	const char *target = json_string_value(json_object_get(tree, "target"));
	const char *staging = json_string_value(json_object_get(tree, "staging"));
	const char *before = json_string_value(json_object_get(tree, "before"));

	if (!target || !staging || !before)
		return false;
	*ret = (struct backup_place){
		.target = mem_strdup(target),
		.staging = mem_strdup(staging),
		.before = mem_strdup(before),
		.mounted = json_is_true(json_object_get(tree, "mounted")),
	};
	return true;
}
