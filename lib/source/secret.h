/*
 * source/secret: encrypted files and values on their way into a reading.
 *
 * Whole files that ansible-vault encrypted (variables, templates, raw files) read as what they
 * hold; so do values tagged !vault in a file of variables, which are texts and never templates.
 * Everything that was opened is told to the mask of the reading.
 *
 * Where files are only checked (source_options.lint) and there is no password, a placeholder stands
 * in for what cannot be opened, and one warning says so. Everywhere else that is an error.
 */
#pragma once

#include "source/pass.h"

/* What stands for a text that cannot be opened; it is base64 too, of text. */
#define SOURCE_SECRET_PLACEHOLDER "VAULTVAL"

/* Makes of file->text what it holds, when it is encrypted (else nothing), and sets file->secret;
 * or, when a placeholder stands in, file->sealed. Errors name file and line. */
int source_secret_open_file(struct source_pass *pass, struct source_file *file, struct err *err);

/* The same for the values of a file of variables that are tagged !vault. Of an encrypted file, all
 * values are noted as secret. */
int source_secret_open_values(struct source_pass *pass, const struct source_file *file,
			      struct tree_yaml_documents *documents, struct err *err);

/* Tells the mask about what a raw file holds (or gave, when it is a template) that was encrypted:
 * its lines, and the values in them. */
void source_secret_note_file(struct source_pass *pass, const struct source_file *file,
			     const char *text, size_t length);
/* The same for a template that others include: the values in its lines. */
void source_secret_note_template(struct source_pass *pass, const struct source_file *file);
/* And for a whole object that came out of an encrypted file: all but what names it. */
void source_secret_note_object(struct source_pass *pass, const json_t *body);

/* Takes what stands in encrypted files out of an error. */
void source_secret_strip(const struct source_pass *pass, struct err *err);

/* The one warning about placeholders, if there were any. */
void source_secret_report(struct source_pass *pass);
