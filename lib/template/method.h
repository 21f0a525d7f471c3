/*
 * template/method: the methods of Python's types that templates may call.
 *
 * One table a type: strings in method_text.c and template_method_find.c, lists, dicts, numbers and
 * dates in method.c. What changes a list or dict works on the rendering's own copy of it.
 */
#pragma once

#include "base/list.h"
#include "template/call.h"

/* The method of a string, list, tuple or dict; NULL when there is none of that name. */
const struct builtin *template_method_builtin(const struct value *self, const char *name);
/* The method, bound, or the attribute; NULL when the type has none of that name. */
struct value *template_method_find(struct value *self, const char *name);

/* True when dicts have a method of that name, which comes before a key. */
bool template_method_of_dict(const char *name);

/* Attributes of numbers and ranges; NULL as above. */
struct value *template_method_number(struct value *self, const char *name);
struct value *template_method_range(struct value *self, const char *name);

/* The names of all methods, for "did you mean". */
void template_method_names(const struct value *self, struct list *names);
/* Python has a method of that name, and templates cannot use it. */
bool template_method_refused(const struct value *self, const char *name);

/* append, update, pop ...: a template that uses them needs copies of its variables. */
bool template_method_mutates(const char *name);

/* Methods of strings: those that make new text, and those that look. */
extern const struct builtin template_method_text_table[], template_method_find_table[];
extern const size_t template_method_text_count, template_method_find_count;
