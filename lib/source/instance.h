/*
 * source/instance: the instances of an app, as app.yaml asks for them.
 *
 *	instances: {from: ghost_installs, as: ghosts, name: "{{ ghosts.deploy_name }}"}
 *	instances: [blue, green]            the item is called `item`, and is the name
 *
 * `from` is the name of a variable, a template, or the list itself.
 */
#pragma once

#include "source/render.h"
#include "source/vars.h"

struct source_instance {
	char *name; /* NULL: the app has no instances and is its own only one */
	struct value *item;
};

struct source_instances {
	struct source_instance *items;
	size_t count;
	char *as;
	struct template_origin origin;
};

/* root is the document of app.yaml; NULL: there is none. */
int source_instances_read(struct source_pass *pass, const struct source_app *app,
			  const struct tree_yaml_node *root, struct source_instances *ret,
			  struct err *err);
void source_instances_done(struct source_instances *instances);

/* The scope of one instance. */
int source_instance_scope(struct source_pass *pass, const struct source_app *app,
			  const struct source_instances *instances, size_t index,
			  struct source_scope *ret, struct err *err);
