/*
 * source/layout: which apps a tree holds, and what each of their files is for.
 *
 * Glossary
 *	top      what stands directly in the directory: "ghost" or "matomo.yaml.j2"
 *	member   a file that holds manifests
 *	role     an app with templates/ (or an Ansible role's tasks/): only templates/ holds
 *members, and every one of them is a template
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/list.h"
#include "source/tree.h"

struct source_member {
	struct source_file *file;
	bool template;
	bool doubtful; /* in templates/, with a name that does not say YAML: a manifest only when it
			* looks like one */
};

struct source_app {
	char *name;
	char *top;
	bool single; /* a file, not a folder */
	bool role;
	struct source_file *options; /* app.yaml */
	struct source_file *defaults, *role_vars, *vars;
	struct source_member *members;
	size_t member_count;
};

struct source_layout {
	struct source_app *apps; /* by name */
	size_t count;
	struct source_file **shared_vars; /* vars.yaml, then vars.d in name order */
	size_t shared_count;
	struct list refused; /* names of folders that cannot be loaded at all */
};

/* Findings: names that are no app names, x.yaml beside x/, folders without manifests; with lint
 * also what looks like a manifest and is not read. Everything is borrowed from tree. */
void source_layout_make(struct source_tree *tree, struct source_layout *ret,
			struct diag_list *findings);
void source_layout_done(struct source_layout *layout);

/* True for text with apiVersion: and kind: at the beginning of lines. */
bool source_layout_looks_like_manifest(const char *text);
