/*
 * scalar: what a YAML scalar means to kubectl.
 *
 * sigs.k8s.io/yaml 1.6 over go-yaml v2: the table is R14 of templates.md. The golden table in
 * test/golden/yaml was written by that library.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tree/yaml.h"

enum tree_scalar_kind {
	TREE_SCALAR_STRING,
	TREE_SCALAR_NULL,
	TREE_SCALAR_BOOL,
	TREE_SCALAR_INTEGER,
	TREE_SCALAR_UNSIGNED, /* above int64 */
	TREE_SCALAR_REAL,     /* or infinite, or not a number */
};

struct tree_scalar {
	enum tree_scalar_kind kind;
	bool truth;
	int64_t integer;
	uint64_t size;
	double real;
};

/* What text means when it is written without quotes and tag. */
struct tree_scalar tree_scalar_resolve(const char *text, size_t length);

/* A scalar node, its tag and quotes honoured. ERR_INVALID without a place. New reference. */
int tree_scalar_value(const struct tree_yaml_node *node, json_t **ret, struct err *err);

/* The same for the key of a mapping, which becomes text. Caller frees. */
int tree_scalar_key(const struct tree_yaml_node *node, char **ret, struct err *err);
