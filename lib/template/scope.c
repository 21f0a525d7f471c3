#include "template/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "template/eval.h"
#include "template/lazy.h"
#include "template/value_yaml.h"

/* That a variable was set here, in force or not any more. */
struct setting {
	struct value *name;
	const char *file; /* of scope->files */
	int line, column;
};

struct template_scope {
	const struct template_scope *below;
	const struct template_scope *own; /* whose variables count here: mostly its own */
	struct dict variables;		  /* those in force */
	struct setting *settings;	  /* in the order of their arrival */
	size_t n, cap;
	struct list files;
	struct map hints;    /* of names that are not there */
	struct value *guess; /* NULL */
};

struct template_scope *template_scope_new(const struct template_scope *below)
{
	struct template_scope *scope = mem_new(struct template_scope);

	scope->below = below;
	scope->own = scope;
	scope->hints = MAP_INIT(free);
	return scope;
}

struct template_scope *template_scope_layer(const struct template_scope *below,
					    const struct template_scope *variables)
{
	struct template_scope *scope = template_scope_new(below);

	scope->own = variables->own;
	return scope;
}

void template_scope_free(struct template_scope *scope)
{
	if (!scope)
		return;
	template_dict_clear(&scope->variables);
	for (size_t i = 0; i < scope->n; i++)
		value_unref(scope->settings[i].name);
	free(scope->settings);
	list_done(&scope->files);
	map_done(&scope->hints);
	value_unref(scope->guess);
	free(scope);
}

void template_scope_guess(struct template_scope *scope, struct value *value_stolen)
{
	value_unref(scope->guess);
	scope->guess = value_stolen;
}

struct value *template_scope_guessed(const struct template_scope *scope)
{
	while (scope && !scope->guess)
		scope = scope->below;
	return scope ? scope->guess : NULL;
}

void template_scope_explain(struct template_scope *scope, const char *name, const char *hint)
{
	map_put(&scope->hints, name, mem_strdup(hint));
}

const char *template_scope_hint(const struct template_scope *scope, const char *name)
{
	const char *hint = NULL;

	for (; scope && !hint; scope = scope->below)
		hint = map_get(&scope->hints, name);
	return hint;
}

/* The scope's own copy of a file name: most variables share theirs with the one before. */
static const char *file_of(struct template_scope *scope, const char *file)
{
	struct list *files = &scope->files;

	if (!file)
		return NULL;
	if (!files->n || strcmp(files->items[files->n - 1], file) != 0)
		list_add(files, file);
	return files->items[files->n - 1];
}

static void put(struct template_scope *scope, const char *name, struct value *value,
		const char *file, int line, int column)
{
	struct value *key = value_text_of(name);

	template_dict_put(&scope->variables, value_keep(key), value);
	mem_grow(scope->settings, &scope->cap, scope->n + 1);
	scope->settings[scope->n++] = (struct setting){key, file_of(scope, file), line, column};
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

struct value *template_scope_raw(const struct template_scope *scope, const struct value *name)
{
	struct value *value = NULL;

	for (; scope && !value; scope = scope->below)
		value = template_dict_get(&scope->own->variables, name);
	return value;
}

int template_scope_get(const struct template_scope *scope, const char *name,
		       const struct template_loader *loader, struct value **ret, struct err *err)
{
	struct eval eval;
	cleanup_value struct value *key = value_text_of(name), *value = NULL;
	int r = 0;

	if (!template_scope_raw(scope, key))
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
	for (size_t i = 0; i < scope->own->variables.n; i++) {
		const struct value *name = scope->own->variables.entries[i].key;
		if (!template_scope_raw(scope->below, name))
			list_add(ret, name->string.text);
	}
}

size_t template_scope_origins(const struct template_scope *scope, const char *name,
			      struct template_origin *ret, size_t room)
{
	size_t n = 0;

	for (; scope; scope = scope->below)
		for (size_t i = scope->own->n; i-- > 0;) {
			const struct setting *setting = &scope->own->settings[i];
			if (!value_is_text(setting->name, name))
				continue;
			if (n < room)
				ret[n] = (struct template_origin){setting->file, setting->line,
								  setting->column};
			n++;
		}
	return n;
}
