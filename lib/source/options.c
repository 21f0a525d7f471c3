#include "source/options.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "source/backup.h"
#include "source/form.h"
#include "tree/path.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static json_t *render_node(struct source_build *build, const struct tree_yaml_node *node);

static int render_text(struct source_build *build, const struct tree_yaml_node *node, json_t **ret,
		       struct err *err)
{
	cleanup_value struct value *value = NULL;

	int r = template_evaluate(build->app->options->path, node->text, node->line, node->column,
				  source_scope_top(&build->scope), &build->loader.loader, &value,
				  err);
	return r < 0 ? r : value_to_json(value, ret, err);
}

static json_t *render_scalar(struct source_build *build, const struct tree_yaml_node *node)
{
	struct err err = ERR_INIT;
	json_t *tree = NULL;

	if (node->secret && node->tag) /* a decrypted value is a text, whatever stands in it */
		return json_stringn(node->text, node->length);
	int r = template_has_markup(node->text, node->length)
			? render_text(build, node, &tree, &err)
			: tree_yaml_to_json(node, build->app->options->path, &tree, &err);

	if (r >= 0)
		return tree;
	(void)err_at(&err, build->app->options->path, node->line, node->column);
	source_pass_error(build->pass, build->made, &err);
	return json_null();
}

static json_t *render_mapping(struct source_build *build, const struct tree_yaml_node *node)
{
	json_t *tree = json_object();

	for (size_t i = 0; i < node->count; i++) {
		json_auto_t *key = render_scalar(build, node->items[2 * i]);
		const char *name = json_string_value(key);
		json_object_set_new(tree, name ? name : node->items[2 * i]->text,
				    render_node(build, node->items[2 * i + 1]));
	}
	return tree;
}

static json_t *render_node(struct source_build *build, const struct tree_yaml_node *node)
{
	if (node->kind == TREE_YAML_SCALAR)
		return render_scalar(build, node);
	if (node->kind == TREE_YAML_MAPPING)
		return render_mapping(build, node);

	json_t *tree = json_array();
	for (size_t i = 0; i < node->count; i++)
		json_array_append_new(tree, render_node(build, node->items[i]));
	return tree;
}

/* Everything but `instances`, which was read before there were any. */
static json_t *render_options(struct source_build *build)
{
	json_t *tree = json_object();

	for (size_t i = 0; i < build->root->count; i++) {
		const struct tree_yaml_node *key = build->root->items[2 * i];
		if (strcmp(key->text, "instances") != 0 && strcmp(key->text, "namespace") != 0)
			json_object_set_new(tree, key->text,
					    render_node(build, build->root->items[2 * i + 1]));
	}
	return tree;
}

/* First of all, because the rest may use the variable. */
static void fill_namespace(struct source_build *build)
{
	const struct tree_yaml_node *node = tree_yaml_get(build->root, "namespace");
	json_auto_t *tree = json_object();
	struct source_form form = {.tree = tree,
				   .node = build->root,
				   .file = build->app->options->path,
				   .app = build->made->name,
				   .findings = &build->pass->set->findings};

	if (!node)
		return;
	json_object_set_new(tree, "namespace", render_node(build, node));
	char *ns = source_form_text(&form, "namespace");
	if (ns && !name_is_label(ns))
		source_form_fail(&form, "namespace", "small letters, digits and '-', at most 63",
				 "'%s' cannot be a namespace", ns);
	build->made->options.ns = ns;
	build->made->broken |= form.failed;
	if (ns)
		source_scope_set_namespace(build->pass, &build->scope, build->app,
					   build->made->instance, ns);
}

static bool number_of(const char *text, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return *text && !*end && !errno && *ret >= 0;
}

static bool user_id(const char *name, long *ret)
{
	if (number_of(name, ret))
		return true;
	const struct passwd *user = getpwnam(name);
	*ret = user ? (long)user->pw_uid : -1;
	return user;
}

static bool group_id(const char *name, long *ret)
{
	if (number_of(name, ret))
		return true;
	const struct group *group = getgrnam(name);
	*ret = group ? (long)group->gr_gid : -1;
	return group;
}

/* "1000:1000", "1000", "root:root". */
static void fill_owner(struct source_form *form, const char *path,
		       struct manifest_directory *directory)
{
	cleanup_free char *at = mem_printf("%s.owner", path);
	cleanup_free char *owner = source_form_text(form, at);
	char *colon = owner ? strchr(owner, ':') : NULL;

	directory->uid = directory->gid = -1;
	if (!owner)
		return;
	if (colon)
		*colon = '\0';
	if (!user_id(owner, &directory->uid) ||
	    (colon && colon[1] && !group_id(colon + 1, &directory->gid)))
		source_form_fail(form, at, "write numbers, as \"1000:1000\"",
				 "%s: there is no such user or group", at);
}

/* Octal, whether quoted or not: YAML has made a number of an unquoted 0700 already, and of 700 the
 * wrong one. */
static void fill_mode(struct source_form *form, const char *path,
		      struct manifest_directory *directory)
{
	cleanup_free char *at = mem_printf("%s.mode", path);
	const json_t *value = tree_path_get(form->tree, at);
	const char *text = json_string_value(value);
	const struct tree_yaml_node *node = form->node ? tree_yaml_at(form->node, at) : NULL;
	char *end = NULL;

	directory->mode = 0755;
	if (!value)
		return;
	if (json_is_integer(value) && node && node->text && *node->text == '0')
		directory->mode = (unsigned int)json_integer_value(value);
	else if (text)
		directory->mode = (unsigned int)strtoul(text, &end, 8);
	if ((!text && directory->mode == 0755) || (end && (*end || end == text)) ||
	    directory->mode > 07777)
		source_form_fail(form, at, "write it quoted, as \"0700\"", "%s is no mode", at);
}

static void fill_directory(struct source_form *form, size_t index, struct manifest_options *options)
{
	static const char *const known[] = {"path", "mode", "owner"};
	cleanup_free char *at = mem_printf("directories[%zu]", index);
	cleanup_free char *path_at = mem_printf("%s.path", at);
	struct manifest_directory directory = {.mode = 0755, .uid = -1, .gid = -1};

	if (json_is_string(tree_path_get(form->tree, at))) {
		directory.path = source_form_text(form, at);
	} else {
		source_form_keys(form, at, known, COUNT(known));
		directory.path = source_form_text(form, path_at);
		fill_owner(form, at, &directory);
		fill_mode(form, at, &directory);
	}
	if (!directory.path || *directory.path != '/') {
		source_form_fail(form, at, NULL, "%s needs an absolute path", at);
		free(directory.path);
		return;
	}
	options->directories = mem_realloc(options->directories,
					   (options->directory_count + 1) * sizeof(directory));
	options->directories[options->directory_count++] = directory;
}

static void fill_directories(struct source_form *form, struct manifest_options *options)
{
	const json_t *list = json_object_get(form->tree, "directories");

	if (list && !json_is_null(list) && !json_is_array(list))
		source_form_fail(form, "directories", NULL, "directories must be a list");
	for (size_t i = 0; i < json_array_size(list); i++)
		fill_directory(form, i, options);
}

static void fill_ignore(struct source_form *form, struct manifest_options *options)
{
	static const char *const known[] = {"kind", "name", "fields"};
	json_t *list = json_object_get(form->tree, "ignore");

	if (!list || json_is_null(list))
		return;
	if (!json_is_array(list))
		source_form_fail(form, "ignore", NULL, "ignore must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cleanup_free char *at = mem_printf("ignore[%zu]", i);
		cleanup_free char *fields = mem_printf("%s.fields", at);
		cleanup_list struct list paths = LIST_INIT;
		source_form_keys(form, at, known, COUNT(known));
		source_form_list(form, fields, &paths);
		if (!paths.n)
			source_form_fail(form, at, "write fields: [spec.replicas]",
					 "%s names no fields", at);
	}
	options->ignore = json_incref(list);
}

static void fill_replace(struct source_form *form, struct manifest_options *options)
{
	static const char *const known[] = {"kind", "name"};
	json_t *list = json_object_get(form->tree, "replace");

	if (!list || json_is_null(list))
		return;
	if (!json_is_array(list))
		source_form_fail(form, "replace", "write - {kind: StatefulSet, name: db}",
				 "replace must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cleanup_free char *at = mem_printf("replace[%zu]", i);
		const json_t *rule = json_array_get(list, i);
		source_form_keys(form, at, known, COUNT(known));
		if (!tree_path_string(rule, "kind") || !tree_path_string(rule, "name"))
			source_form_fail(form, at, "write {kind: StatefulSet, name: db}",
					 "%s needs a kind and a name", at);
	}
	options->replace = json_incref(list);
}

static void fill_backup(struct source_form *form, struct manifest_options *options)
{
	static const char *const known[] = {"paths", "exclude",	  "before",
					    "after", "onFailure", "cold",
					    "dumps", "restore",	  "beforeUpgrade"};
	static const char *const restore[] = {"if-missing", "never"};
	json_t *backup = json_object_get(form->tree, "backup");

	if (!backup || json_is_null(backup))
		return;
	source_form_keys(form, "backup", known, COUNT(known));
	(void)source_form_flag(form, "backup.beforeUpgrade", true);
	(void)source_form_choice(form, "backup.restore", restore, COUNT(restore), 0);
	source_backup_check(form);
	options->backup = json_incref(backup);
}

static void fill_options(struct source_form *form, struct manifest_options *options)
{
	static const char *const known[] = {
		"namespace",  "instances", "dependsOn", "redeploy", "prune",
		"suspend",    "rollback",  "tags",	"timeout",  "directories",
		"configMaps", "secrets",   "ignore",	"backup",   "replace",
	};
	static const char *const redeploy[] = {"auto", "apply", "replace"};
	static const char *const prune[] = {"auto", "ask", "never"};
	static const char *const rollback[] = {"manual", "automatic"};

	source_form_keys(form, "", known, COUNT(known));
	source_form_list(form, "dependsOn", &options->depends_on);
	options->redeploy = (enum manifest_redeploy)source_form_choice(form, "redeploy", redeploy,
								       COUNT(redeploy), 0);
	options->prune =
		(enum manifest_prune)source_form_choice(form, "prune", prune, COUNT(prune), 0);
	options->suspend = source_form_flag(form, "suspend", false);
	options->rollback_automatic =
		source_form_choice(form, "rollback", rollback, COUNT(rollback), 0) == 1;
	source_form_list(form, "tags", &options->tags);
	options->timeout_ms = source_form_duration(form, "timeout", options->timeout_ms);
	fill_directories(form, options);
	fill_ignore(form, options);
	fill_replace(form, options);
	fill_backup(form, options);
}

void source_options_fill(struct source_build *build)
{
	if (!build->root)
		return;
	if (build->root->kind != TREE_YAML_MAPPING) {
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "app.yaml is a mapping of keys");
		(void)err_at(&err, build->app->options->path, build->root->line, 0);
		source_pass_error(build->pass, build->made, &err);
		return;
	}
	fill_namespace(build);
	build->options = render_options(build);
	struct source_form form = {
		.tree = build->options,
		.node = build->root,
		.file = build->app->options->path,
		.app = build->made->name,
		.findings = &build->pass->set->findings,
	};
	fill_options(&form, &build->made->options);
	build->made->broken |= form.failed;
}
