/* By /proc/PID/mountinfo (proc(5)): a bind mount names the file system and the directory in it. */
#include "host/use.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

/* One line: "36 35 98:0 /root/in/fs /mount/point ...". */
struct mount {
	char *device, *root, *point;
};

static void mount_done(struct mount *mount)
{
	free(mount->device);
	free(mount->root);
	free(mount->point);
	*mount = (struct mount){0};
}

/* Spaces and the like are written \040. */
static char *decode(const char *text)
{
	char *out = mem_strdup(text), *to = out;

	for (const char *c = text; *c; c++) {
		if (*c == '\\' && isdigit((unsigned char)c[1]) && isdigit((unsigned char)c[2]) &&
		    isdigit((unsigned char)c[3])) {
			*to++ = (char)((c[1] - '0') * 64 + (c[2] - '0') * 8 + (c[3] - '0'));
			c += 3;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return out;
}

static bool parse(const char *line, struct mount *ret)
{
	cleanup_list struct list words = LIST_INIT;

	list_split(&words, line, " \n");
	if (words.n < 5)
		return false;
	*ret = (struct mount){mem_strdup(words.items[2]), decode(words.items[3]),
			      decode(words.items[4])};
	return true;
}

static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	if (n == 1 && *folder == '/')
		return true;
	return !strncmp(path, folder, n) && (!path[n] || path[n] == '/');
}

/* Calls for each mount of a process until it returns true. */
static bool each_mount(const char *pid, bool (*call)(void *context, const struct mount *mount),
		       void *context)
{
	cleanup_free char *path = mem_printf("/proc/%s/mountinfo", pid);
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (file && !found && getline(&line, &room, file) > 0) {
		struct mount mount = {0};
		found = parse(line, &mount) && call(context, &mount);
		mount_done(&mount);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* --- where our directory is --- */

struct search {
	const char *path;
	size_t length; /* of the longest mount point above it */
	char *device, *root;
};

static bool look_above(void *context, const struct mount *mount)
{
	struct search *search = context;
	size_t n = strlen(mount->point);

	if (!is_within(search->path, mount->point) || n < search->length)
		return false;
	const char *rest = n == 1 ? search->path : search->path + n;
	free(search->device);
	free(search->root);
	search->length = n;
	search->device = mem_strdup(mount->device);
	search->root = mem_printf("%s%s", strcmp(mount->root, "/") ? mount->root : "", rest);
	return false;
}

static bool uses(void *context, const struct mount *mount)
{
	const struct search *search = context;

	return !strcmp(mount->device, search->device) && is_within(mount->root, search->root);
}

/* --- who --- */

static bool same_namespace(const char *pid)
{
	cleanup_free char *path = mem_printf("/proc/%s/ns/mnt", pid);
	char ours[64] = "", theirs[64] = "";

	(void)!readlink("/proc/self/ns/mnt", ours, sizeof(ours) - 1);
	return readlink(path, theirs, sizeof(theirs) - 1) < 0 || !strcmp(ours, theirs);
}

static char *name_of(const char *pid)
{
	cleanup_free char *path = mem_printf("/proc/%s/comm", pid);
	char name[64] = "?";
	FILE *file = fopen(path, "re");

	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	return mem_printf("process %s (%s)", pid, name);
}

char *host_use_find(const char *path)
{
	struct search search = {.path = path};
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	char *found = NULL;

	(void)each_mount("self", look_above, &search);
	while (proc && search.device && !found && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name) && !same_namespace(entry->d_name) &&
		    each_mount(entry->d_name, uses, &search))
			found = name_of(entry->d_name);
	if (proc)
		closedir(proc);
	free(search.device);
	free(search.root);
	return found;
}
