#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void err_done(struct err *err)
{
	free(err->message);
	free(err->hint);
	free(err->place.file);
	free(err->excerpt);
	free(err->trail);
	*err = ERR_INIT;
}

/* A message is one line, whatever the names in it: nobody forges a line of the journal. */
static char *one_line(char *message)
{
	for (unsigned char *at = (unsigned char *)message; *at; at++)
		if (*at < ' ' || *at == 0x7f)
			*at = ' ';
	return message;
}

int err_vset(struct err *err, enum err_code code, const char *format, va_list args)
{
	/* before the release: args may point into err */
	char *message = one_line(mem_vprintf(format, args));

	err_done(err);
	err->code = code;
	err->message = message;
	return -(int)code;
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int r = err_vset(err, code, format, args);
	va_end(args);
	return r;
}

static enum err_code code_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case EEXIST:
		return ERR_EXISTS;
	case EBUSY:
	case EWOULDBLOCK:
		return ERR_BUSY;
	default:
		return ERR_IO;
	}
}

int err_errno(struct err *err, int number, const char *format, ...)
{
	va_list args;
	char text[128];

	va_start(args, format);
	cleanup_free char *what = mem_vprintf(format, args);
	va_end(args);
	return err_set(err, code_of_errno(number), "%s: %s", what,
		       strerror_r(number, text, sizeof(text)));
}

int err_wrap(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cleanup_free char *prefix = mem_vprintf(format, args);
	va_end(args);
	char *message = one_line(mem_printf("%s: %s", prefix, err->message ? err->message : ""));
	free(err->message);
	err->message = message;
	return -(int)err->code;
}

int err_at(struct err *err, const char *file, int line, int column)
{
	if (!err->place.file && file)
		err->place = (struct err_place){mem_strdup(file), line, column};
	return -(int)err->code;
}

int err_hint(struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *hint = one_line(mem_vprintf(format, args));
	va_end(args);
	free(err->hint);
	err->hint = hint;
	return -(int)err->code;
}

int err_excerpt(struct err *err, const char *line, int line_length, int caret_width)
{
	free(err->excerpt);
	err->excerpt = mem_strndup(line, (size_t)line_length);
	err->caret_width = caret_width;
	return -(int)err->code;
}

char *err_text(const struct err *err)
{
	struct buf text = BUF_INIT;

	if (err->place.file) {
		buf_addstr(&text, err->place.file);
		if (err->place.line > 0)
			buf_printf(&text, ":%d", err->place.line);
		if (err->place.line > 0 && err->place.column > 0)
			buf_printf(&text, ":%d", err->place.column);
		buf_addstr(&text, ": ");
	}
	buf_addstr(&text, err->message ? err->message : err_code_name(err->code));
	if (err->hint)
		buf_printf(&text, " (%s)", err->hint);
	if (err->trail)
		buf_printf(&text, " [%s]", err->trail);
	return buf_steal(&text);
}

int err_move(struct err *to, struct err *from)
{
	if (to == from)
		return -(int)to->code;
	err_done(to);
	*to = *from;
	*from = ERR_INIT;
	return -(int)to->code;
}

void err_copy(struct err *to, const struct err *from)
{
	struct err copy = *from;

	copy.message = mem_strdup(from->message);
	copy.hint = mem_strdup(from->hint);
	copy.place.file = mem_strdup(from->place.file);
	copy.excerpt = mem_strdup(from->excerpt);
	copy.trail = mem_strdup(from->trail);
	err_done(to);
	*to = copy;
}

const char *err_code_name(enum err_code code)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INVALID] = "invalid",
		[ERR_UNREACHABLE] = "unreachable",
		[ERR_TIMEOUT] = "timeout",
		[ERR_CONFLICT] = "conflict",
		[ERR_DENIED] = "denied",
		[ERR_NOT_FOUND] = "not found",
		[ERR_EXISTS] = "exists",
		[ERR_CANCELED] = "canceled",
		[ERR_BUSY] = "busy",
		[ERR_IO] = "io",
		[ERR_INTERNAL] = "internal",
	};

	return names[code];
}
