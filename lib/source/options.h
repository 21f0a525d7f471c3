/*
 * source/options: app.yaml for one instance.
 *
 * Every text with markup in it is a template, rendered in the scope of the instance; a single
 * expression keeps its type.
 */
#pragma once

#include "source/render.h"
#include "source/vars.h"

/* One instance being built; what the files of lib/source hand to one another. */
struct source_build {
	struct source_pass *pass;
	const struct source_app *app;
	struct manifest_app *made; /* borrowed from the set */
	struct source_scope scope;
	struct source_loader loader;
	const struct tree_yaml_node *root; /* of app.yaml; NULL */
	json_t *options;		   /* app.yaml, rendered */
	struct list consumed;		   /* paths that ConfigMaps and Secrets were made from */
};

/* Renders app.yaml into build->options and fills made->options. Findings make the app broken. */
void source_options_fill(struct source_build *build);
