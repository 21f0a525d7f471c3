/* template/value_yaml: variables out of a YAML file, their templates waiting (rule R6). */
#pragma once

#include "template/types.h"

/* Like value_from_yaml, but strings with markup become VALUE_TEMPLATE and containers belong to
 * the scope. `name` is the variable, for messages. */
int value_yaml_lazy(const struct tree_yaml_node *node, const char *file, const char *name,
		    struct value **ret, struct err *err);
