/* problem: what libyaml could not read, in the words of somebody who has to mend the file. */
#pragma once

#include <yaml.h>

#include "base/err.h"
#include "tree/text.h"

/* Fills err from a parser that failed; returns the negative code. */
int tree_problem_report(const yaml_parser_t *parser, const struct tree_text *text, struct err *err);
