#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "template/dict.h"
#include "template/lazy.h"
#include "template/scalar.h"
#include "template/template.h"
#include "template/types.h"
#include "template/value_yaml.h"

#define TAG "tag:yaml.org,2002:"

struct reader {
	const char *file;
	bool lazy;	 /* strings with markup wait for their use */
	struct buf path; /* of the variable: "ghosts.url" */
	struct err *err;
};

static int read(struct reader *reader, const struct tree_yaml_node *node, struct value **ret);

static int fail(struct reader *reader, const struct tree_yaml_node *node, const char *message)
{
	err_set(reader->err, ERR_INVALID, "%s", message);
	return err_at(reader->err, reader->file, node->line, node->column);
}

static struct value *string(struct reader *reader, const struct tree_yaml_node *node, bool raw)
{
	bool markup = reader->lazy && !raw && template_has_markup(node->text, node->length);

	if (!markup)
		return value_string(node->text, node->length);
	/* a quoted scalar's text begins behind the quote, a plain one's where it stands */
	struct value *value =
		template_lazy_new(node->text, node->length, reader->file, node->line,
				  node->column + !node->plain, buf_str(&reader->path));
	value->template->secret = node->secret;
	return value;
}

static int binary(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	cleanup_free char *bytes = NULL;
	size_t length;

	int r = digest_base64_decode(node->text, node->length, &bytes, &length, reader->err);
	if (r < 0)
		return err_at(reader->err, reader->file, node->line, node->column);
	*ret = value_string(bytes, length);
	return 0;
}

/* !!int "12" and its like: the text as that type, whatever it looks like. */
static int tagged(struct reader *reader, const struct tree_yaml_node *node, const char *type,
		  struct value **ret)
{
	if (!strcmp(type, "binary"))
		return binary(reader, node, ret);
	if (!strcmp(type, "str")) {
		*ret = string(reader, node, false);
		return 0;
	}
	cleanup_value struct value *value =
		template_scalar_value(node->text, node->length, reader->err);
	if (!value)
		return err_at(reader->err, reader->file, node->line, node->column);
	if (value->kind == VALUE_INT && !strcmp(type, "float")) {
		*ret = value_float((double)value->integer);
		return 0;
	}
	if (value->kind == VALUE_STRING && strcmp(type, "null"))
		return fail(reader, node, "the tag does not fit the value");
	*ret = steal(&value);
	return 0;
}

static int scalar(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	const char *tag = node->tag;

	if (tag && !strcmp(tag, "!vault"))
		return fail(reader, node, "a value encrypted by ansible-vault cannot be read here");
	if (tag && !strcmp(tag, "!unsafe")) {
		*ret = string(reader, node, true);
		return 0;
	}
	if (tag && !strncmp(tag, TAG, strlen(TAG)))
		return tagged(reader, node, tag + strlen(TAG), ret);
	if (tag && strcmp(tag, "!"))
		return fail(reader, node, "unknown tag");
	if (tag || !node->plain) {
		*ret = string(reader, node, false);
		return 0;
	}
	*ret = template_scalar_value(node->text, node->length, reader->err);
	if (!*ret)
		return err_at(reader->err, reader->file, node->line, node->column);
	if ((*ret)->kind == VALUE_STRING) {
		value_unref(*ret);
		*ret = string(reader, node, false);
	}
	return 0;
}

static int sequence(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	cleanup_value struct value *list = value_list_room(node->count);
	size_t length = reader->path.len;

	for (size_t i = 0; i < node->count; i++) {
		struct value *item;
		buf_printf(&reader->path, "[%zu]", i);
		int r = read(reader, node->items[i], &item);
		buf_truncate(&reader->path, length);
		if (r < 0)
			return r;
		value_list_add(list, item);
	}
	list->shared = reader->lazy;
	*ret = steal(&list);
	return 0;
}

static int key(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	bool lazy = reader->lazy;

	reader->lazy = false;
	int r = read(reader, node, ret);
	reader->lazy = lazy;
	return r;
}

static int pair(struct reader *reader, const struct tree_yaml_node *key_node,
		const struct tree_yaml_node *item_node, struct value *dict)
{
	cleanup_value struct value *name = NULL;
	size_t length = reader->path.len;
	struct value *item;

	int r = key(reader, key_node, &name);
	if (r < 0)
		return r;
	if (!value_hashable(name))
		return fail(reader, key_node, "a list or mapping cannot be a key");
	buf_addstr(&reader->path, reader->path.len ? "." : "");
	value_str(name, &reader->path);
	r = read(reader, item_node, &item);
	buf_truncate(&reader->path, length);
	if (r < 0)
		return r;
	value_note(dict, item);
	template_dict_put(&dict->dict, steal(&name), item);
	return 0;
}

/* As PyYAML builds it: what is merged comes first, and a key keeps the place where it came first.
 */
static int pairs(struct reader *reader, const struct tree_yaml_node *node, struct value *dict)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < node->merge_count; i++)
		r = pairs(reader, node->merges[i], dict);
	for (size_t i = 0; r == 0 && i < node->own; i++)
		r = pair(reader, node->items[2 * i], node->items[2 * i + 1], dict);
	return r;
}

static int mapping(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	cleanup_value struct value *dict = value_dict();
	int r = pairs(reader, node, dict);

	if (r < 0)
		return r;
	dict->shared = reader->lazy;
	*ret = steal(&dict);
	return 0;
}

/* Of a list or mapping: none, its own, or !unsafe, below which nothing is a template. */
static int check_tag(struct reader *reader, const struct tree_yaml_node *node, const char *own)
{
	if (!node->tag || !strcmp(node->tag, "!") || !strcmp(node->tag, own))
		return 0;
	err_set(reader->err, ERR_INVALID, "the tag %s is not supported", node->tag);
	return err_at(reader->err, reader->file, node->line, node->column);
}

static int container(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	bool list = node->kind == TREE_YAML_SEQUENCE, lazy = reader->lazy;
	bool unsafe = node->tag && !strcmp(node->tag, "!unsafe");
	int r = unsafe ? 0 : check_tag(reader, node, list ? TAG "seq" : TAG "map");

	if (r < 0)
		return r;
	reader->lazy = lazy && !unsafe;
	r = list ? sequence(reader, node, ret) : mapping(reader, node, ret);
	reader->lazy = lazy;
	if (r == 0)
		(*ret)->shared = lazy;
	return r;
}

static int read(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	switch (node->kind) {
	case TREE_YAML_SEQUENCE:
	case TREE_YAML_MAPPING:
		return container(reader, node, ret);
	default:
		return scalar(reader, node, ret);
	}
}

int value_from_yaml(const struct tree_yaml_node *node, const char *file, struct value **ret,
		    struct err *err)
{
	struct reader reader = {.file = file, .err = err};

	if (!node) {
		*ret = value_none();
		return 0;
	}
	int r = read(&reader, node, ret);
	buf_done(&reader.path);
	return r;
}

int value_yaml_lazy(const struct tree_yaml_node *node, const char *file, const char *name,
		    struct value **ret, struct err *err)
{
	struct reader reader = {.file = file, .lazy = true, .err = err};

	buf_addstr(&reader.path, name);
	int r = read(&reader, node, ret);
	buf_done(&reader.path);
	return r;
}
