/*
 * template/regex_reader: what the two halves of template/regex_python share: the place in the
 * pattern, and escapes and sets (regex_escape.c).
 */
#pragma once

#include <stdint.h>

#include "template/regex_python.h"

/* What stands before a quantifier. */
enum regex_item {
	REGEX_NOTHING,
	REGEX_ANCHOR,
	REGEX_REPEATED,
	REGEX_THING,
};

struct regex_reader {
	const char *pattern;
	size_t length, at;
	bool verbose;
	bool *closed; /* of the groups from 1 */
	size_t closed_cap;
	int depth;
	struct regex_python *python;
	struct err *err;
};

int template_regex_reader_fail(struct regex_reader *reader, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The byte `ahead` of here; 0 at the end. */
char template_regex_reader_peek(const struct regex_reader *reader, size_t ahead);
bool template_regex_reader_skip(struct regex_reader *reader, const char *text);
void template_regex_reader_put(struct regex_reader *reader, const char *text);
void template_regex_reader_put_character(struct regex_reader *reader, uint32_t character);
/* \1: the group must be there and closed. */
int template_regex_reader_reference(struct regex_reader *reader, size_t at, size_t group);

/* A backslash outside of a set, and "[...]"; at is behind the backslash or bracket. */
int template_regex_reader_escape(struct regex_reader *reader, enum regex_item *item);
int template_regex_reader_set(struct regex_reader *reader);
