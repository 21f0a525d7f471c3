#include "source/vars.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/facts.h"
#include "source/secret.h"

static const struct template_scope *top(const struct source_scope *scope)
{
	return scope->count ? scope->layers[scope->count - 1] : scope->facts;
}

static struct template_scope *push_layer(struct source_scope *scope, struct template_scope *layer)
{
	scope->layers =
		mem_realloc(scope->layers, (scope->count + 1) * sizeof(struct template_scope *));
	return scope->layers[scope->count++] = layer;
}

static struct template_scope *push(struct source_scope *scope)
{
	return push_layer(scope, template_scope_new(top(scope)));
}

static struct value *text(const char *value)
{
	return value_string(value ? value : "", value ? strlen(value) : 0);
}

/* The variables of a file, read once for all that have them. */
static int variables_of(struct source_pass *pass, const struct source_file *file,
			const struct tree_yaml_node *root, const struct template_scope **ret,
			struct err *err)
{
	struct template_scope *variables = map_get(&pass->variables, file->path);

	if (!variables) {
		variables = template_scope_new(NULL);
		int r = template_scope_add_yaml(variables, root, file->path, err);
		if (r < 0) {
			template_scope_free(variables);
			return r;
		}
		map_put(&pass->variables, file->path, variables);
	}
	*ret = variables;
	return 0;
}

static int push_file(struct source_pass *pass, struct source_scope *scope, struct source_file *file,
		     struct err *err)
{
	const struct tree_yaml_node *root;
	const struct template_scope *variables;

	if (!file)
		return 0;
	int r = source_pass_document(pass, file, true, &root, err);
	if (r >= 0 && file->sealed)
		template_scope_guess(push(scope), text(SOURCE_UNSEAL_PLACEHOLDER));
	if (r < 0 || !root)
		return r;
	r = variables_of(pass, file, root, &variables, err);
	if (r >= 0)
		push_layer(scope, template_scope_layer(top(scope), variables));
	return r;
}

void source_scope_set_namespace(struct source_pass *pass, struct source_scope *scope,
				const struct source_app *app, const char *instance, const char *ns)
{
	source_facts_set(pass, app, instance, ns, scope->layers[0]);
}

static int push_files(struct source_pass *pass, const struct source_app *app,
		      struct source_scope *scope, struct err *err)
{
	int r = push_file(pass, scope, app->defaults, err);

	for (size_t i = 0; r >= 0 && i < pass->layout.shared_count; i++)
		r = push_file(pass, scope, pass->layout.shared_vars[i], err);
	if (r >= 0)
		r = push_file(pass, scope, app->role_vars, err);
	if (r >= 0)
		r = push_file(pass, scope, app->vars, err);
	return r;
}

int source_scope_build(struct source_pass *pass, const struct source_app *app, const char *instance,
		       struct source_scope *ret, struct err *err)
{
	*ret = (struct source_scope){.facts = pass->facts};
	source_facts_set(pass, app, instance, "default", push(ret));
	int r = push_files(pass, app, ret, err);
	if (r < 0)
		source_scope_done(ret);
	return r;
}

const struct template_scope *source_scope_top(const struct source_scope *scope)
{
	return top(scope);
}

void source_scope_push_item(struct source_scope *scope, const char *name,
			    struct value *value_stolen, struct template_origin origin)
{
	template_scope_set(push(scope), name, value_stolen, origin, true);
}

void source_scope_done(struct source_scope *scope)
{
	while (scope->count)
		template_scope_free(scope->layers[--scope->count]);
	free(scope->layers);
	scope->layers = NULL;
}

bool source_vars_check_shared(struct source_pass *pass)
{
	bool fine = true;

	for (size_t i = 0; i < pass->layout.shared_count; i++) {
		cleanup_source_scope struct source_scope scope = {0};
		struct err err = ERR_INIT;
		if (push_file(pass, &scope, pass->layout.shared_vars[i], &err) >= 0)
			continue;
		diag_add(&pass->set->findings, DIAG_ERROR, NULL, &err);
		fine = false;
	}
	return fine;
}
