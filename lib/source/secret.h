/*
 * source/secret: the encrypted files of a reading (source/unseal.h opens them), and what of them
 * the mask must know, errors must not show and one warning tells.
 */
#pragma once

#include "source/pass.h"

/* Makes of file->text what it holds, when it is encrypted (else nothing), and sets file->secret;
 * or, when a placeholder stands in, file->sealed. Errors name file and line. */
int source_secret_open_file(struct source_pass *pass, struct source_file *file, struct err *err);

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
