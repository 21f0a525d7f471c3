/*
 * template/lookup: lookup() and query(): what comes from outside the template.
 *
 * Lookups of files see what the loader gives them, and nothing else. What would ask the machine,
 * the network or chance is refused by name.
 */
#pragma once

#include "template/call.h"

/* lookup(name, terms ...): one result alone, several strings joined by commas. */
struct value *template_lookup_call(struct call *call, struct value **a);
/* query(name, terms ...): always a list. */
struct value *template_lookup_query(struct call *call, struct value **a);

/* For the files lookup_*.c. A lookup appends its results; false after template_call_fail. */
struct lookup {
	const char *name;
	bool (*run)(struct call *call, struct value *terms, struct value *results);
};
extern const struct lookup template_lookup_files[], template_lookup_data[];
extern const size_t template_lookup_file_count, template_lookup_data_count;

bool template_lookup_sequence(struct call *call, struct value *terms, struct value *results);
bool template_lookup_subelements(struct call *call, struct value *terms, struct value *results);

/* An argument by name; NULL when it was not given. */
struct value *template_lookup_option(const struct call *call, const char *name);
bool template_lookup_text(struct call *call, const struct value *term, const char **ret);
