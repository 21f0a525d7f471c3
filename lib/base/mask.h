/*
 * mask: values that nobody may read, taken out of texts by value.
 *
 * Who learns a secret (a decrypted or a generated value) adds it; who prints passes the text
 * through. A value is found whatever path it took into the text: plain, wrapped or indented, line
 * by line, as base64 (at any alignment, inside of more text), with the escapes of JSON, YAML,
 * Python, Go, URLs, HTML and the shell, and these within one another. What is cut off with "..."
 * after six bytes of a value is found as well.
 *
 * A value counts from MASK_SHORTEST bytes on, white space around it aside; a shorter one would
 * hide half of every text. Values are never forgotten. Safe to use from several threads.
 *
 *	mask_add(mask, password, length);
 *	cleanup_free char *masked = mask_text(mask, text, strlen(text));
 *	puts(masked ? masked : text);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define MASK_SHORTEST 6
#define MASK_SHOWN    "***"

struct mask;

struct mask *mask_new(void);
void mask_free(struct mask *mask); /* NULL is fine; wipes the values */

/* Adds a value, and each of its lines. NULL for mask: nobody listens. */
void mask_add(struct mask *mask, const char *value, size_t length);

/* The text with MASK_SHOWN in place of every value; NULL when it holds none (mask may be NULL).
 * Caller frees. */
char *mask_text(struct mask *mask, const char *text, size_t length);
/* The same for what may hold NUL characters. True when ret was filled. */
bool mask_bytes(struct mask *mask, const char *bytes, size_t length, struct buf *ret);

/* True when the whole text is one value, however short that is. */
bool mask_is_value(struct mask *mask, const char *text, size_t length);
