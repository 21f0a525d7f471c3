/*
 * match: does the server hold what we sent, in its own words?
 *
 * The server writes quantities in one form (1000m as 1) and leaves out empty values. Neither is
 * drift.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* Equal values; the numbers 1 and 1.0 are. */
bool tree_match_equal(const json_t *a, const json_t *b);

/* Scalars that mean the same at `key` below `parent` (either may be NULL): resources.limits.cpu
 * 1000m and "1". */
bool tree_match_means(const json_t *live, const json_t *wanted, const char *parent,
		      const char *key);

/* True for a value that the server may leave out: null, empty texts and lists; empty objects,
 * false and 0 where `key` is known for it. */
bool tree_match_absent(const json_t *wanted, const char *key);
