/* masking: secrets out of what is printed. */
#pragma once

#include <stddef.h>

/* The text of a manifest file; when it holds a Secret, rewritten without its values. Caller frees.
 */
char *masking_manifest(const char *text, size_t length);

/* The value of a variable, or "***" when its name says that it is secret. Caller frees. */
char *masking_variable(const char *name, const char *value);
