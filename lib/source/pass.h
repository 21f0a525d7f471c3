/*
 * source/pass: one reading of the directory, from the scanned tree to the set.
 *
 * The context of lib/source's own files: what was scanned, what was parsed and compiled already
 * (shared by all instances), and the set that is being filled. Nothing of it outlives the pass but
 * the set.
 */
#pragma once

#include "base/map.h"
#include "manifest/set.h"
#include "source/layout.h"
#include "source/load.h"
#include "source/tree.h"
#include "source/unseal.h"
#include "template/scope.h"
#include "template/template.h"
#include "tree/yaml.h"

struct source_pass {
	const struct source_options *options;
	struct source_tree *tree;
	struct source_layout layout;
	struct manifest_set *set;
	struct map documents;		 /* path -> struct tree_yaml_documents * */
	struct map variables;		 /* path -> struct template_scope * (vars.c) */
	struct map templates;		 /* path -> struct source_template * (render.c) */
	struct template_cache *included; /* what templates include, compiled */
	struct template_scope *facts;	 /* what all apps know of the machine (vars.c) */
	char *node;			 /* a fact; */
	char *k3s_version;		 /* another; NULL: nobody asked */
	struct source_unseal unseal;
	void (*rendered)(void *context, const char *app, const char *file, const char *text,
			 size_t length); /* for source_render; or NULL */
	/* for source_upgrade: the text of each manifest, NULL for one that could not be parsed; or
	 * NULL */
	void (*parsed)(void *context, const char *app, const char *file,
		       const struct manifest_text *text);
	void *context;
};

/* Scans, and finds out which apps there are. */
int source_pass_begin(const struct source_options *options, struct source_pass *ret,
		      struct err *err);

/* True when the set can be filled at all; else findings say why, and fatal or empty is set. */
bool source_pass_usable(struct source_pass *pass);

/* Fills the set, once (load.c). */
void source_load_run(struct source_pass *pass);

/* The one document of a YAML file (NULL when it is empty), parsed once. Borrowed from pass. In
 * `variables` a key that stands twice is a warning. */
int source_pass_document(struct source_pass *pass, struct source_file *file, bool variables,
			 const struct tree_yaml_node **ret, struct err *err);

/* A finding about an app; an error makes it broken. */
void source_pass_error(struct source_pass *pass, struct manifest_app *app, struct err *err);
void source_pass_warn(struct source_pass *pass, const struct manifest_app *app, struct err *err);

/* An app whose instances cannot even be told: nothing of that folder is touched. */
void source_pass_give_up(struct source_pass *pass, const char *folder, struct err *err);

/* Adds what is told once for the whole reading, and the source lines to findings that have none. */
void source_pass_show_lines(struct source_pass *pass);
void source_pass_done(struct source_pass *pass);
