#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "template/filter.h"
#include "template/from_json.h"
#include "template/to_json.h"
#include "template/to_yaml.h"
#include "tree/yaml.h"

#define WIDEST_INDENT 1000

static struct value *named(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->named; i++)
		if (value_is_text(call->names[i], name))
			return call->values[i];
	return NULL;
}

/* Fails for a keyword that is not one of the words. */
static bool check_names(const struct call *call, const char *words)
{
	cleanup_list struct list known = LIST_INIT;

	list_split(&known, words, " ");
	for (size_t i = 0; i < call->named; i++)
		if (!list_has(&known, call->names[i]->string.text))
			return template_call_fail(call, "%s has no argument '%s'", call->name,
						  call->names[i]->string.text);
	return true;
}

/* Blanks by their number, or a text; NULL: everything in one line. */
static bool read_indent(const struct call *call, const struct value *indent, struct buf *text,
			const char **ret)
{
	int64_t n;

	*ret = NULL;
	if (!indent || indent->kind == VALUE_NONE)
		return true;
	if (indent->kind == VALUE_STRING) {
		*ret = indent->string.text;
		return true;
	}
	if (!value_as_int(indent, &n) || n > WIDEST_INDENT)
		return template_call_fail(call, "indent must be a string or up to %d blanks",
					  WIDEST_INDENT);
	buf_fill(text, ' ', n > 0 ? (size_t)n : 0);
	*ret = buf_str(text);
	return true;
}

/* The options of json.dumps; `style` holds those of the filter. */
static bool json_options(struct call *call, struct to_json_style *style)
{
	const struct value *separators = named(call, "separators");
	struct value *sort = named(call, "sort_keys");

	if (!check_names(call, "skipkeys ensure_ascii check_circular allow_nan indent separators "
			       "default sort_keys vault_to_text preprocess_unsafe"))
		return false;
	if (style->indent)
		style->item_separator = ",";
	if (sort)
		style->sort = value_true(sort) ? TO_JSON_BY_TEXT : TO_JSON_UNSORTED;
	style->ascii = template_call_truth(named(call, "ensure_ascii"), true);
	style->no_nan = !template_call_truth(named(call, "allow_nan"), true);
	if (!separators || separators->kind == VALUE_NONE)
		return true;
	if (!value_is_list(separators) || separators->list.n != 2 ||
	    !value_is_string(separators->list.items[0]) ||
	    !value_is_string(separators->list.items[1]))
		return template_call_fail(call, "separators must be a pair of strings");
	style->item_separator = separators->list.items[0]->string.text;
	style->key_separator = separators->list.items[1]->string.text;
	return true;
}

static struct value *json(struct call *call, struct value *value, const struct to_json_style *style)
{
	cleanup_err struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	if (template_to_json(value, style, &out, &err) == 0)
		return value_take_buf(&out);
	buf_done(&out);
	return template_eval_fail_err(call->eval, call->node, &err);
}

static struct value *do_to_json(struct call *call, struct value **a)
{
	struct to_json_style style = TO_JSON_DEFAULT;
	cleanup_buf struct buf indent = BUF_INIT;

	return read_indent(call, named(call, "indent"), &indent, &style.indent) &&
			       json_options(call, &style)
		       ? json(call, a[0], &style)
		       : NULL;
}

static struct value *do_to_nice_json(struct call *call, struct value **a)
{
	struct to_json_style style = TO_JSON_DEFAULT;
	cleanup_buf struct buf indent = BUF_INIT;
	cleanup_value struct value *four = value_int(4);

	if (!read_indent(call, a[1] ? a[1] : four, &indent, &style.indent) ||
	    !json_options(call, &style))
		return NULL;
	style.sort = template_call_truth(a[2], true) ? TO_JSON_BY_TEXT : TO_JSON_UNSORTED;
	style.item_separator = ",";
	style.key_separator = ": ";
	return json(call, a[0], &style);
}

static struct value *do_from_json(struct call *call, struct value **a)
{
	cleanup_err struct err err = ERR_INIT;
	struct value *value;
	const char *text;
	size_t length;

	if (!template_call_text(call, a[0], NULL, &text, &length))
		return NULL;
	return template_from_json(text, length, &value, &err) < 0
		       ? template_eval_fail_err(call->eval, call->node, &err)
		       : value;
}

static int clipped(struct value *value, int otherwise)
{
	int64_t number;

	if (!value || !value_as_int(value, &number))
		return otherwise;
	return number < -1 ? -1 : number > 1000000 ? 1000000 : (int)number;
}

static struct value *yaml(struct call *call, struct value *value, struct to_yaml_style style)
{
	struct value *flow = named(call, "default_flow_style"),
		     *quotes = named(call, "default_style");
	const struct value *line_break = named(call, "line_break"),
			   *version = named(call, "version");
	cleanup_err struct err err = ERR_INIT;
	struct buf out = BUF_INIT;

	if (!check_names(call, "default_style default_flow_style canonical indent width line_break "
			       "explicit_start explicit_end version sort_keys"))
		return NULL;
	if (line_break && line_break->kind == VALUE_STRING) {
		style.carriage_return = *line_break->string.text == '\r';
		style.line_feed = strchr(line_break->string.text, '\n');
	}
	for (size_t i = 0; version && value_is_list(version) && i < 2 && i < version->list.n; i++)
		style.version[i] = clipped(version->list.items[i], 0);
	style.indent = clipped(named(call, "indent"), style.indent);
	style.width = clipped(named(call, "width"), 0);
	style.keep_order = !template_call_truth(named(call, "sort_keys"), true);
	style.explicit_start = template_call_truth(named(call, "explicit_start"), false);
	style.explicit_end = template_call_truth(named(call, "explicit_end"), false);
	style.canonical = template_call_truth(named(call, "canonical"), false);
	if (flow)
		style.flow = flow->kind == VALUE_NONE ? TO_YAML_FLOW_LEAVES
			     : value_true(flow)	      ? TO_YAML_FLOW
						      : TO_YAML_BLOCK;
	if (quotes && value_is_string(quotes))
		style.scalar = *quotes->string.text;
	if (template_to_yaml(value, &style, &out, &err) == 0)
		return value_take_buf(&out);
	buf_done(&out);
	return template_eval_fail_err(call->eval, call->node, &err);
}

static struct value *do_to_yaml(struct call *call, struct value **a)
{
	return yaml(call, a[0], (struct to_yaml_style){.flow = TO_YAML_FLOW_LEAVES});
}

static struct value *do_to_nice_yaml(struct call *call, struct value **a)
{
	return yaml(call, a[0],
		    (struct to_yaml_style){.flow = TO_YAML_BLOCK, .indent = clipped(a[1], 4)});
}

static struct value *documents(struct call *call, struct value *text, bool all)
{
	struct tree_yaml_documents documents = {0};
	cleanup_err struct err err = ERR_INIT;
	cleanup_value struct value *list = value_list();
	cleanup_diag struct diag_list twice = DIAG_LIST_INIT; /* nobody wrote that text by hand */

	if (text->kind != VALUE_STRING)
		return value_keep(text);
	int r = tree_yaml_parse_variables(text->string.text, text->string.length, call->name,
					  &twice, &documents, &err);
	if (r == 0 && !all && documents.n > 1)
		r = err_set(&err, ERR_INVALID,
			    "from_yaml reads one document, not %zu; use from_yaml_all",
			    documents.n);
	for (size_t i = 0; r == 0 && i < documents.n; i++) {
		struct value *value;
		r = value_from_yaml(documents.roots[i], call->name, &value, &err);
		if (r == 0)
			value_list_add(list, value);
	}
	tree_yaml_done(&documents);
	if (r < 0) {
		cleanup_free char *what = err_text(&err);
		return template_call_fail(call, "%s", what);
	}
	if (all)
		return steal(&list);
	return list->list.n ? value_keep(list->list.items[0]) : value_none();
}

static struct value *do_from_yaml(struct call *call, struct value **a)
{
	return documents(call, a[0], false);
}

static struct value *do_from_yaml_all(struct call *call, struct value **a)
{
	return a[0]->kind == VALUE_NONE ? value_list() : documents(call, a[0], true);
}

static struct value *do_dict2items(struct call *call, struct value **a)
{
	const char *key, *item;
	size_t n;

	if (!template_call_text(call, a[1], "key", &key, &n) ||
	    !template_call_text(call, a[2], "value", &item, &n))
		return NULL;
	if (a[0]->kind != VALUE_DICT)
		return template_call_fail(call, "dict2items needs a dict, not a %s",
					  value_type(a[0]));
	struct value *list = value_list_room(a[0]->dict.n);
	for (size_t i = 0; i < a[0]->dict.n; i++) {
		struct value *pair = value_dict();
		value_dict_set(pair, key, value_keep(a[0]->dict.entries[i].key));
		value_dict_set(pair, item, value_keep(a[0]->dict.entries[i].item));
		value_list_add(list, pair);
	}
	return list;
}

static struct value *do_items2dict(struct call *call, struct value **a)
{
	cleanup_value struct value *items = template_filter_items(call, a[0]), *dict = value_dict();
	const char *key, *item;
	size_t n;

	if (items && !value_is_list(a[0]))
		return template_call_fail(call, "items2dict needs a list, not a %s",
					  value_type(a[0]));
	if (!items || !template_call_text(call, a[1], "key", &key, &n) ||
	    !template_call_text(call, a[2], "value", &item, &n))
		return NULL;
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *pair = items->list.items[i];
		struct value *k = pair->kind == VALUE_DICT ? value_get(pair, key) : NULL;
		struct value *v = k ? value_get(pair, item) : NULL;
		if (!v || !value_hashable(k))
			return template_call_fail(
				call, "items2dict needs dicts with the keys '%s' and '%s'", key,
				item);
		template_dict_put(&dict->dict, value_keep(k), value_keep(v));
	}
	return steal(&dict);
}

static struct value *do_subelements(struct call *call, struct value **a)
{
	cleanup_value struct value *items = NULL, *results = value_list();
	cleanup_list struct list path = LIST_INIT;

	if (a[0]->kind == VALUE_DICT) {
		items = value_list();
		for (size_t i = 0; i < a[0]->dict.n; i++)
			value_list_add(items, value_keep(a[0]->dict.entries[i].item));
	} else {
		items = template_filter_items(call, a[0]);
	}
	if (!items)
		return NULL;
	if (a[1]->kind != VALUE_STRING && !value_is_list(a[1]))
		return template_call_fail(call,
					  "subelements needs the name of a key or a list of "
					  "names, not a %s",
					  value_type(a[1]));
	if (a[1]->kind == VALUE_STRING)
		list_split(&path, a[1]->string.text, ".");
	for (size_t i = 0; value_is_list(a[1]) && i < a[1]->list.n; i++)
		if (value_is_string(a[1]->list.items[i]))
			list_add(&path, a[1]->list.items[i]->string.text);
	for (size_t i = 0; i < items->list.n; i++) {
		struct value *at = items->list.items[i];
		for (size_t j = 0; at && j < path.n; j++)
			at = at->kind == VALUE_DICT ? value_get(at, path.items[j]) : NULL;
		if (!at && template_call_truth(a[2], false))
			continue;
		if (!at || !value_is_list(at))
			return template_call_fail(call, "subelements: item %zu has no list there",
						  i);
		for (size_t j = 0; j < at->list.n; j++)
			value_list_add(results, value_pair_of(value_keep(items->list.items[i]),
							      value_keep(at->list.items[j])));
	}
	return steal(&results);
}

static struct value *do_extract(struct call *call, struct value **a)
{
	struct value *value = template_eval_item(call->eval, call->node, a[1], a[0]);
	size_t n = !a[2] || a[2]->kind == VALUE_NONE ? 0 : value_is_list(a[2]) ? a[2]->list.n : 1;

	for (size_t i = 0; value && i < n; i++) {
		struct value *key = value_is_list(a[2]) ? a[2]->list.items[i] : a[2];
		struct value *inner = template_eval_item(call->eval, call->node, value, key);
		value_unref(value);
		value = inner;
	}
	return value;
}

static struct value *do_rekey_on_member(struct call *call, struct value **a)
{
	bool overwrite = a[2] && value_is_text(a[2], "overwrite");
	cleanup_value struct value *dict = value_dict();
	bool map = a[0]->kind == VALUE_DICT;

	if (a[2] && !overwrite && !value_is_text(a[2], "error"))
		return template_call_fail(call, "duplicates is 'error' or 'overwrite'");
	if (!map && !value_is_list(a[0]))
		return template_call_fail(call, "rekey_on_member needs a list or dict of dicts");
	for (size_t i = 0; i < (map ? a[0]->dict.n : a[0]->list.n); i++) {
		struct value *item = map ? a[0]->dict.entries[i].item : a[0]->list.items[i];
		struct value *key =
			item->kind == VALUE_DICT ? template_dict_get(&item->dict, a[1]) : NULL;
		if (!key || !value_hashable(key))
			return template_call_fail(
				call, "rekey_on_member: item %zu has no such member", i);
		if (!overwrite && template_dict_get(&dict->dict, key))
			return template_call_fail(
				call, "rekey_on_member: two items have the same member");
		template_dict_put(&dict->dict, value_keep(key), value_keep(item));
	}
	return steal(&dict);
}

static const struct builtin entries[] = {
	{"to_json", do_to_json, "a", 1, CALL_REST},
	{"to_nice_json", do_to_nice_json, "a indent sort_keys", 1, CALL_REST},
	{"from_json", do_from_json, "a", 1, 0},
	{"to_yaml", do_to_yaml, "a", 1, CALL_REST},
	{"to_nice_yaml", do_to_nice_yaml, "a indent", 1, CALL_REST},
	{"from_yaml", do_from_yaml, "data", 1, 0},
	{"from_yaml_all", do_from_yaml_all, "data", 1, 0},
	{"dict2items", do_dict2items, "mydict key_name value_name", 1, CALL_LAZY},
	{"items2dict", do_items2dict, "mylist key_name value_name", 1, 0},
	{"subelements", do_subelements, "obj subelements skip_missing", 2, 0},
	{"extract", do_extract, "item container morekeys", 2, 0},
	{"rekey_on_member", do_rekey_on_member, "data key duplicates", 2, 0},
};

const struct filter_table template_filter_data_table = {entries,
							sizeof(entries) / sizeof(*entries)};
