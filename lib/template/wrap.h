/* template/wrap: the filter "wordwrap", as Python's textwrap fills lines. */
#pragma once

#include "template/filter.h"

extern const struct filter_table template_wrap_table;
