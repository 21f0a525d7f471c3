#include "source/mention.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "source/name.h"

static bool has_line(const char *text, const char *begin)
{
	size_t length = strlen(begin);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, begin, length))
			return true;
	}
	return false;
}

bool source_layout_looks_like_manifest(const char *text)
{
	return has_line(text, "apiVersion:") && has_line(text, "kind:");
}

static bool is_member(const struct source_layout *layout, const struct source_file *file)
{
	for (size_t i = 0; i < layout->count; i++)
		for (size_t j = 0; j < layout->apps[i].member_count; j++)
			if (layout->apps[i].members[j].file == file)
				return true;
	return false;
}

/* Its content is looked at only when the name leaves it open. */
static bool looks_like_one(struct source_tree *tree, struct source_file *file)
{
	cleanup_err struct err err = ERR_INIT;
	bool template;
	const char *base = file_base(file->path);

	if (!source_name_manifest(base, &template) && !source_name_is_template(base))
		return false;
	return source_tree_read(tree, file, SOURCE_TEMPLATE_LIMIT, &err) >= 0 &&
	       source_layout_looks_like_manifest(file->text);
}

static void note(struct diag_list *findings, const char *app, const char *file, const char *hint,
		 const char *message)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INVALID, "%s", message);
	if (hint)
		(void)err_hint(&err, "%s", hint);
	(void)err_at(&err, file, 0, 0);
	diag_add(findings, DIAG_NOTE, app, &err);
}

static void mention_file(struct source_tree *tree, const struct source_app *app,
			 struct source_file *file, struct diag_list *findings)
{
	const char *foreign = source_name_foreign(file_base(file->path));
	const char *name = app ? app->name : NULL;

	if (foreign) {
		cleanup_free char *message =
			mem_printf("%s, not a manifest of Kubernetes: not read", foreign);
		note(findings, name, file->path, NULL, message);
	} else if (looks_like_one(tree, file)) {
		note(findings, name, file->path,
		     app && app->role ? "beside templates/ only templates/ is read; move it there"
				      : "name it NAME.yaml.j2 (or .yml.j2, .json.j2)",
		     "looks like a manifest and is not read");
	}
}

static const struct source_app *app_of(const struct source_layout *layout, const char *path)
{
	size_t length = strcspn(path, "/");

	for (size_t i = 0; i < layout->count; i++)
		if (strlen(layout->apps[i].top) == length &&
		    !strncmp(layout->apps[i].top, path, length))
			return &layout->apps[i];
	return NULL;
}

/* Of an app that cannot be loaded at all nothing is read, and that was said. */
static bool is_refused(const struct source_layout *layout, const char *path)
{
	cleanup_free char *top = mem_strndup(path, strcspn(path, "/"));
	bool template;
	size_t stem = source_name_manifest(top, &template);

	if (list_has(&layout->refused, top))
		return true;
	top[stem ? stem : strlen(top)] = '\0';
	return list_has(&layout->refused, top);
}

/* Partials and raw files may look as they like. */
static bool is_meant_so(const char *path)
{
	const char *slash = strchr(path, '/');

	return *path == '_' || strstr(path, "/_") || (slash && !strncmp(slash, "/files/", 7)) ||
	       !strncmp(path, "vars.d/", strlen("vars.d/"));
}

static bool is_role_folder(const char *folder)
{
	static const char *const known[] = {"tasks",   "handlers", "meta",	    "tests",
					    "library", "molecule", "filter_plugins"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], folder))
			return true;
	return false;
}

static void mention_role(const struct source_tree *tree, const struct source_app *app,
			 struct diag_list *findings)
{
	cleanup_list struct list ignored = LIST_INIT;
	size_t length = strlen(app->top);

	for (size_t i = 0; i < tree->folders.n; i++) {
		const char *folder = tree->folders.items[i];
		if (!strncmp(folder, app->top, length) && folder[length] == '/' &&
		    is_role_folder(folder + length + 1))
			list_add(&ignored, folder + length + 1);
	}
	if (!ignored.n)
		return;
	cleanup_free char *names = list_join(&ignored, ", ");
	cleanup_free char *message =
		mem_printf("an Ansible role: %s %s not read", names, ignored.n > 1 ? "are" : "is");
	note(findings, app->name, app->top, NULL, message);
}

void source_mention(struct source_tree *tree, const struct source_layout *layout,
		    struct diag_list *findings)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct source_file *file = tree->files[i];
		const struct source_app *app = app_of(layout, file->path);
		const char *inside = strchr(file->path, '/');
		cleanup_free char *folder =
			inside ? mem_strndup(inside + 1, strcspn(inside + 1, "/")) : NULL;
		if (is_member(layout, file) || is_meant_so(file->path) ||
		    is_refused(layout, file->path) ||
		    (app && app->role && folder && is_role_folder(folder)))
			continue;
		mention_file(tree, app, file, findings);
	}
	for (size_t i = 0; i < layout->count; i++)
		if (layout->apps[i].role)
			mention_role(tree, &layout->apps[i], findings);
}
