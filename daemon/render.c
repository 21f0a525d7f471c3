#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "template/scope.h"
#include "template/template.h"
#include "tree/yaml.h"

#define FILE_LIMIT (16 << 20)

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	const char *folder = context;
	cleanup_free char *path = *name == '/' ? mem_strdup(name) : file_join(folder, name);
	int r = file_read(path, FILE_LIMIT, ret_text, ret_length, err);

	(void)purpose;
	if (r < 0)
		return r;
	*ret_shown = steal(&path);
	return 0;
}

static const char *environment(void *context, const char *name)
{
	(void)context;
	return getenv(name);
}

static int add_variables(struct template_scope *scope, const char *vars,
			 struct tree_yaml_documents *documents, struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;

	int r = file_read(vars, FILE_LIMIT, &text, &length, err);
	if (r >= 0)
		r = tree_yaml_parse(text, length, vars, documents, err);
	if (r < 0 || !documents->n || !documents->roots[0])
		return r;
	return template_scope_add_yaml(scope, documents->roots[0], vars, err);
}

static int render(const struct template *template, const char *file,
		  const struct template_scope *scope, struct buf *ret, struct err *err)
{
	cleanup_free char *folder = mem_strdup(file);
	struct template_output output = {0};

	folder[file_base(file) - file] = '\0';
	const struct template_loader loader = {
		.load = load, .environment = environment, .context = folder};
	int r = template_render(template, scope, &loader, &(struct template_limits){0}, &output,
				err);
	if (r >= 0)
		buf_add(ret, buf_str(&output.text), output.text.len);
	template_output_done(&output);
	return r;
}

int render_file(const char *file, const char *vars, struct buf *ret, struct err *err)
{
	cleanup_free char *text = NULL;
	struct template *template = NULL;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0}; /* outlives the scope that was made of it */
	size_t length;

	int r = vars ? add_variables(scope, vars, &documents, err) : 0;
	if (r >= 0)
		r = file_read(file, FILE_LIMIT, &text, &length, err);
	if (r >= 0)
		r = template_compile(file, text, length, &template, err);
	if (r >= 0)
		r = render(template, file, scope, ret, err);
	template_free(template);
	template_scope_free(scope);
	tree_yaml_done(&documents);
	return r;
}
