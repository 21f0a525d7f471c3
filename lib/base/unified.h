/*
 * unified: what differs between two texts, line by line, as `diff -u` writes it.
 *
 * Lines of context never reach beyond a line that is "---" alone: what stands in another YAML
 * document (a Secret, say) is nobody's business here.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Adds "--- a/NAME", "+++ b/NAME" and the hunks; nothing when the texts are equal. Texts that
 * differ in very many lines are shown as taken out and put in whole. */
void unified_diff(const char *name, const char *before, size_t before_length, const char *after,
		  size_t after_length, struct buf *out);
