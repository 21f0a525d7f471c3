#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/lookup.h"
#include "template/random.h"
#include "template/regex.h"

static bool look_env(struct call *call, struct value *terms, struct value *results)
{
	const struct template_loader *loader = call->eval->loader;
	struct value *otherwise = template_lookup_option(call, "default");

	for (size_t i = 0; i < terms->list.n; i++) {
		const char *name = NULL;
		if (!template_lookup_text(call, terms->list.items[i], &name))
			return false;
		cleanup_free char *first = mem_strndup(name, strcspn(name, " "));
		const char *text =
			loader && loader->environment
				? loader->environment(
					  loader->context, first,
					  call->eval->template ? call->eval->template->name : "",
					  (int)call->node->line)
				: NULL;
		value_list_add(results, text	    ? value_text_of(text)
					: otherwise ? value_keep(otherwise)
						    : value_string("", 0));
	}
	return true;
}

/* default=none is as good as none. */
static bool look_vars(struct call *call, struct value *terms, struct value *results)
{
	struct value *otherwise = template_lookup_option(call, "default");

	if (otherwise && otherwise->kind == VALUE_NONE)
		otherwise = NULL;
	for (size_t i = 0; i < terms->list.n; i++) {
		const char *name = NULL;
		if (!template_lookup_text(call, terms->list.items[i], &name))
			return false;
		struct value *value = template_eval_variable(call->eval, terms->list.items[i]);
		if (!value && call->eval->raised)
			return false;
		if (!value && otherwise)
			value = value_keep(otherwise);
		if (!value)
			value = template_eval_undefined(call->eval, call->node,
							"no variable named '%s' was found", name);
		value_list_add(results, value);
	}
	return true;
}

/* The names that a regular expression finds. */
static bool find_names(struct call *call, const struct value *pattern, const struct list *names,
		       struct value *results)
{
	const struct regex_style style = {.effort = call->eval->limits.regex};
	cleanup_regex struct regex regex = {0};
	cleanup_err struct err err = ERR_INIT;
	int r = template_regex_compile(pattern->string.text, pattern->string.length, &style, &regex,
				       &err);

	for (size_t i = 0; r >= 0 && i < names->n; i++) {
		r = template_regex_find(&regex, names->items[i], strlen(names->items[i]), 0, 0,
					&err);
		if (r > 0)
			value_list_add(results, value_text_of(names->items[i]));
	}
	return r >= 0 || template_eval_fail_err(call->eval, call->node, &err);
}

static bool look_varnames(struct call *call, struct value *terms, struct value *results)
{
	const struct value *extra = call->eval->extra;
	cleanup_list struct list names = LIST_INIT;

	if (call->eval->scope)
		template_scope_names(call->eval->scope, &names);
	for (size_t i = 0; extra && i < extra->dict.n; i++)
		if (extra->dict.entries[i].key->kind == VALUE_STRING)
			list_add_new(&names, extra->dict.entries[i].key->string.text);
	for (size_t i = 0; i < terms->list.n; i++) {
		const char *pattern = NULL;
		if (!template_lookup_text(call, terms->list.items[i], &pattern) ||
		    !find_names(call, terms->list.items[i], &names, results))
			return false;
	}
	return true;
}

static bool look_items(struct call *call, struct value *terms, struct value *results)
{
	(void)call;
	for (size_t i = 0; i < terms->list.n; i++) {
		struct value *term = terms->list.items[i];
		if (!value_is_list(term)) {
			value_list_add(results, value_keep(term));
			continue;
		}
		for (size_t j = 0; j < term->list.n; j++)
			value_list_add(results, value_keep(term->list.items[j]));
	}
	return true;
}

static bool look_list(struct call *call, struct value *terms, struct value *results)
{
	(void)call;
	for (size_t i = 0; i < terms->list.n; i++)
		value_list_add(results, value_keep(terms->list.items[i]));
	return true;
}

static bool look_dict(struct call *call, struct value *terms, struct value *results)
{
	for (size_t i = 0; i < terms->list.n; i++) {
		const struct value *term = terms->list.items[i];
		if (term->kind != VALUE_DICT)
			return template_call_fail(call, "lookup('dict') needs dicts, not a %s",
						  value_type(term));
		for (size_t j = 0; j < term->dict.n; j++) {
			struct value *pair = value_dict();
			value_dict_set(pair, "key", value_keep(term->dict.entries[j].key));
			value_dict_set(pair, "value", value_keep(term->dict.entries[j].item));
			value_list_add(results, pair);
		}
	}
	return true;
}

static bool look_indexed(struct call *call, struct value *terms, struct value *results)
{
	cleanup_value struct value *items = value_list();

	look_items(call, terms, items);
	for (size_t i = 0; i < items->list.n; i++)
		value_list_add(results, value_pair_of(value_int((int64_t)i),
						      value_keep(items->list.items[i])));
	return true;
}

/* Appends an item, or the items of a list. */
static void add_flat(struct value *to, const struct value *item)
{
	if (!value_is_list(item)) {
		value_list_add(to, value_keep((struct value *)item));
		return;
	}
	for (size_t i = 0; i < item->list.n; i++)
		value_list_add(to, value_keep(item->list.items[i]));
}

static struct value *flat_copy(const struct value *list)
{
	struct value *flat = value_list();

	for (size_t i = 0; i < list->list.n; i++)
		add_flat(flat, list->list.items[i]);
	return flat;
}

/* Every item of the rows with every item of one more list. */
static struct value *nest(struct call *call, const struct value *rows, struct value *with)
{
	cleanup_value struct value *items = template_filter_items(call, with),
				   *nested = value_list();

	if (!items ||
	    !template_eval_step(call->eval, call->node, (uint64_t)rows->list.n * items->list.n))
		return NULL;
	for (size_t i = 0; i < rows->list.n; i++)
		for (size_t j = 0; j < items->list.n; j++) {
			struct value *row = value_list();
			add_flat(row, rows->list.items[i]);
			add_flat(row, items->list.items[j]);
			value_list_add(nested, row);
		}
	return steal(&nested);
}

static bool look_nested(struct call *call, struct value *terms, struct value *results)
{
	if (!terms->list.n)
		return template_call_fail(call, "lookup('nested') needs at least one list");
	cleanup_value struct value *rows = template_filter_items(call, terms->list.items[0]);
	for (size_t i = 1; rows && i < terms->list.n; i++) {
		struct value *nested = nest(call, rows, terms->list.items[i]);
		value_unref(rows);
		rows = nested;
	}
	for (size_t i = 0; rows && i < rows->list.n; i++) {
		const struct value *row = rows->list.items[i];
		if (!value_is_list(row) && row->kind != VALUE_STRING)
			return template_call_fail(call,
						  "lookup('nested') needs lists of lists or of "
						  "strings, not of a %s",
						  value_type(row));
		cleanup_value struct value *items =
			template_filter_items(call, (struct value *)row);
		value_list_add(results, flat_copy(items));
	}
	return rows;
}

static bool look_together(struct call *call, struct value *terms, struct value *results)
{
	cleanup_value struct value *columns = value_list();
	size_t longest = 0;

	if (!terms->list.n)
		return template_call_fail(call, "lookup('together') needs at least one list");
	for (size_t i = 0; i < terms->list.n; i++) {
		struct value *column = template_filter_items(call, terms->list.items[i]);
		if (!column)
			return false;
		value_list_add(columns, column);
		longest = column->list.n > longest ? column->list.n : longest;
	}
	for (size_t i = 0; i < longest; i++) {
		struct value *row = value_list();
		for (size_t j = 0; j < columns->list.n; j++) {
			const struct value *column = columns->list.items[j];
			add_flat(row, i < column->list.n ? column->list.items[i] : value_none());
		}
		value_list_add(results, row);
	}
	return true;
}

static bool look_random_choice(struct call *call, struct value *terms, struct value *results)
{
	struct random random;

	call->name = "random_choice";
	if (!terms->list.n)
		return true;
	if (!template_random_init(call, NULL, "use the filter random with a seed", &random))
		return false;
	size_t chosen = template_random_below(&random, terms->list.n);
	value_list_add(results, value_keep(terms->list.items[chosen]));
	return true;
}

const struct lookup template_lookup_data[] = {
	{"env", look_env},
	{"vars", look_vars},
	{"varnames", look_varnames},
	{"items", look_items},
	{"list", look_list},
	{"dict", look_dict},
	{"indexed_items", look_indexed},
	{"nested", look_nested},
	{"together", look_together},
	{"subelements", template_lookup_subelements},
	{"sequence", template_lookup_sequence},
	{"random_choice", look_random_choice},
};

const size_t template_lookup_data_count =
	sizeof(template_lookup_data) / sizeof(*template_lookup_data);
