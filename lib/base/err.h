/*
 * err: what went wrong, where, and what the user can do about it.
 *
 * Every function that can fail takes a `struct err *` last, fills it where the failure is
 * found and returns a negative int; 0 is success and a positive number success with a nuance.
 * Callers add context with err_wrap() only when they know a name that the callee did not.
 * lib/ returns errors, the daemon logs them, once.
 *
 *	cleanup_err struct err err = ERR_INIT;
 *	int r = file_read(path, limit, &text, &err);
 *	if (r < 0)
 *		return r;
 *
 * An err owns its strings. Passing NULL is a programming mistake.
 */
#pragma once

#include <stdarg.h>

/* What the loop does now; the texts are for people. */
enum err_code {
	ERR_NONE = 0,
	ERR_INVALID,	 /* the user must edit something; wait for a reload */
	ERR_UNREACHABLE, /* retry with back-off */
	ERR_TIMEOUT,	 /* retry with back-off */
	ERR_CONFLICT,	 /* read again, retry */
	ERR_DENIED,	 /* report, retry slowly */
	ERR_NOT_FOUND,	 /* often not an error */
	ERR_EXISTS,	 /* often not an error */
	ERR_CANCELED,	 /* somebody asked us to stop; silent */
	ERR_BUSY,	 /* another process holds what we need; try again later */
	ERR_IO,		 /* the machine failed us */
	ERR_INTERNAL,	 /* we failed */
};

/* A place in a file of the user. Line and column count from 1; 0 means not known. */
struct err_place {
	char *file;
	int line;
	int column;
};

struct err {
	enum err_code code;
	char *message; /* one line, no trailing full stop, names the object or file */
	char *hint;    /* one line: what the user can do; NULL when the message says it all */
	struct err_place place;
	char *excerpt;	 /* the source line at place, without its newline; may be NULL */
	int caret_width; /* columns to underline from place.column; 0 means 1 */
	char *trail;	 /* include chain, "included from a.j2:3; ...", or NULL */
};

#define ERR_INIT    ((struct err){.code = ERR_NONE})
#define cleanup_err __attribute__((cleanup(err_done)))

/* Fills err and returns -code. What err held before is released. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum err_code code, const char *format, va_list args);

/* Fills err from an errno value: "FORMAT: No such file or directory". ENOENT becomes
 * ERR_NOT_FOUND, EACCES and EPERM ERR_DENIED, EEXIST ERR_EXISTS, all else ERR_IO. */
int err_errno(struct err *err, int number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "FORMAT: " before the message; returns -err->code so that it can be returned. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says where; a place that is already known stays. Returns -err->code. */
int err_at(struct err *err, const char *file, int line, int column);

/* Sets the hint (replacing one that is there). Returns -err->code. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The source line that place speaks of, and how many columns of it. Returns -err->code. */
int err_excerpt(struct err *err, const char *line, int line_length, int caret_width);

/* "file:line:column: message (hint)": the form of one journal line. Caller frees. */
char *err_text(const struct err *err);

/* Moves from into to; from is empty afterwards. Returns -to->code. */
int err_move(struct err *to, struct err *from);

/* Copies from into to, releasing what to held. */
void err_copy(struct err *to, const struct err *from);

/* Releases the strings; err can be used again. */
void err_done(struct err *err);

/* "invalid", "unreachable" ... for journal fields and JSON. Static. */
const char *err_code_name(enum err_code code);
