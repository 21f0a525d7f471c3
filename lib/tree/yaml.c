#include "tree/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/map.h"
#include "base/mem.h"
#include "tree/arena.h"
#include "tree/keyset.h"
#include "tree/problem.h"
#include "tree/text.h"

#define DEPTH_MAX  64
#define NODE_MAX   100000
#define ANCHOR_MAX 10000
#define TWICE_MAX  100

/* A node with what it weighs when its aliases are expanded. */
struct entry {
	struct tree_yaml_node node; /* first, so that a node is its entry */
	size_t weight;		    /* nodes, itself included */
	int height;		    /* levels below it */
};

/* A list or mapping whose end has not come yet. */
struct frame {
	struct entry *entry;
	const char *anchor; /* or NULL */
	size_t first;	    /* its first child among the pending ones */
};

struct builder {
	struct tree_text text;
	yaml_parser_t parser;
	struct tree_arena *arena;
	struct frame frames[DEPTH_MAX];
	int depth;
	struct entry **pending; /* children of the open frames, innermost last */
	size_t pending_count;
	size_t pending_cap;
	struct map anchors; /* finished nodes of this document by name */
	size_t anchor_count;
	size_t weight; /* of the whole text */
	struct entry *root;
	struct tree_yaml_documents documents;
	size_t document_cap;
	struct diag_list *warnings; /* of keys that stand twice; NULL: they are refused */
	size_t twice;
};

static int line_of(yaml_mark_t mark)
{
	return (int)mark.line + 1;
}

static int column_of(yaml_mark_t mark)
{
	return (int)mark.column + 1;
}

static int width_of(const yaml_event_t *event)
{
	return event->start_mark.line == event->end_mark.line
		       ? (int)(event->end_mark.column - event->start_mark.column)
		       : 1;
}

#define fail(builder, event, err, ...)                                 \
	tree_text_fail(&(builder)->text, line_of((event)->start_mark), \
		       column_of((event)->start_mark), width_of(event), (err), __VA_ARGS__)

/* The same for a node that stands already. */
#define fail_node(builder, node_, err, ...)                                                    \
	tree_text_fail(&(builder)->text, (node_)->line, (node_)->column, (int)(node_)->length, \
		       (err), __VA_ARGS__)

static int add_weight(struct builder *builder, const yaml_event_t *event, size_t weight,
		      struct err *err)
{
	builder->weight += weight;
	if (builder->weight <= NODE_MAX)
		return 0;
	return fail(builder, event, err, "more than %d nodes, aliases expanded", NODE_MAX);
}

static struct entry *new_entry(struct builder *builder, enum tree_yaml_kind kind,
			       const yaml_event_t *event, const yaml_char_t *tag)
{
	struct entry *entry = tree_arena_alloc(builder->arena, sizeof(*entry));

	entry->node.kind = kind;
	entry->node.line = line_of(event->start_mark);
	entry->node.column = column_of(event->start_mark);
	if (tag && strcmp((const char *)tag, "!")) /* "!" alone only says: no resolving */
		entry->node.tag = tree_arena_copy(builder->arena, tag, strlen((const char *)tag));
	entry->weight = 1;
	return entry;
}

static bool awaits_key(const struct builder *builder)
{
	if (!builder->depth)
		return false;
	const struct frame *frame = &builder->frames[builder->depth - 1];
	return frame->entry->node.kind == TREE_YAML_MAPPING &&
	       (builder->pending_count - frame->first) % 2 == 0;
}

static int refuse_complex_key(const struct builder *builder, const yaml_event_t *event,
			      struct err *err)
{
	size_t length;
	const char *line = tree_text_line(&builder->text, line_of(event->start_mark), &length);

	(void)fail(builder, event, err, "a list or mapping cannot be a key");
	if (memmem(line, length, "{{", 2))
		(void)err_hint(
			err,
			"put '{{ ... }}' in quotes, or name the file .j2 when it is a template");
	return -(int)err->code;
}

static void attach(struct builder *builder, struct entry *entry)
{
	if (!builder->depth) {
		builder->root = entry;
		return;
	}
	mem_grow(builder->pending, &builder->pending_cap, builder->pending_count + 1);
	builder->pending[builder->pending_count++] = entry;
}

static int count_anchor(struct builder *builder, const yaml_event_t *event,
			const yaml_char_t *anchor, struct err *err)
{
	if (!anchor || ++builder->anchor_count <= ANCHOR_MAX)
		return 0;
	return fail(builder, event, err, "more than %d anchors", ANCHOR_MAX);
}

static int take_scalar(struct builder *builder, const yaml_event_t *event, struct err *err)
{
	__extension__ __auto_type scalar = &event->data.scalar;
	bool plain = scalar->style == YAML_PLAIN_SCALAR_STYLE;
	const char *value = (const char *)scalar->value;

	if (memchr(value, '\0', scalar->length))
		return fail(builder, event, err, "a NUL character is not allowed");
	if (plain && !strncmp(value, "\xc2\xa0", 2))
		return tree_text_fail_no_break(&builder->text, line_of(event->start_mark),
					       column_of(event->start_mark), err);
	int r = add_weight(builder, event, 1, err);
	if (r < 0)
		return r;
	r = count_anchor(builder, event, scalar->anchor, err);
	if (r < 0)
		return r;
	struct entry *entry = new_entry(builder, TREE_YAML_SCALAR, event, scalar->tag);
	entry->node.text = tree_arena_copy(builder->arena, value, scalar->length);
	entry->node.length = scalar->length;
	entry->node.plain = plain && (!scalar->tag || entry->node.tag);
	if (scalar->anchor)
		map_put(&builder->anchors, (const char *)scalar->anchor, entry);
	attach(builder, entry);
	return 0;
}

static int open_frame(struct builder *builder, const yaml_event_t *event, enum tree_yaml_kind kind,
		      const yaml_char_t *anchor, const yaml_char_t *tag, struct err *err)
{
	if (awaits_key(builder))
		return refuse_complex_key(builder, event, err);
	if (builder->depth == DEPTH_MAX)
		return fail(builder, event, err, "nested deeper than %d levels", DEPTH_MAX);
	int r = add_weight(builder, event, 1, err);
	if (r < 0)
		return r;
	r = count_anchor(builder, event, anchor, err);
	if (r < 0)
		return r;
	struct frame *frame = &builder->frames[builder->depth++];
	*frame = (struct frame){new_entry(builder, kind, event, tag), NULL, builder->pending_count};
	if (anchor)
		frame->anchor =
			tree_arena_copy(builder->arena, anchor, strlen((const char *)anchor));
	return 0;
}

static bool is_open(const struct builder *builder, const char *anchor)
{
	for (int i = 0; i < builder->depth; i++)
		if (builder->frames[i].anchor && !strcmp(builder->frames[i].anchor, anchor))
			return true;
	return false;
}

static int take_alias(struct builder *builder, const yaml_event_t *event, struct err *err)
{
	const char *anchor = (const char *)event->data.alias.anchor;
	struct entry *entry = map_get(&builder->anchors, anchor);

	if (is_open(builder, anchor))
		return fail(builder, event, err, "*%s stands inside of what it refers to", anchor);
	if (!entry)
		return fail(builder, event, err, "no &%s stands above this *%s", anchor, anchor);
	if (entry->node.kind != TREE_YAML_SCALAR && awaits_key(builder))
		return refuse_complex_key(builder, event, err);
	if (builder->depth + entry->height > DEPTH_MAX)
		return fail(builder, event, err, "nested deeper than %d levels", DEPTH_MAX);
	int r = add_weight(builder, event, entry->weight, err);
	if (r < 0)
		return r;
	attach(builder, entry);
	return 0;
}

/* The children become the entry's own; they leave the pending ones. */
static void close_sequence(struct builder *builder, struct entry *entry, struct entry **children,
			   size_t count)
{
	entry->node.count = count;
	entry->node.items = tree_arena_alloc(builder->arena, count * sizeof(void *));
	for (size_t i = 0; i < count; i++)
		entry->node.items[i] = &children[i]->node;
}

static bool is_merge(const struct tree_yaml_node *key)
{
	return !strcmp(key->text, "<<") &&
	       (key->tag ? !strcmp(key->tag, "tag:yaml.org,2002:merge") : key->plain);
}

static void add_pair(struct tree_yaml_node *mapping, const struct tree_yaml_node *key,
		     const struct tree_yaml_node *value)
{
	mapping->items[mapping->count * 2] = key;
	mapping->items[mapping->count * 2 + 1] = value;
	mapping->count++;
}

static void merge_mapping(struct tree_yaml_node *mapping, const struct tree_yaml_node *from,
			  struct tree_keyset *keys)
{
	for (size_t i = 0; i < from->count; i++)
		if (!tree_keyset_add(keys, from->items[i * 2]))
			add_pair(mapping, from->items[i * 2], from->items[i * 2 + 1]);
}

/* How many pairs a merge can add at most, or an error when it merges no mapping. */
static int count_merged(const struct builder *builder, const struct tree_yaml_node *key,
			const struct tree_yaml_node *value, size_t *ret, struct err *err)
{
	bool list = value->kind == TREE_YAML_SEQUENCE;

	*ret = 0;
	for (size_t i = 0; i < (list ? value->count : 1); i++) {
		const struct tree_yaml_node *from = list ? value->items[i] : value;
		if (from->kind != TREE_YAML_MAPPING)
			return fail_node(builder, key, err,
					 "'<<' merges a mapping or a list of mappings");
		*ret += from->count;
	}
	return 0;
}

/* A list is put in from its end on, so that its first mapping wins. */
static void note_merges(const struct builder *builder, struct tree_yaml_node *mapping,
			struct entry **children, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i += 2)
		if (is_merge(&children[i]->node))
			n += children[i + 1]->node.kind == TREE_YAML_SEQUENCE
				     ? children[i + 1]->node.count
				     : 1;
	if (!n)
		return;
	mapping->merges = tree_arena_alloc(builder->arena, n * sizeof(void *));
	for (size_t i = 0; i < count; i += 2) {
		const struct tree_yaml_node *from = &children[i + 1]->node;
		if (!is_merge(&children[i]->node))
			continue;
		if (from->kind == TREE_YAML_MAPPING)
			mapping->merges[mapping->merge_count++] = from;
		for (size_t k = from->count; from->kind == TREE_YAML_SEQUENCE && k-- > 0;)
			mapping->merges[mapping->merge_count++] = from->items[k];
	}
}

/* Keys that stand in the mapping itself win over merged ones, and earlier merged ones over later
 * ones, as in PyYAML. */
static void merge_all(struct tree_yaml_node *mapping, struct entry **children, size_t count,
		      struct tree_keyset *keys)
{
	for (size_t i = 0; i < count; i += 2) {
		const struct tree_yaml_node *value = &children[i + 1]->node;
		if (!is_merge(&children[i]->node))
			continue;
		if (value->kind == TREE_YAML_MAPPING)
			merge_mapping(mapping, value, keys);
		for (size_t k = 0; value->kind == TREE_YAML_SEQUENCE && k < value->count; k++)
			merge_mapping(mapping, value->items[k], keys);
	}
}

/* The later value in the place of the earlier one. */
static int take_later(struct builder *builder, struct tree_yaml_node *mapping,
		      const struct tree_yaml_node *before, const struct tree_yaml_node *key,
		      const struct tree_yaml_node *value, struct err *err)
{
	cleanup_err struct err warning = ERR_INIT;
	size_t i = 0;

	if (!builder->warnings || ++builder->twice > TWICE_MAX)
		return fail_node(builder, key, err,
				 "the key '%.100s' stands twice, first on line %d", key->text,
				 before->line);
	(void)fail_node(builder, key, &warning, "the key '%.100s' stands twice, first on line %d",
			key->text, before->line);
	(void)err_hint(&warning, "the later value counts, as in Ansible; remove one");
	diag_add(builder->warnings, DIAG_WARNING, NULL, &warning);
	while (mapping->items[i * 2] != before)
		i++;
	mapping->items[i * 2 + 1] = value;
	return 0;
}

static int add_own_pairs(struct builder *builder, struct tree_yaml_node *mapping,
			 struct entry **children, size_t count, struct tree_keyset *keys,
			 struct err *err)
{
	for (size_t i = 0; i < count; i += 2) {
		const struct tree_yaml_node *key = &children[i]->node;
		if (is_merge(key))
			continue;
		const struct tree_yaml_node *value = &children[i + 1]->node;
		const struct tree_yaml_node *before = tree_keyset_add(keys, key);
		int r = before ? take_later(builder, mapping, before, key, value, err) : 0;
		if (r < 0)
			return r;
		if (!before)
			add_pair(mapping, key, value);
	}
	return 0;
}

static int close_mapping(struct builder *builder, struct entry *entry, struct entry **children,
			 size_t count, struct err *err)
{
	cleanup_keyset struct tree_keyset keys = {0};
	size_t pairs = count / 2, merged;

	for (size_t i = 0; i < count; i += 2) {
		if (!is_merge(&children[i]->node))
			continue;
		int r = count_merged(builder, &children[i]->node, &children[i + 1]->node, &merged,
				     err);
		if (r < 0)
			return r;
		pairs += merged;
	}
	tree_keyset_init(&keys, pairs);
	entry->node.items = tree_arena_alloc(builder->arena, pairs * 2 * sizeof(void *));
	int r = add_own_pairs(builder, &entry->node, children, count, &keys, err);
	if (r < 0)
		return r;
	entry->node.own = entry->node.count;
	note_merges(builder, &entry->node, children, count);
	merge_all(&entry->node, children, count, &keys);
	return 0;
}

static int close_frame(struct builder *builder, struct err *err)
{
	struct frame *frame = &builder->frames[builder->depth - 1];
	size_t count = builder->pending_count - frame->first;
	struct entry *entry = frame->entry;
	struct entry **children = count ? builder->pending + frame->first : NULL;

	for (size_t i = 0; i < count; i++) {
		entry->weight += children[i]->weight;
		if (entry->height < children[i]->height)
			entry->height = children[i]->height;
	}
	entry->height++;
	if (entry->node.kind == TREE_YAML_SEQUENCE) {
		close_sequence(builder, entry, children, count);
	} else {
		int r = close_mapping(builder, entry, children, count, err);
		if (r < 0)
			return r;
	}
	builder->pending_count = frame->first;
	builder->depth--;
	if (frame->anchor)
		map_put(&builder->anchors, frame->anchor, entry);
	attach(builder, entry);
	return 0;
}

/* "---" with nothing below it is an empty scalar to libyaml. */
static bool is_nothing(const struct entry *root)
{
	return root->node.kind == TREE_YAML_SCALAR && root->node.plain && !root->node.length &&
	       !root->node.tag;
}

static void close_document(struct builder *builder)
{
	struct tree_yaml_documents *documents = &builder->documents;

	mem_grow(documents->roots, &builder->document_cap, documents->n + 1);
	documents->roots[documents->n++] = is_nothing(builder->root) ? NULL : &builder->root->node;
	map_done(&builder->anchors);
}

static int take(struct builder *builder, const yaml_event_t *event, struct err *err)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(builder, event, err);
	case YAML_ALIAS_EVENT:
		return take_alias(builder, event, err);
	case YAML_SEQUENCE_START_EVENT:
		return open_frame(builder, event, TREE_YAML_SEQUENCE,
				  event->data.sequence_start.anchor, event->data.sequence_start.tag,
				  err);
	case YAML_MAPPING_START_EVENT:
		return open_frame(builder, event, TREE_YAML_MAPPING,
				  event->data.mapping_start.anchor, event->data.mapping_start.tag,
				  err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_frame(builder, err);
	case YAML_DOCUMENT_START_EVENT:
		return add_weight(builder, event, 1, err);
	case YAML_DOCUMENT_END_EVENT:
		close_document(builder);
		return 0;
	default:
		return 0;
	}
}

/* The depth is capped while events arrive: libyaml's own nesting is quadratic, and it reports a
 * level as soon as it has read 1024 characters more. */
static int build(struct builder *builder, struct err *err)
{
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(&builder->parser, &event))
			return tree_problem_report(&builder->parser, &builder->text, err);
		bool last = event.type == YAML_STREAM_END_EVENT;
		int r = take(builder, &event, err);
		yaml_event_delete(&event);
		if (r < 0 || last)
			return r;
	}
}

int tree_yaml_parse(const char *text, size_t length, const char *file,
		    struct tree_yaml_documents *ret, struct err *err)
{
	return tree_yaml_parse_variables(text, length, file, NULL, ret, err);
}

int tree_yaml_parse_variables(const char *text, size_t length, const char *file,
			      struct diag_list *warnings, struct tree_yaml_documents *ret,
			      struct err *err)
{
	struct builder builder = {
		.text = {file, text, length},
		.anchors = MAP_INIT(NULL),
		.warnings = warnings,
	};

	int r = tree_text_check(&builder.text, err);
	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&builder.parser))
		abort();
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)builder.text.bytes,
				     builder.text.length);
	builder.documents.arena = builder.arena = tree_arena_new();
	r = build(&builder, err);
	yaml_parser_delete(&builder.parser);
	map_done(&builder.anchors);
	free(builder.pending);
	if (r < 0)
		tree_yaml_done(&builder.documents);
	else
		*ret = builder.documents;
	return r;
}

void tree_yaml_done(struct tree_yaml_documents *documents)
{
	free(documents->roots);
	tree_arena_free(documents->arena);
	*documents = (struct tree_yaml_documents){0};
}

struct visiting {
	int (*visit)(void *context, struct tree_yaml_node *scalar, struct err *err);
	void *context;
};

/* Nodes are ours until they are handed out: they may be written to here. */
static int visit_node(const struct visiting *visiting, const struct tree_yaml_node *node,
		      struct err *err)
{
	bool mapping = node->kind == TREE_YAML_MAPPING;
	int r = 0;

	if (node->kind == TREE_YAML_SCALAR)
		return visiting->visit(visiting->context, (struct tree_yaml_node *)node, err);
	for (size_t i = 0; i < node->count && r >= 0; i++)
		r = visit_node(visiting, node->items[mapping ? 2 * i + 1 : i], err);
	return r;
}

int tree_yaml_visit(struct tree_yaml_documents *documents,
		    int (*visit)(void *context, struct tree_yaml_node *scalar, struct err *err),
		    void *context, struct err *err)
{
	const struct visiting visiting = {visit, context};
	int r = 0;

	for (size_t i = 0; i < documents->n && r >= 0; i++)
		if (documents->roots[i])
			r = visit_node(&visiting, documents->roots[i], err);
	return r;
}

const char *tree_yaml_keep(struct tree_yaml_documents *documents, const char *text, size_t length)
{
	return tree_arena_copy(documents->arena, text, length);
}
