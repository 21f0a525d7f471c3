#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/eval.h"
#include "template/lazy.h"
#include "template/text.h"

static struct value *compile_problem(struct eval *eval, const struct lazy *lazy)
{
	struct value *value = template_trouble_value(eval->template, NULL);

	value->trouble->error = true;
	err_copy(&value->trouble->err, &lazy->problem);
	return value;
}

/* "a -> b -> a": the variables that need each other. */
static struct value *circle(struct eval *eval, const struct lazy *lazy, int from)
{
	struct value *value = template_trouble_value(eval->template, NULL);
	struct buf members = BUF_INIT;

	for (int i = from; i < eval->busy_count; i++)
		buf_printf(&members, "%s -> ", eval->busy[i]->path);
	buf_addstr(&members, lazy->path);
	value->trouble->error = value->trouble->circle = true;
	err_set(&value->trouble->err, ERR_INVALID, "these variables need each other: %s",
		buf_str(&members));
	err_at(&value->trouble->err, lazy->file, lazy->line, lazy->column);
	buf_done(&members);
	return value;
}

/* What became of a variable is its own business; where it was used helps all the same. The
 * members of a circle are named already. */
static void note_use(struct eval *eval, const struct lazy *lazy, const struct node *use,
		     struct value *value)
{
	if (value->kind != VALUE_UNDEFINED || value->trouble->lenient || !eval->template || !use)
		return;
	if (!value->trouble->circle || !eval->busy_count)
		template_trouble_trail(value->trouble, "in variable '%s' used by %s:%u", lazy->path,
				       eval->template->name, use->line);
}

/* What came of a variable that stood in an encrypted file is as secret as that. */
static void tell_secret(const struct template_loader *loader, const struct value *value, int depth)
{
	if (value->kind == VALUE_STRING)
		loader->secret(loader->context, value->string.text, value->string.length);
	if (depth > VALUE_DEEPEST)
		return;
	for (size_t i = 0; value_is_list(value) && i < value->list.n; i++)
		tell_secret(loader, value->list.items[i], depth + 1);
	for (size_t i = 0; value->kind == VALUE_DICT && i < value->dict.n; i++)
		tell_secret(loader, value->dict.entries[i].item, depth + 1);
}

/* Renders a waiting string. NULL only when a limit was hit. */
static struct value *render(struct eval *eval, struct lazy *lazy)
{
	const struct node *use = eval->use;
	bool isolated = eval->isolated;

	for (int i = 0; i < eval->busy_count; i++)
		if (eval->busy[i] == lazy)
			return circle(eval, lazy, i);
	const struct template *template = template_lazy_compile(lazy);
	if (!template)
		return compile_problem(eval, lazy);
	if (template_eval_enter(eval, NULL) < 0)
		return NULL;
	eval->busy[eval->busy_count++] = lazy;
	eval->isolated = false;
	struct value *value = template_eval_result(eval, template, !lazy->secret);
	eval->isolated = isolated;
	eval->busy_count--;
	template_eval_leave(eval);
	if (value)
		note_use(eval, lazy, use, value);
	if (value && lazy->secret && eval->loader && eval->loader->secret)
		tell_secret(eval->loader, value, 0);
	return value;
}

static struct value *copy_container(const struct value *value)
{
	struct value *copy;

	if (value->kind == VALUE_DICT) {
		copy = value_dict();
		for (size_t i = 0; i < value->dict.n; i++)
			template_dict_put(&copy->dict, value_keep(value->dict.entries[i].key),
					  value_keep(value->dict.entries[i].item));
	} else {
		copy = value->kind == VALUE_TUPLE ? value_tuple(value->list.n)
						  : value_list_room(value->list.n);
		for (size_t i = 0; i < value->list.n; i++)
			copy->list.items[i] = value_keep(value->list.items[i]);
		copy->list.n = value->list.n;
	}
	copy->lazy = true;
	return copy;
}

struct value *template_eval_ready(struct eval *eval, struct value *value)
{
	if (value->kind == VALUE_TEMPLATE)
		return render(eval, value->template);
	if (value->shared && (value->lazy || eval->mutates))
		return copy_container(value);
	return value_keep(value);
}

/* The item in a slot of a container that we may write to. A circle of variables comes back to the
 * slot and fills it before we do. */
static struct value *fill(struct eval *eval, struct value **slot)
{
	cleanup_value struct value *item = value_keep(*slot);

	if (item->kind != VALUE_TEMPLATE && !(item->shared && (item->lazy || eval->mutates)))
		return *slot;
	struct value *ready = template_eval_ready(eval, item);
	if (!ready)
		return NULL;
	value_unref(*slot);
	*slot = ready;
	return ready;
}

struct value *template_eval_list_at(struct eval *eval, struct value *list, size_t index)
{
	return list->lazy ? fill(eval, &list->list.items[index]) : list->list.items[index];
}

struct value *template_eval_dict_at(struct eval *eval, struct value *dict, size_t index)
{
	struct dict_entry *entry = &dict->dict.entries[index];

	return dict->lazy ? fill(eval, &entry->item) : entry->item;
}

struct value *template_eval_dict_get(struct eval *eval, struct value *dict, const struct value *key)
{
	struct dict_entry *entry = template_dict_find(&dict->dict, key);

	if (!entry)
		return NULL;
	return dict->lazy ? fill(eval, &entry->item) : entry->item;
}

static struct value *settle(struct eval *eval, struct value *value, int depth)
{
	struct value *first = NULL, *bad;

	if (value->kind == VALUE_UNDEFINED)
		return value->trouble->lenient ? NULL : value;
	if (!value->lazy)
		return NULL;
	if (depth > VALUE_DEEPEST) {
		template_eval_fail(eval, eval->use,
				   "nested more than %d deep: does a variable hold itself?",
				   VALUE_DEEPEST);
		return eval->raised;
	}
	bool list = value_is_list(value), lazy = false;
	size_t n = list ? value->list.n : value->dict.n;
	for (size_t i = 0; i < n; i++) {
		struct value *item = list ? template_eval_list_at(eval, value, i)
					  : template_eval_dict_at(eval, value, i);
		if (!item)
			return eval->raised;
		bad = settle(eval, item, depth + 1);
		if (bad && bad == eval->raised)
			return bad;
		if (!first)
			first = bad;
		lazy = lazy || bad || item->lazy || item->kind == VALUE_UNDEFINED;
	}
	value->lazy = lazy;
	return first;
}

struct value *template_eval_settle(struct eval *eval, struct value *value)
{
	return settle(eval, value, 0);
}

int template_eval_settled(struct eval *eval, struct value *value)
{
	struct value *bad = template_eval_settle(eval, value);

	if (!bad)
		return 0;
	if (bad != eval->raised)
		template_eval_trip(eval, bad);
	return -1;
}

static struct value *characters(const struct value *string)
{
	struct value *list = value_list_room(string->string.length);

	for (size_t at = 0; at < string->string.length;) {
		size_t next = at + template_text_offset(string->string.text + at,
							string->string.length - at, 1);
		value_list_add(list, value_string(string->string.text + at, next - at));
		at = next;
	}
	return list;
}

static struct value *keys(const struct value *dict)
{
	struct value *list = value_list_room(dict->dict.n);

	for (size_t i = 0; i < dict->dict.n; i++)
		value_list_add(list, value_keep(dict->dict.entries[i].key));
	return list;
}

/* What a list that cannot be known has in it. */
static struct value *guessed_items(struct value *guess)
{
	struct value *list = value_list_room(1);

	value_list_add(list, value_keep(guess));
	return list;
}

static struct value *numbers(struct eval *eval, const struct node *node, const struct value *range)
{
	size_t n = value_range_length(range);

	if (!template_eval_step(eval, node, n))
		return NULL;
	struct value *list = value_list_room(n);
	for (size_t i = 0; i < n; i++)
		value_list_add(list,
			       value_int(range->range.start + (int64_t)i * range->range.step));
	return list;
}

struct value *template_eval_items(struct eval *eval, const struct node *node, struct value *value)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_LIST:
	case VALUE_TUPLE:
		return value_keep(value);
	case VALUE_DICT:
		return keys(value);
	case VALUE_STRING:
		return value == template_scope_guessed(eval->scope) ? guessed_items(value)
								    : characters(value);
	case VALUE_RANGE:
		return numbers(eval, node, value);
	case VALUE_UNDEFINED:
		return value->trouble->lenient ? value_list() : template_eval_trip(eval, value);
	case VALUE_OBJECT:
		if (value->object.class->sequence)
			return value_keep(value->object.class->sequence(value));
		break;
	default:
		break;
	}
	return template_eval_fail(eval, node, "a value of type %s cannot be iterated",
				  value_type(value));
}

static struct value *export(struct eval *eval, const struct node *node, struct value *value,
			    int depth);

static struct value *export_list(struct eval *eval, const struct node *node, struct value *list,
				 int depth)
{
	cleanup_value struct value *copy = value_list_room(list->list.n);

	for (size_t i = 0; i < list->list.n; i++) {
		if (list->list.items[i]->kind == VALUE_OMIT)
			continue;
		struct value *item = export(eval, node, list->list.items[i], depth + 1);
		if (!item)
			return NULL;
		value_list_add(copy, item);
	}
	return steal(&copy);
}

static struct value *export_dict(struct eval *eval, const struct node *node, struct value *dict,
				 int depth)
{
	cleanup_value struct value *copy = value_dict();

	for (size_t i = 0; i < dict->dict.n; i++) {
		struct dict_entry *entry = &dict->dict.entries[i];
		if (entry->item->kind == VALUE_OMIT)
			continue;
		struct value *item = export(eval, node, entry->item, depth + 1);
		if (!item)
			return NULL;
		struct value *key = export(eval, node, entry->key, depth + 1);
		if (key && key->kind == VALUE_LIST)
			key->kind = VALUE_TUPLE;
		template_dict_put(&copy->dict, key, item);
	}
	return steal(&copy);
}

static struct value *export(struct eval *eval, const struct node *node, struct value *value,
			    int depth)
{
	if (depth > VALUE_DEEPEST)
		return template_eval_fail(eval, node, "the result is nested more than %d deep",
					  VALUE_DEEPEST);
	switch ((enum value_kind)value->kind) {
	case VALUE_LIST:
	case VALUE_TUPLE:
		return export_list(eval, node, value, depth);
	case VALUE_DICT:
		return export_dict(eval, node, value, depth);
	case VALUE_STRING:
		return value_string(value->string.text, value->string.length);
	case VALUE_INT:
		return value_int(value->integer);
	case VALUE_FLOAT:
		return value_float(value->real);
	case VALUE_BIG:
		return value_big(BN_dup(value->big));
	case VALUE_NONE:
	case VALUE_BOOL:
	case VALUE_DATE:
		return value_keep(value);
	case VALUE_OMIT:
		return template_eval_fail(eval, node,
					  "the result is 'omit', which only makes sense in a list");
	default:
		return template_eval_fail(eval, node, "the result is of type %s, which is no data",
					  value_type(value));
	}
}

struct value *template_eval_export(struct eval *eval, const struct node *node, struct value *value)
{
	return template_eval_settled(eval, value) < 0 ? NULL : export(eval, node, value, 0);
}
