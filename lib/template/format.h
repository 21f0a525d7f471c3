/* template/format: 'a %s' % b (format_percent.c) and 'a {}'.format(b) (format_braces.c). */
#pragma once

#include "template/call.h"

/* string % arguments (a tuple, a dict, or one value). */
struct value *template_format_percent(struct eval *eval, const struct node *node,
				      const struct value *string, struct value *arguments);

/* str.format: the string is the call's first argument. names: of format_map, a dict; NULL: those of
 * the call. */
struct value *template_format_braces(struct call *call, struct value *names);
