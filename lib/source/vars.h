/*
 * source/vars: what names mean to the templates of an app.
 *
 * Layers, lowest first: facts, role defaults, vars.yaml, vars.d, role vars, the app's vars.yaml,
 * the instance's item. A layer replaces whole values of those below it.
 *
 * Facts are in source/facts.h.
 */
#pragma once

#include "source/pass.h"
#include "template/scope.h"

struct source_scope {
	const struct template_scope *facts; /* of the machine; below all layers */
	struct template_scope **layers;	    /* the first holds the facts of the app */
	size_t count;
};

#define cleanup_source_scope __attribute__((cleanup(source_scope_done)))

/* All layers but the instance's. ERR_INVALID: a variable file of the app is broken. */
int source_scope_build(struct source_pass *pass, const struct source_app *app, const char *instance,
		       struct source_scope *ret, struct err *err);

/* The innermost layer: what templates are rendered with. Borrowed. */
const struct template_scope *source_scope_top(const struct source_scope *scope);

/* A new layer with one variable, the instance's item; value is taken over. */
void source_scope_push_item(struct source_scope *scope, const char *name,
			    struct value *value_stolen, struct template_origin origin);

/* Sets the facts that depend on the namespace, once it is known. */
void source_scope_set_namespace(struct source_pass *pass, struct source_scope *scope,
				const struct source_app *app, const char *instance, const char *ns);

void source_scope_done(struct source_scope *scope);

/* Reads vars.yaml and vars.d; false when one is broken (findings say which). */
bool source_vars_check_shared(struct source_pass *pass);
