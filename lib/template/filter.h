/*
 * template/filter: the filters, by name.
 *
 * Each theme has a table in a file of its own. A filter gets its value as the first argument.
 */
#pragma once

#include "template/call.h"

struct filter_table {
	const struct builtin *entries;
	size_t count;
};

const struct builtin *template_filter_find(const char *name);
const char *template_filter_nearest(const char *name); /* NULL: nothing is near */

extern const struct filter_table template_filter_text_table;	 /* strings */
extern const struct filter_table template_filter_html_table;	 /* escaping, urls */
extern const struct filter_table template_filter_list_table;	 /* sequences */
extern const struct filter_table template_filter_select_table;	 /* map, select, groupby */
extern const struct filter_table template_filter_set_table;	 /* union, zip, product */
extern const struct filter_table template_filter_number_table;	 /* int, round, human_readable */
extern const struct filter_table template_filter_data_table;	 /* dicts, JSON, YAML */
extern const struct filter_table template_filter_ansible_table;	 /* bool, ternary, hashes */
extern const struct filter_table template_filter_path_table;	 /* file names */
extern const struct filter_table template_filter_regex_table;	 /* regular expressions */
extern const struct filter_table template_filter_encoding_table; /* base64 */
extern const struct filter_table template_filter_crypt_table;	 /* password_hash */
extern const struct filter_table template_filter_random_table;	 /* random, shuffle */

/* What "attribute='a.b.0'" picks from an item; an item without it gives an undefined value. Also
 * takes an integer. New reference; NULL: raised. */
struct value *template_filter_pick(struct call *call, struct value *item, struct value *attribute);
/* The items of the first argument, settled. New reference; NULL: raised. */
struct value *template_filter_items(struct call *call, struct value *value);
/* str() of an argument as a string value. New reference. */
struct value *template_filter_string(struct value *value);
/* Lower case when it is a string: how sort, unique and their like compare. New reference. */
struct value *template_filter_fold(struct value *value);
