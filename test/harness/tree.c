#include "harness/tree.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "harness/suite.h"

#define FILE_LIMIT ((size_t)256 << 20)

static void add_attributes(struct buf *line, const char *path)
{
	cleanup_list struct list found = LIST_INIT;
	char names[4096], value[4096];
	ssize_t length = llistxattr(path, names, sizeof(names));

	for (const char *name = names; length > 0 && name < names + length;
	     name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));
		cleanup_free char *text = digest_base64(value, size < 0 ? 0 : (size_t)size);
		list_printf(&found, " %s=%s", name, text);
	}
	list_sort(&found);
	cleanup_free char *all = list_join(&found, "");
	buf_addstr(line, all);
}

static void add_content(struct buf *line, const FTSENT *entry)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_free char *text = NULL;
	size_t length;

	must(file_read(entry->fts_accpath, FILE_LIMIT, &text, &length, &err), &err);
	cleanup_free char *hash = digest_sha256_hex(text, length);
	buf_printf(line, " %zu %s", length, hash);
	if (entry->fts_statp->st_blocks * 512 < entry->fts_statp->st_size)
		buf_addstr(line, " holes");
}

static char *describe(const FTSENT *entry, const char *root)
{
	const struct stat *st = entry->fts_statp;
	struct buf line = BUF_INIT;
	char target[4096] = "";

	buf_printf(&line, "%s %06o %u:%u", entry->fts_path + strlen(root), st->st_mode, st->st_uid,
		   st->st_gid);
	if (!S_ISDIR(st->st_mode))
		buf_printf(&line, " x%lu", (unsigned long)st->st_nlink);
	buf_printf(&line, " %lld.%09ld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISLNK(st->st_mode) && readlink(entry->fts_accpath, target, sizeof(target) - 1) >= 0)
		buf_printf(&line, " -> %s", target);
	if (S_ISREG(st->st_mode))
		add_content(&line, entry);
	add_attributes(&line, entry->fts_accpath);
	return buf_steal(&line);
}

char *tree_text(const char *folder)
{
	char *const roots[] = {(char *)folder, NULL};
	cleanup_list struct list lines = LIST_INIT;
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;

	while ((entry = fts_read(tree)))
		if (entry->fts_info != FTS_DP && entry->fts_level > 0)
			list_take(&lines, describe(entry, folder));
	fts_close(tree);
	list_sort(&lines);
	return list_join(&lines, "\n");
}
