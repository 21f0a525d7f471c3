/* template/python_hash: hash() of CPython's numbers, which is the same in every process. */
#pragma once

#include "template/types.h"

int64_t template_python_hash_float(double number); /* no nan */
int64_t template_python_hash(const struct value *number);
