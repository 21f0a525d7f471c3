#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "tree/path.h"
#include "tree/scalar.h"
#include "tree/yaml.h"

static int convert(const struct tree_yaml_node *node, const char *file, json_t **ret,
		   struct err *err);

static int convert_sequence(const struct tree_yaml_node *node, const char *file, json_t **ret,
			    struct err *err)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < node->count; i++) {
		json_t *item;
		int r = convert(node->items[i], file, &item, err);
		if (r < 0)
			return r;
		json_array_append_new(list, item);
	}
	*ret = steal(&list);
	return 0;
}

/* Keys that differ as text can be one once they are resolved: 1 and 0x1, yes and true. */
static int add_pair(json_t *object, const struct tree_yaml_node *key,
		    const struct tree_yaml_node *value, const char *file, struct err *err)
{
	cleanup_free char *name = NULL;
	json_t *item;

	int r = tree_scalar_key(key, &name, err);
	if (r < 0)
		return err_at(err, file, key->line, key->column);
	if (json_object_get(object, name)) {
		(void)err_set(err, ERR_INVALID, "'%s' means the key '%s', which is there already",
			      key->text, name);
		return err_at(err, file, key->line, key->column);
	}
	r = convert(value, file, &item, err);
	if (r < 0)
		return r;
	json_object_set_new(object, name, item);
	return 0;
}

static int convert_mapping(const struct tree_yaml_node *node, const char *file, json_t **ret,
			   struct err *err)
{
	json_auto_t *object = json_object();

	for (size_t i = 0; i < node->count; i++) {
		int r = add_pair(object, node->items[i * 2], node->items[i * 2 + 1], file, err);
		if (r < 0)
			return r;
	}
	*ret = steal(&object);
	return 0;
}

/* On a list or mapping, a tag may only say what it is anyway. */
static int check_tag(const struct tree_yaml_node *node, const char *file, struct err *err)
{
	const char *own =
		node->kind == TREE_YAML_MAPPING ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq";

	if (!node->tag || !strcmp(node->tag, own))
		return 0;
	(void)err_set(err, ERR_INVALID, "the tag %.60s means nothing in a manifest", node->tag);
	return err_at(err, file, node->line, node->column);
}

static int convert(const struct tree_yaml_node *node, const char *file, json_t **ret,
		   struct err *err)
{
	if (node->kind == TREE_YAML_SCALAR) {
		int r = tree_scalar_value(node, ret, err);
		return r < 0 ? err_at(err, file, node->line, node->column) : r;
	}
	int r = check_tag(node, file, err);
	if (r < 0)
		return r;
	if (node->kind == TREE_YAML_SEQUENCE)
		return convert_sequence(node, file, ret, err);
	return convert_mapping(node, file, ret, err);
}

int tree_yaml_to_json(const struct tree_yaml_node *node, const char *file, json_t **ret,
		      struct err *err)
{
	if (node)
		return convert(node, file, ret, err);
	*ret = json_null();
	return 0;
}

const struct tree_yaml_node *tree_yaml_get(const struct tree_yaml_node *node, const char *key)
{
	if (!node || node->kind != TREE_YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i < node->count; i++)
		if (!strcmp(node->items[i * 2]->text, key))
			return node->items[i * 2 + 1];
	return NULL;
}

static const struct tree_yaml_node *find_item(const struct tree_yaml_node *list, const char *field,
					      const char *value)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct tree_yaml_node *found = tree_yaml_get(list->items[i], field);
		if (found && found->kind == TREE_YAML_SCALAR && !strcmp(found->text, value))
			return list->items[i];
	}
	return NULL;
}

static const struct tree_yaml_node *step_down(const struct tree_yaml_node *node,
					      const struct tree_path_step *step)
{
	if (step->kind == TREE_PATH_KEY)
		return tree_yaml_get(node, buf_str(&step->name));
	if (node->kind != TREE_YAML_SEQUENCE)
		return NULL;
	if (step->kind == TREE_PATH_INDEX)
		return step->index < node->count ? node->items[step->index] : NULL;
	return find_item(node, buf_str(&step->name), buf_str(&step->value));
}

const struct tree_yaml_node *tree_yaml_at(const struct tree_yaml_node *root, const char *path)
{
	cleanup_path_step struct tree_path_step step = {0};

	while (root && tree_path_next(&path, &step)) {
		const struct tree_yaml_node *below = step_down(root, &step);
		if (!below)
			break;
		root = below;
	}
	return root;
}
