#include "source/build.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "manifest/text.h"
#include "source/files.h"
#include "source/instance.h"
#include "source/object.h"
#include "source/options.h"
#include "source/secret.h"
#include "tree/json.h"

static bool inside(const struct source_app *app, const char *path)
{
	size_t length = strlen(app->top);

	return !strncmp(path, app->top, length) && (!path[length] || path[length] == '/');
}

/* Warnings about ownership come for every file of a checkout: one speaks for all. */
static void report_warnings(struct source_pass *pass, const struct source_app *app,
			    const char *name)
{
	const struct source_problem *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < pass->tree->problem_count; i++) {
		const struct source_problem *problem = &pass->tree->problems[i];
		if (problem->severity != DIAG_WARNING || !inside(app, problem->path))
			continue;
		first = first ? first : problem;
		count++;
	}
	if (!first)
		return;
	struct err copy = ERR_INIT;
	err_copy(&copy, &first->err);
	if (count > 1) {
		cleanup_free char *message = steal(&copy.message);
		copy.message = mem_printf("%s (and %zu more files of the app)", message, count - 1);
	}
	diag_add(&pass->set->findings, DIAG_WARNING, name, &copy);
}

/* True when one of them is an error. */
static bool report_problems(struct source_pass *pass, const struct source_app *app,
			    const char *name)
{
	bool broken = false;

	for (size_t i = 0; i < pass->tree->problem_count; i++) {
		const struct source_problem *problem = &pass->tree->problems[i];
		struct err copy = ERR_INIT;
		if (problem->severity != DIAG_ERROR || !inside(app, problem->path))
			continue;
		err_copy(&copy, &problem->err);
		diag_add(&pass->set->findings, DIAG_ERROR, name, &copy);
		broken = true;
	}
	report_warnings(pass, app, name);
	return broken;
}

/* A plain manifest with {{ in it was probably meant as a template. */
static void hint_template(const struct source_file *file, struct err *err)
{
	if (!err->hint && template_has_markup(file->text, file->length) && strstr(file->text, "{{"))
		(void)err_hint(err, "it contains '{{': to render it, rename it to %s.j2",
			       file_base(file->path));
}

/* JSON may say \ud83d\ude00, which no YAML parser takes. */
static int parse_json(const struct source_file *file, struct source_build *build, struct err *err)
{
	cleanup_err struct err json_err = ERR_INIT;
	json_auto_t *body = NULL;

	if (tree_json_parse(file->text, file->length, file->path, true, &body, &json_err) < 0)
		return -(int)err->code;
	err_done(err);
	return source_object_add_made(build, body, file->path, 1, 1, err);
}

/* What `render` prints of a file that is encrypted is not for everybody. */
static void tell_rendered(const struct source_build *build, const struct source_file *file,
			  const char *text, size_t length)
{
	static const char hidden[] =
		"# not shown: ansible-vault encrypted this file; --show-secrets shows it\n";
	const struct source_pass *pass = build->pass;
	bool hide = file->secret && !file->sealed && !pass->options->reveal;

	if (pass->rendered)
		pass->rendered(pass->context, build->made->name, file->path, hide ? hidden : text,
			       hide ? strlen(hidden) : length);
}

static int parse_plain(struct source_build *build, struct source_file *file,
		       struct manifest_text **ret, struct err *err)
{
	size_t length = strlen(file->path);

	int r = source_render_read(build->pass, file, true, SOURCE_MANIFEST_LIMIT, err);
	if (r < 0)
		return r;
	if (file->sealed)
		return 0;
	tell_rendered(build, file, file->text, file->length);
	r = manifest_text_parse(file->path, file->text, file->length, ret, err);
	if (r >= 0)
		return 0;
	if (length > 5 && !strcmp(file->path + length - 5, ".json"))
		return parse_json(file, build, err);
	hint_template(file, err);
	return r;
}

static int parse_template(struct source_build *build, struct source_file *file,
			  struct manifest_text **ret, struct err *err)
{
	struct template_output output;

	int r = source_render_file(&build->loader, file, source_scope_top(&build->scope), &output,
				   err);
	if (r < 0)
		return r;
	if (file->sealed) {
		template_output_done(&output);
		return 0;
	}
	tell_rendered(build, file, buf_str(&output.text), output.text.len);
	return manifest_text_parse_output(file->path, &output, ret, err);
}

/* A note for the writer of a plain manifest that parses, but holds markup. */
static void mention_markup(struct source_build *build, const struct source_file *file)
{
	const char *at = strstr(file->text, "{{");
	struct err err = ERR_INIT;

	if (!build->pass->options->lint || !at || strstr(file->text, "CustomResourceDefinition"))
		return;
	(void)err_set(&err, ERR_INVALID, "contains '{{' and is not rendered");
	(void)err_hint(&err, "if it is a template, rename it to %s.j2", file_base(file->path));
	int line = 1, column = 1;
	for (const char *c = file->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	(void)err_at(&err, file->path, line, column);
	diag_add(&build->pass->set->findings, DIAG_NOTE, build->made->name, &err);
}

static bool is_manifest(struct source_build *build, const struct source_member *member)
{
	cleanup_err struct err err = ERR_INIT;

	if (list_has(&build->consumed, member->file->path))
		return false;
	return !member->doubtful ||
	       source_render_read(build->pass, member->file, true, SOURCE_TEMPLATE_LIMIT, &err) <
		       0 ||
	       source_layout_looks_like_manifest(member->file->text);
}

static void note_objects(const struct source_build *build, const struct manifest_text *text)
{
	for (size_t i = 0; i < text->documents.n; i++) {
		cleanup_err struct err err = ERR_INIT;
		json_auto_t *body = NULL;
		if (text->documents.roots[i] &&
		    tree_yaml_to_json(text->documents.roots[i], text->file, &body, &err) >= 0)
			source_secret_note_object(build->pass, body);
	}
}

static void tell_parsed(const struct source_build *build, const struct source_file *file,
			const struct manifest_text *text)
{
	const struct source_pass *pass = build->pass;

	if (pass->parsed)
		pass->parsed(pass->context, build->made->name, file->path, text);
}

static void add_member(struct source_build *build, const struct source_member *member)
{
	struct manifest_text *text = NULL;
	struct err err = ERR_INIT;

	if (!is_manifest(build, member))
		return;
	int r = member->template ? parse_template(build, member->file, &text, &err)
				 : parse_plain(build, member->file, &text, &err);
	if (r < 0 || text)
		tell_parsed(build, member->file, text);
	if (r < 0) {
		(void)err_at(&err, member->file->path, 0, 0);
		source_pass_error(build->pass, build->made, &err);
		return;
	}
	if (text && member->file->secret)
		note_objects(build, text);
	if (text)
		source_object_add_text(build, text);
	if (!member->template)
		mention_markup(build, member->file);
	manifest_text_unref(text);
}

static void build_instance(struct source_pass *pass, const struct source_app *app,
			   const struct tree_yaml_node *root,
			   const struct source_instances *instances, size_t index)
{
	struct manifest_app *made = manifest_app_new(app->name, instances->items[index].name);
	struct source_build build = {.pass = pass, .app = app, .made = made, .root = root};
	struct err err = ERR_INIT;

	manifest_set_add(pass->set, made);
	made->broken |= report_problems(pass, app, made->name);
	if (source_instance_scope(pass, app, instances, index, &build.scope, &err) < 0) {
		source_pass_error(pass, made, &err);
		return;
	}
	source_loader_init(&build.loader, pass, app, made->name);
	source_options_fill(&build);
	source_files_make(&build);
	for (size_t i = 0; i < app->member_count; i++)
		add_member(&build, &app->members[i]);
	source_scope_done(&build.scope);
	json_decref(build.options);
	list_done(&build.consumed);
}

/* The folder itself, or app.yaml, cannot be read: its instances are not known. */
static const struct err *hides_instances(const struct source_pass *pass,
					 const struct source_app *app)
{
	static const char *const names[] = {"app.yaml", "app.yml"};

	for (size_t i = 0; !app->single && i < 2; i++) {
		cleanup_free char *path = file_join(app->top, names[i]);
		const struct err *problem = source_tree_problem(pass->tree, path);
		if (problem)
			return problem;
	}
	return NULL;
}

/* Of what was read for the app, in path order; what all apps share is not among it. */
static char *digest_files(const struct source_pass *pass, const struct source_app *app)
{
	cleanup_buf struct buf all = BUF_INIT;

	for (size_t i = 0; i < pass->tree->count; i++) {
		const struct source_file *file = pass->tree->files[i];
		if (!file->text || !inside(app, file->path))
			continue;
		cleanup_free char *digest = digest_sha256_hex(file->text, file->length);
		buf_printf(&all, "%s %s\n", file->path, digest);
	}
	return digest_sha256_hex(buf_str(&all), all.len);
}

/* The instances are the last that were added. */
static void note_files(const struct source_pass *pass, const struct source_app *app, size_t first)
{
	cleanup_free char *digest = digest_files(pass, app);

	for (size_t i = first; i < pass->set->count; i++)
		pass->set->apps[i]->source = mem_strdup(digest);
}

void source_build_app(struct source_pass *pass, const struct source_app *app)
{
	const struct err *problem = hides_instances(pass, app);
	const struct tree_yaml_node *root = NULL;
	struct source_instances instances;
	struct err err = ERR_INIT;

	if (problem) {
		err_copy(&err, problem);
		source_pass_give_up(pass, app->name, &err);
		(void)report_problems(pass, app, app->name);
		return;
	}
	if ((app->options && source_pass_document(pass, app->options, false, &root, &err) < 0) ||
	    source_instances_read(pass, app, root, &instances, &err) < 0) {
		source_pass_give_up(pass, app->name, &err);
		return;
	}
	size_t first = pass->set->count;
	for (size_t i = 0; i < instances.count; i++)
		build_instance(pass, app, root, &instances, i);
	note_files(pass, app, first);
	source_instances_done(&instances);
}
