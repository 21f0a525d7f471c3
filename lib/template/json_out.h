/* template/json_out: values as JSON, byte for byte as Python's json.dumps writes them. */
#pragma once

#include "template/types.h"

/* Ansible sorts what the keys are written as, Jinja's tojson the keys themselves. */
enum json_sort {
	JSON_SORT_NONE,
	JSON_SORT_TEXT,
	JSON_SORT_KEYS,
};

struct json_style {
	int indent; /* negative: one line */
	enum json_sort sort;
	bool ascii; /* what is not ASCII as \uXXXX */
	const char *item_separator, *key_separator;
};

#define JSON_STYLE_DEFAULT    \
	((struct json_style){ \
		.indent = -1, .ascii = true, .item_separator = ", ", .key_separator = ": "})

/* ERR_INVALID for what JSON cannot hold (functions, omitted values). Must be settled. */
int json_out(const struct value *value, const struct json_style *style, struct buf *out,
	     struct err *err);
