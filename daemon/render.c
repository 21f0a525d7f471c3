#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "source/unseal.h"
#include "template/scope.h"
#include "template/template.h"
#include "tree/yaml.h"

#define FILE_LIMIT (16 << 20)

/* Where a rendering finds what it asks for. */
struct place {
	char *folder; /* with a slash at its end, or "" */
	struct source_unseal unseal;
};

static int read_text(struct place *place, const char *path, char **ret, size_t *ret_length,
		     bool *ret_encrypted, struct err *err)
{
	char *text;

	int r = file_read(path, FILE_LIMIT, &text, ret_length, err);
	if (r < 0)
		return r;
	r = source_unseal_text(&place->unseal, path, &text, ret_length, err);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_encrypted = r != SOURCE_UNSEAL_PLAIN;
	if (*ret_encrypted)
		mask_add(place->unseal.mask, text, *ret_length);
	*ret = text;
	return 0;
}

static int load(void *context, const char *name, const char *purpose, char **ret_shown,
		char **ret_text, size_t *ret_length, struct err *err)
{
	struct place *place = context;
	cleanup_free char *path = *name == '/' ? mem_strdup(name) : file_join(place->folder, name);
	bool encrypted;

	(void)purpose;
	int r = read_text(place, path, ret_text, ret_length, &encrypted, err);
	if (r < 0)
		return r;
	*ret_shown = steal(&path);
	return 0;
}

/* Of one template that somebody renders by hand, and as Ansible would: all variables. */
static const char *environment(void *context, const char *name, const char *file, int line)
{
	(void)context, (void)file, (void)line;
	return getenv(name);
}

static void tell_secret(void *context, const char *text, size_t length)
{
	const struct place *place = context;

	mask_add(place->unseal.mask, text, length);
}

static int add_variables(struct place *place, struct template_scope *scope, const char *vars,
			 struct diag_list *warnings, struct tree_yaml_documents *documents,
			 struct err *err)
{
	cleanup_free char *text = NULL;
	size_t length;
	bool encrypted;

	int r = read_text(place, vars, &text, &length, &encrypted, err);
	if (r >= 0)
		r = tree_yaml_parse_variables(text, length, vars, warnings, documents, err);
	if (r >= 0)
		r = source_unseal_values(&place->unseal, vars, encrypted, documents, err);
	if (r < 0 || !documents->n || !documents->roots[0])
		return r;
	return template_scope_add_yaml(scope, documents->roots[0], vars, err);
}

static int render(struct place *place, const struct template *template,
		  const struct template_scope *scope, struct buf *ret, struct err *err)
{
	struct template_output output = {0};
	const struct template_loader loader = {
		.load = load, .environment = environment, .secret = tell_secret, .context = place};

	struct template_limits limits = place->unseal.settings->limits;

	int r = template_render(template, scope, &loader, &limits, &output, err);
	if (r >= 0)
		buf_add(ret, buf_str(&output.text), output.text.len);
	template_output_done(&output);
	return r;
}

int render_file(const char *file, const char *vars, const struct source_settings *settings,
		struct mask *mask, struct diag_list *warnings, struct buf *ret, struct err *err)
{
	cleanup_free char *text = NULL;
	struct place place = {.unseal = {.settings = settings, .mask = mask}};
	struct template *template = NULL;
	struct template_scope *scope = template_scope_new(NULL);
	struct tree_yaml_documents documents = {0}; /* outlives the scope that was made of it */
	size_t length;
	bool encrypted;

	place.folder = mem_strndup(file, (size_t)(file_base(file) - file));
	int r = vars ? add_variables(&place, scope, vars, warnings, &documents, err) : 0;
	if (r >= 0)
		r = read_text(&place, file, &text, &length, &encrypted, err);
	if (r >= 0)
		r = template_compile(file, text, length, &template, err);
	if (r >= 0)
		r = render(&place, template, scope, ret, err);
	template_free(template);
	template_scope_free(scope);
	tree_yaml_done(&documents);
	source_unseal_done(&place.unseal);
	free(place.folder);
	return r;
}
