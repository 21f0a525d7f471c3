#include "manifest/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/migrate_rule.h"

static void change_done(struct manifest_change *change)
{
	free(change->what);
	free(change->app);
	free(change->file);
	list_done(&change->paths);
	manifest_edits_done(&change->edits);
	err_done(&change->refusal);
	diag_done(&change->notes);
}

void manifest_changes_done(struct manifest_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		change_done(&changes->items[i]);
	free(changes->items);
	*changes = (struct manifest_changes){0};
}

bool manifest_change_is_due(const struct manifest_change *change)
{
	return change->edits.n || change->refusal.code || change->notes.n;
}

static const char *text_of(const struct tree_yaml_node *mapping, const char *key)
{
	const struct tree_yaml_node *node = tree_yaml_get(mapping, key);

	return node && node->kind == TREE_YAML_SCALAR ? node->text : "";
}

static char *describe(const struct tree_yaml_node *object)
{
	const char *name = text_of(tree_yaml_get(object, "metadata"), "name");

	return mem_printf("%s%s%s of %s", text_of(object, "kind"), *name ? " " : "", name,
			  text_of(object, "apiVersion"));
}

/* Rules only speak up where something is to be done. */
static void run_rules(const struct migrate_rule *rule)
{
	const char *api_version = text_of(rule->object, "apiVersion");
	const char *kind = text_of(rule->object, "kind");

	migrate_traefik_itself(rule, kind);
	migrate_traefik(rule, api_version, kind);
	migrate_kube(rule, api_version, kind);
}

struct walk {
	struct migrate_rule rule;
	struct manifest_changes *changes;
	const char *app;
	size_t document;
};

static void look_at(struct walk *walk, const struct tree_yaml_node *object, const char *prefix)
{
	struct manifest_change change = {.document = walk->document};
	struct migrate_rule rule = walk->rule;
	const char *file;

	rule.object = object;
	rule.prefix = prefix;
	rule.change = &change;
	run_rules(&rule);
	if (!manifest_change_is_due(&change) && !change.paths.n) {
		change_done(&change);
		return;
	}
	manifest_text_origin(rule.text, object->line, object->column, &file, &change.line,
			     &change.column);
	change.what = describe(object);
	change.app = mem_strdup(walk->app);
	change.file = mem_strdup(rule.text->file);
	mem_grow(walk->changes->items, &walk->changes->cap, walk->changes->n + 1);
	walk->changes->items[walk->changes->n++] = change;
}

/* An object, or those of a List. */
static void look_into(struct walk *walk, const struct tree_yaml_node *node, const char *prefix)
{
	const struct tree_yaml_node *items = tree_yaml_get(node, "items");
	const char *kind = text_of(node, "kind");
	size_t length = strlen(kind);

	look_at(walk, node, prefix);
	if (length < 4 || strcmp(kind + length - 4, "List") != 0)
		return;
	for (size_t i = 0; i < migrate_rule_items(items); i++) {
		cleanup_free char *below = mem_printf("%sitems[%zu].", prefix, i);
		look_into(walk, items->items[i], below);
	}
}

void manifest_migrate(const struct manifest_text *text, const char *app,
		      const struct manifest_served *served, struct manifest_changes *changes)
{
	struct walk walk = {.changes = changes, .app = app};

	walk.rule.text = text;
	walk.rule.served = served;
	walk.rule.bytes = text->rendered ? buf_str(&text->output.text) : text->plain;
	walk.rule.length = text->rendered ? text->output.text.len : text->length;
	for (size_t i = 0; i < text->documents.n; i++) {
		const struct tree_yaml_node *root = text->documents.roots[i];
		if (!root || root->kind != TREE_YAML_MAPPING)
			continue;
		walk.document = i;
		walk.rule.root = root;
		look_into(&walk, root, "");
	}
}
