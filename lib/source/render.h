/*
 * source/render: templates of an app, and where they find one another.
 *
 * include and lookup search the app (files/ first for raw files, templates/ first for templates),
 * then _shared/. Nothing outside can be named.
 */
#pragma once

#include "source/pass.h"
#include "template/scope.h"

/* Compiled once for all instances; the error of a template that cannot be. */
struct source_template {
	struct template *compiled;
	struct err err;
};
void source_template_free(struct source_template *template);

/* What the callbacks of a template_loader need; lives as long as the loader is used. */
struct source_loader {
	struct source_pass *pass;
	const struct source_app *app;
	struct template_loader loader;
};
/* identity: whom it renders for, "ghost@tfe-fr"; borrowed. */
void source_loader_init(struct source_loader *loader, struct source_pass *pass,
			const struct source_app *app, const char *identity);

/* Finds a file that the app may use; purpose is "template" or "file". ERR_NOT_FOUND says where was
 * searched, ERR_DENIED that the name leads out. Borrowed. */
int source_loader_find(const struct source_loader *loader, const char *name, const char *purpose,
		       struct source_file **ret, struct err *err);

/* Renders a file of the tree. */
int source_render_file(const struct source_loader *loader, struct source_file *file,
		       const struct template_scope *scope, struct template_output *ret,
		       struct err *err);

/* Reads a file that a problem may stand on. */
int source_render_read(struct source_pass *pass, struct source_file *file, bool text, size_t limit,
		       struct err *err);
