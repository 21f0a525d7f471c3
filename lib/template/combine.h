/* template/combine: merging dicts, as Ansible's combine filter does it. */
#pragma once

#include "template/filter.h"

extern const struct filter_table template_combine_table;
