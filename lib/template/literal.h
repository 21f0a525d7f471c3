/* template/literal: numbers and strings as expressions write them. */
#pragma once

#include "template/types.h"

/* How long the number at the beginning of text is: 0 when there is none. Floats are looked for
 * only when `floats` (not behind a point, where a.0.1 has two indexes). */
size_t template_literal_number(const char *text, size_t length, bool floats, bool *ret_float);

/* The value of an integer as the source has it (0x1F, 1_000). New reference. */
struct value *template_literal_integer(const char *text, size_t length);
struct value *template_literal_float(const char *text, size_t length);

/* The content of a quoted string, escapes undone unless `raw`. NULL, or what is wrong with it. */
const char *template_literal_unescape(const char *text, size_t length, bool raw, struct buf *out);
