/* template/test: what follows "is": the tests, by name. Each gives a bool. */
#pragma once

#include "template/call.h"

const struct builtin *template_test_find(const char *name);
const char *template_test_nearest(const char *name); /* NULL: nothing is near */

/* test_text.c: match, search, regex, version, url and their like. */
extern const struct builtin template_test_text_table[];
extern const size_t template_test_text_count;
