#include "template/filter.h"
#include "template/combine.h"
#include "template/wrap.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/name.h"
#include "template/number.h"
#include "template/text.h"

static const struct filter_table *const tables[] = {
	&template_filter_text_table,
	&template_filter_list_table,
	&template_filter_select_table,
	&template_filter_data_table,
	&template_filter_number_table,
	&template_filter_set_table,
	&template_filter_ansible_table,
	&template_filter_path_table,
	&template_filter_regex_table,
	&template_filter_html_table,
	&template_filter_encoding_table,
	&template_filter_crypt_table,
	&template_filter_random_table,
	&template_combine_table,
	&template_wrap_table,
};

#define TABLES (sizeof(tables) / sizeof(*tables))

const struct builtin *template_filter_find(const char *name)
{
	const struct builtin *found = NULL;

	for (size_t i = 0; i < TABLES && !found; i++)
		found = template_call_find(tables[i]->entries, tables[i]->count, name);
	return found;
}

const char *template_filter_nearest(const char *name)
{
	const char *names[256];
	size_t n = 0;

	for (size_t i = 0; i < TABLES; i++)
		for (size_t j = 0; j < tables[i]->count && n < 256; j++)
			names[n++] = tables[i]->entries[j].name;
	return name_nearest(name, names, n);
}

static bool is_index(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return length > 0;
}

/* One step of a.b.0. */
static struct value *pick_part(struct call *call, struct value *item, const char *part,
			       size_t length)
{
	cleanup_value struct value *key = is_index(part, length)
						  ? template_number_parse_int(part, length, 10)
						  : value_string(part, length);

	return template_eval_item(call->eval, call->node, item, key);
}

struct value *template_filter_pick(struct call *call, struct value *item, struct value *attribute)
{
	if (attribute->kind != VALUE_STRING)
		return template_eval_item(call->eval, call->node, item, attribute);
	const char *part = attribute->string.text;
	struct value *value = value_keep(item);
	for (;;) {
		size_t length = strcspn(part, ".");
		struct value *inner = pick_part(call, value, part, length);
		value_unref(value);
		value = inner;
		if (!value || !part[length])
			return value;
		part += length + 1;
	}
}

struct value *template_filter_items(struct call *call, struct value *value)
{
	cleanup_value struct value *items = template_eval_items(call->eval, call->node, value);

	if (!items || template_eval_settled(call->eval, items) < 0)
		return NULL;
	return steal(&items);
}

struct value *template_filter_string(struct value *value)
{
	if (value->kind == VALUE_STRING)
		return value_keep(value);
	struct buf text = BUF_INIT;
	value_str(value, &text);
	return value_take_buf(&text);
}

struct value *template_filter_fold(struct value *value)
{
	if (value->kind != VALUE_STRING)
		return value_keep(value);
	struct buf text = BUF_INIT;
	template_text_lower(value->string.text, value->string.length, &text);
	return value_take_buf(&text);
}
