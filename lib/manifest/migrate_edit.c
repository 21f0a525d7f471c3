/* How rules change words, keys and lines: each becomes a manifest_edit in the user's file. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"

static void place_of(const struct migrate_rule *rule, size_t at, int *ret_line, int *ret_column)
{
	*ret_line = *ret_column = 1;
	for (size_t i = 0; i < at; i++) {
		bool newline = rule->bytes[i] == '\n';
		*ret_line += newline;
		*ret_column = newline ? 1 : *ret_column + ((rule->bytes[i] & 0xc0) != 0x80);
	}
}

static struct manifest_edit edit_at(const struct migrate_rule *rule, size_t at, size_t length,
				    const char *now)
{
	struct manifest_edit edit = {.old = mem_strndup(rule->bytes + at, length),
				     .now = mem_strdup(now)};
	const char *file;
	int line, column;

	place_of(rule, at, &line, &column);
	manifest_text_origin(rule->text, line, column, &file, &edit.line, &edit.column);
	edit.file = mem_strdup(file);
	return edit;
}

void migrate_rule_replace_bytes(const struct migrate_rule *rule, size_t at, size_t length,
				const char *now)
{
	manifest_edits_add(&rule->change->edits, edit_at(rule, at, length, now));
}

/* Where the text of a scalar begins, behind its quote. False when it is not written as it reads. */
static bool find_text(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
		      size_t *ret)
{
	size_t at = migrate_rule_offset(rule, scalar);

	if (at < rule->length && strchr("\"'", rule->bytes[at]))
		at++;
	*ret = at;
	return at + scalar->length <= rule->length &&
	       !memcmp(rule->bytes + at, scalar->text, scalar->length);
}

void migrate_rule_replace(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
			  const char *now)
{
	size_t at;

	if (find_text(rule, scalar, &at))
		migrate_rule_replace_bytes(rule, at, scalar->length, now);
	else
		migrate_rule_refuse(rule, scalar, NULL, "'%s' is not written as it reads",
				    scalar->text);
}

/* Behind the text of a scalar, and behind its quote. */
static bool find_end(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
		     size_t *ret)
{
	size_t begin = migrate_rule_offset(rule, scalar), at;

	if (!find_text(rule, scalar, &at))
		return false;
	*ret = at + scalar->length + (at > begin);
	return *ret <= rule->length && *ret > begin;
}

void migrate_rule_append(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
			 const char *text)
{
	size_t end;

	if (!find_end(rule, scalar, &end)) {
		migrate_rule_refuse(rule, scalar, NULL, "'%s' is not written as it reads",
				    scalar->text);
		return;
	}
	cleanup_free char *now = mem_printf("%c%s", rule->bytes[end - 1], text);
	migrate_rule_replace_bytes(rule, end - 1, 1, now);
}

bool migrate_rule_is_literal(const struct migrate_rule *rule, size_t begin, size_t end)
{
	const struct template_output *output = &rule->text->output;

	for (size_t i = 0; rule->text->rendered && i < output->mark_count; i++) {
		size_t until = i + 1 < output->mark_count ? output->marks[i + 1].at : rule->length;
		if (output->marks[i].printed && output->marks[i].at < end && until > begin)
			return false;
	}
	return true;
}

/* --- lines --- */

/* The last node of a subtree, in the order of the text. */
static const struct tree_yaml_node *last_of(const struct tree_yaml_node *node)
{
	while (node->kind != TREE_YAML_SCALAR && node->count)
		node = node->items[(node->kind == TREE_YAML_MAPPING ? 2 : 1) * node->count - 1];
	return node;
}

static bool is_one_line(const struct migrate_rule *rule, const struct tree_yaml_node *node)
{
	size_t at;

	return node->kind != TREE_YAML_SCALAR ||
	       (find_text(rule, node, &at) && !memchr(node->text, '\n', node->length));
}

/* The lines of the user's file from one node to the last of another. False when they do not
 * correspond one by one. */
static bool find_lines(const struct migrate_rule *rule, const struct tree_yaml_node *first,
		       const struct tree_yaml_node *whole, struct manifest_edit *ret)
{
	const struct tree_yaml_node *last = last_of(whole);
	const char *file, *other;
	int line, end, column;

	manifest_text_origin(rule->text, first->line, first->column, &file, &line, &column);
	manifest_text_origin(rule->text, last->line, last->column, &other, &end, &column);
	*ret = (struct manifest_edit){.line = line, .lines = end - line + 1};
	if (strcmp(file, other) != 0 || end - line != last->line - first->line ||
	    !is_one_line(rule, last))
		return false;
	ret->file = mem_strdup(file);
	return true;
}

/* Nothing but blanks before it, after a dash or not: "- key:" is no line of its own, but the whole
 * item is. */
static bool begins_line(const struct migrate_rule *rule, const struct tree_yaml_node *node,
			bool dashed)
{
	size_t at = migrate_rule_offset(rule, node);
	int dashes = 0;

	for (int i = 1; i < node->column; i++) {
		char before = rule->bytes[at - (size_t)i];
		dashes += before == '-';
		if (before != ' ' && before != '-')
			return false;
	}
	return dashes == dashed;
}

void migrate_rule_drop(const struct migrate_rule *rule, const struct tree_yaml_node *mapping,
		       size_t pair)
{
	const struct tree_yaml_node *key = mapping->items[2 * pair];
	struct manifest_edit edit;

	if (migrate_rule_is_flow(rule, mapping) || !begins_line(rule, key, false) ||
	    mapping->count < 2 || !find_lines(rule, key, mapping->items[2 * pair + 1], &edit)) {
		migrate_rule_refuse(rule, key, "delete it", "%s cannot be taken out by itself",
				    key->text);
		return;
	}
	edit.old = mem_strdup(key->text);
	edit.now = mem_strdup("");
	manifest_edits_add(&rule->change->edits, edit);
}

void migrate_rule_drop_item(const struct migrate_rule *rule, const struct tree_yaml_node *sequence,
			    size_t item)
{
	const struct tree_yaml_node *node = sequence->items[item];
	struct manifest_edit edit;

	if (migrate_rule_is_flow(rule, sequence) || !begins_line(rule, node, true) ||
	    sequence->count < 2 || !find_lines(rule, node, node, &edit)) {
		migrate_rule_refuse(rule, node, "delete it", "%s cannot be taken out by itself",
				    node->kind == TREE_YAML_SCALAR ? node->text : "this item");
		return;
	}
	edit.old = mem_strdup("-");
	edit.now = mem_strdup("");
	manifest_edits_add(&rule->change->edits, edit);
}

void migrate_rule_put_before(const struct migrate_rule *rule, const struct tree_yaml_node *key,
			     const char *lines, const struct tree_yaml_node *copied, int indent)
{
	size_t at = migrate_rule_offset(rule, key);
	struct buf now = BUF_INIT;
	struct manifest_edit from = {0};

	if (copied && (migrate_rule_is_flow(rule, copied) || !begins_line(rule, copied, false) ||
		       !find_lines(rule, copied, copied, &from))) {
		migrate_rule_refuse(rule, copied, NULL, "this cannot be copied line by line");
		return;
	}
	buf_printf(&now, "%s\n", lines);
	buf_fill(&now, ' ', (size_t)key->column - 1);
	buf_add(&now, rule->bytes + at, key->length);
	struct manifest_edit edit = edit_at(rule, at, key->length, buf_str(&now));
	if (copied && strcmp(edit.file, from.file) != 0)
		migrate_rule_refuse(rule, copied, NULL, "this stands in another file");
	edit.copy_line = from.line;
	edit.copy_lines = from.lines;
	edit.copy_indent = indent;
	free(from.file);
	buf_done(&now);
	manifest_edits_add(&rule->change->edits, edit);
}
