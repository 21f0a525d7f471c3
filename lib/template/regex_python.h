/*
 * template/regex_python: regular expressions as Python's re writes them, for PCRE2.
 *
 * What Python refuses is refused (\Q, (?|...), a**), and what the two read differently is rewritten
 * ({,3}, [[:alpha:]], \Z). Groups have numbers only: names are kept here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

struct regex_python {
	struct buf pattern; /* for PCRE2 */
	struct list names;  /* of the groups from 1; "" has none */
	bool ascii;	    /* (?a): \w and its like know ASCII only */
};

/* ERR_INVALID with the place in the pattern. Released with template_regex_python_done. */
int template_regex_python(const char *pattern, size_t length, struct regex_python *ret,
			  struct err *err);
void template_regex_python_done(struct regex_python *python);
