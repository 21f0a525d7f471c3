#include "source/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/secret.h"

void source_template_free(struct source_template *template)
{
	template_free(template->compiled);
	err_done(&template->err);
	free(template);
}

int source_render_read(struct source_pass *pass, struct source_file *file, bool text, size_t limit,
		       struct err *err)
{
	const struct err *problem = source_tree_problem(pass->tree, file->path);

	if (problem) {
		err_copy(err, problem);
		return -(int)err->code;
	}
	int r = source_tree_read(pass->tree, file, limit, err);
	if (r >= 0)
		r = source_secret_open_file(pass, file, err);
	return r >= 0 && text ? source_tree_read_text(pass->tree, file, limit, err) : r;
}

/* "a/./b/../c" is "a/c"; NULL when it leads out. */
static char *plain_path(const char *name)
{
	cleanup_list struct list parts = LIST_INIT, kept = LIST_INIT;

	if (*name == '/')
		return NULL;
	list_split(&parts, name, "/");
	for (size_t i = 0; i < parts.n; i++) {
		if (!strcmp(parts.items[i], "."))
			continue;
		if (strcmp(parts.items[i], "..") != 0) {
			list_add(&kept, parts.items[i]);
			continue;
		}
		if (!kept.n)
			return NULL;
		free(kept.items[--kept.n]);
	}
	return list_join(&kept, "/");
}

/* The folders that are searched, in order. */
static void search_path(const struct source_app *app, const char *purpose, struct list *ret)
{
	const char *first = !strcmp(purpose, "file") ? "files" : "templates";
	const char *second = !strcmp(purpose, "file") ? "templates" : "files";

	if (!app->single) {
		list_printf(ret, "%s/%s", app->top, first);
		list_add(ret, app->top);
		list_printf(ret, "%s/%s", app->top, second);
	}
	list_add(ret, "_shared");
}

static int not_found(const struct list *folders, const char *name, struct err *err)
{
	cleanup_free char *names = list_join(folders, ", ");

	(void)err_set(err, ERR_NOT_FOUND, "file '%s' was not found", name);
	return err_hint(err, "searched in %s", names);
}

int source_loader_find(const struct source_loader *loader, const char *name, const char *purpose,
		       struct source_file **ret, struct err *err)
{
	const struct source_tree *tree = loader->pass->tree;
	cleanup_list struct list folders = LIST_INIT;
	cleanup_free char *plain = plain_path(name);

	if (!plain) {
		(void)err_set(err, ERR_DENIED, "'%s' leads out of the app", name);
		return err_hint(err, "put files for several apps into _shared/ and name them "
				     "without it");
	}
	if (!strncmp(plain, "_shared/", strlen("_shared/")))
		memmove(plain, plain + strlen("_shared/"), strlen(plain + strlen("_shared/")) + 1);
	search_path(loader->app, purpose, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		cleanup_free char *path = mem_printf("%s/%s", folders.items[i], plain);
		const struct err *problem;
		*ret = source_tree_find(tree, path);
		if (*ret)
			return 0;
		problem = source_tree_problem(tree, path);
		if (problem) {
			err_copy(err, problem);
			return err_wrap(err, "file '%s'", name);
		}
	}
	return not_found(&folders, name, err);
}

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	const struct source_loader *loader = context;
	struct source_file *file;

	int r = source_loader_find(loader, name, purpose, &file, err);
	if (r >= 0)
		r = source_render_read(loader->pass, file, true, SOURCE_TEMPLATE_LIMIT, err);
	if (r < 0)
		return r;
	if (!strcmp(purpose, "file"))
		source_secret_note_file(loader->pass, file, file->text, file->length);
	else
		source_secret_note_template(loader->pass, file);
	*ret_shown = mem_strdup(file->path);
	*ret_text = mem_strndup(file->text, file->length);
	*ret_length = file->length;
	return 0;
}

static const char *environment(void *context, const char *name)
{
	const struct source_loader *loader = context;
	const struct source_settings *settings = loader->pass->options->settings;

	return settings && list_has(&settings->env, name) ? getenv(name) : NULL;
}

static void tell_secret(void *context, const char *text, size_t length)
{
	const struct source_loader *loader = context;

	mask_add(loader->pass->options->mask, text, length);
}

void source_loader_init(struct source_loader *loader, struct source_pass *pass,
			const struct source_app *app)
{
	*loader = (struct source_loader){pass, app, {load, environment, tell_secret, loader}};
}

static const struct source_template *compiled(struct source_pass *pass, struct source_file *file)
{
	struct source_template *template = map_get(&pass->templates, file->path);

	if (template)
		return template;
	template = mem_new(struct source_template);
	if (source_render_read(pass, file, true, SOURCE_TEMPLATE_LIMIT, &template->err) >= 0)
		(void)template_compile(file->path, file->text, file->length, &template->compiled,
				       &template->err);
	map_put(&pass->templates, file->path, template);
	return template;
}

int source_render_file(const struct source_loader *loader, struct source_file *file,
		       const struct template_scope *scope, struct template_output *ret,
		       struct err *err)
{
	const struct source_template *template = compiled(loader->pass, file);
	struct template_limits limits = {0};

	if (!template->compiled) {
		err_copy(err, &template->err);
		return -(int)err->code;
	}
	*ret = (struct template_output){0};
	int r = template_render(template->compiled, scope, &loader->loader, &limits, ret, err);
	return r < 0 ? err_at(err, file->path, 0, 0) : 0;
}
