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

#include "base/buf.h"
#include "base/err.h"

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
};

/* ERR_INVALID with the place in the pattern. */
int template_regex_compile(const char *pattern, size_t length, bool ignore_case, bool multiline,
			   struct regex *ret, struct err *err);
void template_regex_done(struct regex *regex);
#define cleanup_regex __attribute__((cleanup(template_regex_done)))

/* Looks from `at` on; `anchored`: only there; `not_empty`: an empty match there does not count.
 * 1 found, 0 not, negative: ERR_INVALID when the limit of effort was reached. */
int template_regex_find(struct regex *regex, const char *text, size_t length, size_t at,
			bool anchored, bool not_empty, struct err *err);

/* Group i of the last match; false when it took no part. */
bool template_regex_group(const struct regex *regex, size_t i, size_t *ret_begin, size_t *ret_end);
size_t template_regex_groups(const struct regex *regex); /* without the whole match */
/* The number of a named group; -1 when there is none. */
int template_regex_group_number(const struct regex *regex, const char *name);

/* Appends a replacement as re.sub reads it (\1, \g<name>, \n). ERR_INVALID. */
int template_regex_expand(const struct regex *regex, const char *text, const char *replacement,
			  size_t length, struct buf *out, struct err *err);
