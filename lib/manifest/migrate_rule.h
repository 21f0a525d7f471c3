/*
 * manifest/migrate_rule: what the rules of manifest/migrate.h say about one object.
 *
 * Paths are of the object (tree/path.h); only what was touched may differ in the end.
 */
#pragma once

#include "manifest/api.h"
#include "manifest/migrate.h"
#include "tree/yaml.h"

struct migrate_rule {
	const struct manifest_text *text;
	const char *bytes; /* the rendered text */
	size_t length;
	const struct tree_yaml_node *root;   /* of the document */
	const struct tree_yaml_node *object; /* what the rules look at */
	const char *prefix;		     /* of its paths: "" or "items[2]." */
	const struct manifest_served *served;
	struct manifest_change *change;
};

/* Files may differ at and below this path of the object. */
void migrate_rule_touch(const struct migrate_rule *rule, const char *path);

/* Another text for a scalar, or for the key of a pair. */
void migrate_rule_replace(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
			  const char *now);
/* The same for some bytes of the rendered text. */
void migrate_rule_replace_bytes(const struct migrate_rule *rule, size_t at, size_t length,
				const char *now);
/* Puts text right behind a scalar and its quote. */
void migrate_rule_append(const struct migrate_rule *rule, const struct tree_yaml_node *scalar,
			 const char *text);
/* A pair of a block mapping goes with all its lines. */
void migrate_rule_drop(const struct migrate_rule *rule, const struct tree_yaml_node *mapping,
		       size_t pair);
/* An item of a block sequence goes likewise. */
void migrate_rule_drop_item(const struct migrate_rule *rule, const struct tree_yaml_node *sequence,
			    size_t item);
/* Puts lines before a key; in `lines` MANIFEST_EDIT_COPY stands for those of `copied`, a block
 * mapping (NULL: none), indented so far. */
void migrate_rule_put_before(const struct migrate_rule *rule, const struct tree_yaml_node *key,
			     const char *lines, const struct tree_yaml_node *copied, int indent);

/* The object is left as it is. Only the first refusal counts. */
void migrate_rule_refuse(const struct migrate_rule *rule, const struct tree_yaml_node *at,
			 const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Something is left to a person. */
void migrate_rule_note(const struct migrate_rule *rule, const struct tree_yaml_node *at,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where a node stands in the rendered text. */
size_t migrate_rule_offset(const struct migrate_rule *rule, const struct tree_yaml_node *node);
/* No expression has a part in these bytes of the rendered text. */
bool migrate_rule_is_literal(const struct migrate_rule *rule, size_t begin, size_t end);
/* Where a node stands in the rendered text, and where what is written there ends at the latest. */
void migrate_rule_extent(const struct migrate_rule *rule, const struct tree_yaml_node *node,
			 size_t *ret_begin, size_t *ret_end);
/* Written with braces. */
bool migrate_rule_is_flow(const struct migrate_rule *rule, const struct tree_yaml_node *node);
/* The pair of a mapping; false when there is none of that name. */
bool migrate_rule_pair(const struct tree_yaml_node *mapping, const char *key, size_t *ret);
/* The items of a sequence; 0 for everything else. */
size_t migrate_rule_items(const struct tree_yaml_node *node);
bool migrate_rule_says(const struct tree_yaml_node *node, const char *text);

/* Below this path of the object, printf-like. */
void migrate_rule_touch_at(const struct migrate_rule *rule, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The value below keys "spec.template.spec"; NULL when it is not there. */
const struct tree_yaml_node *migrate_rule_at(const struct tree_yaml_node *node, const char *path);

/* What Kubernetes removed. */
void migrate_kube(const struct migrate_rule *rule, const char *api_version, const char *kind);
void migrate_ingress(const struct migrate_rule *rule);
void migrate_autoscaler(const struct migrate_rule *rule);
/* What Traefik 3 changed: its own kinds, */
void migrate_traefik(const struct migrate_rule *rule, const char *api_version, const char *kind);
/* the rules of its routes, */
void migrate_matchers(const struct migrate_rule *rule, const struct tree_yaml_node *match);
/* and what else runs it: its role, its options. */
void migrate_traefik_itself(const struct migrate_rule *rule, const char *kind);
