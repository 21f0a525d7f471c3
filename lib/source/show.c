/* The variables of an app, for `desired vars`. */
#include <string.h>

#include "base/mem.h"
#include "source/instance.h"
#include "source/load.h"
#include "tree/json.h"

#define ORIGINS 16

struct showing {
	struct source_pass *pass;
	const char *wanted; /* "ghost" or "ghost@tfe-fr" */
	void (*each)(void *context, const struct source_variable *variable);
	void *context;
	bool found;
};

/* What is called so is not for a terminal. */
static bool is_secret(const char *name)
{
	static const char *const words[] = {"password", "passwd",      "secret",
					    "token",	"private_key", "api_key"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

/* A new reference to the tree, or to its mask. A value that was decrypted is known however short it
 * is. */
static json_t *masked(struct mask *mask, const char *name, json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(tree)) {
		json_t *list = json_array();
		json_array_foreach (tree, i, value)
			json_array_append_new(list, masked(mask, name, value));
		return list;
	}
	if (json_is_object(tree)) {
		json_t *mapping = json_object();
		json_object_foreach (tree, key, value)
			json_object_set_new(mapping, key, masked(mask, key, value));
		return mapping;
	}
	if (is_secret(name) && !json_is_null(tree))
		return json_string(MASK_SHOWN);
	cleanup_free char *text =
		json_is_string(tree) ? mem_strdup(json_string_value(tree)) : tree_json_dump(tree);
	return mask_is_value(mask, text, strlen(text)) ? json_string(MASK_SHOWN)
						       : json_incref(tree);
}

static char *value_of(const struct source_scope *scope, const struct source_loader *loader,
		      const char *name)
{
	cleanup_value struct value *value = NULL;
	cleanup_err struct err err = ERR_INIT;
	json_auto_t *tree = NULL;

	if (template_scope_get(source_scope_top(scope), name, &loader->loader, &value, &err) < 0 ||
	    value_to_json(value, &tree, &err) < 0)
		return err_text(&err);
	json_auto_t *shown = masked(loader->pass->options->mask, name, tree);
	return tree_json_dump(shown);
}

static void show_one(const struct showing *showing, const struct source_scope *scope,
		     const struct source_loader *loader, const char *name)
{
	struct template_origin origins[ORIGINS];
	cleanup_list struct list places = LIST_INIT, overridden = LIST_INIT;
	size_t count = template_scope_origins(source_scope_top(scope), name, origins, ORIGINS);

	for (size_t i = 0; i < count && i < ORIGINS; i++)
		if (origins[i].line > 0)
			list_printf(&places, "%s:%d", origins[i].file, origins[i].line);
		else
			list_add(&places, origins[i].file);
	for (size_t i = 1; i < places.n; i++)
		list_add(&overridden, places.items[i]);
	cleanup_free char *value = value_of(scope, loader, name);
	struct source_variable variable = {
		.name = name,
		.value = value,
		.origin = places.n ? places.items[0] : "",
		.overridden = &overridden,
	};
	showing->each(showing->context, &variable);
}

static int show_instance(struct showing *showing, const struct source_app *app,
			 const struct source_instances *instances, size_t index, struct err *err)
{
	cleanup_source_scope struct source_scope scope = {0};
	cleanup_list struct list names = LIST_INIT;
	const char *instance = instances->items[index].name;
	cleanup_free char *identity =
		mem_printf("%s%s%s", app->name, instance ? "@" : "", instance ? instance : "");
	struct source_loader loader;

	int r = source_instance_scope(showing->pass, app, instances, index, &scope, err);
	if (r < 0)
		return r;
	source_loader_init(&loader, showing->pass, app, identity);
	template_scope_names(source_scope_top(&scope), &names);
	list_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		show_one(showing, &scope, &loader, names.items[i]);
	return 0;
}

/* "ghost@tfe-fr" names one, "ghost" the first of its instances. */
static bool is_wanted(const char *wanted, const struct source_instance *instance)
{
	const char *at = strchr(wanted, '@');

	return !at || (instance->name && !strcmp(at + 1, instance->name));
}

static int show_app(struct showing *showing, const struct source_app *app, struct err *err)
{
	const struct tree_yaml_node *root = NULL;
	struct source_instances instances;

	int r = app->options ? source_pass_document(showing->pass, app->options, false, &root, err)
			     : 0;
	if (r >= 0)
		r = source_instances_read(showing->pass, app, root, &instances, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < instances.count && !showing->found && r >= 0; i++)
		if (is_wanted(showing->wanted, &instances.items[i])) {
			showing->found = true;
			r = show_instance(showing, app, &instances, i, err);
		}
	source_instances_done(&instances);
	return r;
}

static void find_app(struct showing *showing)
{
	const struct source_layout *layout = &showing->pass->layout;
	size_t folder = strcspn(showing->wanted, "@");

	for (size_t i = 0; i < layout->count; i++) {
		struct err err = ERR_INIT;
		if (strlen(layout->apps[i].name) != folder ||
		    strncmp(layout->apps[i].name, showing->wanted, folder) != 0)
			continue;
		if (show_app(showing, &layout->apps[i], &err) < 0) {
			showing->found = true;
			diag_add(&showing->pass->set->findings, DIAG_ERROR, showing->wanted, &err);
		}
	}
}

int source_vars(const struct source_options *options, const char *app,
		void (*each)(void *context, const struct source_variable *variable), void *context,
		struct diag_list *ret_findings, struct err *err)
{
	struct source_pass pass;

	int r = source_pass_begin(options, &pass, err);
	if (r < 0)
		return r;
	struct showing showing = {&pass, app, each, context, false};
	diag_done(&pass.set->findings);
	if (source_pass_usable(&pass))
		find_app(&showing);
	source_pass_show_lines(&pass);
	diag_copy(ret_findings, &pass.set->findings);
	if (!showing.found && !diag_has_error(ret_findings, NULL))
		r = err_set(err, ERR_NOT_FOUND, "there is no app '%s' in %s", app, options->dir);
	source_pass_done(&pass);
	return r;
}
