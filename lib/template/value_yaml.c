#include <stdlib.h>
#include <string.h>

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

/* !!int "12" and its like: the text as that type, whatever it looks like. */
static int tagged(struct reader *reader, const struct tree_yaml_node *node, const char *type,
		  struct value **ret)
{
	if (!strcmp(type, "str") || !strcmp(type, "binary")) {
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

static int mapping(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	cleanup_value struct value *dict = value_dict();
	size_t length = reader->path.len;

	for (size_t i = 0; i < node->count; i++) {
		cleanup_value struct value *name = NULL;
		struct value *item;
		int r = key(reader, node->items[2 * i], &name);
		if (r < 0)
			return r;
		if (!value_hashable(name))
			return fail(reader, node->items[2 * i],
				    "a list or mapping cannot be a key");
		buf_addstr(&reader->path, reader->path.len ? "." : "");
		value_str(name, &reader->path);
		r = read(reader, node->items[2 * i + 1], &item);
		buf_truncate(&reader->path, length);
		if (r < 0)
			return r;
		value_note(dict, item);
		template_dict_put(&dict->dict, steal(&name), item);
	}
	dict->shared = reader->lazy;
	*ret = steal(&dict);
	return 0;
}

static int read(struct reader *reader, const struct tree_yaml_node *node, struct value **ret)
{
	switch (node->kind) {
	case TREE_YAML_SEQUENCE:
		return sequence(reader, node, ret);
	case TREE_YAML_MAPPING:
		return mapping(reader, node, ret);
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
