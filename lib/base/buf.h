/*
 * buf: bytes that grow.
 *
 * Invariant: data is NULL only while nothing was ever added; otherwise data[len] is a NUL
 * that does not count, so that text can be read as a C string.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

#define BUF_INIT    ((struct buf){0})
#define cleanup_buf __attribute__((cleanup(buf_done)))

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_addstr(struct buf *buf, const char *text);
void buf_addch(struct buf *buf, char c);
void buf_fill(struct buf *buf, char c, size_t count);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args);

/* Makes room for `more` further bytes (and the NUL). */
void buf_reserve(struct buf *buf, size_t more);

/* Shortens to `length`, which must not exceed len. */
void buf_truncate(struct buf *buf, size_t length);

/* The text so far; never NULL. Borrowed. */
const char *buf_str(const struct buf *buf);

/* Hands the text over (never NULL, NUL-terminated) and empties the buffer. */
char *buf_steal(struct buf *buf);

void buf_done(struct buf *buf);
