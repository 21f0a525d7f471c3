#include "template/to_yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "template/dict.h"
#include "template/scalar.h"

#define TAG "tag:yaml.org,2002:"

struct writer {
	yaml_emitter_t emitter;
	const struct to_yaml_style *style;
	const struct value **seen; /* containers that come more than once get an anchor */
	size_t *uses;
	size_t seen_count, seen_cap, uses_cap;
	size_t anchors;
	size_t *numbers; /* of the anchors, 0: none yet */
	size_t numbers_cap;
	struct err *err;
};

static int emit(struct writer *writer, yaml_event_t *event)
{
	if (yaml_emitter_emit(&writer->emitter, event))
		return 0;
	return err_set(writer->err, ERR_INVALID, "this cannot be written as YAML: %s",
		       writer->emitter.problem ? writer->emitter.problem : "it is no text");
}

static bool is_container(const struct value *value)
{
	return value_is_list(value) || value->kind == VALUE_DICT;
}

static size_t *find_seen(struct writer *writer, const struct value *value, size_t **ret_number)
{
	for (size_t i = 0; i < writer->seen_count; i++)
		if (writer->seen[i] == value) {
			*ret_number = &writer->numbers[i];
			return &writer->uses[i];
		}
	return NULL;
}

/* PyYAML gives an anchor to what it meets twice, except an empty tuple. */
static void count_uses(struct writer *writer, const struct value *value, int depth)
{
	size_t *number, *uses;

	if (!is_container(value) || depth > VALUE_DEEPEST)
		return;
	uses = find_seen(writer, value, &number);
	if (uses) {
		(*uses)++;
		return;
	}
	mem_grow(writer->seen, &writer->seen_cap, writer->seen_count + 1);
	mem_grow(writer->uses, &writer->uses_cap, writer->seen_count + 1);
	mem_grow(writer->numbers, &writer->numbers_cap, writer->seen_count + 1);
	writer->seen[writer->seen_count] = value;
	writer->numbers[writer->seen_count] = 0;
	writer->uses[writer->seen_count++] = 1;
	if (value->kind == VALUE_DICT) {
		for (size_t i = 0; i < value->dict.n; i++)
			count_uses(writer, value->dict.entries[i].item, depth + 1);
		return;
	}
	for (size_t i = 0; i < value->list.n; i++)
		count_uses(writer, value->list.items[i], depth + 1);
}

static yaml_scalar_style_t scalar_style(const struct writer *writer)
{
	switch (writer->style->scalar) {
	case '"':
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	case '\'':
		return YAML_SINGLE_QUOTED_SCALAR_STYLE;
	case '|':
		return YAML_LITERAL_SCALAR_STYLE;
	case '>':
		return YAML_FOLDED_SCALAR_STYLE;
	default:
		return YAML_ANY_SCALAR_STYLE;
	}
}

static int put_scalar(struct writer *writer, const char *tag, const char *text, size_t length)
{
	bool string = !strcmp(tag, TAG "str");
	bool plain = string ? template_scalar_is_string(text, length) : true;
	yaml_event_t event;

	if (!yaml_scalar_event_initialize(&event, NULL, (yaml_char_t *)tag, (yaml_char_t *)text,
					  (int)length, plain, string, scalar_style(writer)))
		return err_set(writer->err, ERR_INVALID, "a string is not valid UTF-8");
	return emit(writer, &event);
}

/* repr() with a point, which YAML 1.1 wants: 1e+16 becomes 1.0e+16. */
static int put_float(struct writer *writer, double number)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (isnan(number))
		buf_addstr(&text, ".nan");
	else if (isinf(number))
		buf_addstr(&text, number < 0 ? "-.inf" : ".inf");
	else
		value_print_float(number, &text);
	char *exponent = strchr(text.data, 'e');
	if (exponent && !strchr(text.data, '.')) {
		cleanup_free char *rest = mem_strdup(exponent);
		buf_truncate(&text, (size_t)(exponent - text.data));
		buf_printf(&text, ".0%s", rest);
	}
	return put_scalar(writer, TAG "float", text.data, text.len);
}

static int put_simple(struct writer *writer, const struct value *value)
{
	cleanup_buf struct buf text = BUF_INIT;

	if (value->kind == VALUE_NONE)
		return put_scalar(writer, TAG "null", "null", 4);
	if (value->kind == VALUE_BOOL)
		return put_scalar(writer, TAG "bool", value->boolean ? "true" : "false",
				  value->boolean ? 4 : 5);
	if (value->kind == VALUE_FLOAT)
		return put_float(writer, value->real);
	if (value->kind == VALUE_STRING && !value->escaped)
		return put_scalar(writer, TAG "str", value->string.text, value->string.length);
	value_str(value, &text);
	if (value->kind == VALUE_INT || value->kind == VALUE_BIG)
		return put_scalar(writer, TAG "int", text.data, text.len);
	if (value->kind == VALUE_DATE)
		return put_scalar(writer, TAG "timestamp", text.data, text.len);
	return err_set(writer->err, ERR_INVALID, "a value of type %s cannot be written as YAML",
		       value_type(value));
}

static bool is_leaf(const struct value *value)
{
	size_t n = value->kind == VALUE_DICT ? value->dict.n : value->list.n;

	for (size_t i = 0; i < n; i++)
		if (is_container(value->kind == VALUE_DICT ? value->dict.entries[i].item
							   : value->list.items[i]))
			return false;
	return true;
}

/* A scalar with a style of its own is not simple enough for one line either. */
static bool in_one_line(const struct writer *writer, const struct value *value)
{
	if (writer->style->flow != TO_YAML_FLOW_LEAVES)
		return writer->style->flow == TO_YAML_FLOW;
	return is_leaf(value) && (!writer->style->scalar || !value_true(value));
}

static int put(struct writer *writer, const struct value *value, int depth);

static int put_list(struct writer *writer, const struct value *list, const char *anchor, int depth)
{
	yaml_event_t event;

	yaml_sequence_start_event_initialize(
		&event, (yaml_char_t *)anchor, (yaml_char_t *)TAG "seq", 1,
		in_one_line(writer, list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE);
	int r = emit(writer, &event);
	for (size_t i = 0; r == 0 && i < list->list.n; i++)
		r = put(writer, list->list.items[i], depth + 1);
	if (r < 0)
		return r;
	yaml_sequence_end_event_initialize(&event);
	return emit(writer, &event);
}

static int by_key(const void *a, const void *b)
{
	int order = 0;

	(void)value_order((*(const struct dict_entry *const *)a)->key,
			  (*(const struct dict_entry *const *)b)->key, &order);
	return order;
}

/* Sorted by key, unless the keys have no common order. */
static const struct dict_entry **entries_of(const struct writer *writer, const struct dict *dict)
{
	const struct dict_entry **entries = mem_alloc(dict->n * sizeof(*entries));
	bool sortable = !writer->style->keep_order;
	int order;

	for (size_t i = 0; i < dict->n; i++) {
		entries[i] = &dict->entries[i];
		sortable = sortable &&
			   (i == 0 || value_order(entries[0]->key, entries[i]->key, &order));
	}
	if (sortable)
		qsort(entries, dict->n, sizeof(*entries), by_key);
	return entries;
}

static int put_dict(struct writer *writer, const struct value *dict, const char *anchor, int depth)
{
	cleanup_free const struct dict_entry **entries = entries_of(writer, &dict->dict);
	yaml_event_t event;

	yaml_mapping_start_event_initialize(
		&event, (yaml_char_t *)anchor, (yaml_char_t *)TAG "map", 1,
		in_one_line(writer, dict) ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
	int r = emit(writer, &event);
	for (size_t i = 0; r == 0 && i < dict->dict.n; i++) {
		r = put(writer, entries[i]->key, depth + 1);
		if (r == 0)
			r = put(writer, entries[i]->item, depth + 1);
	}
	if (r < 0)
		return r;
	yaml_mapping_end_event_initialize(&event);
	return emit(writer, &event);
}

static int put_alias(struct writer *writer, const char *name)
{
	yaml_event_t event;

	yaml_alias_event_initialize(&event, (yaml_char_t *)name);
	return emit(writer, &event);
}

static int put(struct writer *writer, const struct value *value, int depth)
{
	size_t *number = NULL, *uses;
	char name[32];

	if (depth > VALUE_DEEPEST)
		return err_set(writer->err, ERR_INVALID, "nested more than %d deep", VALUE_DEEPEST);
	if (!is_container(value))
		return put_simple(writer, value);
	uses = find_seen(writer, value, &number);
	bool anchored = uses && *uses > 1 && value_true(value);
	bool again = anchored && *number;
	if (anchored && !again)
		*number = ++writer->anchors;
	snprintf(name, sizeof(name), "id%03zu", anchored ? *number : 0);
	if (again)
		return put_alias(writer, name);
	return value->kind == VALUE_DICT ? put_dict(writer, value, anchored ? name : NULL, depth)
					 : put_list(writer, value, anchored ? name : NULL, depth);
}

static int collect(void *out, unsigned char *bytes, size_t length)
{
	buf_add(out, bytes, length);
	return 1;
}

static int put_document(struct writer *writer, const struct value *value)
{
	yaml_event_t event;

	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	int r = emit(writer, &event);
	if (r < 0)
		return r;
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL,
					     !writer->style->explicit_start);
	r = emit(writer, &event);
	if (r == 0)
		r = put(writer, value, 0);
	if (r < 0)
		return r;
	yaml_document_end_event_initialize(&event, !writer->style->explicit_end);
	r = emit(writer, &event);
	if (r < 0)
		return r;
	yaml_stream_end_event_initialize(&event);
	return emit(writer, &event);
}

int template_to_yaml(const struct value *value, const struct to_yaml_style *style, struct buf *out,
		     struct err *err)
{
	struct writer writer = {.style = style, .err = err};

	yaml_emitter_initialize(&writer.emitter);
	yaml_emitter_set_output(&writer.emitter, collect, out);
	yaml_emitter_set_unicode(&writer.emitter, !style->escape_unicode);
	yaml_emitter_set_canonical(&writer.emitter, style->canonical);
	if (style->indent)
		yaml_emitter_set_indent(&writer.emitter, style->indent);
	if (style->width)
		yaml_emitter_set_width(&writer.emitter, style->width);
	count_uses(&writer, value, 0);
	int r = put_document(&writer, value);
	yaml_emitter_delete(&writer.emitter);
	free(writer.seen);
	free(writer.uses);
	free(writer.numbers);
	return r;
}
