/* suite: what a unit test file defines, and the short forms that all of them use. */
#pragma once

#include <check.h>

#include "base/err.h"

/* Each test file has exactly one. */
Suite *test_suite(void);

/* Fails the test with the error's text unless the call succeeded. */
#define must(call, err)                                                \
	do {                                                           \
		int must_r_ = (call);                                  \
		if (must_r_ < 0)                                       \
			ck_abort_msg("%s: %s", #call, (err)->message); \
	} while (0)
