/* masking: secrets out of what is printed. */
#pragma once

#include <stddef.h>

/* The text of a manifest file; when it holds a Secret, rewritten without its values. Caller frees.
 */
char *masking_manifest(const char *text, size_t length);
