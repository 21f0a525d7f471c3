/*
 * template/global: what templates can use although nobody set it: range, dict, namespace, lookup.
 *
 * Variables of the user shadow all of them (rule R7).
 */
#pragma once

#include "base/list.h"
#include "template/types.h"

/* Names that the evaluator itself binds in frames. Values that live for ever. */
enum global_special {
	GLOBAL_LOOP,
	GLOBAL_CALLER,
	GLOBAL_VARARGS,
	GLOBAL_KWARGS,
	GLOBAL_BLOCK, /* what a filter block printed; no template can write this name */
};

struct value *template_global_name(enum global_special which);
#define global_loop()  template_global_name(GLOBAL_LOOP)
#define global_block() template_global_name(GLOBAL_BLOCK)

/* A global by name; NULL when there is none. New reference. */
struct value *template_global_find(const char *name);
void template_global_names(struct list *names);

/* Sets an attribute of a namespace. NULL, or why that cannot be. */
const char *template_global_namespace_set(struct value *value, struct value *name,
					  struct value *item);
