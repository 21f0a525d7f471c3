/* template/scalar: what a plain YAML scalar means to PyYAML (rule R14). */
#pragma once

#include "template/types.h"

/* The value that PyYAML's resolver and SafeLoader give it: null, bool, int (0o is no octal, 1:30
 * is sexagesimal), float, date or string. NULL with err for "=" and impossible dates. */
struct value *template_scalar_value(const char *text, size_t length, struct err *err);

/* Whether the text would be read as a string, so that YAML output may leave the quotes away. */
bool template_scalar_is_string(const char *text, size_t length);
