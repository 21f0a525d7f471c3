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

static struct value *merge_items(struct value *low, struct value *high, struct merge merge)
{
	if (low->kind == VALUE_DICT && high->kind == VALUE_DICT)
		return merge.recursive ? merge_dicts(low, high, merge) : value_keep(high);
	if (low->kind == VALUE_LIST && high->kind == VALUE_LIST)
		return merge_lists(low, high, merge.lists);
	return value_keep(high);
}

static struct value *merge_dicts(struct value *low, struct value *high, struct merge merge)
{
	if (!low->dict.n || value_equal(low, high) || ++merge.depth > VALUE_DEEPEST)
		return value_keep(high);
	struct value *dict = value_dict();
	for (size_t i = 0; i < low->dict.n; i++)
		put(dict, low->dict.entries[i].key, value_keep(low->dict.entries[i].item));
	for (size_t i = 0; i < high->dict.n; i++) {
		struct dict_entry *entry = &high->dict.entries[i];
		struct value *below = template_dict_get(&low->dict, entry->key);
		put(dict, entry->key,
		    below ? merge_items(below, entry->item, merge) : value_keep(entry->item));
	}
	return dict;
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
static void gather(const struct value *from, struct value *to)
{
	for (size_t i = 0; i < from->list.n; i++) {
		struct value *item = from->list.items[i];
		if (value_is_list(item))
			for (size_t j = 0; j < item->list.n; j++)
				value_list_add(to, value_keep(item->list.items[j]));
		else if (item->kind != VALUE_NONE)
			value_list_add(to, value_keep(item));
	}
}

static struct value *do_combine(struct call *call, struct value **a)
{
	cleanup_value struct value *given = value_list(), *dicts = value_list(), *result = NULL;
	struct merge merge = {0};

	(void)a;
	if (!options(call, &merge))
		return NULL;
	for (size_t i = 0; i < call->count; i++)
		value_list_add(given, value_keep(call->args[i]));
	gather(given, dicts);
	for (size_t i = dicts->list.n; i-- > 0;) {
		struct value *low = dicts->list.items[i];
		if (dicts->list.n > 1 && low->kind != VALUE_DICT)
			return template_call_fail(call, "combine needs dicts, not a %s",
						  value_type(low));
		struct value *merged = result ? merge_dicts(low, result, merge) : value_keep(low);
		value_unref(result);
		result = merged;
	}
	return result ? steal(&result) : value_dict();
}

static const struct builtin entries[] = {
	{"combine", do_combine, "dict", 0, CALL_REST},
};

const struct filter_table template_combine_table = {entries, 1};
