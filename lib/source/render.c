#include "source/render.h"

#include <fnmatch.h>
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

static int leads_out(const char *name, struct err *err)
{
	(void)err_set(err, ERR_DENIED, "'%s' leads out of the app", name);
	return err_hint(err, "put files for several apps into _shared/ and name them without it");
}

static int not_found(const struct list *folders, const char *name, struct err *err)
{
	cleanup_free char *names = list_join(folders, ", ");

	(void)err_set(err, ERR_NOT_FOUND, "file '%s' was not found", name);
	return err_hint(err, "searched in %s", names);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return !strncmp(path, folder, length) && path[length] == '/';
}

/* A link may bring a file of the app's own folder (which may be a link itself), or one that no app
 * owns: what another app has is not for this one's templates. */
static int stays_in_app(const struct source_loader *loader, const struct source_file *file,
			struct err *err)
{
	const struct source_tree *tree = loader->pass->tree;
	const char *real = source_tree_real(tree, file->path);

	if (real == file->path || *real == '_' ||
	    is_below(real, source_tree_real(tree, "_shared")) ||
	    is_below(real, source_tree_real(tree, loader->app->top)))
		return 0;
	(void)err_set(err, ERR_DENIED, "'%s' leads out of the app, to '%s'", file->path, real);
	return err_hint(err, "put files for several apps into _shared/ and name them without it");
}

int source_loader_find(const struct source_loader *loader, const char *name, const char *purpose,
		       struct source_file **ret, struct err *err)
{
	const struct source_tree *tree = loader->pass->tree;
	cleanup_list struct list folders = LIST_INIT;
	cleanup_free char *plain = plain_path(name);

	if (!plain)
		return leads_out(name, err);
	if (!strncmp(plain, "_shared/", strlen("_shared/")))
		memmove(plain, plain + strlen("_shared/"), strlen(plain + strlen("_shared/")) + 1);
	search_path(loader->app, purpose, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		cleanup_free char *path = mem_printf("%s/%s", folders.items[i], plain);
		const struct err *problem;
		*ret = source_tree_find(tree, path);
		if (*ret)
			return stays_in_app(loader, *ret, err);
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

/* Files right in `folder` whose names match; the names as `directory` "/" name. */
static void match_in(const struct source_tree *tree, const char *folder, const char *directory,
		     const char *pattern, struct list *ret)
{
	cleanup_free char *prefix = mem_printf("%s%s%s/", folder, *directory ? "/" : "", directory);
	size_t length = strlen(prefix);

	for (size_t i = 0; i < tree->count; i++) {
		const char *path = tree->files[i]->path;
		if (!strncmp(path, prefix, length) && !strchr(path + length, '/') &&
		    fnmatch(pattern, path + length, FNM_PERIOD) == 0)
			list_printf(ret, "%s%s%s", directory, *directory ? "/" : "", path + length);
	}
}

static int list_matching(void *context, const char *pattern, struct list *ret, struct err *err)
{
	const struct source_loader *loader = context;
	cleanup_list struct list folders = LIST_INIT;
	cleanup_free char *plain = plain_path(pattern);

	if (!plain)
		return leads_out(pattern, err);
	char *slash = strrchr(plain, '/');
	const char *base = slash ? slash + 1 : plain;
	if (slash)
		*slash = '\0';
	search_path(loader->app, "file", &folders);
	for (size_t i = 0; i < folders.n && !ret->n; i++)
		match_in(loader->pass->tree, folders.items[i], slash ? plain : "", base, ret);
	list_sort(ret);
	return 0;
}

/* As in Ansible a variable that is not there is empty; one that may not be seen is so too, and
 * whoever wrote the template is told. */
static void warn_environment(const struct source_loader *loader, const char *name, const char *file,
			     int line)
{
	struct err err = ERR_INIT;

	(void)err_set(&err, ERR_INVALID, "lookup('env', '%s') is empty: templates may not see it",
		      name);
	(void)err_hint(&err, "list it in desired.yaml: env: [%s]", name);
	(void)err_at(&err, file, line, 0);
	diag_add(&loader->pass->set->findings, DIAG_WARNING, loader->app->name, &err);
}

static const char *environment(void *context, const char *name, const char *file, int line)
{
	const struct source_loader *loader = context;
	const struct source_settings *settings = loader->pass->options->settings;

	if (settings && list_has(&settings->env, name))
		return getenv(name);
	warn_environment(loader, name, file, line);
	return NULL;
}

static void tell_secret(void *context, const char *text, size_t length)
{
	const struct source_loader *loader = context;

	mask_add(loader->pass->options->mask, text, length);
}

void source_loader_init(struct source_loader *loader, struct source_pass *pass,
			const struct source_app *app, const char *identity)
{
	const struct source_settings *settings = pass->options->settings;

	*loader = (struct source_loader){
		.pass = pass,
		.app = app,
		.loader = {.load = load,
			   .list = list_matching,
			   .environment = environment,
			   .secret = tell_secret,
			   .context = loader,
			   .identity = identity,
			   .limits = settings ? &settings->limits : NULL,
			   .cache = pass->included},
	};
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

	if (!template->compiled) {
		err_copy(err, &template->err);
		return -(int)err->code;
	}
	*ret = (struct template_output){0};
	int r = template_render(template->compiled, scope, &loader->loader, NULL, ret, err);
	return r < 0 ? err_at(err, file->path, 0, 0) : 0;
}
