/* template/template_from_json: JSON text into values, as Python's json.loads reads it: integers of
 * any size, the last of equal keys wins, NaN and Infinity are taken. */
#pragma once

#include "template/types.h"

/* ERR_INVALID with line and column in the message. */
int template_from_json(const char *text, size_t length, struct value **ret, struct err *err);
