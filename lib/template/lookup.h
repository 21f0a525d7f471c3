/* template/lookup: lookup() and query(): what comes from outside the template. */
#pragma once

#include "template/call.h"

/* lookup(name, terms ...): one result alone, several strings joined by commas. */
struct value *template_lookup_call(struct call *call, struct value **a);
/* query(name, terms ...): always a list. */
struct value *template_lookup_query(struct call *call, struct value **a);
