/*
 * source/form: a YAML mapping whose keys are known (desired.yaml, app.yaml).
 *
 * A form gives its values by name and type. What does not fit is a finding at the place of the
 * value, and the form is *failed*; reading goes on, so that all findings come in one pass.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/list.h"
#include "tree/yaml.h"

struct source_form {
	const json_t *tree;		   /* the values, rendered where they were templates */
	const struct tree_yaml_node *node; /* where they stand */
	const char *file;
	const char *app; /* whom findings concern; NULL: all */
	struct diag_list *findings;
	bool failed;
};

/* A finding at the place of path. hint may be NULL. */
void source_form_fail(struct source_form *form, const char *path, const char *hint,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same as a warning: the form stays good. */
void source_form_warn(struct source_form *form, const char *path, const char *hint,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Warns when a key is set that this version reads and checks, but does nothing with. */
void source_form_idle(struct source_form *form, const char *key);

/* Each key of the mapping at path ("" for the form itself) must be one of known. */
void source_form_keys(struct source_form *form, const char *path, const char *const *known,
		      size_t count);

/* NULL when it is not there, or no text (a number is read as one). Caller frees. */
char *source_form_text(struct source_form *form, const char *path);
bool source_form_flag(struct source_form *form, const char *path, bool otherwise);
int source_form_number(struct source_form *form, const char *path, int otherwise);
/* Bytes: 500, 64KiB, 8MiB, 1GiB (or K, M, G). */
int64_t source_form_size(struct source_form *form, const char *path, int64_t otherwise);
/* As systemd writes them; a number counts seconds. */
int64_t source_form_duration(struct source_form *form, const char *path, int64_t otherwise);
/* The index of one of the words. */
int source_form_choice(struct source_form *form, const char *path, const char *const *words,
		       size_t count, int otherwise);
/* Texts; one text alone is a list of one. */
void source_form_list(struct source_form *form, const char *path, struct list *ret);
