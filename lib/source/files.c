#include "source/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "manifest/generate.h"
#include "source/facts.h"
#include "source/name.h"
#include "source/object.h"
#include "source/secret.h"
#include "tree/path.h"
#include "tree/yaml.h"

#define GENERATED_MAX 4096 /* characters */

/* One object being made: its place in app.yaml, and its body. */
struct making {
	struct source_build *build;
	const char *kind, *name;
	const struct tree_yaml_node *node;
	json_t *body;
};

static void fail(struct making *making, struct err *err)
{
	const struct tree_yaml_node *node = making->node;

	(void)err_at(err, making->build->app->options->path, node ? node->line : 0,
		     node ? node->column : 0);
	source_pass_error(making->build->pass, making->build->made, err);
}

/* The content of a file: rendered when it is a template. Caller frees. */
static int content_of(struct making *making, struct source_file *file, char **ret,
		      size_t *ret_length, struct err *err)
{
	struct source_build *build = making->build;
	struct template_output output = {0};

	list_add_new(&build->consumed, file->path);
	if (!source_name_is_template(file->path)) {
		int r = source_render_read(build->pass, file, false, SOURCE_TEMPLATE_LIMIT, err);
		if (r < 0)
			return r;
		source_secret_note_file(build->pass, file, file->text, file->length);
		*ret = mem_dup(file->text, file->length + 1);
		*ret_length = file->length;
		return 0;
	}
	int r = source_render_file(&build->loader, file, source_scope_top(&build->scope), &output,
				   err);
	if (r < 0)
		return r;
	source_secret_note_file(build->pass, file, buf_str(&output.text), output.text.len);
	*ret_length = output.text.len;
	*ret = buf_steal(&output.text);
	template_output_done(&output);
	return 0;
}

/* "files/proxysql.cnf.j2" gives the key proxysql.cnf. */
static char *key_of(const char *path)
{
	const char *base = file_base(path);
	size_t length = strlen(base);

	return mem_strndup(base, length - (source_name_is_template(base) ? strlen(".j2") : 0));
}

static int find(struct making *making, const char *path, struct source_file **ret, struct err *err)
{
	const char *inside =
		strncmp(path, "files/", strlen("files/")) ? path : path + strlen("files/");

	return source_loader_find(&making->build->loader, inside, "file", ret, err);
}

static int add_one(struct making *making, const char *key, const char *path, struct err *err)
{
	struct source_file *file;
	cleanup_free char *text = NULL;
	size_t length;

	int r = find(making, path, &file, err);
	if (r >= 0)
		r = content_of(making, file, &text, &length, err);
	if (r < 0)
		return r;
	cleanup_free char *own = key_of(file->path);
	return manifest_generate_file(making->body, key ? key : own, text, length, err);
}

static int add_env(struct making *making, const char *path, struct err *err)
{
	struct source_file *file;
	cleanup_free char *text = NULL;
	size_t length;

	int r = find(making, path, &file, err);
	if (r >= 0)
		r = content_of(making, file, &text, &length, err);
	if (r < 0)
		return r;
	if (memchr(text, '\0', length)) {
		(void)err_set(err, ERR_INVALID, "a binary file cannot be an env file");
		return err_at(err, file->path, 0, 0);
	}
	if (file->sealed) /* its keys are not known */
		return 0;
	return manifest_generate_env(making->body, file->path, text, err);
}

static void add_file_spec(struct making *making, const json_t *spec)
{
	struct err err = ERR_INIT;
	const char *key;
	json_t *path;
	int r = 0;

	if (json_is_string(spec)) {
		r = add_one(making, NULL, json_string_value(spec), &err);
	} else if (json_is_object(spec)) {
		json_object_foreach ((json_t *)spec, key, path) {
			r = json_is_string(path)
				    ? add_one(making, key, json_string_value(path), &err)
				    : err_set(&err, ERR_INVALID, "%s must be the name of a file",
					      key);
			if (r < 0)
				break;
		}
	} else {
		r = err_set(&err, ERR_INVALID, "%s %s: the name of a file is expected",
			    making->kind, making->name);
	}
	if (r < 0)
		fail(making, &err);
}

/* One, or a list of them. */
static void for_each(struct making *making, const json_t *one_or_list,
		     void (*each)(struct making *making, const json_t *one))
{
	size_t i;
	json_t *item;

	if (one_or_list && !json_is_array(one_or_list))
		each(making, one_or_list);
	json_array_foreach ((json_t *)one_or_list, i, item) {
		each(making, item);
	}
}

static void add_env_spec(struct making *making, const json_t *spec)
{
	struct err err = ERR_INIT;
	int r = json_is_string(spec)
			? add_env(making, json_string_value(spec), &err)
			: err_set(&err, ERR_INVALID, "%s %s: env is the name of a file",
				  making->kind, making->name);

	if (r < 0)
		fail(making, &err);
}

static char *generated_value(const struct source_build *build, const char *secret, const char *key,
			     int length)
{
	const struct source_options *options = build->pass->options;
	const struct manifest_app *app = build->made;

	if (options->generated)
		return options->generated(
			options->context,
			&(struct source_generated){
				.app = app->name,
				.ns = app->options.ns ? app->options.ns : "default",
				.secret = secret,
				.key = key,
				.length = length,
			});
	cleanup_free char *filler = mem_zalloc((size_t)length + 1);
	memset(filler, 'x', (size_t)length);
	return steal(&filler);
}

static bool is_length(const json_t *length)
{
	json_int_t wanted = json_integer_value(length);

	return wanted >= 1 && wanted <= GENERATED_MAX;
}

/* The annotation that tells the plan which keys are our own invention. */
static void mark_generated(struct making *making, const struct list *keys)
{
	cleanup_free char *names = list_join(keys, ",");

	if (keys->n)
		tree_path_set(making->body, "metadata.annotations[\"" MANIFEST_GENERATED "\"]",
			      json_string(names));
}

static void add_generated(struct making *making, const json_t *spec)
{
	cleanup_list struct list keys = LIST_INIT;
	const char *key;
	json_t *length;

	json_object_foreach ((json_t *)spec, key, length) {
		struct err err = ERR_INIT;
		json_int_t wanted = json_integer_value(length);
		if (!is_length(length)) {
			(void)err_set(&err, ERR_INVALID,
				      "secret %s: generate.%s is a length from 1 to %d",
				      making->name, key, GENERATED_MAX);
			fail(making, &err);
			continue;
		}
		list_add(&keys, key);
		cleanup_free char *value =
			generated_value(making->build, making->name, key, (int)wanted);
		if (value &&
		    manifest_generate_file(making->body, key, value, strlen(value), &err) < 0)
			fail(making, &err);
	}
	mark_generated(making, &keys);
}

static void check_keys(struct making *making, const json_t *spec)
{
	static const char *const known[] = {"files", "env", "type", "generate"};
	bool secret = !strcmp(making->kind, "Secret");
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)spec, key, value) {
		struct err err = ERR_INIT;
		bool fine = false;
		for (size_t i = 0; i < (secret ? 4 : 2); i++)
			fine = fine || !strcmp(known[i], key);
		if (fine)
			continue;
		(void)err_set(&err, ERR_INVALID, "unknown key '%s' in %s %s", key, making->kind,
			      making->name);
		(void)err_hint(&err, secret ? "known are: files, env, generate, type"
					    : "known are: files, env");
		fail(making, &err);
	}
}

static void fill_body(struct making *making, const json_t *spec)
{
	const char *type = tree_path_string(spec, "type");

	if (!json_is_object(spec)) {
		for_each(making, spec, add_file_spec);
		return;
	}
	check_keys(making, spec);
	for_each(making, json_object_get(spec, "files"), add_file_spec);
	for_each(making, json_object_get(spec, "env"), add_env_spec);
	if (!strcmp(making->kind, "Secret")) {
		add_generated(making, json_object_get(spec, "generate"));
		if (type)
			json_object_set_new(making->body, "type", json_string(type));
	}
}

/* Values of a Secret are shown to who asks for them only. */
static void show(const struct making *making)
{
	struct source_pass *pass = making->build->pass;
	json_auto_t *shown = json_deep_copy(making->body);
	json_t *data = json_object_get(shown, "data"), *value;
	const char *key;

	if (!pass->rendered)
		return;
	if (!strcmp(making->kind, "Secret") && !pass->options->reveal)
		json_object_foreach (data, key, value) {
			json_string_set(value, MASK_SHOWN);
		}
	cleanup_free char *text = tree_yaml_dump(shown);
	pass->rendered(pass->context, making->build->made->name, making->build->app->options->path,
		       text, strlen(text));
}

static void make_one(struct source_build *build, const char *kind, const char *name,
		     const struct tree_yaml_node *node, const json_t *spec)
{
	struct making making = {.build = build, .kind = kind, .name = name, .node = node};
	struct err err = ERR_INIT;

	making.body = manifest_generate(kind, name, NULL);
	fill_body(&making, spec);
	show(&making);
	if (source_object_add_made(build, making.body, build->app->options->path,
				   node ? node->line : 0, node ? node->column : 0, &err) < 0)
		fail(&making, &err);
	json_decref(making.body);
}

static void make_all(struct source_build *build, const char *key, const char *kind)
{
	const json_t *all = json_object_get(build->options, key);
	const struct tree_yaml_node *node = build->root ? tree_yaml_get(build->root, key) : NULL;
	const char *name;
	json_t *spec;

	if (!all || json_is_null(all))
		return;
	if (!json_is_object(all)) {
		struct making making = {.build = build, .kind = kind, .name = key, .node = node};
		struct err err = ERR_INIT;
		(void)err_set(&err, ERR_INVALID, "%s is a mapping of names to files", key);
		fail(&making, &err);
		return;
	}
	json_object_foreach ((json_t *)all, name, spec) {
		const struct tree_yaml_node *own = tree_yaml_get(node, name);
		make_one(build, kind, name, own ? own : node, spec);
	}
}

/* The generated values of one secret; wrong lengths are told when the secret is made. */
static struct value *generated_of(const struct source_build *build, const char *secret,
				  const json_t *spec)
{
	struct value *values = value_dict();
	const char *key;
	json_t *length;

	json_object_foreach (json_object_get(spec, "generate"), key, length) {
		if (!is_length(length))
			continue;
		cleanup_free char *value =
			generated_value(build, secret, key, (int)json_integer_value(length));
		if (value)
			value_dict_set(values, key, value_string(value, strlen(value)));
	}
	return values;
}

/* Templates may put them where no Secret reaches: into the configuration file of a server. */
static void offer_generated(struct source_build *build)
{
	struct value *secrets = value_dict();
	const char *secret;
	json_t *spec;

	json_object_foreach (json_object_get(build->options, "secrets"), secret, spec)
		value_dict_set(secrets, secret, generated_of(build, secret, spec));
	source_facts_set_generated(build->scope.layers[0], secrets);
}

void source_files_make(struct source_build *build)
{
	offer_generated(build);
	make_all(build, "configMaps", "ConfigMap");
	make_all(build, "secrets", "Secret");
}
