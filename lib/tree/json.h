/*
 * tree/json: JSON text into json_t and back.
 *
 * The API server stores int64 and float64: integers beyond int64 become reals instead of failing a
 * whole list. Numbers are written in the shortest form that reads back equal.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Trees that release themselves: `json_auto_t *` is jansson's own. */

/* Parses one JSON value; what follows it other than white space is an error, and so are duplicate
 * keys when `strict`. Depth is bounded by jansson (2048). `name` is for messages; place is set. */
int tree_json_parse(const char *text, size_t length, const char *name, bool strict, json_t **ret,
		    struct err *err);

/* Reads a JSON file of at most `limit` bytes; errors of file_read, or ERR_INVALID. */
int tree_json_read(const char *path, size_t limit, json_t **ret, struct err *err);

/* Compact, keys in their order. Caller frees. */
char *tree_json_dump(const json_t *tree);
/* Compact, keys sorted: the form that is hashed. Caller frees. */
char *tree_json_canonical(const json_t *tree);
/* Indented by two, keys in their order, with a newline at the end. Caller frees. */
char *tree_json_pretty(const json_t *tree);
/* SHA-256 of the canonical form, 64 hex digits. Caller frees. */
char *tree_json_hash(const json_t *tree);

/* The shortest decimal text that reads back as the same double, as Go and JavaScript write it. */
char *tree_json_number(double value);
