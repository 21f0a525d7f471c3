/*
 * fuzz: what the targets share.
 *
 * A target is one file NAME_fuzz.c with LLVMFuzzerTestOneInput(). It is linked twice: with
 * libFuzzer, which invents inputs, and with main.c, which takes the files of its corpus as
 * ordinary tests. A broken promise of the library is a finding as much as a crash is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The whole of what libFuzzer knows of a target. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Says what was promised and ends the process unless the condition holds. */
#define fuzz_expect(condition, ...)                                             \
	do {                                                                    \
		if (!(condition))                                               \
			fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
	} while (0)

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

/* What ends a line. */
enum fuzz_breaks {
	FUZZ_BREAKS_JSON, /* \n */
	FUZZ_BREAKS_TEXT, /* \n, \r, \r\n */
	FUZZ_BREAKS_YAML, /* and NEL, LS, PS */
};

/* The input as the library sees it. */
struct fuzz_source {
	const char *name; /* as errors call it */
	const char *text;
	size_t length;
	enum fuzz_breaks breaks;
};

/* A place that the library tells lies inside the source, or just behind its end: on the next line
 * where YAML ends without a line break. */
void fuzz_expect_inside(const struct fuzz_source *source, int line, int column);

/* An error has a code, one line of message, and a place that lies inside the source where it speaks
 * of this source; the excerpt is that line. */
void fuzz_expect_told(const struct fuzz_source *source, const struct err *err);
