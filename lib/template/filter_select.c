#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/sort.h"
#include "template/test.h"

/* The keyword argument of that name; NULL when it was not given. */
static struct value *named(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			return call->values[i];
	return NULL;
}

/* map(attribute='a.b', default=x) */
static struct value *map_attribute(struct call *call, struct value *items, struct value *attribute)
{
	cleanup_value struct value *list = value_list_room(items->list.n);
	struct value *otherwise = named(call, "default");

	for (size_t i = 0; i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		struct value *picked = item ? template_filter_pick(call, item, attribute) : NULL;
		if (!picked)
			return NULL;
		if (picked->kind == VALUE_UNDEFINED && otherwise) {
			value_unref(picked);
			picked = value_keep(otherwise);
		}
		value_list_add(list, picked);
	}
	return steal(&list);
}

/* Calls a filter or test with an item in front and the call's arguments from `from` on. */
static struct value *apply(struct call *call, const struct builtin *builtin, struct value *item,
			   size_t from)
{
	cleanup_call struct call inner = {.eval = call->eval, .node = call->node};

	template_call_add(&inner, value_keep(item));
	for (size_t i = from; i < call->count; i++)
		template_call_add(&inner, value_keep(call->args[i]));
	for (size_t i = 0; i < call->named; i++)
		template_call_add_named(&inner, value_keep(call->names[i]),
					value_keep(call->values[i]));
	return template_call_run(&inner, builtin);
}

static struct value *map_filter(struct call *call, struct value *items)
{
	cleanup_value struct value *list = value_list_room(items->list.n);
	const char *name;
	size_t length;

	if (call->count < 2)
		return template_call_fail(call, "map needs the name of a filter or attribute=");
	if (!template_call_text(call, call->args[1], NULL, &name, &length))
		return NULL;
	const struct builtin *filter = template_filter_find(name);
	if (!filter)
		return template_call_fail(call, "unknown filter '%s'", name);
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		struct value *mapped = item ? apply(call, filter, item, 2) : NULL;
		if (!mapped)
			return NULL;
		value_list_add(list, mapped);
	}
	return steal(&list);
}

/* Whatever is false has no items, even when it cannot be iterated: Jinja asks first. */
static struct value *items_of(struct call *call, struct value *value)
{
	return value_true(value) ? template_eval_items(call->eval, call->node, value)
				 : value_list();
}

static struct value *do_map(struct call *call, struct value **a)
{
	cleanup_value struct value *items = items_of(call, a[0]);
	struct value *attribute = named(call, "attribute");

	if (!items)
		return NULL;
	for (size_t i = 0; attribute && call->count == 1 && i < call->named; i++)
		if (!value_is_text(call->names[i], "attribute") &&
		    !value_is_text(call->names[i], "default"))
			return template_call_fail(call, "map has no argument '%s' beside attribute",
						  call->names[i]->string.text);
	return attribute && call->count == 1 ? map_attribute(call, items, attribute)
					     : map_filter(call, items);
}

/* Whether an item (or an attribute of it) passes the test; truth when no test was named. */
static int passes(struct call *call, struct value *item, struct value *attribute,
		  const struct builtin *test, size_t from, bool *ret)
{
	cleanup_value struct value *value =
		attribute ? template_filter_pick(call, item, attribute) : value_keep(item);
	cleanup_value struct value *verdict = value && test ? apply(call, test, value, from)
					      : value	    ? value_keep(value)
							    : NULL;

	return verdict ? template_eval_truth(call->eval, verdict, ret) : -1;
}

static struct value *choose(struct call *call, struct value *value, bool by_attribute, bool wanted)
{
	cleanup_value struct value *items = items_of(call, value);
	cleanup_value struct value *list = value_list();
	size_t at = by_attribute ? 2 : 1;
	const struct builtin *test = NULL;

	if (!items)
		return NULL;
	if (call->count < at)
		return template_call_fail(call, "%s needs the name of an attribute", call->name);
	if (call->count > at) {
		test = call->args[at]->kind == VALUE_STRING
			       ? template_test_find(call->args[at]->string.text)
			       : NULL;
		if (!test)
			return template_call_fail(call, "%s: unknown test", call->name);
	}
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *item = template_eval_list_at(call->eval, items, i);
		bool yes;
		if (!item ||
		    passes(call, item, by_attribute ? call->args[1] : NULL, test, at + 1, &yes) < 0)
			return NULL;
		if (yes == wanted)
			value_list_add(list, value_keep(item));
	}
	return steal(&list);
}

static struct value *do_select(struct call *call, struct value **a)
{
	return choose(call, a[0], false, true);
}

static struct value *do_reject(struct call *call, struct value **a)
{
	return choose(call, a[0], false, false);
}

static struct value *do_selectattr(struct call *call, struct value **a)
{
	return choose(call, a[0], true, true);
}

static struct value *do_rejectattr(struct call *call, struct value **a)
{
	return choose(call, a[0], true, false);
}

/* What groups are formed by. */
static struct value *group_key(struct call *call, struct value *item, struct value **a, bool fold)
{
	cleanup_value struct value *key = template_filter_pick(call, item, a[1]);

	if (!key)
		return NULL;
	if (key->kind == VALUE_UNDEFINED) /* whatever default says: Ansible looks at it first */
		return template_eval_trip(call->eval, key);
	return fold ? template_filter_fold(key) : steal(&key);
}

/* A group is a pair that also answers to .grouper and .list. */
static void close_group(struct value *groups, struct value *name, struct value *members)
{
	struct value *group = value_pair_of(name, members);

	group->group = true;
	value_list_add(groups, group);
}

static struct value *do_groupby(struct call *call, struct value **a)
{
	bool fold = !template_call_truth(a[3], false);
	cleanup_value struct value *items = template_filter_items(call, a[0]), *keys = value_list(),
				   *sorted = value_list(), *groups = value_list();

	for (size_t i = 0; items && i < items->list.n; i++) {
		struct value *key = group_key(call, items->list.items[i], a, fold);
		if (!key)
			return NULL;
		value_list_add(keys, key);
		value_list_add(sorted, value_keep(items->list.items[i]));
	}
	if (!items ||
	    !template_sort_items(call, sorted->list.items, keys->list.items, keys->list.n, false))
		return NULL;
	for (size_t i = 0; i < keys->list.n;) {
		struct value *members = value_list();
		size_t first = i;
		while (i < keys->list.n &&
		       value_equal(keys->list.items[i], keys->list.items[first]))
			value_list_add(members, value_keep(sorted->list.items[i++]));
		close_group(groups, group_key(call, sorted->list.items[first], a, false), members);
	}
	return steal(&groups);
}

static const struct builtin entries[] = {
	{"map", do_map, "value", 1, CALL_REST | CALL_LAZY},
	{"select", do_select, "value", 1, CALL_REST | CALL_LAZY},
	{"reject", do_reject, "value", 1, CALL_REST | CALL_LAZY},
	{"selectattr", do_selectattr, "value", 1, CALL_REST | CALL_LAZY},
	{"rejectattr", do_rejectattr, "value", 1, CALL_REST | CALL_LAZY},
	{"groupby", do_groupby, "value attribute default case_sensitive", 2, 0},
};

const struct filter_table template_filter_select_table = {entries,
							  sizeof(entries) / sizeof(*entries)};
