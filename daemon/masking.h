/* masking: secrets out of what is printed. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The text of a manifest file; when it holds a Secret, rewritten without its values. Caller frees.
 */
char *masking_manifest(const char *text, size_t length);

/* Puts lengths in the place of the values of a Secret, or of those in a List; true when there were
 * any. */
bool masking_object(json_t *object);
