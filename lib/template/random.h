/*
 * template/random: Python's random numbers: the Mersenne Twister, seeded as random.Random is.
 *
 * With a seed the numbers are those that Ansible draws. Without one they are drawn from whom the
 * rendering is for (template_loader's identity), the expression, and how often that was asked
 * before: each use has its own, and the same one as long as its text stays.
 */
#pragma once

#include "template/call.h"

struct random {
	uint32_t state[624];
	size_t at;
};

/* seed: NULL or none: from the rendering. False after template_call_fail, with `remedy` as its hint
 * when the rendering is for nobody. */
bool template_random_init(struct call *call, const struct value *seed, const char *remedy,
			  struct random *ret);
/* From 0 to n - 1; n must not be 0. */
uint64_t template_random_below(struct random *random, uint64_t n);
/* The same for an integer of any size above 0. New reference. */
struct value *template_random_below_value(struct random *random, const struct value *n);
