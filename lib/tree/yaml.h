/*
 * tree/yaml: YAML text into nodes that know where they stand, and nodes into json_t.
 *
 * One parser (libyaml's events), two readings of a scalar: manifests are read as kubectl does
 * (sigs.k8s.io/yaml), variable files as PyYAML does (lib/template reads the nodes itself, because
 * its values know dates and big integers). Nodes stay beside the json_t so that an error about
 * spec.template.spec can name a line.
 *
 * Bounds, each with an error that names it: depth 64, 100,000 nodes after aliases are expanded,
 * 10,000 anchors; cycles, duplicate keys, NUL characters and complex keys are refused. A U+00A0
 * used as indentation and tabs are named as what they are. Of merged keys (<<), one that the
 * mapping itself has wins wherever it stands (kubectl lets the later one win).
 *
 * A document owns its nodes; nodes are borrowed for as long as it lives.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"

enum tree_yaml_kind {
	TREE_YAML_SCALAR,
	TREE_YAML_SEQUENCE,
	TREE_YAML_MAPPING,
};

struct tree_yaml_node {
	enum tree_yaml_kind kind;
	int line, column; /* from 1 */
	const char *tag;  /* "!vault", "tag:yaml.org,2002:str"; NULL when none was written */
	const char *text; /* scalar: its content, NUL-terminated */
	size_t length;
	bool plain;   /* scalar: written without quotes and not as a block */
	bool secret;  /* scalar: was encrypted (source/secret.h); never shown */
	size_t count; /* items of a sequence, pairs of a mapping */
	/* of a mapping: key, value, key, value ... with what it merged (<<) at the end */
	const struct tree_yaml_node **items;
	size_t own; /* of a mapping: how many pairs stand in it itself */
	/* of a mapping: what it merges, in the order in which PyYAML puts it in front of its own */
	const struct tree_yaml_node **merges;
	size_t merge_count;
};

struct tree_yaml_documents {
	struct tree_yaml_node **roots; /* NULL for an empty document */
	size_t n;
	void *arena;
};

/* Parses all documents of a text. `file` is what errors name (place is filled with line and
 * column, the excerpt with the source line). Merge keys are resolved. */
int tree_yaml_parse(const char *text, size_t length, const char *file,
		    struct tree_yaml_documents *ret, struct err *err);
/* The same for variables: of a key that stands twice the later value counts, as in Ansible; each
 * is a warning. */
int tree_yaml_parse_variables(const char *text, size_t length, const char *file,
			      struct diag_list *warnings, struct tree_yaml_documents *ret,
			      struct err *err);
void tree_yaml_done(struct tree_yaml_documents *documents);

/* Hands each scalar that is a value (not a key) to `visit`, which may change it; one that aliases
 * name comes once for each. Ends at the first negative result and returns it. */
int tree_yaml_visit(struct tree_yaml_documents *documents,
		    int (*visit)(void *context, struct tree_yaml_node *scalar, struct err *err),
		    void *context, struct err *err);

/* A copy that lives as long as the documents. */
const char *tree_yaml_keep(struct tree_yaml_documents *documents, const char *text, size_t length);

/* A node as kubectl reads it (templates.md R14). NULL gives JSON null. New reference.
 * ERR_INVALID for .inf, .nan and tags that kubectl does not know. */
int tree_yaml_to_json(const struct tree_yaml_node *node, const char *file, json_t **ret,
		      struct err *err);

/* The node at a path such as "spec.template.spec.containers[0].image" (as tree/path.h writes
 * it), or the nearest one above it; NULL only when root is. */
const struct tree_yaml_node *tree_yaml_at(const struct tree_yaml_node *root, const char *path);

/* The value of a key of a mapping; NULL when it is not there or node is no mapping. */
const struct tree_yaml_node *tree_yaml_get(const struct tree_yaml_node *node, const char *key);

/* Block style YAML of a tree, as `render` prints it. Caller frees. */
char *tree_yaml_dump(const json_t *tree);
