/* What the daemon watches: a digest that tells whether anything changed, and the folders. */
#include "base/file.h"
#include "base/mem.h"
#include "source/load.h"
#include "source/scan.h"
#include "source/tree.h"

int source_fingerprint(const char *dir, char **ret, struct err *err)
{
	struct source_tree *tree;

	int r = source_tree_scan(dir, false, &tree, err);
	if (r < 0)
		return r;
	*ret = steal(&tree->fingerprint);
	source_tree_free(tree);
	return 0;
}

static void add_real(struct list *ret, int fd, bool parent)
{
	cleanup_free char *path = source_scan_real(fd);

	if (!path)
		return;
	if (parent && file_base(path) > path + 1)
		path[file_base(path) - path - 1] = '\0';
	list_add_new(ret, path);
}

static void add_target(struct source_tree *tree, const char *path, bool parent, struct list *ret)
{
	cleanup_err struct err err = ERR_INIT;
	cleanup_fd int fd = -1;

	if (source_scan_open(tree->root, *path ? path : ".", !parent, &fd, &err) >= 0)
		add_real(ret, fd, parent);
}

int source_folders(const char *dir, struct list *ret, struct err *err)
{
	struct source_tree *tree;

	int r = source_tree_scan(dir, false, &tree, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < tree->folders.n; i++)
		add_target(tree, tree->folders.items[i], false, ret);
	for (size_t i = 0; i < tree->count; i++)
		if (tree->files[i]->linked)
			add_target(tree, tree->files[i]->path, true, ret);
	source_tree_free(tree);
	return 0;
}
