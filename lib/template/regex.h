/*
 * template/regex: regular expressions as Python's re reads them, by PCRE2 without its JIT.
 *
 * Effort is bounded; an expression that runs away is an error, not a hang.
 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

#define REGEX_EFFORT 1000000 /* steps of one search, unless a limit says otherwise */

struct regex_style {
	bool ignore_case, multiline;
	uint32_t effort; /* steps of one search; 0: REGEX_EFFORT */
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	struct list names;   /* of the groups from 1; "" has none */
	const char *checked; /* this text is known to be UTF-8 */
};

/* ERR_INVALID with the place in the pattern. */
int template_regex_compile(const char *pattern, size_t length, const struct regex_style *style,
			   struct regex *ret, struct err *err);
void template_regex_done(struct regex *regex);
#define cleanup_regex __attribute__((cleanup(template_regex_done)))

enum regex_how {
	REGEX_ANCHORED = 1,  /* only at the beginning */
	REGEX_WHOLE = 2,     /* only up to the end */
	REGEX_NOT_EMPTY = 4, /* an empty match at the beginning does not count */
};

/* Looks from `at` on; how: enum regex_how. 1 found, 0 not; negative: ERR_INVALID when the text is
 * no UTF-8, ERR_DENIED when it took more than the effort. The text must not change between
 * searches that go on in it. */
int template_regex_find(struct regex *regex, const char *text, size_t length, size_t at,
			unsigned how, struct err *err);

/* Group i of the last match; false when it took no part. */
bool template_regex_group(const struct regex *regex, size_t i, size_t *ret_begin, size_t *ret_end);
size_t template_regex_groups(const struct regex *regex); /* without the whole match */
/* The number of a named group; -1 when there is none. */
int template_regex_group_number(const struct regex *regex, const char *name);

/* A replacement as re.sub reads it (\1, \g<name>, \n): texts with groups between them. */
struct regex_part {
	char *text;
	size_t length;
	int group; /* behind the text; -1: none */
};
struct regex_replacement {
	struct regex_part *parts;
	size_t n, cap;
};
/* ERR_INVALID. */
int template_regex_parse(const struct regex *regex, const char *replacement, size_t length,
			 struct regex_replacement *ret, struct err *err);
void template_regex_replacement_done(struct regex_replacement *replacement);
#define cleanup_replacement __attribute__((cleanup(template_regex_replacement_done)))
/* Appends what stands for the last match. */
void template_regex_expand(const struct regex *regex, const char *text,
			   const struct regex_replacement *replacement, struct buf *out);
