/*
 * template/scope: what a name means.
 *
 * A scope is a chain: the variables of this instance, of its app, of everyone; the innermost wins
 * and replaces the whole value. A variable is lazy (rule R6): a string with markup in it is
 * rendered when it is used, in the scope of the use; loops are reported with their members.
 *
 * Scopes are built once per instance and read by one thread at a time: a scope together with those
 * below it, because what is worked out of a variable is remembered there.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/list.h"
#include "template/value.h"
#include "tree/yaml.h"

struct template_scope;

/* Where a variable was set; strings are the scope's. */
struct template_origin {
	const char *file; /* "ghost/vars.yaml"; "built in" for facts */
	int line, column;
};

/* A new scope on top of `below` (borrowed; NULL for the first). */
struct template_scope *template_scope_new(const struct template_scope *below);

/* A scope on top of `below` that has the variables of another one, which outlives it: what many
 * scopes have is read once, and compiled once. Nothing may be set in it. */
struct template_scope *template_scope_layer(const struct template_scope *below,
					    const struct template_scope *variables);

/* Takes every key of a YAML mapping that was read as PyYAML reads it. ERR_INVALID when the root is
 * not a mapping (an empty document is fine) or a key is not a string. */
int template_scope_add_yaml(struct template_scope *scope, const struct tree_yaml_node *root,
			    const char *file, struct err *err);

/* Sets one variable; a string with markup in it is lazy unless `raw`. value is taken over. */
void template_scope_set(struct template_scope *scope, const char *name, struct value *value_stolen,
			struct template_origin origin, bool raw);

/* The value of a variable, rendered. 0 and a new reference; ERR_NOT_FOUND when nobody set it. */
struct template_loader;
int template_scope_get(const struct template_scope *scope, const char *name,
		       const struct template_loader *loader, struct value **ret, struct err *err);

/* What stands for names that nobody set, and for attributes and items of that: a file of variables
 * could not be opened, and a guess is better than none. */
void template_scope_guess(struct template_scope *scope, struct value *value_stolen);

/* Why a name is not there although Ansible knows it: the hint of its error. */
void template_scope_explain(struct template_scope *scope, const char *name, const char *hint);

/* All names that can be seen, outermost first, each once. */
void template_scope_names(const struct template_scope *scope, struct list *ret);

/* Everywhere a name was set, innermost (the one in force) first, as written: for `desired vars`.
 * Returns how many; index 0 .. n-1. */
size_t template_scope_origins(const struct template_scope *scope, const char *name,
			      struct template_origin *ret, size_t room);

void template_scope_free(struct template_scope *scope);
