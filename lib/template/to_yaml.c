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

/* A container, how often it comes, and the number of its anchor (0: none yet). */
struct seen {
	const struct value *value;
	size_t uses, number;
};

struct writer {
	yaml_emitter_t emitter;
	const struct to_yaml_style *style;
	struct seen *seen; /* open addresses; room is a power of two */
	size_t seen_count, room;
	size_t anchors;
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

static struct seen *find_seen(const struct writer *writer, const struct value *value)
{
	size_t i = (size_t)value / sizeof(*value) & (writer->room - 1);

	for (; writer->room && writer->seen[i].value; i = (i + 1) & (writer->room - 1))
		if (writer->seen[i].value == value)
			return &writer->seen[i];
	return NULL;
}

static void add_seen(struct writer *writer, const struct value *value)
{
	size_t i = (size_t)value / sizeof(*value) & (writer->room - 1);

	while (writer->seen[i].value)
		i = (i + 1) & (writer->room - 1);
	writer->seen[i] = (struct seen){.value = value, .uses = 1};
}

/* One more container; the table is at most half full. */
static void note(struct writer *writer, const struct value *value)
{
	struct writer larger = {.room = writer->room ? writer->room * 2 : 64};

	if (++writer->seen_count * 2 > writer->room) {
		larger.seen = mem_zalloc(larger.room * sizeof(*larger.seen));
		for (size_t i = 0; i < writer->room; i++)
			if (writer->seen[i].value)
				add_seen(&larger, writer->seen[i].value);
		for (size_t i = 0; i < writer->room; i++)
			if (writer->seen[i].value)
				find_seen(&larger, writer->seen[i].value)->uses =
					writer->seen[i].uses;
		free(writer->seen);
		writer->seen = larger.seen;
		writer->room = larger.room;
	}
	add_seen(writer, value);
}

/* PyYAML gives an anchor to what it meets twice, except an empty tuple. What the template itself
 * wrote as [...] or {...} is another object each time that Ansible hands it out. */
static void count_uses(struct writer *writer, const struct value *value, int depth)
{
	struct seen *seen;

	if (!is_container(value) || depth > VALUE_DEEPEST)
		return;
	seen = value->plain ? NULL : find_seen(writer, value);
	if (seen) {
		seen->uses++;
		return;
	}
	if (!value->plain)
		note(writer, value);
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

	if (list->group)
		return err_set(
			writer->err, ERR_INVALID,
			"a group of groupby cannot be written as YAML (use .grouper and .list)");
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
	struct seen *seen;
	char name[32];

	if (depth > VALUE_DEEPEST)
		return err_set(writer->err, ERR_INVALID, "nested more than %d deep", VALUE_DEEPEST);
	if (!is_container(value))
		return put_simple(writer, value);
	seen = value->plain ? NULL : find_seen(writer, value);
	bool empty_tuple = value->kind == VALUE_TUPLE && !value->list.n;
	bool anchored = seen && seen->uses > 1 && !empty_tuple;
	bool again = anchored && seen->number;
	if (anchored && !again)
		seen->number = ++writer->anchors;
	snprintf(name, sizeof(name), "id%03zu", anchored ? seen->number : 0);
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
	yaml_version_directive_t version = {writer->style->version[0], writer->style->version[1]};
	yaml_event_t event;

	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	int r = emit(writer, &event);
	if (r < 0)
		return r;
	yaml_document_start_event_initialize(&event, version.major ? &version : NULL, NULL, NULL,
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
	yaml_emitter_set_unicode(&writer.emitter, 1);
	yaml_emitter_set_canonical(&writer.emitter, style->canonical);
	yaml_emitter_set_break(&writer.emitter, style->carriage_return && style->line_feed
							? YAML_CRLN_BREAK
						: style->carriage_return ? YAML_CR_BREAK
									 : YAML_LN_BREAK);
	if (style->indent)
		yaml_emitter_set_indent(&writer.emitter, style->indent);
	if (style->width)
		yaml_emitter_set_width(&writer.emitter, style->width);
	count_uses(&writer, value, 0);
	int r = put_document(&writer, value);
	yaml_emitter_delete(&writer.emitter);
	free(writer.seen);
	return r;
}
