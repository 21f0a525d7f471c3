#include "source/git.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "source/git_index.h"

#define SMALL	     4096
#define PACKED_LIMIT (16u << 20)
#define SHORT	     7

/* The first line of a small file, or NULL. Caller frees. */
static char *first_line(const char *folder, const char *name)
{
	cleanup_free char *path = file_join(folder, name);
	cleanup_err struct err err = ERR_INIT;
	char *text;

	if (file_read(path, SMALL, &text, NULL, &err) < 0)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

/* Goes up to the folder that holds .git. Caller frees. */
static char *find_work_tree(const char *dir)
{
	char *path = realpath(dir, NULL);

	while (path) {
		cleanup_free char *git = file_join(path, ".git");
		if (file_exists(git))
			return path;
		char *slash = strrchr(path, '/');
		if (!slash || !path[1])
			break;
		slash[slash == path] = '\0';
	}
	free(path);
	return NULL;
}

/* .git itself, or where a linked work tree's .git file points. Caller frees. */
static char *git_folder(const char *work_tree)
{
	cleanup_free char *link = first_line(work_tree, ".git");

	if (!link || strncmp(link, "gitdir: ", strlen("gitdir: ")) != 0)
		return file_join(work_tree, ".git");
	const char *target = link + strlen("gitdir: ");
	return *target == '/' ? mem_strdup(target) : file_join(work_tree, target);
}

/* Branches of a linked work tree are in the main one. Caller frees. */
static char *common_folder(const char *git)
{
	cleanup_free char *common = first_line(git, "commondir");

	if (!common)
		return mem_strdup(git);
	return *common == '/' ? mem_strdup(common) : file_join(git, common);
}

static char *packed_ref(const char *common, const char *ref)
{
	cleanup_free char *path = file_join(common, "packed-refs");
	cleanup_free char *wanted = mem_printf(" %s", ref);
	cleanup_free char *text = NULL;
	cleanup_err struct err err = ERR_INIT;
	size_t length = strlen(wanted);

	if (file_read(path, PACKED_LIMIT, &text, NULL, &err) < 0)
		return NULL;
	for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted)) {
		const char *line = at;
		while (line > text && line[-1] != '\n')
			line--;
		if (at[length] == '\n' || !at[length])
			return mem_strndup(line, (size_t)(at - line));
	}
	return NULL;
}

static char *commit_of_head(const char *git)
{
	cleanup_free char *head = first_line(git, "HEAD");
	cleanup_free char *common = common_folder(git);

	if (!head || strncmp(head, "ref: ", strlen("ref: ")) != 0)
		return steal(&head);
	const char *ref = head + strlen("ref: ");
	char *commit = strstr(ref, "..") ? NULL : first_line(common, ref);
	return commit ? commit : packed_ref(common, ref);
}

char *source_git_head(const char *dir)
{
	cleanup_free char *work_tree = find_work_tree(dir);
	cleanup_free char *real = realpath(dir, NULL);

	if (!work_tree || !real)
		return NULL;
	cleanup_free char *git = git_folder(work_tree);
	cleanup_free char *commit = commit_of_head(git);
	if (!commit || strspn(commit, "0123456789abcdef") < SHORT)
		return NULL;
	const char *below = real + strlen(work_tree);
	bool dirty = strlen(commit) == 40 &&
		     source_git_index_differs(git, work_tree, below + (*below == '/'));
	return mem_printf("%.*s%s", SHORT, commit, dirty ? "+dirty" : "");
}
