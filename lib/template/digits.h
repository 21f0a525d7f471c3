/*
 * template/digits: integers that are too long to be printed.
 *
 * As in Python a template may calculate with integers of any length, but not turn those with more
 * than limits.digits digits (4,300) into text: that takes time beyond all measure. A rendering
 * remembers whether it ever came upon one; only then is looked into what it prints.
 */
#pragma once

#include "template/eval.h"

/* What a calculation gave. */
void template_digits_note(struct eval *eval, const struct value *number);

/* The same of the arguments of a filter, test or method, unless it only calculates with them. */
bool template_digits_pass(struct eval *eval, const struct node *node, const char *name,
			  struct value *const *arguments, size_t count);

/* False when the value, or something in it, is too long to become text: raised. */
bool template_digits_fit(struct eval *eval, const struct node *node, const struct value *value);
