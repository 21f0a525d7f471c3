#include "source/pass.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "source/render.h"
#include "source/facts.h"
#include "source/secret.h"
#include "source/vars.h"

static void documents_free(struct tree_yaml_documents *documents)
{
	tree_yaml_done(documents);
	free(documents);
}

int source_pass_begin(const struct source_options *options, struct source_pass *ret,
		      struct err *err)
{
	*ret = (struct source_pass){
		.options = options,
		.documents = MAP_INIT(documents_free),
		.variables = MAP_INIT(template_scope_free),
		.templates = MAP_INIT(source_template_free),
		.unseal =
			{
				.settings = options->settings,
				.mask = options->mask,
				.cache = options->vault,
				.lint = options->lint,
			},
	};
	int r = source_tree_scan(options->dir, options->lint, &ret->tree, err);
	if (r < 0)
		return r;
	ret->tree->instead = options->instead;
	ret->included = template_cache_new();
	source_facts_make(ret);
	ret->set = manifest_set_new();
	ret->set->file_count = ret->tree->count;
	source_layout_make(ret->tree, &ret->layout, &ret->set->findings);
	for (size_t i = 0; i < ret->layout.refused.n; i++) {
		ret->set->unnamed_apps = true;
		list_add_new(&ret->set->broken_folders, ret->layout.refused.items[i]);
	}
	return 0;
}

/* Problems of the directory itself and of what all apps share concern everything. One below _shared
 * concerns only who uses the file, and is an error there. */
static void report_shared_problems(struct source_pass *pass)
{
	for (size_t i = 0; i < pass->tree->problem_count; i++) {
		const struct source_problem *problem = &pass->tree->problems[i];
		const char *path = problem->path;
		bool shared = !*path || !strncmp(path, "vars.", strlen("vars.")) ||
			      !strncmp(path, "desired.y", strlen("desired.y"));
		struct err copy = ERR_INIT;
		if (!shared && *path != '_')
			continue;
		err_copy(&copy, &problem->err);
		diag_add(&pass->set->findings, shared ? problem->severity : DIAG_WARNING, NULL,
			 &copy);
		if (shared && problem->severity == DIAG_ERROR)
			pass->set->fatal = true;
	}
}

static void report_empty(struct source_pass *pass)
{
	struct err err = ERR_INIT;

	pass->set->empty = true;
	if (pass->tree->unreadable)
		return;
	(void)err_set(&err, ERR_INVALID,
		      "the directory holds no app; nothing is removed because "
		      "of that");
	(void)err_hint(&err, "put a manifest there, or remove apps one by one");
	(void)err_at(&err, pass->tree->dir, 0, 0);
	diag_add(&pass->set->findings, DIAG_WARNING, NULL, &err);
}

bool source_pass_usable(struct source_pass *pass)
{
	report_shared_problems(pass);
	if (!pass->layout.count && !pass->layout.refused.n)
		report_empty(pass);
	if (!source_vars_check_shared(pass))
		pass->set->fatal = true;
	return !pass->set->fatal && !pass->set->empty;
}

static int parse_one(struct source_pass *pass, struct source_file *file, bool variables,
		     struct tree_yaml_documents *documents, struct err *err)
{
	int r = source_render_read(pass, file, true, SOURCE_TEMPLATE_LIMIT, err);
	if (r < 0 || file->sealed)
		return r;
	r = tree_yaml_parse_variables(file->text, file->length, file->path,
				      variables ? &pass->set->findings : NULL, documents, err);
	if (r >= 0)
		r = source_unseal_values(&pass->unseal, file->path, file->secret, documents, err);
	if (r < 0)
		return r;
	if (documents->n <= 1)
		return 0;
	(void)err_set(err, ERR_INVALID, "one document is expected, not %zu", documents->n);
	return err_at(err, file->path, documents->roots[1] ? documents->roots[1]->line : 0, 0);
}

int source_pass_document(struct source_pass *pass, struct source_file *file, bool variables,
			 const struct tree_yaml_node **ret, struct err *err)
{
	struct tree_yaml_documents *documents = map_get(&pass->documents, file->path);

	if (!documents) {
		struct tree_yaml_documents *parsed = mem_new(struct tree_yaml_documents);
		int r = parse_one(pass, file, variables, parsed, err);
		if (r < 0) {
			documents_free(parsed);
			return r;
		}
		map_put(&pass->documents, file->path, parsed);
		documents = parsed;
	}
	*ret = documents->n ? documents->roots[0] : NULL;
	return 0;
}

void source_pass_error(struct source_pass *pass, struct manifest_app *app, struct err *err)
{
	app->broken = true;
	diag_add(&pass->set->findings, DIAG_ERROR, app->name, err);
}

void source_pass_warn(struct source_pass *pass, const struct manifest_app *app, struct err *err)
{
	diag_add(&pass->set->findings, DIAG_WARNING, app->name, err);
}

void source_pass_give_up(struct source_pass *pass, const char *folder, struct err *err)
{
	pass->set->unnamed_apps = true;
	list_add_new(&pass->set->broken_folders, folder);
	diag_add(&pass->set->findings, DIAG_ERROR, folder, err);
}

void source_pass_show_lines(struct source_pass *pass)
{
	source_secret_report(pass);
	for (size_t i = 0; i < pass->set->findings.n; i++) {
		struct err *err = &pass->set->findings.items[i].err;
		const struct source_file *file =
			err->place.file ? source_tree_find(pass->tree, err->place.file) : NULL;
		int length;
		source_secret_strip(pass, err);
		const char *line = file && !err->excerpt && !file->secret
					   ? source_file_line(file, err->place.line, &length)
					   : NULL;
		if (line)
			(void)err_excerpt(err, line, length, err->caret_width);
	}
}

void source_pass_done(struct source_pass *pass)
{
	source_unseal_done(&pass->unseal);
	template_scope_free(pass->facts);
	free(pass->node);
	free(pass->k3s_version);
	map_done(&pass->templates);
	map_done(&pass->variables);
	template_cache_free(pass->included);
	map_done(&pass->documents);
	source_layout_done(&pass->layout);
	source_tree_free(pass->tree);
	manifest_set_unref(pass->set);
}
