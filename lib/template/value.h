/*
 * template/value: what an expression gives.
 *
 * Python's types as far as templates can see them: undefined, none, bool, int (any size), float,
 * string, list, tuple, dict (insertion order, any hashable key), date, callables and namespaces.
 * Reference counted, not shared between threads while they change. Strings are UTF-8 and may
 * contain NUL only where the input did.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "tree/yaml.h"

struct value;

struct value *value_ref(struct value *value);
void value_unref(struct value *value); /* NULL is fine */
void value_cleanup(struct value **value);
#define cleanup_value __attribute__((cleanup(value_cleanup)))

struct value *value_none(void);
struct value *value_bool(bool value);
struct value *value_int(int64_t value);
struct value *value_float(double value);
struct value *value_string(const char *text, size_t length);
struct value *value_list(void);
void value_list_add(struct value *list, struct value *item_stolen);
struct value *value_dict(void);
void value_dict_set(struct value *dict, const char *key, struct value *item_stolen);

/* A YAML node as PyYAML's SafeLoader reads it (templates.md R14). New reference. */
int value_from_yaml(const struct tree_yaml_node *node, const char *file, struct value **ret,
		    struct err *err);
struct value *value_from_json(const json_t *tree);
/* ERR_INVALID for what JSON cannot hold (undefined, callables); integers beyond int64 and dates
 * become strings. New reference. */
int value_to_json(const struct value *value, json_t **ret, struct err *err);

bool value_is_undefined(const struct value *value);
bool value_is_string(const struct value *value);
bool value_is_list(const struct value *value); /* or tuple */
bool value_is_dict(const struct value *value);
bool value_true(const struct value *value); /* Python's truth */

const char *value_text(const struct value *value, size_t *ret_length); /* of a string; borrowed */
size_t value_length(const struct value *value); /* list, tuple, dict, string (characters) */
struct value *value_at(const struct value *list, size_t index);	    /* borrowed */
struct value *value_get(const struct value *dict, const char *key); /* borrowed or NULL */
/* The i-th pair of a dict; key as text. Borrowed. */
struct value *value_pair(const struct value *dict, size_t index, const char **ret_key);

/* Python's str() and repr(); rule R8. */
void value_str(const struct value *value, struct buf *out);
void value_repr(const struct value *value, struct buf *out);
