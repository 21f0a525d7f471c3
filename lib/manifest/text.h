/*
 * manifest/text: the text that objects came from, and the way back from a line of it to the line
 * that the user wrote.
 *
 * A plain manifest is its own text; a rendered one keeps the map of its template's output. Shared
 * by the objects of one file, by reference count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "template/template.h"
#include "tree/yaml.h"

struct manifest_text {
	int references;
	char *file;			      /* "ghost/deployment.yml.j2" */
	struct tree_yaml_documents documents; /* empty once forgotten */
	char *plain;			      /* the text, unless it was rendered */
	size_t length;
	bool rendered;
	struct template_output output; /* when rendered: the text and its marks */
};

/* Parses a plain manifest. ERR_INVALID with its place. */
int manifest_text_parse(const char *file, const char *text, size_t length,
			struct manifest_text **ret, struct err *err);

/* Parses what a template gave; output is taken over, also on failure. The place of an error is the
 * template's, and err->trail shows the rendered line. */
int manifest_text_parse_output(const char *file, struct template_output *output,
			       struct manifest_text **ret, struct err *err);

/* The place in the user's file that wrote a place of the text. ret_file is borrowed. */
void manifest_text_origin(const struct manifest_text *text, int line, int column,
			  const char **ret_file, int *ret_line, int *ret_column);

/* Gives the memory of the documents back, many times that of the text; nodes are no longer
 * valid. manifest_text_find reads the text again when a place is asked for. */
void manifest_text_forget(struct manifest_text *text);

/* The object whose mapping begins at a place of the text, also within lists; NULL when there is
 * none. The node lives as long as documents, which the caller releases with tree_yaml_done(). */
const struct tree_yaml_node *manifest_text_find(const struct manifest_text *text, int line,
						int column, struct tree_yaml_documents *documents);

struct manifest_text *manifest_text_ref(struct manifest_text *text);
void manifest_text_unref(struct manifest_text *text); /* NULL is fine */
