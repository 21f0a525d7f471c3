/* template/combine: merging dicts, as Ansible's combine filter does it. */
#pragma once

#include "template/filter.h"

extern const struct filter_table combine_table;
