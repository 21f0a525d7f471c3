#include "manifest/migrate_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- places in the rendered text --- */

size_t migrate_rule_offset(const struct migrate_rule *rule, const struct tree_yaml_node *node)
{
	const char *at = rule->bytes, *end = at + rule->length;

	for (int i = 1; i < node->line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	for (int i = 1; i < node->column && at < end; i++)
		for (at++; at < end && (*at & 0xc0) == 0x80;)
			at++;
	return (size_t)(at - rule->bytes);
}

/* The first node that stands behind a place. */
static void look_behind(const struct migrate_rule *rule, const struct tree_yaml_node *node,
			size_t begin, size_t *end)
{
	size_t at = migrate_rule_offset(rule, node);
	size_t below = node->kind == TREE_YAML_MAPPING ? 2 * node->count : node->count;

	if (at > begin && at < *end)
		*end = at;
	for (size_t i = 0; node->kind != TREE_YAML_SCALAR && i < below; i++)
		look_behind(rule, node->items[i], begin, end);
}

void migrate_rule_extent(const struct migrate_rule *rule, const struct tree_yaml_node *node,
			 size_t *ret_begin, size_t *ret_end)
{
	*ret_begin = migrate_rule_offset(rule, node);
	*ret_end = rule->length;
	look_behind(rule, rule->root, *ret_begin, ret_end);
}

bool migrate_rule_is_flow(const struct migrate_rule *rule, const struct tree_yaml_node *node)
{
	size_t at = migrate_rule_offset(rule, node);

	return at < rule->length && strchr("{[", rule->bytes[at]) != NULL;
}

/* --- nodes --- */

bool migrate_rule_pair(const struct tree_yaml_node *mapping, const char *key, size_t *ret)
{
	if (!mapping || mapping->kind != TREE_YAML_MAPPING)
		return false;
	for (*ret = 0; *ret < mapping->count; ++*ret)
		if (migrate_rule_says(mapping->items[2 * *ret], key))
			return true;
	return false;
}

size_t migrate_rule_items(const struct tree_yaml_node *node)
{
	return node && node->kind == TREE_YAML_SEQUENCE ? node->count : 0;
}

const struct tree_yaml_node *migrate_rule_at(const struct tree_yaml_node *node, const char *path)
{
	cleanup_list struct list keys = LIST_INIT;

	list_split(&keys, path, ".");
	for (size_t i = 0; node && i < keys.n; i++)
		node = node->kind == TREE_YAML_MAPPING ? tree_yaml_get(node, keys.items[i]) : NULL;
	return node;
}

bool migrate_rule_says(const struct tree_yaml_node *node, const char *text)
{
	return node && node->kind == TREE_YAML_SCALAR && !strcmp(node->text, text);
}

/* --- what is to be told --- */

static void place_in_file(const struct migrate_rule *rule, const struct tree_yaml_node *at,
			  struct err *err)
{
	const char *file;
	int line, column;

	manifest_text_origin(rule->text, at->line, at->column, &file, &line, &column);
	(void)err_at(err, file, line, column);
}

void migrate_rule_refuse(const struct migrate_rule *rule, const struct tree_yaml_node *at,
			 const char *hint, const char *format, ...)
{
	struct err *err = &rule->change->refusal;
	va_list args;

	if (err->code)
		return;
	va_start(args, format);
	(void)err_vset(err, ERR_INVALID, format, args);
	va_end(args);
	if (hint)
		(void)err_hint(err, "%s", hint);
	place_in_file(rule, at, err);
}

void migrate_rule_note(const struct migrate_rule *rule, const struct tree_yaml_node *at,
		       const char *format, ...)
{
	struct err err = ERR_INIT;
	va_list args;

	va_start(args, format);
	(void)err_vset(&err, ERR_INVALID, format, args);
	va_end(args);
	place_in_file(rule, at, &err);
	diag_add(&rule->change->notes, DIAG_WARNING, NULL, &err);
}

void migrate_rule_touch(const struct migrate_rule *rule, const char *path)
{
	cleanup_free char *whole = mem_printf("%s%s", rule->prefix, path);

	list_add_new(&rule->change->paths, whole);
}

void migrate_rule_touch_at(const struct migrate_rule *rule, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cleanup_free char *path = mem_vprintf(format, args);
	va_end(args);
	migrate_rule_touch(rule, path);
}
