/* template/template_to_json: values as JSON, byte for byte as Python's json.dumps writes them. */
#pragma once

#include "template/types.h"

/* Ansible sorts what the keys are written as, Jinja's tojson the keys themselves. */
enum to_json_sort {
	TO_JSON_UNSORTED,
	TO_JSON_BY_TEXT,
	TO_JSON_BY_KEY,
};

struct to_json_style {
	const char *indent; /* in front of each line, for each level; NULL: all in one line */
	enum to_json_sort sort;
	bool no_dates; /* they are refused */
	bool no_nan;   /* and so are nan and infinity */
	bool ascii;    /* what is not ASCII as \uXXXX */
	const char *item_separator, *key_separator;
};

#define TO_JSON_DEFAULT \
	((struct to_json_style){.ascii = true, .item_separator = ", ", .key_separator = ": "})

/* ERR_INVALID for what JSON cannot hold (functions, omitted values). Must be settled. */
int template_to_json(const struct value *value, const struct to_json_style *style, struct buf *out,
		     struct err *err);
