#include "source/instance.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/name.h"

struct reading {
	struct source_pass *pass;
	const struct source_app *app;
	const char *file;
	struct source_loader loader;
	struct source_scope scope; /* without an item */
};

static int at_node(const struct reading *reading, const struct tree_yaml_node *node,
		   struct err *err)
{
	return err_at(err, reading->file, node->line, node->column);
}

/* A text that names a variable; everything else is a template or the list itself. */
static bool names_variable(const struct tree_yaml_node *node)
{
	return node->kind == TREE_YAML_SCALAR && node->length &&
	       !template_has_markup(node->text, node->length) &&
	       strspn(node->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789_") == node->length;
}

/* A list that stands in app.yaml itself may hold templates: it is read as a variable would be. */
static int evaluate_list(const struct reading *reading, const struct tree_yaml_node *node,
			 struct value **ret, struct err *err)
{
	struct template_origin origin = {reading->file, node->line, node->column};
	struct value *list;

	int r = value_from_yaml(node, reading->file, &list, err);
	if (r < 0)
		return r;
	struct template_scope *layer = template_scope_new(source_scope_top(&reading->scope));
	template_scope_set(layer, "instances", list, origin, false);
	r = template_scope_get(layer, "instances", &reading->loader.loader, ret, err);
	template_scope_free(layer);
	return r < 0 ? at_node(reading, node, err) : r;
}

static int fail_undefined(const struct template_scope *scope, const struct tree_yaml_node *node,
			  struct err *err)
{
	cleanup_list struct list names = LIST_INIT;

	template_scope_names(scope, &names);
	const char *nearest = name_nearest(node->text, (const char *const *)names.items, names.n);
	(void)err_set(err, ERR_INVALID, "undefined variable '%s'", node->text);
	err->caret_width = (int)node->length;
	return nearest ? err_hint(err, "did you mean '%s'?", nearest) : -(int)err->code;
}

static int evaluate(const struct reading *reading, const struct tree_yaml_node *node,
		    struct value **ret, struct err *err)
{
	const struct template_scope *scope = source_scope_top(&reading->scope);

	if (names_variable(node)) {
		int r = template_scope_get(scope, node->text, &reading->loader.loader, ret, err);
		if (r < 0 && err->code == ERR_NOT_FOUND)
			(void)fail_undefined(scope, node, err);
		return r < 0 ? at_node(reading, node, err) : r;
	}
	if (node->kind != TREE_YAML_SCALAR)
		return evaluate_list(reading, node, ret, err);
	int r = template_evaluate(reading->file, node->text, node->line, node->column, scope,
				  &reading->loader.loader, ret, err);
	return r < 0 ? at_node(reading, node, err) : r;
}

static int check_keys(const struct reading *reading, const struct tree_yaml_node *node,
		      struct err *err)
{
	static const char *const known[] = {"from", "as", "name"};

	for (size_t i = 0; i < node->count; i++) {
		const struct tree_yaml_node *key = node->items[2 * i];
		const char *nearest = name_nearest(key->text, known, 3);
		if (!strcmp(key->text, "from") || !strcmp(key->text, "as") ||
		    !strcmp(key->text, "name"))
			continue;
		(void)err_set(err, ERR_INVALID, "unknown key '%s' in instances", key->text);
		(void)err_hint(err, nearest ? "did you mean '%s'?" : "known are: from, as, name",
			       nearest);
		return at_node(reading, key, err);
	}
	return 0;
}

static int check_name(const struct reading *reading, const struct source_instances *instances,
		      const char *name, const struct tree_yaml_node *node, struct err *err)
{
	if (!name_is_label(name)) {
		(void)err_set(err, ERR_INVALID, "'%s' cannot be the name of an instance", name);
		(void)err_hint(err, "small letters, digits and '-', at most 63");
		return at_node(reading, node, err);
	}
	for (size_t i = 0; i < instances->count; i++)
		if (!strcmp(instances->items[i].name, name)) {
			(void)err_set(err, ERR_INVALID, "two instances are called '%s'", name);
			return at_node(reading, node, err);
		}
	return 0;
}

/* Without `name` the item is the name, or has one. */
static int own_name(const struct reading *reading, const struct value *item,
		    const struct tree_yaml_node *node, char **ret, struct err *err)
{
	const struct value *value = value_is_dict(item) ? value_get(item, "name") : item;
	struct buf text = BUF_INIT;

	if (!value || value_is_dict(value) || value_is_list(value)) {
		(void)err_set(err, ERR_INVALID, "the instances have no name");
		(void)err_hint(err, "write name: \"{{ item.SOMETHING }}\"");
		return at_node(reading, node, err);
	}
	value_str(value, &text);
	*ret = buf_steal(&text);
	return 0;
}

/* The name template sees the item. */
static int rendered_name(struct reading *reading, const struct source_instances *instances,
			 struct value *item, const struct tree_yaml_node *node, char **ret,
			 struct err *err)
{
	cleanup_value struct value *value = NULL;
	struct buf text = BUF_INIT;

	if (node->kind != TREE_YAML_SCALAR) {
		(void)err_set(err, ERR_INVALID, "the name of the instances is not a text");
		return at_node(reading, node, err);
	}
	source_scope_push_item(&reading->scope, instances->as, value_ref(item), instances->origin);
	int r = template_evaluate(reading->file, node->text, node->line, node->column,
				  source_scope_top(&reading->scope), &reading->loader.loader,
				  &value, err);
	template_scope_free(reading->scope.layers[--reading->scope.count]);
	if (r < 0)
		return at_node(reading, node, err);
	value_str(value, &text);
	*ret = buf_steal(&text);
	return 0;
}

static int add_items(struct reading *reading, const struct value *list,
		     const struct tree_yaml_node *from, const struct tree_yaml_node *name_node,
		     struct source_instances *ret, struct err *err)
{
	if (!value_is_list(list)) {
		(void)err_set(err, ERR_INVALID, "instances come from a list, and this is none");
		return at_node(reading, from, err);
	}
	for (size_t i = 0; i < value_length(list); i++) {
		struct value *item = value_at(list, i);
		cleanup_free char *name = NULL;
		int r = name_node ? rendered_name(reading, ret, item, name_node, &name, err)
				  : own_name(reading, item, from, &name, err);
		if (r >= 0)
			r = check_name(reading, ret, name, name_node ? name_node : from, err);
		if (r < 0)
			return r;
		ret->items =
			mem_realloc(ret->items, (ret->count + 1) * sizeof(struct source_instance));
		ret->items[ret->count++] = (struct source_instance){steal(&name), value_ref(item)};
	}
	return 0;
}

static int read_instances(struct reading *reading, const struct tree_yaml_node *node,
			  struct source_instances *ret, struct err *err)
{
	bool mapping = node->kind == TREE_YAML_MAPPING;
	const struct tree_yaml_node *from = mapping ? tree_yaml_get(node, "from") : node;
	const struct tree_yaml_node *as = mapping ? tree_yaml_get(node, "as") : NULL;
	cleanup_value struct value *list = NULL;

	int r = mapping ? check_keys(reading, node, err) : 0;
	if (r < 0)
		return r;
	if (!from) {
		(void)err_set(err, ERR_INVALID, "instances needs `from`");
		return at_node(reading, node, err);
	}
	ret->as = mem_strdup(as && as->text ? as->text : "item");
	ret->origin = (struct template_origin){reading->file, from->line, from->column};
	r = evaluate(reading, from, &list, err);
	if (r < 0)
		return r;
	return add_items(reading, list, from, mapping ? tree_yaml_get(node, "name") : NULL, ret,
			 err);
}

int source_instances_read(struct source_pass *pass, const struct source_app *app,
			  const struct tree_yaml_node *root, struct source_instances *ret,
			  struct err *err)
{
	const struct tree_yaml_node *node = root ? tree_yaml_get(root, "instances") : NULL;
	struct reading reading = {.pass = pass, .app = app};

	*ret = (struct source_instances){0};
	if (!node) {
		ret->items = mem_zalloc(sizeof(struct source_instance));
		ret->count = 1;
		return 0;
	}
	reading.file = app->options->path;
	source_loader_init(&reading.loader, pass, app, app->name);
	int r = source_scope_build(pass, app, NULL, &reading.scope, err);
	if (r < 0)
		return r;
	r = read_instances(&reading, node, ret, err);
	source_scope_done(&reading.scope);
	if (r < 0)
		source_instances_done(ret);
	return r;
}

void source_instances_done(struct source_instances *instances)
{
	for (size_t i = 0; i < instances->count; i++) {
		free(instances->items[i].name);
		value_unref(instances->items[i].item);
	}
	free(instances->items);
	free(instances->as);
	*instances = (struct source_instances){0};
}

int source_instance_scope(struct source_pass *pass, const struct source_app *app,
			  const struct source_instances *instances, size_t index,
			  struct source_scope *ret, struct err *err)
{
	const struct source_instance *instance = &instances->items[index];

	int r = source_scope_build(pass, app, instance->name, ret, err);
	if (r < 0)
		return r;
	if (instance->name)
		source_scope_push_item(ret, instances->as, value_ref(instance->item),
				       instances->origin);
	return 0;
}
