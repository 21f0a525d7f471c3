/* template/format: 'a %s' % b and 'a {}'.format(b). */
#pragma once

#include "template/call.h"

/* string % arguments (a tuple, a dict, or one value). */
struct value *template_format_percent(struct eval *eval, const struct node *node,
				      const struct value *string, struct value *arguments);

/* str.format: the string is the call's first argument. */
struct value *template_format_braces(struct call *call);
