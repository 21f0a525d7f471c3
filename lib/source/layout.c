#include "source/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/name.h"
#include "source/mention.h"
#include "source/name.h"

static struct source_app *app_add(struct source_layout *layout, const char *name, const char *top)
{
	layout->apps = mem_realloc(layout->apps, (layout->count + 1) * sizeof(struct source_app));
	struct source_app *app = &layout->apps[layout->count++];

	*app = (struct source_app){.name = mem_strdup(name), .top = mem_strdup(top)};
	return app;
}

static void member_add(struct source_app *app, struct source_file *file, bool template,
		       bool doubtful)
{
	app->members =
		mem_realloc(app->members, (app->member_count + 1) * sizeof(struct source_member));
	app->members[app->member_count++] = (struct source_member){file, template, doubtful};
}

static struct source_file *first_of(const struct source_tree *tree, const char *top,
				    const char *stem)
{
	static const char *const suffixes[] = {".yaml", ".yml", ""};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		cleanup_free char *path = mem_printf("%s/%s%s", top, stem, suffixes[i]);
		struct source_file *file = source_tree_find(tree, path);
		if (file)
			return file;
	}
	return NULL;
}

static bool is_role(const struct source_tree *tree, const char *top)
{
	cleanup_free char *templates = file_join(top, "templates");

	return source_tree_has_folder(tree, templates) || source_tree_problem(tree, templates) ||
	       first_of(tree, top, "tasks/main");
}

/* One of the path's folders, below the app's own, begins with '_' or is called files. */
static bool set_aside(const char *inside)
{
	const char *base = file_base(inside);

	for (const char *part = inside; part < base; part = strchr(part, '/') + 1)
		if (*part == '_')
			return true;
	return *base == '_' || !strncmp(inside, "files/", strlen("files/"));
}

static void place_in_role(struct source_app *app, struct source_file *file, const char *inside)
{
	bool template;
	const char *base = file_base(inside);
	bool named = source_name_manifest(base, &template);

	if (!strncmp(inside, "templates/", strlen("templates/")) && !set_aside(inside))
		member_add(app, file, true, !named);
}

static void place_plain(struct source_app *app, struct source_file *file, const char *inside)
{
	bool template;
	const char *base = file_base(inside);

	if (file == app->options || file == app->vars || set_aside(inside) ||
	    source_name_foreign(base))
		return;
	if (source_name_manifest(base, &template))
		member_add(app, file, template, false);
}

static void fill_app(const struct source_tree *tree, struct source_app *app)
{
	cleanup_free char *prefix = mem_printf("%s/", app->top);
	size_t length = strlen(prefix);

	app->role = is_role(tree, app->top);
	app->options = first_of(tree, app->top, "app");
	app->vars = first_of(tree, app->top, "vars");
	app->defaults = app->role ? first_of(tree, app->top, "defaults/main") : NULL;
	app->role_vars = app->role ? first_of(tree, app->top, "vars/main") : NULL;
	for (size_t i = 0; i < tree->count; i++) {
		if (strncmp(tree->files[i]->path, prefix, length) != 0)
			continue;
		const char *inside = tree->files[i]->path + length;
		if (app->role)
			place_in_role(app, tree->files[i], inside);
		else
			place_plain(app, tree->files[i], inside);
	}
}

static void refuse(struct source_layout *layout, struct diag_list *findings, const char *name,
		   const char *file, const char *hint, const char *message)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INVALID, "%s", message);
	if (hint)
		(void)err_hint(&err, "%s", hint);
	(void)err_at(&err, file, 0, 0);
	diag_add(findings, DIAG_ERROR, name, &err);
	list_add_new(&layout->refused, name);
}

static bool name_fits(struct source_layout *layout, struct diag_list *findings, const char *name,
		      const char *top)
{
	if (name_is_label(name))
		return true;
	cleanup_free char *message = mem_printf("'%s' cannot be the name of an app", name);
	refuse(layout, findings, name, top,
	       "small letters, digits and '-', at most 63; what is no app begins with '_' or ends "
	       "in .disabled",
	       message);
	return false;
}

/* x.yaml beside x/, or beside x.yml: neither is taken. */
static bool name_is_free(struct source_layout *layout, struct diag_list *findings, const char *name,
			 const char *top)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (strcmp(layout->apps[i].name, name) != 0)
			continue;
		cleanup_free char *message =
			mem_printf("%s%s and %s are both the app '%s'", layout->apps[i].top,
				   layout->apps[i].single ? "" : "/", top, name);
		refuse(layout, findings, name, top, "rename or remove one of them", message);
		return false;
	}
	return true;
}

/* Then its members may be what cannot be read, and that is what is to be said. */
static bool has_problem(const struct source_tree *tree, const char *top)
{
	size_t length = strlen(top);

	for (size_t i = 0; i < tree->problem_count; i++) {
		const char *path = tree->problems[i].path;
		if (!strncmp(path, top, length) && (!path[length] || path[length] == '/'))
			return true;
	}
	return false;
}

static void add_folder(const struct source_tree *tree, struct source_layout *layout,
		       const char *top, struct diag_list *findings)
{
	if (!strcmp(top, "vars.d") || *top == '_' || !name_fits(layout, findings, top, top) ||
	    !name_is_free(layout, findings, top, top))
		return;
	struct source_app *app = app_add(layout, top, top);
	fill_app(tree, app);
	if (app->member_count || app->options || has_problem(tree, top))
		return;
	refuse(layout, findings, top, top,
	       app->role
		       ? "an Ansible role is loaded for its templates/; let the name of what is no "
			 "app begin with '_'"
		       : "to remove the app delete the folder or let its name end in .disabled; "
			 "let the name of what is no app begin with '_'",
	       "the folder holds no manifest, and nothing is removed because of that");
}

static void share_vars(struct source_layout *layout, struct source_file *file)
{
	layout->shared_vars = mem_realloc(
		layout->shared_vars, (layout->shared_count + 1) * sizeof(struct source_file *));
	layout->shared_vars[layout->shared_count++] = file;
}

static void add_file(struct source_layout *layout, const char *top, struct source_file *file,
		     struct diag_list *findings)
{
	bool template;
	size_t stem = source_name_manifest(top, &template);

	if (source_name_is_yaml(top, "vars")) {
		if (file)
			share_vars(layout, file);
		return;
	}
	if (!stem || *top == '_' || source_name_is_yaml(top, "desired") || source_name_foreign(top))
		return;
	cleanup_free char *name = mem_strndup(top, stem);
	if (!name_fits(layout, findings, name, top) || !name_is_free(layout, findings, name, top))
		return;
	struct source_app *app = app_add(layout, name, top);
	app->single = true;
	if (file)
		member_add(app, file, template, false);
}

static void share_vars_d(const struct source_tree *tree, struct source_layout *layout)
{
	for (size_t i = 0; i < tree->count; i++) {
		const char *path = tree->files[i]->path;
		bool template;
		if (strncmp(path, "vars.d/", strlen("vars.d/")) != 0 ||
		    !source_name_manifest(path, &template) || template ||
		    strchr(path + strlen("vars.d/"), '/'))
			continue;
		share_vars(layout, tree->files[i]);
	}
}

/* Everything that stands directly in the directory, also when it could not be read. */
static void add_tops(const struct source_tree *tree, struct source_layout *layout,
		     struct diag_list *findings)
{
	cleanup_list struct list tops = LIST_INIT;

	for (size_t i = 0; i < tree->folders.n; i++)
		if (*tree->folders.items[i] && !strchr(tree->folders.items[i], '/'))
			list_add_new(&tops, tree->folders.items[i]);
	for (size_t i = 0; i < tree->count; i++)
		if (!strchr(tree->files[i]->path, '/'))
			list_add_new(&tops, tree->files[i]->path);
	for (size_t i = 0; i < tree->problem_count; i++)
		if (*tree->problems[i].path && !strchr(tree->problems[i].path, '/'))
			list_add_new(&tops, tree->problems[i].path);
	list_sort(&tops);
	for (size_t i = 0; i < tops.n; i++) {
		const char *top = tops.items[i];
		struct source_file *file = source_tree_find(tree, top);
		bool template;
		if (file ||
		    (!source_tree_has_folder(tree, top) && source_name_manifest(top, &template)))
			add_file(layout, top, file, findings);
		else if (source_tree_has_folder(tree, top) || name_is_label(top))
			add_folder(tree, layout, top, findings);
	}
}

static void app_done(struct source_app *app)
{
	free(app->name);
	free(app->top);
	free(app->members);
}

/* Refused apps are not loaded. */
static void drop_refused(struct source_layout *layout)
{
	size_t kept = 0;

	for (size_t i = 0; i < layout->count; i++)
		if (list_has(&layout->refused, layout->apps[i].name))
			app_done(&layout->apps[i]);
		else
			layout->apps[kept++] = layout->apps[i];
	layout->count = kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct source_app *)a)->name, ((const struct source_app *)b)->name);
}

void source_layout_make(struct source_tree *tree, struct source_layout *ret,
			struct diag_list *findings)
{
	*ret = (struct source_layout){0};
	add_tops(tree, ret, findings);
	share_vars_d(tree, ret);
	drop_refused(ret);
	if (ret->count > 1)
		qsort(ret->apps, ret->count, sizeof(struct source_app), by_name);
	if (tree->lint)
		source_mention(tree, ret, findings);
}

void source_layout_done(struct source_layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		app_done(&layout->apps[i]);
	free(layout->apps);
	free(layout->shared_vars);
	list_done(&layout->refused);
	*layout = (struct source_layout){0};
}
