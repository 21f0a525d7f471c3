#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_reserve(struct buf *buf, size_t more)
{
	mem_grow(buf->data, &buf->cap, buf->len + more + 1);
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
	if (buf->cap - buf->len <= length)
		buf_reserve(buf, length);
	if (length)
		memcpy(buf->data + buf->len, bytes, length);
	buf->len += length;
	buf->data[buf->len] = '\0';
}

void buf_addstr(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_addch(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_fill(struct buf *buf, char c, size_t count)
{
	buf_reserve(buf, count);
	memset(buf->data + buf->len, c, count);
	buf->len += count;
	buf->data[buf->len] = '\0';
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	cleanup_free char *text = mem_vprintf(format, args);

	buf_addstr(buf, text);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void buf_truncate(struct buf *buf, size_t length)
{
	assert(length <= buf->len);
	buf->len = length;
	if (buf->data)
		buf->data[length] = '\0';
}

const char *buf_str(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
	char *text = buf->data ? buf->data : mem_strdup("");

	*buf = BUF_INIT;
	return text;
}

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = BUF_INIT;
}
