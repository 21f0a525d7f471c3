/*
 * template/object: values that are more than data.
 *
 * Functions, bound methods, macros, loops, namespaces, modules: each is a class, a table of what
 * it can do, and a state that the value owns. Operations that a class leaves out fail as Python's
 * would ("'Macro' object is not callable").
 */
#pragma once

#include "template/types.h"

struct call;
struct eval;

struct object_class {
	const char *type; /* as Python names it */
	void (*release)(void *state);
	/* A new reference, or NULL without an error when there is no such attribute. */
	struct value *(*attribute)(struct eval *eval, struct value *self, const char *name);
	/* A new reference, or NULL after an error. */
	struct value *(*call)(struct call *call, struct value *self);
	/* str(); without it "<type object>". */
	void (*print)(const struct value *self, struct buf *out);
	/* The sequence that it stands for when something iterates or measures it; borrowed. */
	struct value *(*sequence)(const struct value *self);
	/* What it owns and could own it in turn; NULL for none. Borrowed. */
	struct value *(*content)(const struct value *self);
};
