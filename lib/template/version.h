/* template/version: which of two versions is newer, for the test "version". */
#pragma once

#include "base/err.h"

/* type: loose (any text), strict (1.2.3a1), semver or semantic, pep440. *ret is <0, 0 or >0.
 * ERR_INVALID when one is no version of that type or the two cannot be compared. */
int template_version_compare(const char *a, const char *b, const char *type, int *ret,
			     struct err *err);

/* The same for pep440, the versions of Python's packages. */
int template_version_pep440(const char *a, const char *b, int *ret, struct err *err);
