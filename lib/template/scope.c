#include "template/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "template/eval.h"
#include "template/lazy.h"
#include "template/value_yaml.h"

/* One setting of a variable; the newest is the one in force. */
struct variable {
	struct value *value;
	char *file;
	int line, column;
	struct variable *before;
};

struct template_scope {
	const struct template_scope *below;
	struct map variables; /* of struct variable */
};

static void variable_free(void *pointer)
{
	struct variable *variable = pointer;

	while (variable) {
		struct variable *before = variable->before;
		value_unref(variable->value);
		free(variable->file);
		free(variable);
		variable = before;
	}
}

struct template_scope *template_scope_new(const struct template_scope *below)
{
	struct template_scope *scope = mem_new(struct template_scope);

	scope->below = below;
	scope->variables = MAP_INIT(variable_free);
	return scope;
}

void template_scope_free(struct template_scope *scope)
{
	if (!scope)
		return;
	map_done(&scope->variables);
	free(scope);
}

static void put(struct template_scope *scope, const char *name, struct value *value,
		const char *file, int line, int column)
{
	struct variable *variable = mem_new(struct variable);

	*variable = (struct variable){value, mem_strdup(file), line, column,
				      map_take(&scope->variables, name)};
	map_put(&scope->variables, name, variable);
}

int template_scope_add_yaml(struct template_scope *scope, const struct tree_yaml_node *root,
			    const char *file, struct err *err)
{
	if (!root)
		return 0;
	if (root->kind != TREE_YAML_MAPPING) {
		if (root->kind == TREE_YAML_SCALAR && !root->length)
			return 0;
		err_set(err, ERR_INVALID, "a variable file must be a mapping of names to values");
		return err_at(err, file, root->line, root->column);
	}
	for (size_t i = 0; i < root->count; i++) {
		const struct tree_yaml_node *key = root->items[2 * i];
		struct value *value;
		if (key->kind != TREE_YAML_SCALAR) {
			err_set(err, ERR_INVALID, "the name of a variable must be a string");
			return err_at(err, file, key->line, key->column);
		}
		int r = value_yaml_lazy(root->items[2 * i + 1], file, key->text, &value, err);
		if (r < 0)
			return r;
		put(scope, key->text, value, file, key->line, key->column);
	}
	return 0;
}

struct origin_path {
	const struct template_origin *origin;
	struct buf path;
	bool raw;
};

static struct value *adopt(const struct value *value, struct origin_path *at);

static struct value *adopt_dict(const struct value *value, struct origin_path *at)
{
	struct value *dict = value_dict();
	size_t length = at->path.len;

	for (size_t i = 0; i < value->dict.n; i++) {
		const struct dict_entry *entry = &value->dict.entries[i];
		buf_addch(&at->path, '.');
		value_str(entry->key, &at->path);
		struct value *item = adopt(entry->item, at);
		buf_truncate(&at->path, length);
		value_note(dict, item);
		template_dict_put(&dict->dict, value_keep(entry->key), item);
	}
	dict->shared = true;
	return dict;
}

static struct value *adopt_list(const struct value *value, struct origin_path *at)
{
	struct value *list = value_list_room(value->list.n);
	size_t length = at->path.len;

	for (size_t i = 0; i < value->list.n; i++) {
		buf_printf(&at->path, "[%zu]", i);
		value_list_add(list, adopt(value->list.items[i], at));
		buf_truncate(&at->path, length);
	}
	list->kind = value->kind;
	list->shared = true;
	return list;
}

/* The scope's own copy: strings with markup wait for their use, containers are not written to. */
static struct value *adopt(const struct value *value, struct origin_path *at)
{
	if (value->kind == VALUE_DICT)
		return adopt_dict(value, at);
	if (value_is_list(value))
		return adopt_list(value, at);
	if (value->kind != VALUE_STRING || at->raw ||
	    !template_has_markup(value->string.text, value->string.length))
		return value_keep((struct value *)value);
	return template_lazy_new(value->string.text, value->string.length, at->origin->file,
				 at->origin->line, at->origin->column, buf_str(&at->path));
}

void template_scope_set(struct template_scope *scope, const char *name, struct value *value,
			struct template_origin origin, bool raw)
{
	struct origin_path at = {.origin = &origin, .raw = raw};

	buf_addstr(&at.path, name);
	put(scope, name, adopt(value, &at), origin.file, origin.line, origin.column);
	buf_done(&at.path);
	value_unref(value);
}

static const struct variable *find(const struct template_scope *scope, const char *name)
{
	const struct variable *variable = NULL;

	for (; scope && !variable; scope = scope->below)
		variable = map_get(&scope->variables, name);
	return variable;
}

struct value *template_scope_raw(const struct template_scope *scope, const char *name)
{
	const struct variable *variable = find(scope, name);

	return variable ? variable->value : NULL;
}

int template_scope_get(const struct template_scope *scope, const char *name,
		       const struct template_loader *loader, struct value **ret, struct err *err)
{
	struct eval eval;
	cleanup_value struct value *key = value_text_of(name), *value = NULL;
	int r = 0;

	if (!find(scope, name))
		return err_set(err, ERR_NOT_FOUND, "there is no variable '%s'", name);
	template_eval_init(&eval, scope, loader, NULL);
	value = template_eval_variable(&eval, key);
	*ret = value ? template_eval_export(&eval, NULL, value) : NULL;
	if (!*ret)
		r = template_trouble_report(eval.raised->trouble, &eval, err);
	value_unref(steal(&value));
	template_eval_done(&eval);
	return r;
}

void template_scope_names(const struct template_scope *scope, struct list *ret)
{
	if (!scope)
		return;
	template_scope_names(scope->below, ret);
	for (size_t i = 0; i < scope->variables.n; i++)
		if (!find(scope->below, scope->variables.entries[i].key))
			list_add(ret, scope->variables.entries[i].key);
}

size_t template_scope_origins(const struct template_scope *scope, const char *name,
			      struct template_origin *ret, size_t room)
{
	size_t n = 0;

	for (; scope; scope = scope->below)
		for (const struct variable *variable = map_get(&scope->variables, name); variable;
		     variable = variable->before) {
			if (n < room)
				ret[n] = (struct template_origin){variable->file, variable->line,
								  variable->column};
			n++;
		}
	return n;
}
