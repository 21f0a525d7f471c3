/* source/name: what the name of a file under /etc/desired says about it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Dot files, editors' and package managers' copies, *.disabled: as in any .d directory. */
bool source_name_ignored(const char *name);

/* A manifest or a template of one: NAME.yaml .yml .json, each optionally .j2. Returns the length of
 * NAME, 0 for all else. */
size_t source_name_manifest(const char *name, bool *ret_template);

/* NAME.yaml or NAME.yml. */
bool source_name_is_yaml(const char *name, const char *stem);

/* The last suffix is .j2. */
bool source_name_is_template(const char *name);

/* YAML that other programs read and that holds no object ("docker-compose.yml"): what it is, or
 * NULL. Static. */
const char *source_name_foreign(const char *name);
