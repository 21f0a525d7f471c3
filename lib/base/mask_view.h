/*
 * mask_view: a text as somebody reads it who undoes one encoding, and where each byte of it stood
 * in the text that is printed. For mask.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mask_view {
	char *bytes;
	uint32_t *begin, *end; /* of the byte, in the printed text */
	size_t length, cap;
};

/* The text itself. */
void mask_view_init(struct mask_view *view, const char *text, size_t length);
void mask_view_done(struct mask_view *view);

/* White space with a line break in it becomes one blank: wrapped and indented text reads as it was
 * written. */
void mask_view_unwrap(const struct mask_view *from, struct mask_view *ret);

/* The encodings that can be undone. */
size_t mask_view_decoders(void);
/* False when there is nothing of that encoding in it; ret is not filled then. */
bool mask_view_decode(size_t decoder, const struct mask_view *from, struct mask_view *ret);
