#include "template/combine.h"

#include <string.h>

#include "base/mem.h"

/* What happens to lists that stand under the same key. */
enum list_merge {
	REPLACE,
	KEEP,
	APPEND,
	PREPEND,
	APPEND_RP,
	PREPEND_RP
};

struct merge {
	struct eval *eval;
	bool recursive;
	int depth;
	enum list_merge lists;
};

static void put(struct value *dict, struct value *key, struct value *item_stolen)
{
	value_note(dict, item_stolen);
	template_dict_put(&dict->dict, value_keep(key), item_stolen);
}

static struct value *joined(const struct value *first, const struct value *second)
{
	struct value *list = value_list_room(first->list.n + second->list.n);

	for (size_t i = 0; i < first->list.n; i++)
		value_list_add(list, value_keep(first->list.items[i]));
	for (size_t i = 0; i < second->list.n; i++)
		value_list_add(list, value_keep(second->list.items[i]));
	return list;
}

static struct value *without(const struct value *list, const struct value *present)
{
	struct value *rest = value_list();
	bool valid;

	for (size_t i = 0; i < list->list.n; i++)
		if (!value_contains(present, list->list.items[i], &valid))
			value_list_add(rest, value_keep(list->list.items[i]));
	return rest;
}

static struct value *merge_lists(struct value *low, struct value *high, enum list_merge how)
{
	cleanup_value struct value *rest = NULL;

	switch (how) {
	case KEEP:
		return value_keep(low);
	case APPEND:
		return joined(low, high);
	case PREPEND:
		return joined(high, low);
	case APPEND_RP:
	case PREPEND_RP:
		rest = without(low, high);
		return how == APPEND_RP ? joined(rest, high) : joined(high, rest);
	default:
		return value_keep(high);
	}
}

static struct value *merge_dicts(struct value *low, struct value *high, struct merge merge);

/* Two items under one key. What they are matters only when something may happen to them; until
 * then a variable that is wrong may be overridden. NULL: raised. */
static struct value *merge_items(struct value *low_dict, size_t low_at, struct value *high_dict,
				 size_t high_at, struct merge merge)
{
	if (!merge.recursive && merge.lists == REPLACE)
		return value_keep(high_dict->dict.entries[high_at].item);
	struct value *low = template_eval_dict_at(merge.eval, low_dict, low_at);
	struct value *high = low ? template_eval_dict_at(merge.eval, high_dict, high_at) : NULL;
	if (!high)
		return NULL;
	if (low->kind == VALUE_UNDEFINED || high->kind == VALUE_UNDEFINED)
		return template_eval_trip(merge.eval, low->kind == VALUE_UNDEFINED ? low : high);
	bool lists = low->kind == VALUE_LIST && high->kind == VALUE_LIST && merge.lists != REPLACE;
	if (lists && (template_eval_settled(merge.eval, low) < 0 ||
		      template_eval_settled(merge.eval, high) < 0))
		return NULL;
	if (low->kind == VALUE_DICT && high->kind == VALUE_DICT)
		return merge.recursive ? merge_dicts(low, high, merge) : value_keep(high);
	if (low->kind == VALUE_LIST && high->kind == VALUE_LIST)
		return merge_lists(low, high, merge.lists);
	return value_keep(high);
}

/* The same keys with the same values: the order of the keys is then that of `high`. Negative when
 * a value cannot be known. */
static int same(struct eval *eval, struct value *low, struct value *high)
{
	if (low->dict.n != high->dict.n)
		return 0;
	for (size_t i = 0; i < low->dict.n; i++)
		if (!template_dict_get(&high->dict, low->dict.entries[i].key))
			return 0;
	if (template_eval_settled(eval, low) < 0 || template_eval_settled(eval, high) < 0)
		return -1;
	return value_equal(low, high);
}

static struct value *merge_dicts(struct value *low, struct value *high, struct merge merge)
{
	int equal = low->dict.n ? same(merge.eval, low, high) : 1;

	if (equal < 0)
		return NULL;
	if (equal || ++merge.depth > VALUE_DEEPEST)
		return value_keep(high);
	cleanup_value struct value *dict = value_dict();
	for (size_t i = 0; i < low->dict.n; i++)
		put(dict, low->dict.entries[i].key, value_keep(low->dict.entries[i].item));
	for (size_t i = 0; i < high->dict.n; i++) {
		struct dict_entry *entry = &high->dict.entries[i];
		struct dict_entry *below = template_dict_find(&low->dict, entry->key);
		struct value *item = below ? merge_items(low, (size_t)(below - low->dict.entries),
							 high, i, merge)
					   : value_keep(entry->item);
		if (!item)
			return NULL;
		put(dict, entry->key, item);
	}
	return steal(&dict);
}

static bool options(struct call *call, struct merge *merge)
{
	static const char *const names[] = {"replace", "keep",	    "append",
					    "prepend", "append_rp", "prepend_rp"};

	for (size_t i = 0; i < call->named; i++) {
		if (value_is_text(call->names[i], "recursive")) {
			merge->recursive = value_true(call->values[i]);
			continue;
		}
		if (!value_is_text(call->names[i], "list_merge"))
			return template_call_fail(call,
						  "combine takes recursive= and list_merge= only");
		size_t how = 0;
		while (how < 6 && !value_is_text(call->values[i], names[how]))
			how++;
		if (how == 6)
			return template_call_fail(
				call, "list_merge must be replace, keep, append, prepend, "
				      "append_rp or prepend_rp");
		merge->lists = (enum list_merge)how;
	}
	return true;
}

/* Lists of dicts among the arguments count as their dicts. */
static bool gather(struct call *call, struct value *to)
{
	for (size_t i = 0; i < call->count; i++) {
		struct value *arg = call->args[i];
		bool list = value_is_list(arg);
		size_t n = list ? arg->list.n : arg->kind != VALUE_NONE;
		for (size_t j = 0; j < n; j++) {
			struct value *item = list ? template_eval_list_at(call->eval, arg, j) : arg;
			if (!item || item->kind == VALUE_UNDEFINED)
				return item && template_eval_trip(call->eval, item);
			value_list_add(to, value_keep(item));
		}
	}
	return true;
}

static struct value *do_combine(struct call *call, struct value **a)
{
	cleanup_value struct value *dicts = value_list(), *result = NULL;
	struct merge merge = {.eval = call->eval};

	(void)a;
	if (!options(call, &merge) || !gather(call, dicts))
		return NULL;
	for (size_t i = dicts->list.n; i-- > 0;) {
		struct value *low = dicts->list.items[i];
		if (dicts->list.n > 1 && low->kind != VALUE_DICT)
			return template_call_fail(call, "combine needs dicts, not a %s",
						  value_type(low));
		struct value *merged = result ? merge_dicts(low, result, merge) : value_keep(low);
		value_unref(result);
		result = merged;
		if (!result)
			return NULL;
	}
	return result ? steal(&result) : value_dict();
}

static const struct builtin entries[] = {
	{"combine", do_combine, "dict", 0, CALL_REST | CALL_LAZY},
};

const struct filter_table template_combine_table = {entries, 1};
