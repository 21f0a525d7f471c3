/*
 * template/python_set: CPython's sets of numbers, with their order.
 *
 * Python promises no order of a set, but that of numbers is always the same one, since their hashes
 * are; Ansible hands it out. Hashes of strings are others in every process.
 */
#pragma once

#include "template/types.h"

enum python_set_operation {
	PYTHON_SET_UNION,
	PYTHON_SET_INTERSECTION,
	PYTHON_SET_DIFFERENCE,
	PYTHON_SET_SYMMETRIC_DIFFERENCE,
};

/* True when all items are numbers (and none is nan). */
bool template_python_set_can(const struct value *list);
/* list(set(a) OPERATION set(b)). New reference. */
struct value *template_python_set_operate(enum python_set_operation operation,
					  const struct value *a, const struct value *b);
