#include "source/tree.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "source/scan.h"

struct source_file *source_tree_find(const struct source_tree *tree, const char *path)
{
	return map_get(&tree->by_path, path);
}

bool source_tree_has_folder(const struct source_tree *tree, const char *path)
{
	return list_has(&tree->folders, path);
}

const char *source_tree_real(const struct source_tree *tree, const char *path)
{
	const char *real = map_get(&tree->real, path);

	return real ? real : path;
}

/* "ghost" stands above "ghost/app.yaml", and "" above everything. */
static bool covers(const char *above, const char *path)
{
	size_t length = strlen(above);

	return !length || (!strncmp(path, above, length) && (!path[length] || path[length] == '/'));
}

const struct err *source_tree_problem(const struct source_tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->problem_count; i++)
		if (tree->problems[i].severity == DIAG_ERROR &&
		    covers(tree->problems[i].path, path))
			return &tree->problems[i].err;
	return NULL;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int read_scanned(struct source_tree *tree, struct source_file *file, size_t limit,
			struct err *err)
{
	struct stat st;
	const struct buf *instead = tree->instead ? map_get(tree->instead, file->path) : NULL;
	cleanup_fd int fd = -1;

	if (instead) {
		file->text = mem_strndup(buf_str(instead), instead->len);
		file->length = instead->len;
		return 0;
	}
	int r = source_scan_open(tree->root, file->path, false, &fd, err);
	if (r < 0) {
		tree->moved = tree->moved || err->code == ERR_NOT_FOUND;
		return r;
	}
	if (fstat(fd, &st) < 0 || !same(&st, &file->st)) {
		tree->moved = true;
		return err_set(err, ERR_BUSY, "%s changed while it was read", file->path);
	}
	r = file_read_fd(fd, file->path, limit, &file->text, &file->length, err);
	if (r < 0 && err->code == ERR_BUSY)
		tree->moved = true;
	return r;
}

int source_tree_read(struct source_tree *tree, struct source_file *file, size_t limit,
		     struct err *err)
{
	if ((size_t)file->st.st_size > limit) {
		(void)err_set(err, ERR_INVALID, "%lld bytes are too many: at most %zu are read",
			      (long long)file->st.st_size, limit);
		return err_at(err, file->path, 0, 0);
	}
	if (file->text)
		return 0;
	int r = read_scanned(tree, file, limit, err);
	return r < 0 ? err_at(err, file->path, 0, 0) : r;
}

int source_tree_read_text(struct source_tree *tree, struct source_file *file, size_t limit,
			  struct err *err)
{
	int r = source_tree_read(tree, file, limit, err);
	if (r < 0)
		return r;
	const char *nul = memchr(file->text, '\0', file->length);
	if (!nul)
		return 0;
	(void)err_set(err, ERR_INVALID, "a binary file: a NUL character at byte %zu",
		      (size_t)(nul - file->text) + 1);
	(void)err_hint(err, "move it to the app's files/ or give it another suffix");
	return err_at(err, file->path, 0, 0);
}

bool source_tree_changed(const struct source_tree *tree)
{
	struct source_tree *now;
	cleanup_err struct err err = ERR_INIT;

	if (tree->moved || source_tree_scan(tree->dir, tree->lint, &now, &err) < 0)
		return true;
	bool changed = strcmp(now->fingerprint, tree->fingerprint) != 0;
	source_tree_free(now);
	return changed;
}

long source_tree_age_ms(const struct source_tree *tree)
{
	struct timespec now, newest = {0};

	for (size_t i = 0; i < tree->count; i++) {
		const struct timespec *changed = &tree->files[i]->st.st_ctim;
		if (changed->tv_sec > newest.tv_sec ||
		    (changed->tv_sec == newest.tv_sec && changed->tv_nsec > newest.tv_nsec))
			newest = *changed;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - newest.tv_sec) * 1000 + (now.tv_nsec - newest.tv_nsec) / 1000000;
}

const char *source_file_line(const struct source_file *file, int line, int *ret_length)
{
	const char *at = file->text;

	for (int i = 1; at && i < line; i++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	if (!at || line < 1 || !*at)
		return NULL;
	*ret_length = (int)strcspn(at, "\r\n");
	return at;
}

void source_tree_free(struct source_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->files[i]->path);
		free(tree->files[i]->text);
		free(tree->files[i]);
	}
	for (size_t i = 0; i < tree->problem_count; i++) {
		free(tree->problems[i].path);
		err_done(&tree->problems[i].err);
	}
	free(tree->files);
	free(tree->problems);
	map_done(&tree->by_path);
	map_done(&tree->real);
	list_done(&tree->folders);
	file_close(&tree->root);
	free(tree->dir);
	free(tree->fingerprint);
	free(tree);
}
