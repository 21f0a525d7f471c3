/*
 * source/object: from a text to the objects of an app.
 *
 * Documents are taken apart (kind: List is flattened), normalised and named. Namespace, label,
 * annotation, key and hash come later (source/link.h), when all objects of all apps are known.
 */
#pragma once

#include "manifest/text.h"
#include "source/options.h"

/* Adds every object of a text to build->made; findings for those that are none. */
void source_object_add_text(struct source_build *build, struct manifest_text *text);

/* Adds one that has no text: made from app.yaml, or JSON that no YAML parser takes. The place is
 * where it is asked for. */
int source_object_add_made(struct source_build *build, json_t *body, const char *file, int line,
			   int column, struct err *err);
